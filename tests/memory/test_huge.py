"""Arrays of more than 2^31 elements: memory of one small piece, mapped over and over, but for the last elements."""

import ctypes
import mmap
import os
import sys

import numpy as np
import pytest
from conftest import on_threads, repetitions

import fastact as fa
from fastact import views

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="maps memory where it wants it, as Linux does")

FIRST = 1 << 31  # elements that share memory
REST = 1000  # elements behind them
PIECE_BYTES = 1 << 24  # bytes
MAP_FIXED, MAP_NORESERVE = 0x10, 0x4000
VALUES = np.linspace(-5, 5, 256, dtype=np.float32)


def huge():
    """Return an array whose elements are VALUES, again and again."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    room = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
    x = np.frombuffer(mmap.mmap(-1, FIRST * VALUES.itemsize + PIECE_BYTES, room), np.float32)
    piece = os.memfd_create("piece")
    os.ftruncate(piece, PIECE_BYTES)
    for begin in range(x.ctypes.data, x.ctypes.data + FIRST * x.itemsize, PIECE_BYTES):
        access = mmap.PROT_READ | mmap.PROT_WRITE
        assert libc.mmap(begin, PIECE_BYTES, access, mmap.MAP_SHARED | MAP_FIXED, piece, 0) == begin
    os.close(piece)
    x = x[: FIRST + REST]
    fill(x, VALUES)
    return x


def fill(x, values):
    for part in ends(x):
        part[:] = np.resize(values, part.size)


def ends(x):
    """Return the memory that elements share, and the last elements, which have their own."""
    return x[: PIECE_BYTES // x.itemsize], x[FIRST:]


@pytest.fixture(scope="module")
def x():
    return huge()


@pytest.fixture(scope="module")
def y():
    return huge()


WAYS = {
    "one dimension": lambda x, y: fa.relu(x, out=y),
    "in place": lambda x, y: fa.relu(y, out=y),
    "rows": lambda x, y: fa.relu(x.reshape(8, -1)[:, ::-1], out=y.reshape(8, -1)[:, ::-1]),
    "views": lambda x, y: views.relu(x, y, num_threads=2),
    "prelu": lambda x, y: fa.prelu(x, 0.0, out=y),
    "bias_act": lambda x, y: fa.bias_act(x.reshape(-1, 8), np.zeros(8, np.float32), "relu", out=y.reshape(-1, 8)),
}


# Parts of two threads are half as large, so that one thread has the larger numbers.
EVERY_WAY = [(way, threads) for way in WAYS for threads in (1, 2)]
FEWER = [(way, threads) for way, threads in EVERY_WAY if threads == 1 or way in ("one dimension", "rows")]


@pytest.mark.parametrize(("way", "threads"), repetitions(FEWER, EVERY_WAY))
def test_every_element_is_computed(x, y, way, threads):
    fill(y, VALUES if way == "in place" else [7])
    with on_threads(threads):
        WAYS[way](x, y)
    for given, part in zip(ends(x), ends(y), strict=True):
        np.testing.assert_array_equal(part, np.maximum(given, 0))


@pytest.mark.parametrize("threads", repetitions([1], [1, 2]))
def test_every_element_is_summed(x, y, threads):
    values = VALUES.astype(float)
    with on_threads(threads):
        total = fa.logsumexp(x)
        _, dweight = fa.prelu.backward(x, x, 0.5, out=y)
    assert total == pytest.approx(np.log(np.exp(values).mean() * x.size), rel=1e-6)
    assert dweight == pytest.approx((np.minimum(values, 0) ** 2).mean() * x.size, rel=1e-6)
