"""docs/c.md: its programs compile and run, its commands work, and what they print or assert is true."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastact

DOCS = Path(__file__).parent.parent / "docs"
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = {title: BLOCK.findall(text) for title, text in SECTION.findall((DOCS / "c.md").read_text(encoding="utf-8"))}


def block(title, language, index=0):
    return [text for kind, text in BLOCKS[title] if kind == language][index]


def run(command, folder):
    """Run a command in a folder, with the `python` and the fastact of these tests, and return what it prints."""
    package = str(Path(fastact.__file__).parent.parent)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PYTHONPATH": package, "PATH": path, "JAX_PLATFORMS": "cpu"}
    environment.pop("FASTACT_ISA", None)
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def run_shell(text, folder):
    if shutil.which("cc") is None or shutil.which("sh") is None:
        pytest.skip("there is no C compiler called cc, or no shell")
    return run(["sh", "-eu", "-c", text], folder)


def run_python(text, folder):
    (folder / "recipe.py").write_text(text, encoding="utf-8")
    return run([sys.executable, "recipe.py"], folder)


@pytest.mark.parametrize("options", ["-std=c11", "-x c++ -std=c++11"])
def test_c_program(options, tmp_path):
    if "c++" in options and shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler called c++")
    (tmp_path / "program.c").write_text(block("From C", "c"))
    command = block("From C", "sh").replace("-std=c11", f"{options} -Wall -Wextra -Wpedantic -Werror")
    lines = run_shell(command, tmp_path).splitlines()
    assert lines == [
        "-0.2384 -0.0908",
        "-0.2689  0.0723",
        " 0.0000  0.5000",
        " 0.7311  0.9277",
        " 1.7616  1.0908",
        "0.8176",
    ]


def test_c_program_refuses_an_unknown_isa(tmp_path):
    (tmp_path / "program.c").write_text(block("From C", "c"))
    command = block("From C", "sh").replace("./program", "! FASTACT_ISA=none ./program 2>&1")
    assert run_shell(command, tmp_path) == "FASTACT_ISA: unknown or not runnable here\n"


def test_table(tmp_path):
    (tmp_path / "program.c").write_text(block("The table", "c"))
    command = block("From C", "sh").replace("-std=c11", "-std=c11 -Wall -Wextra -Wpedantic -Werror")
    lines = run_shell(command, tmp_path).splitlines()
    assert [line.partition("(")[0] for line in lines] == list(fastact._ufuncs.table)
    bound = fastact._ufuncs.error_bound("silu", "grad", "float64")
    assert f"silu(x): grad {fastact.silu.grad(-0.7):.4f}, within {bound:g} ULP" in lines
    assert any(line.startswith("threshold(x, threshold=nan, value=nan): ") for line in lines)


@pytest.mark.parametrize(("title", "package"), [("ctypes", "ctypes"), ("cffi", "cffi"), ("Numba", "numba")])
def test_recipe(title, package, tmp_path):
    pytest.importorskip(package, reason=f"{package} is not installed")
    run_python(block(title, "python"), tmp_path)


def test_jax(tmp_path):
    pytest.importorskip("jax", reason="JAX is not installed")
    if shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler called c++")
    shutil.copytree(DOCS / "examples" / "jax_ffi", tmp_path, dirs_exist_ok=True)
    run_shell(block("JAX", "sh"), tmp_path)
    run_python(block("JAX", "python"), tmp_path)
    run([sys.executable, "-m", "doctest", "fastact_jax.py"], tmp_path)


def test_every_block_is_tested():
    """But for pkg-config's, which needs an installation in a place of its own: test_c_interface.py has that."""
    tested = {"From C": 3, "The table": 1, "ctypes": 1, "cffi": 1, "Numba": 1, "JAX": 2}
    assert {title: len(blocks) for title, blocks in BLOCKS.items() if blocks} == tested
