"""Builds the extension modules, Cython over C, and the stub. Everything else is in pyproject.toml."""

import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from glob import glob
from pathlib import Path

import numpy
from Cython import Tempita
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

# Contraction is off because the kernels say themselves where they want fma: results must not depend on the compiler.
UNIX_FLAGS = [
    "-std=gnu11",
    "-O3",
    "-g0",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
]
MSVC_FLAGS = ["/O2", "/std:c11", "/fp:precise"]
OPENMP_FLAGS = {"unix": ["-fopenmp"], "msvc": ["/openmp"]}


def compile_in_parallel(compile_serially, sources, *args, **kwargs):
    """Stand in for a compiler's compile: one thread per core, each running the compiler on one source."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = pool.map(lambda source: compile_serially([source], *args, **kwargs), sources)
    return [name for names in objects for name in names]


def openmp_flags(compiler):
    """Return the flags for OpenMP if a program can be compiled and linked with them, else none."""
    flags = OPENMP_FLAGS.get(compiler.compiler_type, [])
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "openmp.c")
        source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
        try:
            objects = compiler.compile([str(source)], output_dir=folder, extra_postargs=flags)
            compiler.link_executable(objects, str(Path(folder, "openmp")), extra_postargs=flags)
        except (CompileError, LinkError):
            print("fastact: no OpenMP with this compiler; building for one thread")
            return []
    return flags


class BuildExt(build_ext):
    """Adds the flags of the compiler in use and compiles on all cores."""

    def build_extensions(self):
        """Build the extensions."""
        openmp = openmp_flags(self.compiler)
        flags = MSVC_FLAGS if self.compiler.compiler_type == "msvc" else UNIX_FLAGS
        for extension in self.extensions:
            extension.extra_compile_args += flags + openmp
            extension.extra_link_args += openmp if self.compiler.compiler_type == "unix" else []
        self.compiler.compile = partial(compile_in_parallel, self.compiler.compile)
        super().build_extensions()


def activations():
    """Read functions.def: the names, each with its parameters and their defaults, None where one has to be given."""
    text = Path("csrc/functions.def").read_text(encoding="utf-8")
    for name, row in re.findall(r"^ACTIVATION_\d\((\w+), (.*?)\)$", text, re.MULTILINE | re.DOTALL):
        # A parameter and its default are the two words before an error bound.
        parameters = re.findall(r"([^\s(),]+),\s*([^\s(),]+),\s*ULP\(", row)
        yield name, {parameter: None if default == "REQUIRED" else default for parameter, default in parameters}


def write_stub():
    """Write fastact/__init__.pyi from its template."""
    template = Path("fastact/__init__.pyi.in")
    stub = Tempita.sub(template.read_text(encoding="utf-8"), activations=dict(activations()))
    template.with_suffix("").write_text(stub, encoding="utf-8")


HEADERS = [*sorted(glob("csrc/**/*.h", recursive=True)), "csrc/functions.def"]
EXTENSIONS = [
    Extension(
        "fastact._ufuncs",
        sources=["fastact/_ufuncs.pyx", *sorted(glob("csrc/*.c"))],
        depends=HEADERS,
        include_dirs=["csrc", numpy.get_include()],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_2_2_API_VERSION"),
            ("NPY_TARGET_VERSION", "NPY_2_2_API_VERSION"),
        ],
    ),
    Extension(
        "fastact._exact",
        sources=["fastact/_exact.pyx", *sorted(glob("csrc/exact/*.c"))],
        depends=HEADERS,
        include_dirs=["csrc", "csrc/exact"],
        libraries=["m"] if os.name == "posix" else [],
    ),
]

write_stub()
setup(
    ext_modules=cythonize(EXTENSIONS, build_dir="build/cython"),
    cmdclass={"build_ext": BuildExt},
)
