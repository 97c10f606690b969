"""The C core as source: every loop is vectorised on every instruction set, every polynomial comes from its script."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).parent.parent / "csrc"
SCRIPTS = sorted((CORE / "coefficients").glob("*.py"))
LOOP = re.compile(r"<(\w+_(?:scalar|array|rows|columns)_f(?:32|64))>:\n(.*?)(?:\n\n|\Z)", re.DOTALL)
SCALAR_STORE = re.compile(r"\tv?movs[sd] +%xmm\d+,[^%]*\(%r\w+,%r\w+")
SCALAR_ARITHMETIC = re.compile(r"\tv?(?:mul|add|sub|div|fn?madd\w+)s[sd] ")
HEXADECIMAL = re.compile(r"-?0x1(?:\.[0-9a-f]+)?p[-+]\d+")


def machine_code(isa, folder):
    compiler, disassembler = shutil.which("gcc"), shutil.which("objdump")
    if not compiler or not disassembler:
        pytest.skip("reads GCC's machine code with objdump")
    compiled = Path(folder, f"{isa}.o")
    flags = [f"@{CORE / 'compile_flags.txt'}", f"-I{CORE}"]
    command = [compiler, *flags, "-c", str(CORE / f"kernels_{isa}.c"), "-o", str(compiled)]
    subprocess.run(command, check=True)
    command = [disassembler, "-d", "--no-show-raw-insn", str(compiled)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
def test_every_loop_is_vectorised(isa, tmp_path):
    code = machine_code(isa, tmp_path)
    if "x86-64" not in code:
        pytest.skip("x86-64 kernels on another architecture")
    loops = LOOP.findall(code)
    assert len(loops) > 440
    # A loop that stayed scalar stores its results one by one; those of logsumexp are one to a row.
    one_by_one = {name for name, body in loops if SCALAR_STORE.search(body)}
    assert one_by_one <= {"logsumexp_rows_f32", "logsumexp_rows_f64"}


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
def test_columns_have_no_scalar_arithmetic(isa, tmp_path):
    code = machine_code(isa, tmp_path)
    if "x86-64" not in code:
        pytest.skip("x86-64 kernels on another architecture")
    columns = [(name, body) for name, body in LOOP.findall(code) if "_columns_" in name]
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
