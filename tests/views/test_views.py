"""fastact.views: what the ufuncs compute, over memory of any owner."""

import inspect
import pickle
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from calls import (
    assert_same,
    case_per_path,
    make_array,
    outputs,
    parameters_of,
    read_only,
    run_python,
    swapped,
    unaligned,
)
from conftest import CASES, TYPES, on_threads
from hypothesis import given, settings
from hypothesis import strategies as st
from test_docstrings import run_examples, section
from view_operands import (
    DLPackExporter,
    contents,
    every_case,
    every_type,
    f32,
    memory_names,
    name_of,
    operands,
    required,
    view,
)

import fastact as fa
from fastact import _ufuncs, views
from fastact._ufuncs import table

LARGE = 170_001  # enough elements that every function is worth two threads; no whole number of blocks
each_path = pytest.mark.parametrize("case", case_per_path(CASES))


def expected(case, inputs, parameters=None):
    ufunc = _ufuncs.get(*case)
    return outputs(ufunc(*inputs, **(parameters_of(ufunc) if parameters is None else parameters)))


# --- They compute what the ufuncs do ---------------------------------------------------------------------------------


@every_case
@every_type
def test_bits_are_those_of_the_ufunc(case, dtype):
    for shape in [(), (0,), (3, 0), (1,), (64,), (600,), (2, 3, 5)]:
        inputs, outs = operands(case, shape, dtype)
        result = outputs(view(case)(*inputs, *outs, **required(case)))
        assert all(got is out for got, out in zip(result, outs, strict=True))
        flat = [x.reshape(-1) for x in inputs]
        assert_same(tuple(out.reshape(-1) for out in outs), expected(case, flat))


@every_case
@every_type
def test_parameters_by_position_and_by_name(case, dtype):
    for values in ([0.75, 1.5], [-2, 3], [np.float32(0.3), np.float64(0.1)], [True, 2**62]):
        parameters = dict(zip(table[case[0]], values, strict=False))
        inputs, outs = operands(case, 40, dtype)
        view(case)(*inputs, *outs, *parameters.values())
        assert_same(tuple(outs), expected(case, inputs, {p: float(value) for p, value in parameters.items()}))
        again = [np.empty_like(out) for out in outs]
        view(case)(*inputs, *again, **parameters)
        assert_same(tuple(again), tuple(outs))


@each_path
@every_type
def test_threads_change_nothing(case, dtype):
    inputs, outs = operands(case, LARGE, dtype)
    want = expected(case, inputs)
    for num_threads in (1, 2):
        for out in outs:
            out.fill(0)
        view(case)(*inputs, *outs, **required(case), num_threads=num_threads)
        assert_same(tuple(outs), want)


def test_number_of_threads_is_any_integer():
    x = make_array(1000)
    assert_same(views.gelu(x, f32(1000), num_threads=np.int64(2)), fa.gelu(x))
    assert_same(views.gelu(x, f32(1000), num_threads=True), fa.gelu(x))


THREADS_OF_PROCESS = """
import os, time
import numpy as np
from fastact import set_num_threads, views
set_num_threads({of_process})
x = np.zeros(1_000_000, np.float32)
views.gelu(x, x, num_threads={of_call})
end = time.monotonic() + 20  # on a busy machine the call may be over before its threads have started
while len(os.listdir("/proc/self/task")) < {count} and time.monotonic() < end:
    time.sleep(0.01)
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not _ufuncs.has_openmp(), reason="this build has one thread")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="this system does not list a process's threads")
@pytest.mark.parametrize(("of_process", "of_call"), [(3, 1), (1, 2), (1, 4)])
def test_number_of_threads_is_that_of_the_call(of_process, of_call):
    """NumPy's own threads, if any, wait for matrix products only: OPENBLAS_NUM_THREADS keeps them out."""
    count = of_call + (of_call > 1)  # with the owner of the team, which sleeps
    program = THREADS_OF_PROCESS.format(of_process=of_process, of_call=of_call, count=count)
    run = run_python(program, OPENBLAS_NUM_THREADS="1", FASTACT_WAIT_FOR_THREADS="1")
    assert (run.stdout, run.stderr) == (f"{count}\n", "")


@each_path
def test_fortran_order(case):
    inputs, outs = operands(case, (4, 5, 6))
    want = expected(case, inputs)
    inputs, outs = ([np.asfortranarray(a) for a in arrays] for arrays in (inputs, outs))
    view(case)(*inputs, *outs, **required(case))
    assert_same(tuple(outs), want)


@each_path
def test_in_place(case):
    inputs, outs = operands(case, 600)
    want = expected(case, inputs)
    for k in range(len(inputs)):
        arrays = [x.copy() for x in inputs]
        view(case)(*arrays, arrays[k], *outs[1:], **required(case))
        assert_same((arrays[k], *outs[1:]), want)
    if len(outs) == 2:
        x = inputs[0].copy()
        view(case)(x, outs[0], x, **required(case))
        assert_same((outs[0], x), want)


def test_length_one_dimensions_have_both_orders():
    x = np.asfortranarray(make_array((5, 1)))
    out = np.empty((5, 1), np.float32)
    assert_same(views.silu(x, out), fa.silu(x))


def test_keywords():
    x, out = make_array(5), np.empty(5, np.float32)
    assert views.swish(out=out, x=x, num_threads=1, beta=2) is out
    assert_same(out, fa.swish(x, 2))


# --- Any shapes and owners -------------------------------------------------------------------------------------------


def misplaced(array):
    return unaligned(array) if array.size else array


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_call_is_computed_or_refused(data):
    """Whatever is given: what the ufunc computes, or an exception that names an argument and leaves out alone."""
    case = data.draw(st.sampled_from(CASES))
    dtypes = st.sampled_from([np.float32, np.float32, np.float64])
    shapes = st.sampled_from([(6,), (6,), (2, 3), (0,), ()])
    layouts = st.sampled_from([np.array, np.array, np.asfortranarray, read_only, misplaced, swapped, DLPackExporter])
    inputs, outs = operands(case, ())
    arrays = [data.draw(layouts)(make_array(data.draw(shapes), data.draw(dtypes), k)) for k in range(len(inputs))]
    outs = [data.draw(layouts)(np.full(data.draw(shapes), 12345, data.draw(dtypes))) for _ in outs]
    refusal = None
    try:
        result = outputs(view(case)(*arrays, *outs, **required(case)))
    except (TypeError, ValueError) as error:
        refusal = str(error)
    if refusal is not None:
        assert re.match(r"(dy|x|y|out|out_grad): ", refusal)
        assert all((contents(out) == 12345).all() for out in outs)
        return
    assert all(got is out for got, out in zip(result, outs, strict=True))
    flat = [contents(x).reshape(-1) for x in arrays]
    assert_same(tuple(contents(out).reshape(-1) for out in outs), expected(case, flat))


def test_calls_from_many_python_threads():
    inputs = [make_array(LARGE, seed=seed) for seed in range(8)]
    with on_threads(2):
        want = [fa.gelu(x) for x in inputs]
    with ThreadPoolExecutor(8) as pool:
        for num_threads in (1, 2):
            made = pool.map(lambda x, n=num_threads: views.gelu(x, np.empty_like(x), num_threads=n), inputs * 4)
            for got, expected_result in zip(made, want * 4, strict=True):
                assert_same(got, expected_result)


# --- The module ------------------------------------------------------------------------------------------------------


def test_functions_are_those_of_the_table():
    functions = {name for name, thing in vars(views).items() if callable(thing) and not name.startswith("_")}
    assert functions == {name_of(case) for case in CASES}


@every_case
def test_signature(case):
    signature = inspect.signature(view(case))
    arrays = memory_names(case)
    assert list(signature.parameters) == [*arrays, *table[case[0]], "num_threads"]
    defaults = [signature.parameters[p].default for p in table[case[0]]]
    assert [None if default is inspect.Parameter.empty else default for default in defaults] == [
        *table[case[0]].values()
    ]
    assert signature.parameters["num_threads"].default == 1
    assert all(signature.parameters[name].default is inspect.Parameter.empty for name in arrays)


@every_case
def test_docstring(case):
    text = view(case).__doc__
    assert run_examples(text) == 5
    told = re.findall(r"^(\w+) : ", section(text, "Parameters"), re.MULTILINE)
    assert told == list(inspect.signature(view(case)).parameters)
    assert re.findall(r"^(\w+)\n-+$", text, re.MULTILINE) == re.findall(
        r"^(\w+)\n-+$", _ufuncs.get(*case).__doc__, re.MULTILINE
    )
    for dtype in TYPES:
        assert f"{_ufuncs.error_bound(*case, dtype):g} ULP in {dtype.__name__}" in text


def test_functions_can_be_pickled():
    assert pickle.loads(pickle.dumps(views.swish_grad_beta)) is views.swish_grad_beta


def test_import_of_fastact_leaves_it_out():
    run = run_python("import sys, fastact; print('fastact.views' in sys.modules); import fastact.views")
    assert (run.stdout, run.stderr) == ("False\n", "")
