"""The C core: every loop is vectorised on every instruction set, every polynomial comes from its script."""

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastact

CORE = Path(__file__).parent.parent / "csrc"
SCRIPTS = sorted((CORE / "coefficients").glob("*.py"))
KINDS = "speculative|checked|scalar|array|rows|columns"
LOOP = re.compile(rf"<(\w+_(?:{KINDS})_f(?:32|64))[\w.]*>:\n(.*?)(?:\n\n|\Z)", re.DOTALL)
SCALAR_STORE = re.compile(r"\tv?movs[sd] +%xmm\d+,[^%]*\(%r\w+,%r\w+")
SCALAR_ARITHMETIC = re.compile(r"\tv?(?:mul|add|sub|div|fn?madd\w+)s[sd] ")
each_isa = pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
HEXADECIMAL = re.compile(r"-?0x1(?:\.[0-9a-f]+)?p[-+]\d+")


@functools.cache
def machine_code():
    """Return the installed kernels' machine code as text, by instruction set."""
    disassembler, archive = shutil.which("objdump"), Path(fastact.get_library_dir(), "libfastact.a")
    if not disassembler or b"GCC: " not in archive.read_bytes():
        pytest.skip("reads GCC's machine code with objdump")
    command = [disassembler, "-d", "--no-show-raw-insn", str(archive)]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^kernels_(\w+)\.o:(.*?)(?=^\w+\.o:|\Z)", listing, re.MULTILINE | re.DOTALL))


def loops_of(isa):
    """Return the loops of an instruction set: their names and their code."""
    code = machine_code()[isa]
    if "x86-64" not in code:
        pytest.skip("x86-64 kernels on another architecture")
    return LOOP.findall(code)


@each_isa
def test_every_loop_is_vectorised(isa):
    loops = loops_of(isa)
    assert len(loops) > 800
    # A loop that stayed scalar stores its results one by one; those of logsumexp are one to a row.
    one_by_one = {name for name, body in loops if SCALAR_STORE.search(body)}
    assert one_by_one <= {"logsumexp_rows_f32", "logsumexp_rows_f64"}


@each_isa
def test_columns_have_no_scalar_arithmetic(isa):
    columns = [(name, body) for name, body in loops_of(isa) if "_columns_" in name]
    assert len(columns) == 10
    assert [name for name, body in columns if len(SCALAR_ARITHMETIC.findall(body)) > 1] == []


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path.name != "minimax.py"], ids=lambda path: path.stem)
def test_coefficients_are_those_of_their_script(script):
    """The scripts are deterministic, so a coefficient changed by hand is found."""
    pytest.importorskip("mpmath")
    run = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True)
    printed = set(HEXADECIMAL.findall(run.stdout))
    headers = "".join(path.read_text() for path in CORE.rglob("*.h"))
    assert len(printed) > 10
    assert printed - set(HEXADECIMAL.findall(headers)) == set()
