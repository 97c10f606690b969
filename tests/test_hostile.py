"""Hostile input at every entry point: what the fuzzers found worth keeping, and bytes of Hypothesis's choice."""

import pytest
from fuzz import ENTRIES, corpus
from hypothesis import given, settings
from hypothesis import strategies as st

import fastact as fa

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
