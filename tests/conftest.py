"""What the tests share: the rows of the table, the instruction sets of this machine, points and parameters to test."""

import ast
import os
import signal
from collections import Counter
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice

# Before OpenMP is loaded: threads that wait leave the cores to others.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Before fastact is loaded: calls wait for their threads, so that these do their parts on a busy machine, too. Programs
# that tests run in processes of their own do not wait.
os.environ.setdefault("FASTACT_WAIT_FOR_THREADS", "1")

import calls
import numpy as np
import pytest

from fastact import _ufuncs, reference
from fastact._cli._errors import COMPOSED, applied, root_of
from fastact._docs import DOCS, REQUIRED_VALUE
from fastact._ufuncs import operations, table

# What a script runs in its background ignores Ctrl-C, and what nohup runs a hangup; the programs that tests start and
# interrupt would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

pytest_plugins = ["bench_runs"]  # its fixtures

CASES = [(name, operation) for name in table for operation in operations(name)]
FORMULAS = [(name, operation) for name, operation in CASES if operation not in COMPOSED]
DERIVATIVES = [case for case in FORMULAS if case[1].startswith("grad")]
FROM_OUTPUT = [name for name in table if "backward_from_output" in operations(name)]
TYPES = [np.float32, np.float64]
WIDER = {np.float16: np.float64, np.float32: np.float64, np.float64: np.longdouble}
longdouble_is_wider = np.finfo(np.longdouble).eps < np.finfo(np.float64).eps
needs_longdouble = pytest.mark.skipif(
    not longdouble_is_wider, reason="longdouble is no wider than float64 here, so it is no oracle of float64"
)
WIDE_TYPES = [np.float32, pytest.param(np.float64, marks=needs_longdouble)]  # types that have a wider one

# Values of the parameters to test besides the defaults
OTHER_VALUES = {
    "negative_slope": (0.3, 1.7, -0.5, 0.0),
    "min_val": (-0.3, 0.25),
    "max_val": (6.0, 0.5),
    "lambd": (0.0, 1.7),
    "threshold": (0.0, -1.3),
    "value": (0.0, 20.0),
    "beta": (0.5, 1.7, -1.0, 30.0),
}
OTHER_MULTIPLES = (0.5, 2.0, 0.3)  # of the default, for those that are not named above


@contextmanager
def setting(get, choose, value):
    before = get()
    choose(value)
    try:
        yield
    finally:
        choose(before)


on_isa = partial(setting, _ufuncs.isa, _ufuncs.select_isa)
on_threads = partial(setting, _ufuncs.get_num_threads, _ufuncs.set_num_threads)


@pytest.fixture(params=_ufuncs.runnable_isas())
def isa(request):
    with on_isa(request.param):
        yield request.param


def usual_parameters(name):
    return tuple(REQUIRED_VALUE if default is None else default for default in table[name].values())


def parameters_from(values, multiples, name):
    """Tuples of values of the parameters of an activation, taken together by position; shorter lists start again.

    A parameter that `values` does not name takes multiples of its default, or of 1 if it has none.
    """
    lists = [values.get(p) or [factor * (default or 1) for factor in multiples] for p, default in table[name].items()]
    return list(islice(zip(*map(cycle, lists), strict=True), max(map(len, lists), default=0)))


def parameter_sets(name, dtype):
    """Tuples of values of the parameters of an activation, each of them of the type: the defaults, then others."""
    others = parameters_from(OTHER_VALUES, OTHER_MULTIPLES, name)
    return [tuple(dtype(value) for value in values) for values in (usual_parameters(name), *others)]


def bends(name, parameters):
    """Where an activation may have kinks: at 0, at the numbers in its formula and at its parameters, of either sign."""
    numbers = [node.value for node in ast.walk(ast.parse(DOCS[name].formula)) if isinstance(node, ast.Constant)]
    positive = np.abs([0, *numbers, *map(float, parameters)])
    return np.unique([positive, -positive])


def points(dtype, count):
    """About `count` numbers: a third of any exponent, a third in [-120, 120], a third where activations bend."""
    rng = np.random.default_rng(count)
    third = count // 3 + 1
    bits = rng.integers(0, 256, third * np.dtype(dtype).itemsize, dtype=np.uint8).view(dtype)
    tails = rng.uniform(-120, 120, third)
    bends = rng.choice([-1, 1], third) * np.exp2(rng.uniform(-30, 10, third))
    x = np.concatenate([bits, tails.astype(dtype), bends.astype(dtype)])
    return x[np.isfinite(x)]


def evaluated(name, operation, parameters, x):
    """The results of an operation of FORMULAS; backward_from_output takes x for y, and 1 for dy."""
    return applied(_ufuncs.get(name, operation), operation, x, *parameters)


def exact(name, operation, parameters, x):
    """The same by the reference, in the wider type."""
    wider = WIDER[x.dtype.type]
    return applied(reference.get(name, operation), operation, x.astype(wider), *(wider(value) for value in parameters))


def roots(name, operation, parameters):
    """Where a derivative crosses zero, to a thousandth; a jump across zero is no root."""
    x = np.linspace(-8.01, 8, 16001)  # -1.5, a root, is not among them
    y = np.asarray(reference.get(name, operation)(x, *map(float, parameters)))
    y = np.nan_to_num(y)
    return x[1:][(np.sign(y[1:]) * np.sign(y[:-1]) < 0) & (np.abs(np.diff(y)) < 0.01)]


def root(name, operation, parameters):
    """Where a derivative crosses zero, as it is documented; else NaN."""
    return root_of(name, operation, dict(zip(table[name], map(float, parameters), strict=True)))


def pytest_addoption(parser):
    parser.addoption(
        "--every", type=int, default=1, metavar="N", help="run every Nth case of each test, the first included"
    )
    parser.addoption(
        "--full", action="store_true", help="run tests of what functions share with each of them, and more repetitions"
    )


def pytest_configure(config):
    calls.FULL = config.getoption("full")


def repetitions(usual, full):
    """Return how often a test repeats what it does, or with what: more with --full."""
    return full if calls.FULL else usual


def pytest_collection_modifyitems(config, items):
    """Leave out the cases that --every does."""
    seen = Counter()
    chosen = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        if seen[test] % config.getoption("every") == 0:
            chosen.append(item)
        seen[test] += 1
    items[:] = chosen


def ident(value):
    """How a parameter of a test is shown."""
    if isinstance(value, type):
        return value.__name__
    return ".".join(map(str, value)) if isinstance(value, tuple) else None


def pytest_make_parametrize_id(config, val, argname):
    return ident(val)


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def neighbours(values, dtype):
    """The values and the numbers next to them on either side, sorted."""
    values = np.asarray(values, dtype)
    with np.errstate(all="ignore"):
        around = [values, np.nextafter(values, dtype(np.inf)), np.nextafter(values, dtype(-np.inf))]
    return np.unique(np.concatenate(around))
