"""The C interface: fastact.h is clean C11 and C++11, and libfastact exports what it declares, links and runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastact

pytestmark = pytest.mark.compiles

TESTS = Path(__file__).parents[1]
CORE = TESTS.parent / "csrc"
# The table is of the sources, everything else of what is installed, which is searched first.
PROGRAM = [TESTS / "c" / "test_fastact.c", CORE / "exact" / "exact.c", "-idirafter", CORE]
INCLUDE, LIBRARY = Path(fastact.get_include()), Path(fastact.get_library_dir())
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
C11 = ["-std=c11", *STRICT]
CPP11 = ["-x", "c++", "-std=c++11", *STRICT]
LANGUAGES = pytest.mark.parametrize("language", [C11, CPP11], ids=["C11", "C++11"])
COMPILERS = {"gcc": "g++", "clang": "clang++"}

FEW = ["1000"]  # elements of the largest arrays, for a short run: too few for threads


def run(*command, **options):
    """Run a command to its end; what it prints is shown where it fails, and returned otherwise."""
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, timeout=600, **options
    )
    assert result.returncode == 0, f"{result.args}\n{result.stdout}{result.stderr}"
    return result.stdout


def tool(name):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


def shared_library(folder):
    """Return the flags to compile and link with a shared library."""
    return [f"-L{folder}", "-lfastact", f"-Wl,-rpath,{folder}"]


def openmp_runtime(archive):
    """Return the library that a static one needs for its threads, by the functions it calls."""
    undefined = run(tool("nm"), "-u", archive)
    return [flag for prefix, flag in {"GOMP_": "-lgomp", "__kmpc_": "-lomp"}.items() if prefix in undefined]


def build(compiler, sources, flags, folder):
    """Compile and link a program and return its path."""
    program = folder / "program"
    run(compiler, *sources, *flags, "-o", program)
    return program


@pytest.fixture(scope="module", params=COMPILERS)
def compiler(request):
    return tool(request.param)


@pytest.fixture(scope="module")
def made(compiler, tmp_path_factory):
    """Return the prefix below which `make install` with this compiler put the library, and the command."""
    folder = tmp_path_factory.mktemp(compiler)
    flags = (CORE / "compile_flags.txt").read_text().replace("-O3", "-O1").split()  # a third of the time to compile
    variables = [f"CC={compiler}", f"BUILD={folder / 'build'}", f"flags={' '.join(flags)}"]
    make = [tool("make"), f"-j{os.cpu_count()}", "-f", CORE / "Makefile", *variables]
    run(*make, "install", f"PREFIX={folder / 'prefix'}", cwd=folder)
    return folder / "prefix", make


# --- The header ------------------------------------------------------------------------------------------------------


def compile_program(compiler, language, text, folder):
    source = folder / "program.c"
    source.write_text(text)
    command = tool(COMPILERS[compiler]) if language is CPP11 else compiler
    run(command, *language, f"-I{INCLUDE}", "-c", source, cwd=folder)


@LANGUAGES
def test_header_compiles_alone(compiler, language, tmp_path):
    text = "#include <fastact.h>\n#include <fastact.h>\nint main(void) { return !fa_version(); }\n"
    compile_program(compiler, language, text, tmp_path)


# Names of macros that the library is made with, and that a program may well have.
NAMES = (
    *("ACTIVATION_0", "ACTIVATION_1", "ACTIVATION_2", "GATED", "FROM_OUTPUT_0", "FROM_OUTPUT_1", "ADDED_0", "ADDED_1"),
    *("OPERATION", "GATED_OPERATION", "ULP", "LIMITS", "LIMITS_OF_QUOTIENT", "REQUIRED", "NONE", "ONE", "TWO", "RUN"),
)


@LANGUAGES
def test_header_leaves_macros_of_a_program_alone(compiler, language, tmp_path):
    defined = [f"#define {name}(a) ((a) + {k})" for k, name in enumerate(NAMES)]
    used = " + ".join(f"{name}(1)" for name in NAMES)
    expected = sum(1 + k for k in range(len(NAMES)))
    check = f"typedef char as_before[({used}) == {expected} ? 1 : -1];"
    main = "int main(void) { return sizeof(as_before) != 1 || !fa_version(); }"
    compile_program(compiler, language, "\n".join([*defined, "#include <fastact.h>", check, main, ""]), tmp_path)


def macros(compiler, source):
    """Return the names of the macros that are defined after a source."""
    listing = run(compiler, f"-I{INCLUDE}", "-dM", "-E", "-x", "c", "-", input=source)
    return set(re.findall(r"^#define (\w+)", listing, re.MULTILINE))


def test_header_defines_no_names_of_others(compiler):
    ours = macros(compiler, "#include <fastact.h>") - macros(compiler, "#include <stddef.h>")
    assert ours
    assert all(name.startswith("FA_") for name in ours)
    defined = "".join(f"#define {name} 1\n" for name in NAMES)
    assert macros(compiler, f"{defined}#include <fastact.h>") == ours | macros(
        compiler, f"{defined}#include <stddef.h>"
    )


def declarations(compiler):
    """Return what the header declares, without what it includes of others."""
    text = run(compiler, f"-I{INCLUDE}", "-DFA_API=", "-E", "-P", "-x", "c", "-", input="#include <fastact.h>")
    return text[text.index("const char *fa_version") :]


def test_header_declares_no_names_of_others(compiler):
    text = re.sub(r"\{[^{}]*\}", "", declarations(compiler))  # members and enumerators
    enumerators = [
        name for body in re.findall(r"enum\s*\{([^{}]*)\}", declarations(compiler)) for name in body.split(",")
    ]
    types = re.findall(r"(\w+);", text)
    functions = re.findall(r"(\w+)\((?!\*)", re.sub(r"\(\*\w+\)", " ", text))
    assert len(types) > 5
    assert len(functions) > 200
    assert all(name.startswith("fa_") for name in (*types, *functions))
    assert all(name.strip().startswith("FA_") for name in enumerators)


def test_cffi_reads_the_header_and_calls_the_library(compiler):
    cffi = pytest.importorskip("cffi", reason="cffi is not installed")
    ffi = cffi.FFI()
    ffi.cdef(declarations(compiler))
    library = ffi.dlopen(str(LIBRARY / "libfastact.so"))
    assert ffi.string(library.fa_version()).decode() == fastact.__version__
    assert ffi.string(library.fa_find(b"swish").parameters[0].name) == b"beta"
    x, y = ffi.new("float[]", [-1, 0, 2]), ffi.new("float[3]")
    library.fa_leaky_relu_f32(x, 0.5, y, 3)
    assert list(y) == [-0.5, 0, 2]
    loop = library.fa_get_loop(library.fa_find(b"relu"), library.FA_GRAD, library.FA_F32)
    library.fa_run_contiguous(loop, [ffi.cast("char *", x), ffi.cast("char *", y)], 3)
    assert list(y) == [0, 0, 1]


def test_every_function_by_name_is_found_by_grep_with_what_it_stores():
    """One prototype for each type, and above them one comment."""
    text = (INCLUDE / "fastact_functions.h").read_text()
    prototypes = re.findall(
        r"^/\* \w+ = .+ \*/\nFA_API void fa_(\w+)_f32\([^;]+\);\nFA_API void fa_(\w+)_f64\([^;]+\);$",
        text,
        re.MULTILINE,
    )
    rows = {**fastact._ufuncs.table, **fastact._ufuncs.gated}
    names = [f"{name}_{o}" if o != "forward" else name for name in rows for o in fastact._ufuncs.operations(name)]
    assert prototypes == [(name, name) for name in names]


@pytest.mark.parametrize("name", ["fastact.h", "fastact_functions.h"])
def test_installed_headers_are_those_of_the_sources(name):
    assert (INCLUDE / name).read_bytes() == (CORE / name).read_bytes()
    assert {path.name for path in INCLUDE.iterdir()} == {"fastact.h", "fastact_functions.h"}


def test_version_is_that_of_the_module():
    assert f'#define FA_VERSION "{fastact.__version__}"\n' in (INCLUDE / "fastact.h").read_text()


# --- Symbols ---------------------------------------------------------------------------------------------------------


def declared(compiler):
    """Return the names of the functions in the header."""
    return set(re.findall(r"\b(fa_\w+)\(", declarations(compiler)))


def symbols(*command):
    """Return what nm lists as defined: lines of an address, a kind and a name."""
    return set(re.findall(r"^[0-9a-f]+ \w (\w+)$", run(tool("nm"), *command, "--defined-only"), re.MULTILINE))


@pytest.mark.parametrize("origin", ["installed", "made"])
def test_libraries_define_what_the_header_declares(compiler, origin, request):
    folder = LIBRARY if origin == "installed" else request.getfixturevalue("made")[0] / "lib"
    functions = declared(compiler)
    assert len(functions) > 200
    assert symbols("-D", folder / "libfastact.so") == functions
    inside = symbols("-g", folder / "libfastact.a")
    assert functions <= inside
    assert [name for name in inside if not name.startswith("fa_")] == []


# --- Programs --------------------------------------------------------------------------------------------------------


def run_test_program(compiler, flags, folder, openmp, arguments=()):
    """Compile tests/c/test_fastact.c without a warning, link and run it."""
    program = build(compiler, PROGRAM, [*C11, "-O1", *flags, "-lm"], folder)
    best = fastact._ufuncs.runnable_isas()[0]
    assert run(program, *arguments) == f"passed, {best}, OpenMP: {openmp}\n"


def test_installed_shared_library(compiler, tmp_path):
    flags = [f"-I{INCLUDE}", *shared_library(LIBRARY)]
    run_test_program(compiler, flags, tmp_path, int(fastact._ufuncs.has_openmp()))


def test_installed_static_library(compiler, tmp_path):
    archive = LIBRARY / "libfastact.a"
    flags = [f"-I{INCLUDE}", archive, *openmp_runtime(archive)]
    run_test_program(compiler, flags, tmp_path, int(fastact._ufuncs.has_openmp()), FEW)


def test_made_libraries(compiler, made, tmp_path):
    prefix, _ = made
    include, lib = f"-I{prefix}/include/fastact", prefix / "lib"
    openmp = int(bool(openmp_runtime(lib / "libfastact.a")))
    run_test_program(compiler, [include, *shared_library(lib)], tmp_path, openmp)
    run_test_program(compiler, [include, lib / "libfastact.a", *["-fopenmp"] * openmp], tmp_path, openmp, FEW)


USES_OPENMP = ("runtime/parallel.c", "runtime/thread_count.c")


def test_make_without_openmp(compiler, made, tmp_path):
    """Only what asks for OpenMP differs, so only that is made again."""
    prefix, make = made
    folder = tmp_path / "build"
    shutil.copytree(prefix.parent / "build", folder)
    run(*make, f"BUILD={folder}", "OPENMP=", *(f"-W{CORE / name}" for name in USES_OPENMP))
    assert openmp_runtime(folder / "libfastact.a") == []
    run_test_program(compiler, [f"-I{prefix}/include/fastact", folder / "libfastact.a"], tmp_path, 0, FEW)


def test_make_leaves_the_sources_clean(made):
    assert made
    found = [path for kind in ("*.o", "*.a", "*.so", "*.d") for path in CORE.rglob(kind)]
    assert [path for path in found if CORE / "build" not in path.parents] == []


def test_pkg_config(compiler, made, tmp_path):
    """A program that was built with these flags finds the library by itself."""
    prefix, _ = made
    environment = os.environ | {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    run(tool("pkg-config"), f"--exact-version={fastact.__version__}", "fastact", env=environment)
    flags = run("pkg-config", "--cflags", "--libs", "fastact", env=environment).split()
    source = tmp_path / "program.c"
    source.write_text('#include <fastact.h>\nint main(void) { return !fa_find("silu"); }\n')
    program = build(compiler, [source], flags, tmp_path)
    run(program, env={name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"})


def test_destdir_comes_before_the_prefix(made, tmp_path):
    run(*made[1], "install", f"DESTDIR={tmp_path}", "PREFIX=/opt/fastact")
    root = tmp_path / "opt" / "fastact"
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == {
        "include/fastact/fastact.h",
        "include/fastact/fastact_functions.h",
        "lib/libfastact.a",
        "lib/libfastact.so",
        "lib/pkgconfig/fastact.pc",
    }
    assert (root / "lib" / "pkgconfig" / "fastact.pc").read_text().startswith("prefix=/opt/fastact\n")


BEFORE_MAIN = """
#include <fastact.h>
static float computed() {
    const float x = 1;
    float y = 0;
    fa_relu_f32(&x, &y, 1);
    return y;
}
static const float before_main = computed();
int main() { return before_main == 1 ? 0 : 1; }
"""


def test_static_library_is_ready_before_main(compiler, tmp_path):
    """Constructors of a program, which stand ahead of the library's, may compute."""
    source = tmp_path / "program.cpp"
    source.write_text(BEFORE_MAIN)
    archive = LIBRARY / "libfastact.a"
    flags = [*CPP11, f"-I{INCLUDE}", source, "-x", "none", archive, *openmp_runtime(archive)]
    run(build(tool(COMPILERS[compiler]), [], flags, tmp_path))


def test_memory_is_used_as_it_may_be(tmp_path):
    valgrind = [tool("valgrind"), "-q", "--error-exitcode=3", "--leak-check=full", "--errors-for-leak-kinds=definite"]
    program = build(tool("cc"), PROGRAM, ["-O1", f"-I{INCLUDE}", *shared_library(LIBRARY), "-lm"], tmp_path)
    assert run(*valgrind, program, *FEW).startswith("passed")


# --- What only hard use shows ----------------------------------------------------------------------------------------

SANITIZERS = {"thread": [], "address,undefined": ["-fno-sanitize-recover=undefined"]}


def sanitized(sanitizer, sources, flags, folder, compiler="cc"):
    """Build a program with a sanitizer, if the compiler has its run time."""
    probe = folder / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    command = [tool(compiler), probe, f"-fsanitize={sanitizer}", "-o", folder / "probe"]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"the compiler lacks -fsanitize={sanitizer}")
    options = ["-std=gnu11", "-g", "-O1", f"-fsanitize={sanitizer}", *SANITIZERS[sanitizer], f"-I{CORE}"]
    return build(compiler, sources, [*options, *flags], folder)


def all_but_kernels():
    """Return the library's sources that are quick to build anew; the kernels come from the installed archive."""
    return [source for folder in ("drivers", "runtime") for source in sorted((CORE / folder).glob("*.c"))]


@pytest.mark.skipif(os.name != "posix", reason="the pool and its test need POSIX threads")
@pytest.mark.parametrize(("sanitizer", "forks"), [("thread", 0), ("address,undefined", 20)], ids=["race", "memory"])
def test_pool_under_threads_and_forks(sanitizer, forks, tmp_path):
    """Without forks for the thread sanitizer, which knows no threads in a child of a process with threads."""
    sources = [TESTS / "c" / "test_pool.c", CORE / "runtime" / "pool.c"]
    program = sanitized(sanitizer, sources, ["-pthread"], tmp_path)
    assert run(program, 2000, forks) == "passed\n"


def test_any_call_with_sanitizers(tmp_path):
    """The inputs that the fuzzer of the C interface kept, and random ones."""
    archive = LIBRARY / "libfastact.a"
    flags = ["-ffp-contract=off", archive, *["-fopenmp"] * bool(openmp_runtime(archive)), "-lm", "-pthread"]
    sources = [TESTS / "fuzz" / "fuzz_c.c", *all_but_kernels()]
    program = sanitized("address,undefined", sources, ["-DREPLAY", *flags], tmp_path)
    assert run(program, TESTS / "fuzz" / "corpus" / "c.txt", 15_000) == "passed\n"


def archer():
    """Return the tool that tells the thread sanitizer how LLVM's OpenMP orders its threads."""
    for name in ("libomp.so", "libomp.so.5"):  # as it is called where one version of LLVM may be the system's
        openmp = Path(run(tool("clang"), f"-print-file-name={name}").strip())
        path = openmp.resolve().parent / "libarcher.so"
        if path.exists():
            return path
    pytest.skip("libarcher is not installed")


@pytest.mark.parametrize("waits", ["0", "1"])
def test_parallel_layer_under_the_thread_sanitizer(tmp_path, waits):
    """By Clang, for LLVM's OpenMP and archer: the thread sanitizer understands no other OpenMP."""
    environment = os.environ | {
        "OMP_TOOL_LIBRARIES": str(archer()),
        "FASTACT_WAIT_FOR_THREADS": waits,
        "TSAN_OPTIONS": "ignore_noninstrumented_modules=1 halt_on_error=1",
    }
    sources = [TESTS / "c" / "test_parallel.c", *all_but_kernels()]
    flags = ["-ffp-contract=off", LIBRARY / "libfastact.a", "-fopenmp", "-lm", "-pthread"]
    program = sanitized("thread", sources, flags, tmp_path, compiler="clang")
    assert run(program, 50, env=environment) == "passed\n"


UNLOADED = """
import ctypes, sys, time, _ctypes
library = ctypes.CDLL(sys.argv[1])
library.fa_pool_allocate.argtypes, library.fa_pool_allocate.restype = [ctypes.c_size_t], ctypes.c_void_p
library.fa_pool_free.argtypes = [ctypes.c_void_p]
library.fa_pool_free(library.fa_pool_allocate(1 << 23))
_ctypes.dlclose(library._handle)
time.sleep(2.5)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="-z nodelete is an option of ELF linkers")
def test_library_may_be_unloaded_while_the_pool_has_a_thread():
    run(sys.executable, "-c", UNLOADED, LIBRARY / "libfastact.so")
