"""A search for the largest error of an operation, for `python -m fastact accuracy --climb`.

Bins cover every exponent of both signs, and are narrower where functions bend. At first every bin has a few random
points. Then some blocks of points go to bins at random, more often where larger errors are known, and the others to the
neighbourhoods of the largest errors: at all distances from an ULP to some per cent, with the parameters that they were
found with or with others near them. So a hill of errors is followed to its top.

Of a gated pair the gates are searched for in this way, by the error that those of the activation allow a product to
have. At the gates with the largest, products next to powers of two are tried, where an ULP is smallest to the product.
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
from ._errors import Case, applied, errors64, exact32, exponent_of, near_root, power, root_of
from ._layer_errors import LONGDOUBLE_IS_WIDER, PairCase, in_longdouble
from ._ulp import ulp_error

ORACLE64 = "formulas of their own in quadruple precision (csrc/exact)"
PARAMETERS = ("usual", "any")
USUAL = (0.2, 5.0)  # parameters
BLOCK = 1 << 14  # points of one call, with the same parameters
BENDS = (-16, 10)  # exponents of x with bins of 1/32 of an octave; elsewhere 1/4
SWEEPS = 4  # points of every bin at first
# GROUP, LEADING, FARTHEST and PREFERENCE are, of several values tried, those with which 6 million evaluations of six
# operations found the largest errors.
GROUP = 256  # points of a block that are in one bin, or next to one point
LEADERS, LEADING = 256, 8  # how many errors, of different bins, have their neighbourhoods searched; their mean rank
FARTHEST = -3  # exponent of the distance from there, over x
EXPLORING = 0.3  # of the blocks go to bins
PREFERENCE = 20  # they go there with the error to this power
DEFAULTS = 0.25  # of those have the default parameters
PRODUCTS = 0.2  # of the blocks for a gated pair are products at known gates
NEXT_TO = 12  # exponent of the distance of a product from a power of two, in ULP
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
    got = computed(case, x, parameters)
    if case.dtype == "float32":
        want = exact32(case, x, parameters)
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


def exact_factor(case: PairCase, gate: np.ndarray, roughly: bool) -> np.ndarray:
    """The activation of the gate, or its derivative, in a type wider than that of the pair."""
    return exact32(case, gate, ()) if case.dtype == "float32" else in_longdouble(exact_words(case, gate, (), roughly))


def limits(case: PairCase, gate: np.ndarray, roughly: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every gate the error in ULP that a product can have, 0 where none counts; its factor, and the exact one.

    Of a product v u with an exact u and a v whose relative error is r, the error is less than r / eps ULP, eps being
    the distance from 1 to the float below, and then that of a rounding: half a unit, or a whole one where too large a v
    lifts the product over a power of two that the exact one stays below. For the derivative by gate, u = dy up is
    itself rounded: with a product near a power of two this adds m / 2, m being the significand of f'(gate) in [1, 2).
    """
    got, want = applied(_ufuncs.get(*case.exact), case.exact[1], gate), exact_factor(case, gate, roughly)
    kind = np.finfo(case.dtype)
    with np.errstate(all="ignore"):
        size, absolute = np.abs(want), np.abs(got - want)
        counts = (size >= kind.tiny) & (size <= kind.max) & ~near_root(gate, want, absolute, case.root)
        rounding = np.where(np.abs(got) > size, 1, 0.5) + (np.frexp(size)[0] if case.exact[1] == "grad" else 0)
        return np.where(counts, absolute / size / kind.epsneg + rounding, 0), got, want.astype(np.float64)


def measurable(case: Case) -> bool:
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
    """What parameters are drawn from, by name."""
    kind_of_float = np.finfo(case.dtype)
    ends = USUAL if kind == PARAMETERS[0] else (float(kind_of_float.tiny), float(kind_of_float.max))
    return dict.fromkeys(case.parameters, ends)


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
            self.begin()
        self.slices += 1
        if limit.evaluations is not None:
            end = min(limit.evaluations, self.slices * SLICE[1])
            while self.evaluations < end:
                self.step()
            return self
        deadline = time.monotonic() + (limit.seconds or 0) / limit.slices
        while time.monotonic() < deadline:
            self.step()
        return self

    def begin(self) -> None:
        self.take(special_numbers(self.case.dtype), self.default_parameters(), -1.0)

    def step(self) -> None:
        self.take(*self.block())

    def errors(self, x: np.ndarray, parameters: Parameters, roughly: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return errors(self.case, x, parameters, roughly)

    def take(self, x: np.ndarray, parameters: Parameters, known: float | np.ndarray) -> None:
        """Keep the errors that are larger than others that are known, and than those known in their bins."""
        self.evaluations += x.size
        error, got, want = self.errors(x, parameters, roughly=True)
        larger = ~(error <= known)
        if self.case.dtype == "float64":
            error, got, want = self.errors(x[larger], parameters, roughly=False)
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
        largest, least = self.leading()
        parameters = self.near_parameters(tuple(self.parameters[largest[0]]))
        x = np.repeat(self.moved(largest, parameters), GROUP)
        digits = np.finfo(self.case.dtype).nmant
        distance = self.rng.choice([-1, 1], x.size) * power(self.rng.uniform(-digits - 1, FARTHEST, x.size))
        with np.errstate(all="ignore"):
            return self.rounded(x * (1 + distance)), parameters, least

    def leading(self) -> tuple[np.ndarray, float]:
        """Some of the bins with the largest errors, one for every group of a block; and the least of these errors."""
        leading = np.argpartition(-self.error, LEADERS)[:LEADERS]
        leading = leading[np.argsort(-self.error[leading], kind="stable")]
        ranks = np.minimum(self.rng.geometric(1 / LEADING, BLOCK // GROUP), LEADERS)
        return leading[ranks - 1], float(self.error[leading[-1]])

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

    def default_parameters(self) -> Parameters:
        return tuple(self.case.parameters.values())

    def drawn_parameters(self) -> Parameters:
        """Of all exponents that are asked for alike."""
        if self.rng.random() < DEFAULTS:
            return self.default_parameters()
        exponents = np.array([[exponent_of(end) for end in ends] for ends in self.ranges.values()]).reshape(-1, 2)
        return self.allowed(power(self.rng.uniform(*exponents.T)))

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


class PairSearch(Search):
    """A search for gates with large errors of their factor, and for products with these that have the largest."""

    case: PairCase

    def __init__(self, case: PairCase, isa: str, parameters: str, seed: int):
        super().__init__(case, isa, parameters, seed)
        self.product = {"largest": -1.0}  # and its x, got and want
        self.factors: dict[str, float] = {}

    def begin(self) -> None:
        super().begin()
        self.try_products()

    def step(self) -> None:
        if self.sweep.size or self.rng.random() > PRODUCTS:
            super().step()
        else:
            self.try_products()

    def errors(self, x: np.ndarray, parameters: Parameters, roughly: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return limits(self.case, x, roughly)

    def try_products(self) -> None:
        """With the gates of some of the largest errors, and what puts the product next to a power of two."""
        gates = self.rounded(self.x[self.leading()[0]])
        gate, exact = (np.repeat(one, GROUP) for one in (gates, exact_factor(self.case, gates, roughly=False)))
        factors = self.drawn_factors(exact)
        self.evaluations += gate.size
        got, (want, scale, counts) = self.case.product(gate, factors), self.case.exact_product(exact, factors)
        with np.errstate(all="ignore"):
            ulps, near, _ = self.case.errors(gate, got, want, scale)
        ulps = np.where(counts & ~near, ulps, 0)
        at = ulps.argmax()
        if ulps[at] > self.product["largest"]:
            values = {"largest": ulps, "x": gate, "got": got, "want": want}
            self.product = {word: float(values[word][at]) for word in values}
            self.factors = dict(zip(self.case.factor_names, (float(one[at]) for one in factors), strict=True))

    def drawn_factors(self, exact: np.ndarray) -> list[np.ndarray]:
        """Up, or dy and up, with which the product by exact factors is close below a power of two."""
        steps = np.floor(power(self.rng.uniform(0, NEXT_TO, exact.size))) - 1
        with np.errstate(all="ignore"):
            rest = (1 - steps * np.finfo(self.case.dtype).epsneg) / np.frexp(np.abs(exact))[0]
        rest = np.where(np.isfinite(rest), rest, 1)  # of a factor of 0, which does not count
        if self.case.operation == "forward":
            return [self.rounded(rest)]
        dy = self.rounded(self.rng.uniform(1, 2, exact.size))
        return [dy, self.rounded(rest / dy)]

    @property
    def found(self) -> dict[str, float]:
        return self.product

    @property
    def found_parameters(self) -> dict[str, float]:
        return self.factors


def search_of(case: Case, isa: str, parameters: str, seed: int) -> Search:
    if isinstance(case, PairCase):
        return PairSearch(case, isa, parameters, seed)
    return Search(case, isa, parameters, seed)


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
