"""A reader of the documents: where the commands are typed, and what is installed there."""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from documents import ROOT

import fastact

FOLDERS = (".ci", "bench", "csrc", "docs", "fastact", "tests")
PACKAGE = Path(fastact.__file__).parent
BUILT = shutil.ignore_patterns("__pycache__", "build", "*.so", "*.a", "lib", "include")
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
NEEDED = {  # what a command or an import begins with, and the program or module for it that need not be there
    **{name: shutil.which(name, path=PATH) for name in ("sh", "bash", "cc", "c++", "make", "pkg-config", "pre-commit")},
    **{f"import {name}": find_spec(name) for name in ("cffi", "jax", "numba")},
    "from scipy": find_spec("scipy"),
    "Cython": find_spec("Cython"),
    "--plot": find_spec("matplotlib"),
    "-n auto": find_spec("xdist"),
    "--benchmark-only": find_spec("pytest_benchmark"),
}


def clone(folder: Path) -> None:
    """Copy the repository as it is before anything is built."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=BUILT)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder)


def built_clone(folder: Path) -> None:
    """Copy the repository as it is after `pip install -e .`."""
    clone(folder)
    shutil.copytree(PACKAGE, folder / "fastact", dirs_exist_ok=True)


def clone_with_libraries(folder: Path) -> None:
    """Copy the repository as it is after `make -C csrc`."""
    clone(folder)
    shutil.copytree(fastact.get_library_dir(), folder / "csrc" / "build")


def beside(example: str) -> Callable[[Path], None]:
    """Return how to copy the files of an example."""
    return lambda folder: shutil.copytree(ROOT / "docs" / "examples" / example, folder)


def anywhere(folder: Path) -> None:
    """Make a folder with an array to be read."""
    folder.mkdir()
    np.save(folder / "in.npy", np.linspace(-5, 5, 1001, dtype=np.float32))


def skip_without(text: str) -> None:
    """Skip a test of what needs a program or a module that is not there."""
    for name, there in NEEDED.items():
        if not there and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            pytest.skip(f"{name!r} needs what is not installed")


def environment(script: str, folder: Path) -> dict[str, str]:
    """Make a virtual environment and a home, and return the variables of a terminal that is in them.

    What the tests run with is installed in the environment, and nothing is to be had from elsewhere.
    """
    uses_pip = re.search(r"^pip ", script, re.MULTILINE) is not None
    if uses_pip:
        try:
            distribution("fastact")
        except PackageNotFoundError:
            pytest.skip("pip does not know this fastact: it was built in place, and not installed")
    venv.create(folder / "environment", with_pip=uses_pip, symlinks=True)
    (folder / "home").mkdir()
    installed = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    own = {
        "HOME": str(folder / "home"),
        "PATH": os.pathsep.join([str(folder / "environment" / "bin"), PATH]),
        "PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), *installed]),
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "JAX_PLATFORMS": "cpu",
    }
    others = re.compile("FASTACT_|LD_LIBRARY_PATH|LD_RUN_PATH|PKG_CONFIG_|PYTEST_|VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not others.match(name)} | own


def run(script: str, place: Callable[[Path], None], folder: Path) -> str:
    """Run a script in a new folder, which `place` fills, and return what it prints; no command may fail."""
    skip_without(script)
    place(folder / "work")
    result = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder / "work",
        env=environment(script, folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, f"{script}\n{result.stdout}{result.stderr}"
    return result.stdout
