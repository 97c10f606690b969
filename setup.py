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

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

CORE = Path("csrc")
sys.path.insert(0, str(CORE))

from generators import package_files  # noqa: E402

PUBLIC_HEADERS = [CORE / "fastact.h", CORE / "fastact_functions.h"]
HEADERS = [*sorted(glob("csrc/**/*.h", recursive=True)), *sorted(glob("csrc/*.def"))]
COMPILE_FLAGS = (CORE / "compile_flags.txt").read_text().split()
SOURCE_FOLDERS = (CORE / "source_folders.txt").read_text().split()
LINK_FLAGS = dict(line.split(maxsplit=1) for line in (CORE / "link_flags.txt").read_text().splitlines())
OPENMP_FLAG = "-fopenmp"
MACOS = sys.platform == "darwin"


def compile_in_parallel(compile_serially, pool, sources, *args, **kwargs):
    """Stand in for a compiler's compile: the threads of a pool each run the compiler on one source."""
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
        """Build the library and the extensions, which are translated and compiled beside it, and linked after it."""
        self.openmp = openmp_flags(self.compiler)
        link = self.compiler.link_shared_object
        with ThreadPoolExecutor(os.cpu_count()) as pool, ThreadPoolExecutor(1) as beside:
            self.compiler.compile = partial(compile_in_parallel, self.compiler.compile, pool)
            core = beside.submit(self.build_core, link)

            def link_after_core(*args, **kwargs):
                core.result()
                link(*args, **kwargs)

            self.compiler.link_shared_object = link_after_core
            self.translate()
            self.parallel = len(self.extensions)  # threads, which wait for those of the pool
            super().build_extensions()
            core.result()

    def translate(self):
        """Translate Cython, and tell extensions how they are compiled and linked."""
        translated = {extension.name: extension for extension in cythonize(self.extensions, build_dir="build/cython")}
        for extension in self.extensions:
            extension.sources = translated[extension.name].sources
            extension.extra_compile_args += [*COMPILE_FLAGS, *self.openmp]
            if "fastact" in extension.libraries:
                extension.library_dirs.append(str(self.built("lib")))

    def built(self, folder):
        """Return a folder of the package as it is built."""
        return Path(self.build_lib, "fastact", folder)

    def build_core(self, link):
        """Build the library and put it, with its headers, where fastact.get_include and get_library_dir look."""
        lib, include = self.built("lib"), self.built("include")
        include.mkdir(parents=True, exist_ok=True)
        for header in PUBLIC_HEADERS:
            shutil.copy(header, include)
        # The kernels, which take longest, come first.
        sources = [source for folder in SOURCE_FOLDERS for source in sorted(glob(f"csrc/{folder}/*.c"))]
        objects = self.compiler.object_filenames(sources, output_dir=self.build_temp)
        made_of = ["csrc/compile_flags.txt", *HEADERS]
        stale = [s for s, o in zip(sources, objects, strict=True) if self.force or is_older(o, [s, *made_of])]
        flags = [*COMPILE_FLAGS, *self.openmp]
        self.compiler.compile(stale, output_dir=self.build_temp, include_dirs=[str(CORE)], extra_postargs=flags)
        self.compiler.create_static_lib(objects, "fastact", output_dir=str(lib))
        shared, *link_flags = LINK_FLAGS["Darwin" if MACOS else "ELF"].split()
        if MACOS:
            self.compiler.linker_so = ["-dynamiclib" if f == "-bundle" else f for f in self.compiler.linker_so]
        link(objects, str(lib / shared), extra_postargs=[*self.openmp, *link_flags])

    def copy_extensions_to_source(self):
        """Copy what was built into the source tree, for an editable install."""
        super().copy_extensions_to_source()
        for folder in ("lib", "include"):
            shutil.copytree(self.built(folder), Path("fastact", folder), dirs_exist_ok=True)


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
        include_dirs=["csrc", numpy.get_include()],
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
    extension("_cli._exact", ["fastact/_cli/_exact.pyx", *sorted(glob("csrc/exact/*.c"))], libraries=["m"]),
]

package_files.write([extension.name for extension in EXTENSIONS])
setup(
    version=version(),
    ext_modules=EXTENSIONS,
    cmdclass={"build_ext": BuildExt},
)
