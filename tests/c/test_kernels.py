"""The C core: every loop is vectorised on every instruction set, every polynomial comes from its script."""

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastact
from fastact import _ufuncs

CORE = Path(__file__).parents[2] / "csrc"
SCRIPTS = sorted((CORE / "coefficients").glob("*.py"))
KINDS = "speculative|checked|scalar|array|biased|rows|columns"
LOOP = re.compile(rf"<(\w+_(?:{KINDS})_f(?:32|64))[\w.]*>:\n(.*?)(?:\n\n|\Z)", re.DOTALL)
SCALAR_STORE = re.compile(r"\tv?movs[sd] +%xmm\d+,[^%]*\(%r\w+,%r\w+")
SCALAR_ARITHMETIC = re.compile(r"\tv?(?:mul|add|sub|div|fn?madd\w+)s[sd] ")
# What may be stored one by one: a number for each row, and softplus of large x with another beta than the default, if
# there is no select of 64-bit integers.
PER_ROW = r"(logsumexp|(log_)?softmax_backward)_rows_f\d+"
ONE_BY_ONE = {
    "baseline": rf"{PER_ROW}|softplus_\w+_other_checked_f64",
    "avx2": PER_ROW,
    "avx512": PER_ROW,
}
each_isa = pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
MACRO = re.compile(r"^[ \t]*#[ \t]*define (\w+)(.*(?:\\\n.*)*)", re.MULTILINE)
MACRO_LINES = 10


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
    # A loop that stayed scalar stores its results one by one.
    one_by_one = [name for name, body in loops if SCALAR_STORE.search(body)]
    assert [name for name in one_by_one if not re.fullmatch(ONE_BY_ONE[isa], name)] == []


@each_isa
def test_columns_have_no_scalar_arithmetic(isa):
    columns = [(name, body) for name, body in loops_of(isa) if "_columns_" in name]
    assert len(columns) == 10
    assert [name for name, body in columns if len(SCALAR_ARITHMETIC.findall(body)) > 1] == []


@pytest.mark.compiles
def test_debugger_finds_formulas_and_loops(tmp_path):
    """Without optimisation, what kernels are made of are functions, with lines of their own."""
    compiler, lister = shutil.which("cc"), shutil.which("nm")
    if not compiler or not lister:
        pytest.skip("needs a C compiler and nm")
    flags = (CORE / "compile_flags.txt").read_text().replace("-O3", "-O0").replace("-g0", "-g").split()
    source, built = CORE / "kernels" / f"kernels_{_ufuncs.isa()}.c", tmp_path / "kernels.o"
    subprocess.run([compiler, *flags, f"-I{CORE}", "-c", source, "-o", built], check=True)
    listing = subprocess.run([lister, "--line-numbers", built], check=True, capture_output=True, text=True).stdout
    lines = dict(re.findall(r" [tT] (\w+)\t.*/([\w.]+):\d+$", listing, re.MULTILINE))
    expected = {"silu_f32": "logistic.h", "run_f64": "kernels_of_type.inc.h", "add_row_f32": "softmax_rows.h"}
    assert {name: lines.get(name) for name in expected} == expected


def test_macros_are_short():
    texts = {path: path.read_text() for path in CORE.rglob("*.[ch]*")}
    lengths = {
        f"{path.name}: {name}": body.count("\n") + 1 for path in texts for name, body in MACRO.findall(texts[path])
    }
    assert len(lengths) > 50
    assert {name: lines for name, lines in lengths.items() if lines > MACRO_LINES} == {}


@pytest.mark.compiles
@pytest.mark.parametrize("script", [path for path in SCRIPTS if path.name != "minimax.py"], ids=lambda path: path.stem)
def test_coefficients_are_those_of_their_script(script):
    """The scripts are deterministic, so a coefficient changed by hand is found."""
    pytest.importorskip("mpmath")
    run = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True)
    printed = definitions(run.stdout)
    headers = "".join(path.read_text() for path in CORE.rglob("*.h"))
    assert len(printed) > 2
    assert printed - definitions(headers) == set()


def definitions(text):
    """Return the constants that C code defines, whatever its spaces: names, and values in their order."""
    return {re.sub(r"\s", "", found) for found in re.findall(r"static const [^;]+;", text)}
