"""The floating-point environment: nothing raised, nothing changed, and the same bits in whatever the caller has set.

Flags, rounding mode and flush-to-zero are those of a thread. Kernels run under the default environment, so a call in
another rounding mode, or with subnormals flushed to zero, returns what it returns without. Calls on which numbers are
converted are in test_conversions.py.
"""

import ctypes
import ctypes.util
import gc
import platform
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from calls import UFUNCS, activation_of, assert_same, name_of, one_per_path, outputs, parameters_of, run_python
from conftest import on_threads
from draws import LARGE, mixed
from ufunc_cases import each_path

import fastact
from fastact import _ufuncs

MACHINE = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
# The constants of fenv.h, which are the bits of the control and status registers.
FLAGS = {
    "x86_64": {"invalid": 1, "divbyzero": 4, "overflow": 8, "underflow": 16, "inexact": 32},
    "aarch64": {"invalid": 1, "divbyzero": 2, "overflow": 4, "underflow": 8, "inexact": 16},
}.get(MACHINE)
MODES = {
    "x86_64": {"upward": 0x800, "downward": 0x400, "toward zero": 0xC00},
    "aarch64": {"upward": 0x400000, "downward": 0x800000, "toward zero": 0xC00000},
}.get(MACHINE, {})
# Word of glibc's fenv_t that holds the control register, and its bits that make zeros of subnormals.
FLUSH_TO_ZERO = {"x86_64": (7, 0x8040), "aarch64": (0, 1 << 24)}.get(MACHINE)
FENV_BYTES = 64  # more than any fenv_t

pytestmark = [
    pytest.mark.skipif(FLAGS is None, reason="the constants of fenv.h are known here for x86-64 and AArch64 only"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no libm to load"),
]
fenv = ctypes.CDLL(ctypes.util.find_library("m")) if sys.platform != "win32" else None
ALL_FLAGS = sum(FLAGS.values()) if FLAGS else 0
NUMPYS_FLAGS = ALL_FLAGS - FLAGS["inexact"] if FLAGS else 0  # those that NumPy looks at

each_dtype = pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])


def operands_of(ufunc, dtype, count):
    """Return arrays of every kind of number; signalling NaN are made quiet, as each copy of a half would."""
    arrays = ufunc.nin - len(parameters_of(ufunc))
    wider = np.float32 if dtype is np.float16 else dtype
    with np.errstate(all="ignore"):
        x = (mixed(activation_of(ufunc), wider, 1000, 1) * wider(1)).astype(dtype)
    return [np.resize(x[k:], count) for k in range(arrays)]


def ways(ufunc, dtype):
    """Name of a way to call -> a call of fastact's own paths that takes no argument."""
    small, large = (operands_of(ufunc, dtype, count) for count in (2000, LARGE))
    some = [operand[::2] for operand in small]
    few, other = [operand[:20] for operand in small], [operand[::-3] for operand in large]
    out, large_out = (
        tuple(np.empty(operands[0].size, dtype) for _ in range(ufunc.nout)) for operands in (small, large)
    )
    required = [value for name, value in parameters_of(ufunc).items() if value_is_required(ufunc, name)]
    return {
        "few": lambda: ufunc(*few, *required),
        "contiguous": lambda: ufunc(*small, *required),
        "strided": lambda: ufunc(*some, *required),
        "out": lambda: ufunc(*small, *required, out=out),
        "threads": lambda: ufunc(*large, *required),
        "strided threads": lambda: ufunc(*other, *required),
        "out threads": lambda: ufunc(*large, *required, out=large_out),
    }


def numpys_ways(ufunc, dtype):
    """Name of a way to call -> a call of NumPy's path that takes no argument."""
    small, large = (operands_of(ufunc, dtype, count) for count in (500, LARGE))
    parameters = parameters_of(ufunc).values()
    return {
        "where": lambda: ufunc(*small, *parameters, where=True),
        "where strided": lambda: ufunc(*(operand[::-2] for operand in small), *parameters, where=True),
        "where large": lambda: ufunc(*large, *parameters, where=True),
    }


def value_is_required(ufunc, parameter):
    return _ufuncs.table[activation_of(ufunc)][parameter] is None


def copied(result):
    return tuple(output.copy() for output in outputs(result))


def assert_all_same(got, want, way):
    """Demand the same bits; those of NaN too."""
    for g, w in zip(got, want, strict=True):
        integer = f"u{w.dtype.itemsize}"
        differ = np.flatnonzero(g.view(integer) != w.view(integer))
        assert differ.size == 0, f"{way}: {g[differ[0]]!s} instead of {w[differ[0]]!s} at {differ[0]} of {g.size}"


def rounding_mode():
    """Return the mode that numbers are rounded in; on x86-64 fegetround tells that of x87 instructions alone."""
    one, more = 1.0, 1.25 * 2.0**-53  # than half of what is between 1 and the next number
    directed = {(True, False): "upward", (False, True): "downward", (False, False): "toward zero"}
    return MODES.get(directed.get((one + more > one, -one - more < -one)), 0)


@contextmanager
def rounding(mode):
    before = fenv.fegetround()
    assert fenv.fesetround(mode) == 0
    try:
        yield
    finally:
        fenv.fesetround(before)


@contextmanager
def flushing_to_zero():
    word, bits = FLUSH_TO_ZERO
    before, flushing = ((ctypes.c_uint32 * (FENV_BYTES // 4))() for _ in range(2))
    fenv.fegetenv(before)
    fenv.fegetenv(flushing)
    flushing[word] |= bits
    fenv.fesetenv(flushing)
    try:
        yield
    finally:
        fenv.fesetenv(before)


def flushes_to_zero():
    word, bits = FLUSH_TO_ZERO
    now = (ctypes.c_uint32 * (FENV_BYTES // 4))()
    fenv.fegetenv(now)
    return now[word] & bits == bits


def flags_after(function, before):
    """Flags raised after a call that starts with the given ones. Hypothesis measures garbage collections in floats."""
    gc.disable()
    fenv.feclearexcept(ALL_FLAGS)
    fenv.feraiseexcept(before)
    function()
    after = fenv.fetestexcept(ALL_FLAGS)
    fenv.feclearexcept(ALL_FLAGS)
    gc.enable()
    return after


def named(flags):
    return [name for name, bit in FLAGS.items() if flags & bit]


glibc_only = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="the place of the control register in fenv_t is known for glibc"
)


# --- Nothing raised, nothing changed ---------------------------------------------------------------------------------


def test_flags_are_seen():
    """A test of flags that could not fail would be none."""
    zero = ctypes.c_double(0)
    assert named(flags_after(lambda: None, 0)) == []
    assert named(flags_after(lambda: None, ALL_FLAGS)) == list(FLAGS)
    assert "invalid" in named(flags_after(lambda: fenv.remainder(zero, zero), 0))
    assert "inexact" in named(flags_after(lambda: fenv.sqrt(ctypes.c_double(2)), 0))


@each_path
@each_dtype
def test_flags_are_as_found(ufunc, dtype, isa):
    changed = {}
    with on_threads(2):
        for way, function in (ways(ufunc, dtype) | numpys_ways(ufunc, dtype)).items():
            for before in (0, ALL_FLAGS, FLAGS["underflow"]):
                after = flags_after(function, before)
                if after != before:
                    changed[way] = named(before), named(after)
    assert changed == {}, "flags before and after"


@each_path
@each_dtype
def test_rounding_mode_changes_nothing_and_is_kept(ufunc, dtype):
    with on_threads(2):
        for way, function in (ways(ufunc, dtype) | numpys_ways(ufunc, dtype)).items():
            want = copied(function())
            for name, mode in MODES.items():
                with rounding(mode):
                    got = copied(function())
                    kept = rounding_mode()
                assert kept == mode, f"{way}, {name}"
                assert_all_same(got, want, f"{way}, {name}")


@each_path
def test_rounding_mode_changes_nothing_on_any_isa(ufunc, isa):
    function = ways(ufunc, np.float32)["contiguous"]
    want = copied(function())
    for name, mode in MODES.items():
        with rounding(mode):
            got = copied(function())
        assert_all_same(got, want, name)


@glibc_only
@each_path
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_flush_to_zero_changes_nothing_and_is_kept(ufunc, dtype):
    with on_threads(2):
        for way, function in (ways(ufunc, dtype) | numpys_ways(ufunc, dtype)).items():
            want = copied(function())
            with flushing_to_zero():
                got = copied(function())
                kept = flushes_to_zero()
            assert kept, way
            assert not flushes_to_zero()
            assert_all_same(got, want, way)


# --- In every thread -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ufunc", one_per_path(UFUNCS)[::3], ids=name_of)
def test_each_thread_keeps_its_own_environment(ufunc):
    """Python threads in different rounding modes, each calling what runs on several threads."""
    function = ways(ufunc, np.float32)["threads"]
    modes = [0, *MODES.values()]
    want = copied(function())
    start = threading.Barrier(len(modes))
    found = {}

    def work(mode):
        fenv.fesetround(mode)
        start.wait()
        results = [copied(function()) for _ in range(3)]
        found[mode] = rounding_mode(), results

    with on_threads(2):
        threads = [threading.Thread(target=work, args=(mode,)) for mode in modes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert rounding_mode() == 0
    for mode in modes:
        kept, results = found[mode]
        assert kept == mode
        for result in results:
            assert_same(result, want)


def openmp_runtime():
    """Return the OpenMP runtime that fastact uses, of which a process may have several, if it is GCC's; else None."""
    library = Path(fastact.get_library_dir(), "libfastact.so")
    functions = ctypes.CDLL(str(library)) if library.exists() else None  # and those of what it depends on
    is_llvms = hasattr(functions, "__kmpc_fork_call")  # which has GCC's functions, too, and an environment of its own
    return functions if hasattr(functions, "GOMP_parallel") and not is_llvms else None


@glibc_only
@pytest.mark.skipif(not _ufuncs.has_openmp(), reason="this build has no threads")
@pytest.mark.parametrize("mode", MODES)
def test_helpers_keep_their_environment(mode):
    """The threads that help find after a call what they had before it: seen from inside, two parts on a thread each."""
    library = ctypes.CDLL(str(Path(fastact.get_library_dir(), "libfastact.so")))
    body_type = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
    seen = []

    def prepare():
        fenv.feclearexcept(ALL_FLAGS)
        fenv.feraiseexcept(FLAGS["overflow"])
        fenv.fesetround(MODES[mode])

    def look():
        seen.append((rounding_mode(), named(fenv.fetestexcept(NUMPYS_FLAGS))))

    def restore():
        fenv.fesetround(0)
        fenv.feclearexcept(ALL_FLAGS)

    def on_both(action):
        together = threading.Barrier(2)

        @body_type
        def body(_context, _part):
            together.wait(timeout=30)
            action()

        library.fa_parallel(2, body, None)

    function = ways(_ufuncs.get("softplus"), np.float32)["threads"]
    with on_threads(2):
        want = copied(function())
        on_both(prepare)
        try:
            got = copied(function())
            on_both(look)
        finally:
            on_both(restore)
    assert seen == [(MODES[mode], ["overflow"])] * 2
    assert_same(got, want)


# --- Import ----------------------------------------------------------------------------------------------------------

SUBNORMALS = """
import threading, numpy as np, fastact as fa

def alive():
    halves = np.array([2.0**-1022]) / 2, np.array([2.0**-126], np.float32) / np.float32(2)
    kept = all(half[0] > 0 and half[0] * half.dtype.type(2) > half[0] for half in halves)
    found.append(kept and float("1e-310") * 0.5 > 0)

found = []
x = np.full(1_000_000, 1e-42, np.float32)
alive()
fa.set_num_threads(2)
for function in (fa.tanh, fa.relu, fa.leaky_relu):
    found.append(bool((function(x) == x).all()))
alive()
thread = threading.Thread(target=alive)
thread.start()
thread.join()
print(all(found), len(found))
"""


@pytest.mark.parametrize("isa", _ufuncs.runnable_isas())
def test_import_leaves_subnormals_alive(isa):
    run = run_python(SUBNORMALS, FASTACT_ISA=isa)
    assert (run.stdout, run.stderr) == ("True 6\n", "")


IMPORT_IN_MODE = """
import ctypes, ctypes.util, numpy as np
fenv = ctypes.CDLL(ctypes.util.find_library("m"))
fenv.fesetround({mode})
import fastact as fa
one, more = 1.0, 1.25 * 2.0**-53
kept = one + more > one, -one - more < -one
x = np.linspace(-9, 9, 99, dtype=np.float32)
results = [ufunc(x).tobytes() for ufunc in (fa.silu, fa.leaky_relu, fa.softplus.grad)]
fenv.fesetround(0)
print(kept, results == [ufunc(x).tobytes() for ufunc in (fa.silu, fa.leaky_relu, fa.softplus.grad)])
"""


@pytest.mark.parametrize("mode", MODES)
def test_import_in_another_rounding_mode(mode):
    run = run_python(IMPORT_IN_MODE.format(mode=MODES[mode]))
    assert (run.stdout, run.stderr) == (f"{(mode == 'upward', mode == 'downward')} True\n", "")
