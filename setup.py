"""Builds the C library, the Cython modules over it and what comes from templates. The rest is in pyproject.toml."""

import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from glob import glob
from pathlib import Path
from typing import NamedTuple

import numpy
from Cython import Tempita
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

CORE = Path("csrc")
PUBLIC_HEADERS = [CORE / "fastact.h", CORE / "functions.def"]
HEADERS = [*sorted(glob("csrc/**/*.h", recursive=True)), "csrc/functions.def"]
COMPILE_FLAGS = (CORE / "compile_flags.txt").read_text().split()
OPENMP_FLAG = "-fopenmp"
MACOS = sys.platform == "darwin"


def compile_in_parallel(compile_serially, sources, *args, **kwargs):
    """Stand in for a compiler's compile: one thread per core, each running the compiler on one source."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = pool.map(lambda source: compile_serially([source], *args, **kwargs), sources)
    return [name for names in objects for name in names]


def openmp_flags(compiler):
    """Return the flag for OpenMP if a program can be compiled and linked with it, else none."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "openmp.c")
        source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
        try:
            objects = compiler.compile([str(source)], output_dir=folder, extra_postargs=[OPENMP_FLAG])
            compiler.link_executable(objects, str(Path(folder, "openmp")), extra_postargs=[OPENMP_FLAG])
        except (CompileError, LinkError):
            print("fastact: no OpenMP with this compiler; building for one thread")
            return []
    return [OPENMP_FLAG]


def is_older(target, sources):
    """Return whether a file is missing, or older than one that it is made of."""
    return not os.path.exists(target) or os.path.getmtime(target) < max(map(os.path.getmtime, sources))


class BuildExt(build_ext):
    """Builds the C library into the package first: shared, which the extensions link to, and static."""

    def build_extensions(self):
        """Build the library and the extensions."""
        self.openmp = openmp_flags(self.compiler)
        self.compiler.compile = partial(compile_in_parallel, self.compiler.compile)
        self.build_core()
        for extension in self.extensions:
            extension.extra_compile_args += [*COMPILE_FLAGS, *self.openmp]
            if "fastact" in extension.libraries:
                extension.library_dirs.append(str(self.built("lib")))
        super().build_extensions()

    def built(self, folder):
        """Return a folder of the package as it is built."""
        return Path(self.build_lib, "fastact", folder)

    def build_core(self):
        """Build the library and put it, with its headers, where fastact.get_include and get_library_dir look."""
        lib, include = self.built("lib"), self.built("include")
        include.mkdir(parents=True, exist_ok=True)
        for header in PUBLIC_HEADERS:
            shutil.copy(header, include)
        sources = sorted(glob("csrc/*.c"))
        objects = self.compiler.object_filenames(sources, output_dir=self.build_temp)
        made_of = ["csrc/compile_flags.txt", *HEADERS]
        stale = [s for s, o in zip(sources, objects, strict=True) if self.force or is_older(o, [s, *made_of])]
        flags = [*COMPILE_FLAGS, *self.openmp]
        self.compiler.compile(stale, output_dir=self.build_temp, extra_postargs=flags)
        self.compiler.create_static_lib(objects, "fastact", output_dir=str(lib))
        shared, link_flags = ("libfastact.so", "-Wl,-soname,libfastact.so -Wl,-Bsymbolic-functions -Wl,-z,nodelete")
        if MACOS:
            shared, link_flags = ("libfastact.dylib", "-Wl,-install_name,@rpath/libfastact.dylib")
            self.compiler.linker_so = ["-dynamiclib" if f == "-bundle" else f for f in self.compiler.linker_so]
        self.compiler.link_shared_object(objects, str(lib / shared), extra_postargs=[*self.openmp, *link_flags.split()])

    def copy_extensions_to_source(self):
        """Copy what was built into the source tree, for an editable install."""
        super().copy_extensions_to_source()
        for folder in ("lib", "include"):
            shutil.copytree(self.built(folder), Path("fastact", folder), dirs_exist_ok=True)


def activations():
    """Read functions.def: the names, each with its parameters and their defaults, None where one has to be given."""
    text = Path("csrc/functions.def").read_text(encoding="utf-8")
    for name, row in re.findall(r"^ACTIVATION_\d\((\w+), (.*?)\)$", text, re.MULTILINE | re.DOTALL):
        # A parameter and its default are the two words before an error bound.
        parameters = re.findall(r"([^\s(),]+),\s*([^\s(),]+),\s*ULP\(", row)
        yield name, {parameter: None if default == "REQUIRED" else default for parameter, default in parameters}


class Case(NamedTuple):
    """One operation of one activation; arrays, parameters and outputs are its arguments in C."""

    activation: str
    operation: str
    index: str
    arrays: list[str]
    parameters: dict[str, str | None]
    outputs: list[str]

    @property
    def name(self):
        """What the operation is called where it is no attribute of its activation: silu, silu_grad."""
        return self.activation if self.operation == "forward" else f"{self.activation}_{self.operation}"

    @property
    def has_defaults(self):
        """Whether the parameters, if any, may be left out."""
        return None not in self.parameters.values()

    @property
    def is_scalar(self):
        """Whether the operation makes one number from one."""
        return len(self.arrays) == len(self.outputs) == 1

    def declare(self, real, memory):
        """Declare the arguments for C or Cython, where memory is what stands between a type and a name."""
        inputs = [*(f"const {real}{memory}{x}" for x in self.arrays), *(f"{real} {p}" for p in self.parameters)]
        return ", ".join([*inputs, *(f"{real}{memory}{out}" for out in self.outputs)])


def cases(activation, parameters):
    """Return the operations of an activation, in the order of fa_operation."""
    from_output = []
    if activation in rows(r"FROM_OUTPUT_\d"):
        operation = "backward_from_output"
        from_output = [Case(activation, operation, "FA_BACKWARD_FROM_OUTPUT", ["dy", "y"], parameters, ["out"])]
    return [
        Case(activation, "forward", "FA_FORWARD", ["x"], parameters, ["out"]),
        Case(activation, "grad", "FA_GRAD", ["x"], parameters, ["out"]),
        Case(activation, "backward", "FA_BACKWARD", ["dy", "x"], parameters, ["out"]),
        Case(activation, "value_and_grad", "FA_VALUE_AND_GRAD", ["x"], parameters, ["out", "out_grad"]),
        *(
            Case(activation, f"grad_{parameter}", f"FA_GRAD_{letter}", ["x"], parameters, ["out"])
            for parameter, letter in zip(parameters, "PQ", strict=False)
        ),
        *from_output,
    ]


def rows(kind):
    """Read functions.def: the names in the rows of a kind."""
    text = Path("csrc/functions.def").read_text(encoding="utf-8")
    return re.findall(rf"^{kind}\((\w+), ", text, re.MULTILINE)


def write_from_template(template):
    """Write a file from its template, *.in, by the table of activations."""
    template = Path(template)
    table = dict(activations())
    every_case = [case for row in table.items() for case in cases(*row)]
    text = Tempita.sub(
        template.read_text(encoding="utf-8"),
        activations=table,
        cases=every_case,
        gated=rows("GATED"),
        from_output=rows(r"FROM_OUTPUT_\d"),
    )
    target = template.with_suffix("")
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


def version():
    """Read the version from the C header, its only place."""
    return re.search(r'^#define FA_VERSION "(.+)"$', PUBLIC_HEADERS[0].read_text(), re.MULTILINE)[1]


ORIGIN = "@loader_path" if MACOS else "$ORIGIN"


def extension(name, sources, **options):
    """Describe a module over the library."""
    return Extension(
        f"fastact.{name}",
        sources=sources,
        depends=HEADERS,
        include_dirs=["csrc", "csrc/exact", numpy.get_include()],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_2_2_API_VERSION"),
            ("NPY_TARGET_VERSION", "NPY_2_2_API_VERSION"),
        ],
        **options,
    )


def over_core(name):
    """Describe a module that uses the C library."""
    return extension(name, [f"fastact/{name}.pyx"], libraries=["fastact", "m"], runtime_library_dirs=[f"{ORIGIN}/lib"])


EXTENSIONS = [
    over_core("_channels"),
    over_core("_softmax"),
    over_core("_ufuncs"),
    over_core("views"),
    extension("_exact", ["fastact/_exact.pyx", *sorted(glob("csrc/exact/*.c"))], libraries=["m"]),
]

for template in sorted(glob("fastact/*.in")):
    write_from_template(template)
setup(
    version=version(),
    ext_modules=cythonize(EXTENSIONS, build_dir="build/cython"),
    cmdclass={"build_ext": BuildExt},
)
