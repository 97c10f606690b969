"""Large results: memory that is kept for the next one and given back, and stores past the cache."""

import sys
import threading

import numpy as np
import pytest
from calls import arrays_for, assert_same, call, name_of, outputs, run_python
from conftest import on_isa, on_threads
from numpy._core.multiarray import get_handler_name

import fastact as fa
from fastact import _ufuncs

LARGE = 3 << 20  # float32 elements: more than the pool's smallest
STREAMED = (9 << 20) + 5  # float32 elements: more than is stored by way of the cache, and no whole number of blocks
POOL = "fastact_pool"

GIVEN_BACK = """
import os, time
import numpy as np
import fastact as fa

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def threads():
    return len(os.listdir("/proc/self/task"))

x = np.ones(16 << 20, np.float32)
before, threads_before = resident(), threads()
for _ in range(3):
    fa.relu(x)
kept = resident()
until = time.monotonic() + 20
while (resident() > before + x.nbytes / 2 or threads() > threads_before) and time.monotonic() < until:
    time.sleep(0.1)
print(kept - before >= x.nbytes / 2, resident() <= before + x.nbytes / 2, threads() == threads_before)
"""

FORKED = """
import os
import numpy as np
import fastact as fa

fa.set_num_threads(1)
x = np.ones(3 << 20, np.float32)
fa.relu(x)
child = os.fork()
for _ in range(3):
    assert fa.relu(x)[-1] == 1
if child:
    print(os.waitpid(child, 0)[1])
else:
    os._exit(0)
"""


SHORT_OF_MEMORY = """
import resource
import numpy as np
import fastact as fa

x, larger = np.ones(32 << 20, np.float32), np.broadcast_to(np.float32(1), 48 << 20)
fa.relu(x)  # 128 MiB are kept, and 192 MiB needed
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (120 << 20), resource.RLIM_INFINITY))
print(fa.relu(larger)[-1] == 1)
"""

CHANGING_LIMIT = """
import threading
import numpy as np
import fastact as fa

x = np.ones(1 << 20, np.float64)

def churn():
    for _ in range(50):
        fa.relu(x)

threads = [threading.Thread(target=churn) for _ in range(3)]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads):
    fa.set_pool_limit(0)
    fa.set_pool_limit(1 << 28)
"""


@pytest.fixture(autouse=True)
def pool():
    before = fa.get_pool_limit()
    fa.set_pool_limit(1 << 28)
    yield
    fa.set_pool_limit(before)


@pytest.fixture
def x():
    return np.linspace(-10, 10, LARGE, dtype=np.float32)


def address(array):
    return array.__array_interface__["data"][0]


def test_a_freed_result_is_used_again(x):
    first = fa.silu(x)
    assert get_handler_name(first) == POOL
    where = address(first)
    del first
    assert address(fa.silu(x)) == where
    assert address(fa.silu(x.reshape(2, -1).T)) == where
    assert address(fa.relu(x[:-1000])) == where


def test_results_that_live_have_memory_of_their_own(x):
    results = [fa.relu(x + k) for k in range(4)]
    assert len({address(result) for result in results}) == 4
    for k, result in enumerate(results):
        assert_same(result, fa.relu(x + k))


@pytest.mark.skipif(not _ufuncs.has_openmp(), reason="on one thread casts are NumPy's, and so are their results")
def test_strided_and_cast_inputs_use_the_pool(x):
    with on_threads(2):
        assert get_handler_name(fa.silu(np.repeat(x, 2)[::2])) == POOL
        assert get_handler_name(fa.silu(x.astype(np.int32))) == POOL


@pytest.mark.parametrize("ufunc", [fa.silu, fa.silu.value_and_grad], ids=name_of)
def test_small_results_and_no_pool(ufunc, x):
    for result in outputs(ufunc(x[:1000])):
        assert get_handler_name(result) != POOL
    fa.set_pool_limit(0)
    for result in outputs(ufunc(x)):
        assert get_handler_name(result) != POOL


def test_the_limit_holds(x):
    fa.set_pool_limit(x.nbytes // 2)
    where = address(fa.silu(x))
    held = np.empty_like(x)  # what malloc would use again
    assert fa.get_pool_limit() == x.nbytes // 2
    assert address(held) != where


def test_results_can_be_resized(x):
    for size in (LARGE + 100, LARGE * 2, 10):
        y = fa.relu(x)
        y.resize(size, refcheck=False)
        kept = min(size, LARGE)
        np.testing.assert_array_equal(y[:kept], fa.relu(x)[:kept])
        assert not y[kept:].any()


def test_results_may_die_in_any_thread(x):
    results = [fa.relu(x) for _ in range(8)]
    threads = [threading.Thread(target=results.clear), *(threading.Thread(target=fa.relu, args=(x,)) for _ in range(7))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same(fa.relu(x), np.maximum(x, 0))


def test_too_large_a_result_is_a_memory_error():
    x = np.broadcast_to(np.float32(1), (1 << 30, 1 << 20))
    with pytest.raises(MemoryError):
        fa.relu(x)
    assert fa.relu(x[0, :3]).tolist() == [1, 1, 1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is known to hold a process to RLIMIT_AS")
def test_what_is_kept_makes_room_for_a_larger_result():
    run = run_python(SHORT_OF_MEMORY, FASTACT_NUM_THREADS="1")
    assert (run.stdout, run.stderr) == ("True\n", "")


def test_the_limit_may_change_while_results_die():
    assert run_python(CHANGING_LIMIT).returncode == 0


def test_what_is_unused_is_given_back():
    run = run_python(GIVEN_BACK, FASTACT_NUM_THREADS="1")
    assert run.stdout.split() == ["True"] * 3, run.stderr


def test_a_forked_child_has_a_pool_too():
    run = run_python(FORKED)
    assert (run.stdout, run.stderr) == ("0\n", "")


@pytest.mark.parametrize(("value", "limit"), [("0", 0), ("1000", 1000), ("", 256 << 20)])
def test_limit_in_the_environment(value, limit):
    run = run_python("import fastact; print(fastact.get_pool_limit())", FASTACT_POOL_LIMIT=value)
    assert (run.stdout, run.stderr) == (f"{limit}\n", "")


@pytest.mark.parametrize("value", ["-1", "1e9", "much"])
def test_malformed_limit_in_the_environment(value):
    run = run_python("import fastact", FASTACT_POOL_LIMIT=value)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        f"ImportError: FASTACT_POOL_LIMIT={value!r} is not a number of bytes; 0 or more is"
    )


def test_malformed_limit():
    with pytest.raises(ValueError, match="n_bytes: -1 bytes; at least 0 is needed"):
        fa.set_pool_limit(-1)
    with pytest.raises(TypeError, match="n_bytes: an int is needed, not float"):
        fa.set_pool_limit(1e6)


# Stores past the cache


def in_pieces(ufunc, arrays, size):
    """Compute so little at a time that the results go through the cache."""
    pieces = [outputs(call(ufunc, *(a[i : i + size] for a in arrays))) for i in range(0, arrays[0].size, size)]
    return tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))


STREAMERS = [fa.silu, fa.silu.backward, fa.silu.value_and_grad, fa.elu, fa.hard_tanh.grad_min_val]


@pytest.mark.parametrize("isa", _ufuncs.runnable_isas())
@pytest.mark.parametrize("ufunc", STREAMERS, ids=name_of)
def test_stored_past_the_cache_or_not_the_bits_are_the_same(ufunc, isa):
    arrays = arrays_for(ufunc, STREAMED)
    with on_isa(isa):
        want = in_pieces(ufunc, arrays, 1 << 16)
        for threads in (1, 2):
            with on_threads(threads):
                assert_same(outputs(call(ufunc, *arrays)), want)


@pytest.mark.parametrize("offset", [0, 1, 15, 16])
def test_outputs_at_any_address(offset):
    x = arrays_for(fa.silu, STREAMED)[0]
    (want,) = in_pieces(fa.silu, [x], 1 << 16)
    out = np.full(STREAMED + 32, 7, np.float32)
    fa.silu(x, out=out[offset : offset + STREAMED])
    assert_same(out[offset : offset + STREAMED], want)
    assert np.all(out[:offset] == 7)
    assert np.all(out[offset + STREAMED :] == 7)


def test_large_and_in_place():
    x = arrays_for(fa.silu, STREAMED)[0]
    (want,) = in_pieces(fa.silu, [x], 1 << 16)
    assert_same(fa.silu(x, out=x), want)


def test_two_outputs_at_different_places_in_their_blocks():
    x = arrays_for(fa.silu, STREAMED)[0]
    want = in_pieces(fa.silu.value_and_grad, [x], 1 << 16)
    y, d = np.empty(STREAMED, np.float32), np.empty(STREAMED + 1, np.float32)[1:]
    assert_same(fa.silu.value_and_grad(x, out=(y, d)), want)
