"""The errors of layers, for `python -m fastact accuracy`: pairs, prelu and bias_act, softmax and its like."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from fastact import _ufuncs
from fastact._softmax_docs import BACKWARD_UNITS, BOUND, GRADIENT_BOUND, LOGARITHMS_WITHOUT_FMA, LOGSUMEXP_UNIT

from . import _functions
from ._errors import Case, Tally, exact32, exact64, has_fma, near_root, numbers, tally
from ._ulp import ulp, ulp_error

WIDER: dict[str, type[np.floating]] = {"float32": np.float64, "float64": np.longdouble}
LONGDOUBLE_IS_WIDER = bool(np.finfo(np.longdouble).eps < np.finfo(np.float64).eps)
BIASES = (0.0, 0.5, -2.0)
ACTIVATIONS = {"prelu": "leaky_relu", "bias_act": "gelu"} | _ufuncs.gated  # that layers apply
DERIVATIVE = {"forward": "forward", "backward": "grad"}


class LayerCase(Case):
    """An activation with a weight or a bias: its own error, at the sum if there is one; backward with dy = 1."""

    @property
    def exact(self) -> tuple[str, str]:
        return ACTIVATIONS[self.name], DERIVATIVE[self.operation]

    @property
    def bound(self) -> float:
        return _ufuncs.error_bound(*self.exact, self.dtype)

    def bias(self, x: np.ndarray) -> np.ndarray:
        return np.resize(np.array(BIASES, self.dtype), x.size)

    def argument(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return x + self.bias(x) if self.name == "bias_act" else x

    def compute(self, x: np.ndarray) -> np.ndarray:
        function = _functions.get(self.name, self.operation)
        second = self.bias(x) if self.name == "bias_act" else np.array([*self.parameters.values()], self.dtype)
        if self.operation == "forward":
            return function(x, second)
        return function(np.ones_like(x), x, second)[0]


class PairCase(LayerCase):
    """A product with the activation of the gate: by other factors in [1, 2). Its derivative is that by the gate."""

    @property
    def bound(self) -> float:
        return _ufuncs.error_bound(*self)

    @property
    def oracle(self) -> str | None:
        return super().oracle if self.dtype == "float32" or LONGDOUBLE_IS_WIDER else None

    @property
    def factor_names(self) -> tuple[str, ...]:
        return ("up",) if self.operation == "forward" else ("dy", "up")

    def factors(self, x: np.ndarray) -> list[np.ndarray]:
        count = len(self.factor_names)
        return list(np.random.default_rng(0).uniform(1, 2, (count, x.size)).astype(self.dtype))

    def compute(self, x: np.ndarray) -> np.ndarray:
        return self.product(x, self.factors(x))

    def product(self, x: np.ndarray, factors: list[np.ndarray]) -> np.ndarray:
        function = _functions.get(self.name, self.operation)
        return function(x, *factors) if self.operation == "forward" else function(factors[0], x, factors[1])[0]

    def tallies(self, isas: list[str], piece: Any) -> dict[str, Tally]:
        x = numbers(piece) if self.dtype == "float32" else piece
        want, scale, counts = self.exact_product(self.exact_factor(x), self.factors(x))
        results = self.results(isas, x)
        x, want, scale = x[counts], want[counts], scale[counts]
        return {
            isa: tally(*self.errors(x, got[counts], want, scale), x, got[counts], want) for isa, got in results.items()
        }

    def exact_product(self, factor: np.ndarray, factors: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return it, the product of the other factors, and where it counts.

        That is where no factor, and no product but the last, is subnormal or overflows.
        """
        kind = np.finfo(self.dtype)
        with np.errstate(all="ignore"):
            scale = np.prod([other.astype(factor.dtype) for other in factors], axis=0)
            want = factor * scale
            return want, scale, (np.abs(factor) >= kind.tiny) & (np.abs(want) >= kind.tiny) & (np.abs(want) <= kind.max)

    def errors(
        self, x: np.ndarray, got: np.ndarray, want: np.ndarray, scale: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Errors in ULP, where instead of them the absolute error counts, next to a root, and that."""
        absolute = np.abs(got - want) / np.abs(scale)
        return ulp_error(got, want), near_root(x, want / scale, absolute, self.root), absolute

    def exact_factor(self, x: np.ndarray) -> np.ndarray:
        if self.dtype == "float32":
            return exact32(self, x, self.parameters.values())
        return in_longdouble(exact64(self, x))


def in_longdouble(words: np.ndarray) -> np.ndarray:
    high, low = words.astype(np.longdouble)
    with np.errstate(all="ignore"):
        return high + np.ldexp(low, -53)


# Rows

DEEP = {"float32": 110, "float64": 760}  # below the largest by as much, e^x is 0
ROWS: dict[str, Callable[[np.random.Generator, int, float], np.ndarray]] = {
    "normal": lambda rng, n, deep: rng.normal(size=n),
    "wide": lambda rng, n, deep: 30 * rng.normal(size=n),
    "offset": lambda rng, n, deep: rng.choice([1e3, 1e5, -1e6, 50.3]) + rng.normal(size=n),
    "equal": lambda rng, n, deep: np.full(n, rng.normal()),
    "almost equal": lambda rng, n, deep: 1e-4 * rng.normal(size=n),
    "one dominates": lambda rng, n, deep: np.where(np.arange(n) == n // 2, rng.uniform(1, 90), rng.normal(size=n)),
    "down to subnormals": lambda rng, n, deep: -rng.uniform(0, deep, size=n),
    "two values": lambda rng, n, deep: rng.choice(5 * rng.normal(size=2), size=n),
    "a few count": lambda rng, n, deep: np.where(rng.random(n) < 6 / n, rng.normal(size=n), -rng.uniform(20, 40, n)),
    "huge": lambda rng, n, deep: 1e30 * rng.normal(size=n),
    "masked": lambda rng, n, deep: np.where(np.arange(n) % 3 == 1, -np.inf, rng.normal(size=n)),
    "masked by a number": lambda rng, n, deep: np.where(np.arange(n) % 3 == 1, -1e10, 0) + rng.normal(size=n),
    "masked, down to subnormals": lambda rng, n, deep: np.where(
        np.arange(n) % 3 == 1, -np.inf, -rng.uniform(0, deep, size=n)
    ),
    "masked, around the largest subnormal": lambda rng, n, deep: np.where(
        np.arange(n) % 4 == 1, -np.inf, np.where(np.arange(n) % 4 == 0, 0, -rng.uniform(0.7 * deep, deep, size=n))
    ),
}
LENGTHS = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 48, 49, 63, 64, 65, 100, 129, 512, 1000, 4097)
MEASURED_TOGETHER = 6  # rows
SEEDS = {False: 10, True: 1000}  # of every kind and length: in a sample, exhaustive


def rows(kind: str, length: int, dtype: str, seed: int = 0, count: int = MEASURED_TOGETHER) -> np.ndarray:
    """Rows of a kind, the same for the same seed."""
    rng = np.random.default_rng((length, seed))
    return np.array([ROWS[kind](rng, length, DEEP[dtype]) for _ in range(count)]).astype(dtype)


def exact_rows(x: np.ndarray) -> dict[str, np.ndarray]:
    """Softmax, its logarithm and log-sum-exp in a wider type, with x - max(x) in two words."""
    wide = WIDER[x.dtype.name]
    top = x.max(-1, keepdims=True)
    a, b = x.astype(wide), -top.astype(wide)
    with np.errstate(all="ignore"):
        high = a + b
        part = high - a
        low = np.where(np.isfinite(high), (a - (high - part)) + (b - part), 0)
        e = np.exp(high) * (1 + low)
        rest = e.copy()
        np.put_along_axis(rest, x.argmax(-1)[..., None], wide(0), -1)
        log_sum = np.log1p(rest.sum(-1, keepdims=True))
        return {
            "softmax": e / e.sum(-1, keepdims=True),
            "log_softmax": high - log_sum + low,
            "logsumexp": top + log_sum,
            "log_sum": log_sum,
        }


def gradient_unit(name: str, dy: np.ndarray, y: np.ndarray, dtype: str) -> np.ndarray:
    """What the errors of gradients are multiples of: BACKWARD_UNITS, at least the smallest subnormal number."""
    if name == "log_softmax":
        size = np.abs(dy) + np.exp(y) * np.sum(np.abs(dy), -1, keepdims=True)
    else:
        size = y * (np.abs(dy) + np.sum(np.abs(dy * y), -1, keepdims=True))
    return np.maximum(np.finfo(dtype).eps * size, np.finfo(dtype).smallest_subnormal)


class RowCase(Case):
    """Softmax, its logarithm, softmin, log-sum-exp or a gradient of them, along rows of many kinds and lengths."""

    @property
    def parameters(self) -> dict[str, float]:
        return {}

    @property
    def bound(self) -> float:
        if self.operation == "backward":
            return GRADIENT_BOUND
        without_fma = self.name.startswith("log") and not has_fma(_ufuncs.isa())
        return LOGARITHMS_WITHOUT_FMA if without_fma else BOUND

    @property
    def oracle(self) -> str | None:
        if self.dtype == "float64" and not LONGDOUBLE_IS_WIDER:
            return None
        wider = {"float32": "float64", "float64": "longdouble"}[self.dtype]
        return f"the documented formulas in {wider}, along rows of {len(ROWS)} kinds"

    def chunks(self, exhaustive: bool) -> list[list[tuple[str, int, int]]]:
        return [list(product(ROWS, LENGTHS, [seed])) for seed in range(SEEDS[exhaustive])]

    def fingerprinted(self) -> list[tuple[str, int, int]]:
        return self.chunks(exhaustive=False)[0]

    def operands(self, kind: str, length: int, seed: int) -> tuple[np.ndarray, ...]:
        """X, or dy and what forward gives on the instruction set in use."""
        x = rows(kind, length, self.dtype, seed) * (-1 if self.name == "softmin" else 1)
        if self.operation == "forward":
            return (x,)
        dy = np.random.default_rng((length, seed, 1)).normal(size=x.shape).astype(self.dtype)
        return dy, _functions.get(self.name)(x)

    def compute(self, piece: list[tuple[str, int, int]]) -> np.ndarray:
        return np.concatenate([self.result(*self.operands(*row)).ravel() for row in piece])

    def result(self, *operands: np.ndarray) -> np.ndarray:
        return _functions.get(self.name, self.operation)(*operands, axis=-1)

    def tallies(self, isas: list[str], piece: list[tuple[str, int, int]]) -> dict[str, Tally]:
        found = {}
        for isa in isas:
            _ufuncs.select_isa(isa)
            errors = [self.errors(*self.operands(*row)) for row in piece]
            error, x, got, want = (
                np.concatenate([np.ravel(part) for part in parts]) for parts in zip(*errors, strict=True)
            )
            none = np.zeros(error.shape, bool)
            found[isa] = tally(error, none, error, x, got, want)
        return found

    def errors(self, *operands: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The errors in units of the bound, x (of a gradient y), the results and the exact ones."""
        got, wide = self.result(*operands), WIDER[self.dtype]
        with np.errstate(all="ignore"):
            if self.operation == "backward":
                dy, y = (operand.astype(wide) for operand in operands)
                want, unit = self.reference(dy, y), gradient_unit(self.name, dy, y, self.dtype)
                return np.where(got == want, 0, np.abs(got - want) / unit).astype(float), operands[1], got, want
            (x,) = operands
            exact = exact_rows(-x if self.name == "softmin" else x)
            if self.name == "logsumexp":
                want = exact["logsumexp"][..., 0]
                larger = np.maximum(ulp(want, self.dtype), ulp(exact["log_sum"][..., 0], self.dtype))
                return ulp_error(got, want) * ulp(want, self.dtype) / larger, x.max(-1), got, want
            want = exact["log_softmax" if self.name == "log_softmax" else "softmax"]
            return ulp_error(got, want), x, got, want

    def reference(self, dy: np.ndarray, y: np.ndarray) -> np.ndarray:
        return _functions.get(self.name, "backward").reference(dy, y, axis=-1)


def unit(name: str, operation: str) -> str | None:
    """What the errors are multiples of, where it is not an ULP of the result."""
    return BACKWARD_UNITS.get(name) if operation == "backward" else {"logsumexp": LOGSUMEXP_UNIT}.get(name)


def case_of(name: str, operation: str, dtype: str) -> Case:
    kinds = {**dict.fromkeys(ACTIVATIONS, LayerCase), **dict.fromkeys(_ufuncs.gated, PairCase)}
    kind = kinds.get(name, RowCase) if name in _functions.LAYERS else Case
    return kind(name, operation, dtype)
