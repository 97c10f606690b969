"""Hostile input at every entry point: what the fuzzers found worth keeping, and bytes of Hypothesis's choice."""

import array
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from fuzz import ENTRIES, corpus
from hypothesis import given, settings
from hypothesis import strategies as st

import fastact as fa
from fastact import views

EXAMPLES = 250


@pytest.mark.parametrize("entry", ENTRIES)
def test_corpus(entry):
    inputs = corpus.read(entry)
    assert inputs
    for data in inputs:
        ENTRIES[entry](data)


@pytest.mark.parametrize("entry", ENTRIES)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(data=st.binary(max_size=100))
def test_any_bytes(entry, data):
    ENTRIES[entry](data)


@pytest.mark.parametrize("function", [fa.silu, fa.softmax, fa.swiglu, lambda x: fa.prelu(x, 0.1)])
@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, MemoryError])
def test_exceptions_of_an_operand_come_through(function, error):
    class Raises:
        def __array__(self, dtype=None, copy=None):
            raise error

    with pytest.raises(error):
        function(Raises())


COUNT = 1 << 20
EXPORTERS = {  # what exports memory of as many floats, and what would take it away
    "array": (lambda: array.array("f", bytes(4 * COUNT)), lambda owner: owner.append(0)),
    "memoryview": (lambda: memoryview(bytearray(4 * COUNT)).cast("f"), lambda owner: owner.release()),
}
CALLS = {
    "views": lambda owner, out: views.sigmoid(owner, out),
    "views, out": lambda owner, out: views.sigmoid(out, owner),
    "ufunc": lambda owner, out: fa.sigmoid(np.asarray(owner), out=out),
    "layer": lambda owner, out: fa.softmax(np.asarray(owner), out=out),
}


# An array over a memoryview lives without it.
@pytest.mark.parametrize(
    ("exporter", "call"), [*(("array", call) for call in CALLS), ("memoryview", "views"), ("memoryview", "views, out")]
)
def test_memory_taken_away_by_another_thread(exporter, call):
    """Nobody can while a call computes; in between there is less of it, and an exception."""
    make, take_away = EXPORTERS[exporter]
    owner = make()
    out = np.zeros(COUNT, np.float32)
    ended = threading.Event()

    def compute():
        nonlocal owner
        while not ended.is_set():
            owner = make()
            with suppress(TypeError, ValueError):
                CALLS[call](owner, out)

    thread = threading.Thread(target=compute)
    thread.start()
    refused, deadline = 0, time.monotonic() + 60
    while refused < 5 and time.monotonic() < deadline:
        try:
            take_away(owner)
        except BufferError:
            refused += 1
        time.sleep(1e-4)
    ended.set()
    thread.join()
    assert refused == 5
