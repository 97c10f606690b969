"""A search for the largest error of an operation, for `python -m fastact accuracy --climb`.

Bins cover every exponent of both signs, and are narrower where functions bend. At first every bin has a few random
points. Then some blocks of points go to bins at random, more often where larger errors are known, and the others to the
neighbourhoods of the largest errors: at all distances from an ULP to some per cent, with the parameters that they were
found with or with others near them. So a hill of errors is followed to its top.
"""

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fastact import _ufuncs

from . import _exact
from ._errors import Case, applied, errors64, near_root, power, root_of
from ._layer_errors import LONGDOUBLE_IS_WIDER, PairCase, in_longdouble
from ._ulp import ulp_error

JUDGE64 = "formulas of their own in quadruple precision (csrc/exact)"
PARAMETERS = ("usual", "any")
USUAL = (0.2, 5.0)  # parameters
FACTORS = (1.0, 2.0)  # the other operands of a gated pair
BLOCK = 1 << 14  # points of one call, with the same parameters
BENDS = (-16, 10)  # exponents of x with bins of 1/32 of an octave; elsewhere 1/4
SWEEPS = 4  # points of every bin at first
# GROUP, LEADING, FARTHEST and PREFERENCE: of several the ones with which 6 million evaluations of six operations found
# the largest errors.
GROUP = 256  # points of a block that are in one bin, or next to one point
LEADERS, LEADING = 256, 8  # how many errors, of different bins, have their neighbourhoods searched; their mean rank
FARTHEST = -3  # exponent of the distance from there, over x
EXPLORING = 0.3  # of the blocks go to bins
PREFERENCE = 20  # they go there with the error to this power
DEFAULTS = 0.25  # of those have the default parameters
SLICE = 1.0, 1 << 19  # seconds, evaluations: what a process searches at a time

Parameters = tuple[float, ...]


class Limit(NamedTuple):
    """What a search ends after: seconds, or evaluations, with which the same seed finds the same."""

    seconds: float | None
    evaluations: int | None

    @property
    def slices(self) -> int:
        """In how many parts a search is made."""
        amount = (self.seconds or 0) / SLICE[0] if self.evaluations is None else self.evaluations / SLICE[1]
        return max(1, math.ceil(amount))


# Errors


def exact_double(case: Case, x: np.ndarray, parameters: Parameters) -> np.ndarray:
    want = np.empty(x.size)
    _exact.evaluate(case.exact[0], _ufuncs.number_of(*case.exact), x, want, *parameters)
    return want


def exact_words(case: Case, x: np.ndarray, parameters: Parameters, roughly: bool) -> np.ndarray:
    """Exact results in two words, as compare64 takes them."""
    want, (p, q) = np.empty((x.size, 2)), (*parameters, 0.0, 0.0)[:2]
    _exact.evaluate_wide(case.exact[0], _ufuncs.number_of(*case.exact), x, want, p, q, roughly)
    return want.T


def errors(
    case: Case, x: np.ndarray, parameters: Parameters, roughly: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors in ULP on the instruction set in use, 0 where they do not count; the results, and the exact ones.

    Those of float64 may be computed roughly, that is an order of magnitude faster.
    """
    if isinstance(case, PairCase):
        return errors_of_pair(case, x, parameters, roughly)
    return errors_of_activation(case, x, parameters, roughly)


def errors_of_activation(
    case: Case, x: np.ndarray, parameters: Parameters, roughly: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    got = computed(case, x, parameters)
    if case.dtype == "float32":
        want = exact_double(case, x, parameters)
        with np.errstate(all="ignore"):
            ulps, absolute = ulp_error(got, want), np.abs(got - want)
    else:
        want, low = exact_words(case, x, parameters, roughly)
        ulps, absolute = errors64(got, want, low)
    root = root_of(*case.exact, named(case, parameters))
    return np.where(near_root(x, want, absolute, root), 0, ulps), got, want


def computed(case: Case, x: np.ndarray, parameters: Parameters) -> np.ndarray:
    """What the instruction set in use gives."""
    if isinstance(case, PairCase):
        return case.product(x, factors_of(x, parameters))
    return applied(_ufuncs.get(case.name, case.operation), case.operation, x, *map(x.dtype.type, parameters))


def factors_of(x: np.ndarray, parameters: Parameters) -> list[np.ndarray]:
    """The other factors of a pair."""
    return [np.full_like(x, factor) for factor in parameters]


def named(case: Case, parameters: Parameters) -> dict[str, float]:
    return dict(zip(case.parameters, parameters, strict=True))


def errors_of_pair(
    case: PairCase, x: np.ndarray, parameters: Parameters, roughly: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    factors = factors_of(x, parameters)
    exact = exact_double(case, x, ()) if case.dtype == "float32" else in_longdouble(exact_words(case, x, (), roughly))
    got, (want, scale, counts) = computed(case, x, parameters), case.exact_product(exact, factors)
    with np.errstate(all="ignore"):
        ulps, near, _ = case.errors(x, got, want, scale)
        return np.where(counts & ~near, ulps, 0), got, want.astype(np.float64)


def judgeable(case: Case) -> bool:
    """Whether the exact results are known here to enough digits."""
    return case.dtype == "float32" or (_exact.HAS_QUAD and (LONGDOUBLE_IS_WIDER or not isinstance(case, PairCase)))


# Points


def bin_edges(dtype: str) -> np.ndarray:
    """Positive numbers in order, from the smallest to the largest, between which the bins are."""
    kind = np.finfo(dtype)
    octaves = range(kind.minexp - kind.nmant, kind.maxexp)
    steps = [np.arange(octave, octave + 1, 1 / 32 if BENDS[0] <= octave < BENDS[1] else 1 / 4) for octave in octaves]
    powers = power(np.concatenate(steps)).astype(dtype).astype(np.float64)
    return np.unique(np.append(powers, float(kind.max)))


def special_numbers(dtype: str) -> np.ndarray:
    kind = np.finfo(dtype)
    positive = np.array([0, np.inf, kind.max, kind.tiny, kind.smallest_subnormal], dtype)
    return np.array([*positive, *np.negative(positive), np.nan], dtype)


def parameter_ranges(case: Case, kind: str) -> dict[str, tuple[float, float]]:
    """What parameters are drawn from, by name; of a pair, its other factors."""
    if isinstance(case, PairCase):
        return dict.fromkeys(("up",) if case.operation == "forward" else ("dy", "up"), FACTORS)
    limits = np.finfo(case.dtype)
    usual = USUAL if kind == "usual" else (float(limits.tiny), float(limits.max))
    return dict.fromkeys(case.parameters, usual)


class Search:
    """The largest error known in every bin, and what comes next."""

    def __init__(self, case: Case, isa: str, parameters: str, seed: int):
        self.case, self.isa, self.seed = case, isa, seed
        self.rng = np.random.default_rng([seed, *"".join((*case, isa)).encode()])
        self.ranges = parameter_ranges(case, parameters)
        self.edges = bin_edges(case.dtype)
        bins = 2 * (self.edges.size + 1)  # below and above all edges too; the negative ones come last
        self.error = np.full(bins, -1.0)
        self.x, self.got, self.want = np.zeros((3, bins))
        self.parameters = np.ones((bins, len(self.ranges)))
        self.sweep = np.tile(self.rng.permutation(self.inner_bins()), SWEEPS)
        self.evaluations, self.slices = 0, 0

    def inner_bins(self) -> np.ndarray:
        """Those between two edges."""
        positive = np.arange(1, self.edges.size)
        return np.concatenate([positive, positive + self.edges.size + 1])

    def advance(self, limit: Limit) -> "Search":
        """Search for one slice of time or of evaluations; return the search, as a process has a copy of it."""
        _ufuncs.select_isa(self.isa)
        if self.evaluations == 0:
            self.take(special_numbers(self.case.dtype), self.usual_parameters(), -1.0)
        self.slices += 1
        if limit.evaluations is not None:
            end = min(limit.evaluations, self.slices * SLICE[1])
            while self.evaluations < end:
                self.take(*self.block())
            return self
        deadline = time.monotonic() + (limit.seconds or 0) / limit.slices
        while time.monotonic() < deadline:
            self.take(*self.block())
        return self

    def take(self, x: np.ndarray, parameters: Parameters, known: float | np.ndarray) -> None:
        """Keep the errors that are larger than others that are known, and than those known in their bins."""
        self.evaluations += x.size
        error, got, want = errors(self.case, x, parameters, roughly=True)
        larger = ~(error <= known)
        if self.case.dtype == "float64":
            error, got, want = errors(self.case, x[larger], parameters, roughly=False)
            self.keep(error, x[larger], parameters, got, want)
        else:
            self.keep(error[larger], x[larger], parameters, got[larger], want[larger])

    def keep(self, error: np.ndarray, x: np.ndarray, parameters: Parameters, got: np.ndarray, want: np.ndarray) -> None:
        error = np.where(np.isnan(error), np.inf, error)
        place = np.searchsorted(self.edges, np.abs(x), "right") + np.signbit(x) * (self.edges.size + 1)
        order = np.argsort(error, kind="stable")  # the last of a bin is kept
        order = order[error[order] > self.error[place[order]]]
        place = place[order]
        self.error[place], self.x[place] = error[order], x[order]
        self.got[place], self.want[place] = got[order], want[order]
        self.parameters[place] = parameters

    # The next block

    def block(self) -> tuple[np.ndarray, Parameters, float | np.ndarray]:
        """Points, the parameters, and what errors have to be larger than to be looked at."""
        if self.sweep.size:
            bins, self.sweep = self.sweep[:BLOCK], self.sweep[BLOCK:]
            return self.in_bins(bins), self.drawn_parameters(), self.error[bins]
        if self.rng.random() < EXPLORING:
            weight = np.clip(self.error[self.inner_bins()], 1e-3, 1e3) ** PREFERENCE
            bins = np.repeat(self.rng.choice(self.inner_bins(), BLOCK // GROUP, p=weight / weight.sum()), GROUP)
            return self.in_bins(bins), self.drawn_parameters(), self.error[bins]
        return self.around_the_largest()

    def in_bins(self, bins: np.ndarray) -> np.ndarray:
        negative, index = np.divmod(bins, self.edges.size + 1)
        low, high = self.edges[index - 1], self.edges[index]
        return self.rounded(np.where(negative, -1, 1) * (low + (high - low) * self.rng.random(bins.size)))

    def around_the_largest(self) -> tuple[np.ndarray, Parameters, float]:
        leading = np.argpartition(-self.error, LEADERS)[:LEADERS]
        leading = leading[np.argsort(-self.error[leading], kind="stable")]
        largest = leading[np.minimum(self.rng.geometric(1 / LEADING, BLOCK // GROUP), LEADERS) - 1]
        parameters = self.near_parameters(tuple(self.parameters[largest[0]]))
        x = np.repeat(self.moved(largest, parameters), GROUP)
        digits = np.finfo(self.case.dtype).nmant
        distance = self.rng.choice([-1, 1], x.size) * power(self.rng.uniform(-digits - 1, FARTHEST, x.size))
        with np.errstate(all="ignore"):
            return self.rounded(x * (1 + distance)), parameters, float(self.error[leading[-1]])

    def moved(self, bins: np.ndarray, parameters: Parameters) -> np.ndarray:
        """The points of the largest errors in bins; or those with the same product with, or ratio to, a parameter."""
        x, way = self.x[bins], self.rng.integers(-1, 2)
        if not self.case.parameters or way == 0:
            return x
        with np.errstate(all="ignore"):
            return x * (parameters[0] / self.parameters[bins, 0]) ** way

    def rounded(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return x.astype(self.case.dtype)

    # Parameters

    def usual_parameters(self) -> Parameters:
        """The defaults; the other factors of a pair have none."""
        return tuple(self.case.parameters.get(name, 1.0) for name in self.ranges)

    def drawn_parameters(self) -> Parameters:
        """Of all exponents that are asked for alike."""
        if self.rng.random() < DEFAULTS:
            return self.usual_parameters()
        return self.allowed([power(self.rng.uniform(*map(math.log2, ends))) for ends in self.ranges.values()])

    def near_parameters(self, parameters: Parameters) -> Parameters:
        """The same or others near them."""
        if self.rng.random() < 0.5:
            return parameters
        distance = power(self.rng.uniform(-np.finfo(self.case.dtype).nmant, FARTHEST, len(parameters)))
        return self.allowed(parameters * (1 + self.rng.choice([-1, 1], len(parameters)) * distance))

    def allowed(self, parameters: ArrayLike) -> Parameters:
        ends = np.array([*self.ranges.values()]).reshape(-1, 2)
        return tuple(map(float, self.rounded(np.clip(np.asarray(parameters, float), ends[:, 0], ends[:, 1]))))

    # What was found

    @property
    def found(self) -> dict[str, float]:
        at = self.error.argmax()
        return {"largest": float(self.error[at])} | {
            word: float(values[at]) for word, values in (("x", self.x), ("got", self.got), ("want", self.want))
        }

    @property
    def found_parameters(self) -> dict[str, float]:
        return dict(zip(self.ranges, map(float, self.parameters[self.error.argmax()]), strict=True))


def searched(searches: Iterable[Search], limit: Limit, workers: Executor) -> Iterator[Search | None]:
    """Advance the searches, as many at a time as there are threads, and yield each that ends; None after a slice."""
    rest = iter(searches)
    running = deque(workers.submit(search.advance, limit) for search in islice(rest, _ufuncs.get_num_threads()))
    while running:
        search = running.popleft().result()
        ended = search.slices == limit.slices
        following = islice(rest, 1) if ended else [search]
        running.extend(workers.submit(one.advance, limit) for one in following)
        yield None
        if ended:
            yield search
