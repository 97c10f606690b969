"""Limits that others set on threads: control groups, OpenMP and threadpoolctl, regions around a call, other callers."""

import ctypes
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from calls import assert_same, run_python
from conftest import on_threads
from test_c_interface import CORE, build, run, shared_library, tool
from test_environment import openmp_runtime

import fastact as fa
from fastact import _ufuncs

LARGE = 1 << 20  # float32 elements
ENOUGH = 64  # processors that no test grants
MANY = 3000  # processors, more than a cpu_set_t has
linux = pytest.mark.skipif(sys.platform != "linux", reason="control groups and /proc are Linux's")
LIBRARY = Path(fa.get_library_dir(), "libfastact.so")
needs_library = pytest.mark.skipif(not LIBRARY.exists(), reason="the shared library is not called so here")
threaded = pytest.mark.skipif(not _ufuncs.has_openmp(), reason="this build has no threads")


# --- Control groups --------------------------------------------------------------------------------------------------


def machine_of(processors):
    """Return the flags that many_processors.h reads; there are masks of a power of two."""
    return [f"-DGRANTED={processors}", f"-DMACHINE={1 << (processors - 1).bit_length()}"]


def counter_in_groups(folder, processors):
    """Return a function from the contents of files below a folder to the default number of threads."""
    groups, own = folder / "cgroup", folder / "own"
    places = [f'-DFA_CONTROL_GROUPS="{groups}"', f'-DFA_OWN_GROUPS="{own}"']
    flags = ["-std=gnu11", "-O1", f"-I{CORE}", *machine_of(processors), *places]
    program = build(tool("cc"), [Path(__file__).parents[1] / "c" / "test_quota.c"], flags, folder)

    def count(own_groups, files):
        own.write_text(own_groups)
        for name, text in files.items():
            (groups / name).parent.mkdir(parents=True, exist_ok=True)
            (groups / name).write_text(text)
        environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
        found = int(run(program, env=environment))
        for name in files:
            (groups / name).unlink()
        return found

    return count


@pytest.fixture(scope="module")
def count_in_groups(tmp_path_factory):
    return counter_in_groups(tmp_path_factory.mktemp("groups"), ENOUGH)


V1 = "5:cpuset:/elsewhere\n4:cpu,cpuacct:/a/b\n1:name=systemd:/other\n"
V2 = "0::/a/b\n"


@linux
@pytest.mark.parametrize(
    ("own_groups", "files", "expected"),
    [
        (V2, {}, ENOUGH),
        (V2, {"a/b/cpu.max": "max 100000\n"}, ENOUGH),
        (V2, {"a/b/cpu.max": "300000 100000\n"}, 3),
        (V2, {"a/b/cpu.max": "150000 100000\n"}, 2),
        (V2, {"a/b/cpu.max": "10000 100000\n"}, 1),
        (V2, {"a/b/cpu.max": "500000 100000\n", "a/cpu.max": "200000 100000\n"}, 2),
        (V2, {"cpu.max": "200000 100000\n"}, 2),  # in a container, which sees its group as the root
        (V2, {"a/b/cpu.max": "rubbish\n"}, ENOUGH),
        (V2, {"a/b/cpu.max": "-1 100000\n"}, ENOUGH),
        (V2, {"a/b/cpu.max": "100000 0\n"}, ENOUGH),
        (V2, {"a/b/cpu.max": "9000000000000000000 1\n"}, ENOUGH),
        (V2, {"a/b/cpu.max": ""}, ENOUGH),
        (V1, {}, ENOUGH),
        (V1, {"cpu/a/b/cpu.cfs_quota_us": "-1\n", "cpu/a/b/cpu.cfs_period_us": "100000\n"}, ENOUGH),
        (V1, {"cpu/a/b/cpu.cfs_quota_us": "250000\n", "cpu/a/b/cpu.cfs_period_us": "100000\n"}, 3),
        (V1, {"cpu/a/cpu.cfs_quota_us": "50000\n", "cpu/a/cpu.cfs_period_us": "50000\n"}, 1),
        (V1, {"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        (V1, {"cpu/elsewhere/cpu.cfs_quota_us": "100000\n", "cpu/elsewhere/cpu.cfs_period_us": "100000\n"}, ENOUGH),
        ("", {}, ENOUGH),
        ("rubbish\n::\n0:\n", {}, ENOUGH),
    ],
)
def test_quota_of_control_groups(count_in_groups, own_groups, files, expected):
    assert count_in_groups(own_groups, files) == expected


# --- More processors than a cpu_set_t has ----------------------------------------------------------------------------


@linux
def test_default_on_a_machine_of_many_processors(tmp_path):
    count = counter_in_groups(tmp_path, MANY)
    assert count(V2, {}) == MANY
    assert count(V2, {"cpu.max": "200000000 100000\n"}) == 2000


@linux
@threaded
@needs_library
def test_helpers_leave_the_callers_processor_on_a_machine_of_many(tmp_path):
    flags = ["-std=gnu11", "-O1", f"-I{fa.get_include()}", *machine_of(MANY), *shared_library(LIBRARY.parent)]
    program = build(tool("cc"), [Path(__file__).parents[1] / "c" / "test_affinity.c"], flags, tmp_path)
    assert run(program, env=os.environ | {"FASTACT_WAIT_FOR_THREADS": "1"}) == "passed\n"


# --- More threads than can be ----------------------------------------------------------------------------------------

CROWD = """
import os
import numpy as np
import fastact as fa
before = len(os.listdir("/proc/self/task"))
x = np.linspace(-5, 5, 1 << 22, dtype=np.float32)
expected = fa.gelu(x[:1000])
fa.set_num_threads(2**31 - 1)
print((fa.gelu(x, out=x)[:1000] == expected).all(), len(os.listdir("/proc/self/task")) - before <= 4 * os.cpu_count())
"""


@linux
@pytest.mark.parametrize("variables", [{}, {"OMP_NUM_THREADS": str(2**31 - 1)}])
def test_any_number_of_threads_may_be_asked_for(variables):
    """GCC's runtime ends the process if it cannot make a thread, so a team is limited to four for each processor."""
    run = run_python(CROWD, **variables)
    assert (run.returncode, run.stdout) == (0, "True True\n"), run.stderr


# --- OpenMP, threadpoolctl -------------------------------------------------------------------------------------------


def threads_used(work):
    """Return how many threads are in regions of the core at most at a time, and how many parts these had in all."""
    library = ctypes.CDLL(str(LIBRARY))
    body_type = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
    library.fa_parallel.argtypes = [ctypes.c_int, body_type, ctypes.c_void_p]
    seen = Peak()
    body = body_type(lambda *_: seen.work())
    work(lambda parts: library.fa_parallel(parts, body, None))
    return seen.peak, seen.calls


class Peak:
    """How many were at work at the same time, and how often in all."""

    def __init__(self):
        self.lock, self.now, self.peak, self.calls = threading.Lock(), 0, 0, 0

    def work(self):
        with self.lock:
            self.now += 1
            self.calls += 1
            self.peak = max(self.peak, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1


def parts_for(n):
    """Return how many threads the core would use for so many elements."""
    library = ctypes.CDLL(str(LIBRARY))
    library.fa_find.restype = library.fa_get_loop.restype = ctypes.c_void_p
    loop = library.fa_get_loop(ctypes.c_void_p(library.fa_find(b"gelu")), 0, 0)
    return library.fa_threads_for(ctypes.c_void_p(loop), ctypes.c_size_t(n))


@threaded
@needs_library
def test_threadpoolctl_sees_and_limits():
    threadpoolctl = pytest.importorskip("threadpoolctl", reason="threadpoolctl is not installed")
    assert "openmp" in {library["user_api"] for library in threadpoolctl.threadpool_info()}
    x = np.linspace(-5, 5, LARGE, dtype=np.float32)
    with on_threads(3):
        expected = fa.gelu(x)
        assert parts_for(LARGE) == 3
        with threadpoolctl.threadpool_limits(1):
            assert parts_for(LARGE) == 1
            assert_same(fa.gelu(x), expected)
        assert parts_for(LARGE) == 3


# --- Regions within regions, and several callers ---------------------------------------------------------------------


@threaded
@needs_library
def test_a_call_within_a_parallel_region_stays_on_its_thread():
    runtime = openmp_runtime()
    if runtime is None:
        pytest.skip("opens a region of GCC's OpenMP runtime")
    x = np.linspace(-5, 5, LARGE, dtype=np.float32)
    expected, found = fa.gelu(x), []

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    def body(_):
        found.append((parts_for(LARGE), fa.gelu(x), fa.softmax(x.reshape(64, -1)).sum()))

    with on_threads(2):
        runtime.GOMP_parallel(body, None, ctypes.c_uint(2), ctypes.c_uint(0))
        assert [parts for parts, _, _ in found] == [1, 1]
        for _, result, total in found:
            assert_same(result, expected)
            assert total == pytest.approx(64, rel=1e-4)


@threaded
@needs_library
def test_callers_share_the_number_of_threads():
    """As under dask's threads and joblib's: each caller is on its own thread, and one team is all there is besides."""
    callers, team = 4, 3

    def from_many_threads(parallel):
        threads = [threading.Thread(target=parallel, args=(team,)) for _ in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with on_threads(team):
        peak, calls = threads_used(from_many_threads)
        assert calls == callers * team
        assert peak <= team + callers - 1
        assert threads_used(lambda parallel: parallel(team)) == (team, team)


def test_dask_and_its_threads():
    array = pytest.importorskip("dask.array", reason="dask is not installed")
    x = np.random.default_rng(1).normal(size=(8, 1 << 18)).astype(np.float32)
    with on_threads(2):
        lazy = fa.gelu(array.from_array(x, chunks=(1, -1)))
        assert_same(lazy.compute(scheduler="threads", num_workers=8), fa.gelu(x))
