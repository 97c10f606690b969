"""Other machines, under emulators: the core for AArch64, and x86-64 without AVX, whose bits are those found here."""

import os
import sys

import pytest
from test_c_interface import CORE, FEW, INCLUDE, LIBRARY, PROGRAM, TESTS, build, run, shared_library, tool

from fastact import _ufuncs

pytestmark = pytest.mark.compiles

BITS = TESTS / "c" / "test_bits.c"


def on_cpu(model):
    """Return the command that runs a program as on a processor of another kind."""
    return [tool("qemu-x86_64"), "-cpu", model]


@pytest.fixture(scope="module")
def aarch64(tmp_path_factory):
    """Return how to build a program with the core for AArch64, made with its own flags and without OpenMP."""
    compiler, archiver = tool("aarch64-linux-gnu-gcc"), tool("aarch64-linux-gnu-ar")
    folder = tmp_path_factory.mktemp("aarch64")
    archive = folder / "libfastact.a"
    make = [tool("make"), f"-j{os.cpu_count()}", "-f", CORE / "Makefile", f"CC={compiler}", f"AR={archiver}"]
    run(*make, "OPENMP=", f"BUILD={folder}", archive)
    return lambda sources: build(compiler, sources, ["-static", f"-I{CORE}", archive, "-lm", "-pthread"], folder)


def hashes(*command):
    """Return the ISA that a program of hashes ran on, and its hashes."""
    isa, *lines = run(*command).splitlines()
    assert len(lines) > 400
    return isa, lines


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return the program of hashes for this machine."""
    return build(tool("cc"), [BITS], [f"-I{INCLUDE}", *shared_library(LIBRARY)], tmp_path_factory.mktemp("bits"))


def test_c_interface_on_aarch64(aarch64):
    assert run(tool("qemu-aarch64"), aarch64(PROGRAM), *FEW) == "passed, neon, OpenMP: 0\n"


@pytest.mark.skipif("avx2" not in _ufuncs.runnable_isas(), reason="this machine does not run AVX2")
def test_bits_of_aarch64_are_those_of_avx2(aarch64, here):
    assert hashes(tool("qemu-aarch64"), aarch64([BITS]), "") == ("neon", hashes(here, "avx2")[1])


x86_only = pytest.mark.skipif("baseline" not in _ufuncs.runnable_isas(), reason="emulates x86-64 on x86-64")
each_cpu = pytest.mark.parametrize(("model", "isa"), [("Nehalem", "baseline"), ("Haswell", "avx2")])


@x86_only
@each_cpu
def test_best_kernels_of_an_older_x86_are_chosen(model, isa, here):
    assert hashes(*on_cpu(model), here, "") == hashes(here, isa)


PROGRAM_IN_PYTHON = """
import hashlib
import numpy as np
import fastact as fa
x = np.concatenate([np.linspace(-20, 20, 4001), [0.0, -0.0, 1e-310]])
digest = hashlib.sha256()
for dtype in (np.float16, np.float32, np.float64, np.int8):
    for function in (fa.silu, fa.gelu.grad, fa.elu, fa.softmax):
        digest.update(function(x.astype(dtype)).tobytes())
print(fa._ufuncs.isa(), digest.hexdigest())
"""


@x86_only
@each_cpu
def test_import_on_an_older_x86(model, isa):
    """OpenBLAS, under NumPy, takes the emulator for a newer processor than it is."""
    program = [sys.executable, "-P", "-c", PROGRAM_IN_PYTHON]
    old = os.environ | {"OPENBLAS_CORETYPE": model, "FASTACT_NUM_THREADS": "1"}
    emulated = run(*on_cpu(model), *program, env={name: old[name] for name in old if name != "FASTACT_ISA"})
    assert emulated == run(*program, env=os.environ | {"FASTACT_ISA": isa})
    assert emulated.startswith(f"{isa} ")
