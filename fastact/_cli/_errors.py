"""The errors of an operation over many inputs: float32 against fastact._cli._exact, float64 against ball arithmetic."""

import functools
import hashlib
import math
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np

from fastact import _roots, _ufuncs
from fastact._docs import DOCS

from . import _exact, _functions

CHUNK = {"float32": 1 << 21, "float64": 1 << 9}  # inputs that a process takes at a time: milliseconds to a second
IN_FLIGHT = 2 * _ufuncs.get_num_threads()  # chunks
BLOCK = 1 << 16  # float32 inputs that stay in cache, with their results
POINTS = {False: 5_000, True: 1_000_000}  # of float64: in a sample, exhaustive
WITHIN = {"half": 0.5, "one": 1, "two": 2}  # ULP
ORACLE32 = "double-precision formulas of their own (csrc/exact)"
COMPOSED = ("backward", "value_and_grad")  # operations that are made of others, bit for bit

Tally = dict[str, Any]  # the fields of exact_tally


def measured_operations(name: str) -> list[str]:
    """The operations of a function that have errors of their own; of a layer all."""
    made = COMPOSED if name in _ufuncs.table else ()
    return [operation for operation in _functions.operations(name) if operation not in made]


def has_fma(isa: str) -> bool:
    """Whether an instruction set fuses products and sums: bounds differ by that."""
    return isa != "baseline"


def isa_with(fma: bool) -> str | None:
    """An instruction set of this machine with FMA, or without; all with it give the same bits. None: there is none."""
    return next((isa for isa in _ufuncs.runnable_isas() if has_fma(isa) == fma), None)


@contextmanager
def isa_restored() -> Iterator[None]:
    """Select the instruction set that is in use now again afterwards."""
    in_use = _ufuncs.isa()
    try:
        yield
    finally:
        _ufuncs.select_isa(in_use)


def applied(function: Callable, operation: str, x: np.ndarray, *parameters: float) -> Any:
    """What an operation, or its reference, makes of an array: of the outputs y, with dy = 1, where it takes those."""
    dy = (np.ones_like(x),) if operation == "backward_from_output" else ()
    return function(*dy, x, *parameters)


def root_of(name: str, operation: str, parameters: dict[str, float]) -> float:
    """Where the derivative by x crosses zero, else NaN; infinite where it is farther away than any number."""
    text = DOCS[name].root if operation == "grad" else None
    with np.errstate(all="ignore"):
        return float(eval(text, {}, {p: np.float64(value) for p, value in parameters.items()})) if text else math.nan


class Case(NamedTuple):
    """An operation in a type: what it computes of given inputs, and how that is judged."""

    name: str
    operation: str
    dtype: str

    @property
    def exact(self) -> tuple[str, str]:
        """The activation, and its operation, whose exact results are known."""
        return self.name, self.operation

    @property
    def parameters(self) -> dict[str, float]:
        """Defaults as numbers of float32, so that rounding them is no error."""
        return {p: float(np.float32(value)) for p, value in _functions.parameters(self.exact[0]).items()}

    @property
    def root(self) -> float:
        """With these parameters."""
        return root_of(*self.exact, self.parameters)

    @property
    def bound(self) -> float:
        """On the instruction set in use."""
        return _ufuncs.error_bound(*self)

    @property
    def oracle(self) -> str | None:
        """What gives the exact results, in words; None if nothing does."""
        if self.dtype == "float32":
            return ORACLE32
        found = oracle64()
        return None if found is None else found[0]

    def argument(self, x: np.ndarray) -> np.ndarray:
        """What the activation is applied to."""
        return x

    def compute(self, x: Any) -> np.ndarray:
        return applied(_ufuncs.get(self.name, self.operation), self.operation, x, *self.parameters.values())

    def results(self, isas: list[str], x: np.ndarray) -> dict[str, np.ndarray]:
        found = {}
        for isa in isas:
            _ufuncs.select_isa(isa)
            found[isa] = self.compute(x)
        return found

    def chunks(self, exhaustive: bool) -> list:
        """All inputs, in pieces."""
        return chunks(self.dtype, exhaustive)

    def tallies(self, isas: list[str], piece: Any) -> dict[str, Tally]:
        return (tallies32 if self.dtype == "float32" else tallies64)(self, isas, piece)

    def fingerprinted(self) -> Any:
        return fingerprinted(self.dtype)

    @functools.cache  # noqa: B019 - a case is a few words, and there are few
    def fingerprint(self, isa: str) -> str:
        """Tell a kernel by the bits of its results, over inputs of all exponents and more wherever functions bend."""
        with isa_restored():
            result = self.results([isa], self.fingerprinted())[isa]
        result[np.isnan(result)] = np.nan
        return hashlib.sha256(result.data).hexdigest()[:16]


class Progress(NamedTuple):
    """How far the measurement of a case has come: chunks done, and what they came to on every ISA."""

    chunks: int = 0
    tallies: dict[str, Tally] = {}  # noqa: RUF012


@functools.cache
def fingerprinted(dtype: str) -> np.ndarray:
    """One in 16 of a sample of float32, and 20 times as many as in a sample of float64."""
    if dtype == "float64":
        return points(20 * POINTS[False])
    return np.concatenate([numbers(some[::16]) for some in patterns(exhaustive=False)])


# float32: the inputs are bit patterns


def patterns(exhaustive: bool) -> list[range]:
    """All of them; or some of every exponent, and more where functions bend."""
    if exhaustive:
        return [range(1 << 32)]
    bends = [range(bits(sign * 2.0**-6), bits(sign * 2.0**7), 17) for sign in (1, -1)]
    return [range(0, 1 << 32, 127), *bends]


def bits(x: float) -> int:
    return int(np.float32(x).view(np.uint32))


def numbers(chunk: range) -> np.ndarray:
    return np.arange(chunk.start, chunk.stop, chunk.step, dtype=np.int64).astype(np.uint32).view(np.float32)


def exact32(case: Case, x: np.ndarray, parameters: Iterable[float]) -> np.ndarray:
    want = np.empty(x.size)
    _exact.evaluate(case.exact[0], _ufuncs.number_of(*case.exact), x, want, *parameters)
    return want


def tallies32(case: Case, isas: list[str], chunk: range) -> dict[str, Tally]:
    """Compare the results of several ISAs with the exact ones; of equal bits the first only."""
    tallies: dict[str, Tally] = {}
    for start in range(0, len(chunk), BLOCK):
        x = numbers(chunk[start : start + BLOCK])
        results, x = case.results(isas, x), case.argument(x)
        want = exact32(case, x, case.parameters.values())
        found: dict[str, Tally] = {}
        for isa, got in results.items():
            same = (other for other in found if same_bits(got, results[other]))
            found[isa] = found[other] if (other := next(same, None)) else _exact.compare(x, got, want, case.root)
        tallies = added(tallies, found)
    return tallies


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a.view(np.uint32), b.view(np.uint32))


# float64: the inputs are points


def power(exponent: np.ndarray) -> np.ndarray:
    """2^exponent for an integer, and linear between two of them: the same on every processor, as np.exp2 is not."""
    whole = np.floor(exponent)
    return np.ldexp(1 + (exponent - whole), whole.astype(int))


def exponent_of(number: float) -> float:
    """The exponent for which `power` gives a positive number."""
    mantissa, exponent = math.frexp(number)
    return exponent - 2 + 2 * mantissa


def points(count: int) -> np.ndarray:
    """Finite numbers in order: a third of any exponent, a third in the tails, a third where functions bend."""
    rng = np.random.default_rng(0)
    third = count // 3 + 1
    sign = rng.choice([-1, 1], third)
    any_exponent = np.ldexp(rng.uniform(1, 2, third), rng.integers(-1074, 1024, third))
    x = [sign * any_exponent, rng.uniform(-760, 760, third), sign * power(rng.uniform(-30, 5, third))]
    return np.concatenate(x)[:count]


def oracle64() -> tuple[str, Callable] | None:
    """The oracle for float64: in words, and as a function like _balls.in_words. None: none has more digits."""
    try:
        from ._balls import in_words
    except ImportError:
        if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps:
            return "fastact.reference in longdouble, as python-flint is not installed", longdouble_in_words
        return None
    return "ball arithmetic on the documented formulas (python-flint)", in_words


def longdouble_in_words(name: str, operation: str, x: np.ndarray, parameters: Iterable[float]) -> np.ndarray:
    want = applied(_ufuncs.get(name, operation).reference, operation, x.astype(np.longdouble), *parameters)
    with np.errstate(all="ignore"):
        high = want.astype(np.float64)
        return np.array([high, np.where(np.isfinite(high), np.ldexp(want - high, 53), 0)], np.float64)


def exact64(case: Case, x: np.ndarray) -> np.ndarray:
    """In two words, as compare64 takes them."""
    found = oracle64()
    assert found is not None, "float64 is left out where there is no oracle for it"
    return found[1](*case.exact, x, tuple(case.parameters.values()))


def tallies64(case: Case, isas: list[str], x: np.ndarray) -> dict[str, Tally]:
    results, x = case.results(isas, x), case.argument(x)
    want = exact64(case, x)
    return {isa: compare64(x, got, want, case.root) for isa, got in results.items()}


def compare64(x: np.ndarray, got: np.ndarray, want: np.ndarray, root: float) -> Tally:
    """As _exact.compare for float64, and exact results in two words: rounded, and 2^53 times what they lack."""
    ulps, absolute = errors64(got, *want)
    return tally(ulps, near_root(x, want[0], absolute, root), absolute, x, got, want[0])


def errors64(got: np.ndarray, high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Errors in ULP, and absolute."""
    with np.errstate(all="ignore"):
        above_exact = (np.frexp(np.abs(high))[0] == 0.5) & (high * low < 0)  # a power of two, the exact one is below
        ulp = np.maximum(
            np.spacing(np.abs(high)) * np.where(above_exact, 0.5, 1), np.finfo(np.float64).smallest_subnormal
        )
        absolute = np.abs((got - high) - low * 2.0**-53)
        same = (got == high) | (np.isnan(got) & np.isnan(high))
        finite = np.abs((got - high) / ulp - low / ulp * 2.0**-53)
        return np.where(np.isfinite(got) & np.isfinite(high), finite, np.where(same, 0, np.inf)), absolute


# Both


def near_root(x: np.ndarray, want: np.ndarray, absolute: np.ndarray, root: float) -> np.ndarray:
    """Where the absolute error counts, and is small: as _exact.compare has it."""
    return _roots.is_near(x, want, root) & (absolute <= _roots.allowed(x.dtype))


def tally(
    error: np.ndarray, near: np.ndarray, absolute: np.ndarray, x: np.ndarray, got: np.ndarray, want: np.ndarray
) -> Tally:
    """The fields of exact_tally; `near` a root the absolute error counts."""
    error = np.where(near, 0, error)
    worst = [values[error.argmax()] for values in (x, got, want)] if error.size else [0, 0, 0]
    return {
        "largest": float(error.max(initial=0)),
        "sum": float(error.sum()),
        "count": x.size,
        **{f"within_{word}": int((error[~near] <= ulps).sum()) for word, ulps in WITHIN.items()},
        "near_root": int(near.sum()),
        "largest_near_root": float(absolute[near].max(initial=0)),
        **dict(zip(("x", "got", "want"), map(float, worst), strict=True)),
    }


def finite_or_text(value: float) -> float | str:
    """A number as JSON can hold it; float() reads both."""
    return value if math.isfinite(value) else str(value)


def chunks(dtype: str, exhaustive: bool) -> list[range | np.ndarray]:
    """All inputs of a type, in pieces."""
    wholes = patterns(exhaustive) if dtype == "float32" else [points(POINTS[exhaustive])]
    return [w[start : start + CHUNK[dtype]] for w in wholes for start in range(0, len(w), CHUNK[dtype])]


def measure(case: Case, isas: list[str], pieces: list, begin: Progress, workers: Executor) -> Iterator[Progress]:
    """Yield where the measurement stands, chunk by chunk; IN_FLIGHT of them are on their way."""
    rest = iter(pieces[begin.chunks :])
    futures = deque(workers.submit(case.tallies, isas, piece) for piece in islice(rest, IN_FLIGHT))
    done, tallies = begin
    while futures:
        found = futures.popleft().result()
        futures.extend(workers.submit(case.tallies, isas, piece) for piece in islice(rest, 1))
        done, tallies = done + 1, added(tallies, found)
        yield Progress(done, tallies)


def added(a: dict[str, Tally], b: dict[str, Tally]) -> dict[str, Tally]:
    """Add up the tallies of every ISA."""
    return {isa: sum_of(a[isa], tally) if isa in a else tally for isa, tally in b.items()}


def sum_of(a: Tally, b: Tally) -> Tally:
    """Add up two tallies. Of equal largest errors the first counts."""
    first = a if a["largest"] >= b["largest"] else b
    of_first = {field: first[field] for field in ("largest", "x", "got", "want")}
    near_root = {"largest_near_root": max(a["largest_near_root"], b["largest_near_root"])}
    return {field: a[field] + b[field] for field in a} | of_first | near_root


def worker_pool() -> Executor:
    """Processes, one per core: each has an ISA in use of its own, and holds no other's interpreter lock."""
    return ProcessPoolExecutor(_ufuncs.get_num_threads(), get_context("spawn"), begin_worker)


def begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which is for the parent
    _ufuncs.set_num_threads(1)
