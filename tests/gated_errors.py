"""Looks for the largest errors of gated pairs: the source of their bounds, and witnesses that come near them.

python tests/gated_errors.py, about a quarter of an hour, prints them and writes gated_witnesses.json.

Of a product v u with an exact u and a v whose relative error is r, the error is less than r / eps ULP, eps being the
distance from 1 to the float below, and then that of a rounding: half a unit, or a whole one where too large a v lifts
the product over a power of two that the exact one stays below. It is half a unit in all if v is exact. For the
derivative by gate, u = dy up is itself rounded: with a product near a power of two this adds m / 2, m being the
significand of f'(gate) in [1, 2), and nothing if that is a power of two. r is that of f: in float32 the largest of all
inputs between 2^-26 and 2^7 and of a sample of the others, where f hardly bends, judged in float64; in float64 that of
a sample, judged in longdouble.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from conftest import WIDER, on_isa

from fastact import _roots, _ufuncs, reference
from fastact._cli._errors import has_fma, root_of
from fastact._cli._ulp import ulp_error

FILE = Path(__file__).with_name("gated_witnesses.json")
CHUNK = 1 << 18
SAMPLE = 1 << 25  # float64 inputs
KEPT = 40  # inputs with the largest relative errors, for which products are tried
PRODUCTS = 1 << 18


def every_float32():
    ends = np.array([2.0**-26, 2.0**7], np.float32).view(np.int32)
    for start in range(ends[0], ends[1], CHUNK):
        x = np.arange(start, start + CHUNK, dtype=np.int32).view(np.float32)
        yield x
        yield -x
    yield np.random.default_rng(0).integers(0, 1 << 32, 1 << 24, np.uint32).view(np.float32)


def sampled_float64():
    """Half in [-40, 40], half of any exponent that is not almost 0 or 1."""
    rng = np.random.default_rng(0)
    for _ in range(0, SAMPLE, CHUNK):
        dense = rng.uniform(-40, 40, CHUNK // 2)
        wide = np.exp2(rng.uniform(-60, 10, CHUNK // 2)) * rng.choice([-1, 1], CHUNK // 2)
        yield np.concatenate([dense, wide])


def exact(f, x):
    """What f and its derivative are, in the wider type."""
    if x.dtype == np.float32:
        return _ufuncs.get(f, "value_and_grad")(x.astype(np.float64))
    return reference.get(f, "value_and_grad")(x.astype(np.longdouble))


def away_from_root(f, x, derivative):
    return ~_roots.is_near(x, derivative, root_of(f, "grad", {}))


def limits(f, x):
    """For every x the bound of f(x) u, and of its derivative: see above. 0 where none holds."""
    kind = np.finfo(x.dtype)
    for got, want, is_grad in zip(_ufuncs.get(f, "value_and_grad")(x), exact(f, x), (False, True), strict=True):
        error = np.abs(got - want) / np.abs(want) / kind.epsneg
        significand = 2 * np.frexp(np.abs(want))[0]
        is_exact = (error == 0) & (significand == 1 if is_grad else True)
        bound = error + np.where(np.abs(got) > np.abs(want), 1, 0.5) + (significand / 2 if is_grad else 0)
        holds = np.isfinite(want) & (np.abs(want) >= kind.tiny)
        holds &= away_from_root(f, x, want) if is_grad else True
        yield np.where(holds, np.where(is_exact, 0.5, bound), 0)


def worst_inputs(f, dtype):
    """The inputs with the largest bounds, and the largest, for f and for its derivative."""
    chunks = every_float32() if dtype is np.float32 else sampled_float64()
    found = ([], [])
    with np.errstate(all="ignore"):
        for x in chunks:
            for pairs, bounds in zip(found, limits(f, x), strict=True):
                place = bounds.argmax()
                pairs.append((float(bounds[place]), x[place]))
    return [(max(pairs)[0], [x for _, x in sorted(pairs)[-KEPT:]]) for pairs in found]


def worst_product(name, operation, x):
    """The error of the worst product found for a gate, and its operands: up, or dy and up."""
    dtype, wider = type(x), WIDER[type(x)]
    rng = np.random.default_rng(0)
    gate = np.full(PRODUCTS, x)
    factor = exact(_ufuncs.gated[name], gate[:1])[operation == "backward"][0]
    below = (2 - rng.integers(0, 64, PRODUCTS) * np.finfo(dtype).eps) / (2 * np.frexp(np.abs(factor))[0])
    dy = rng.uniform(1, 2, PRODUCTS).astype(dtype)
    if operation == "forward":
        up = below.astype(dtype)
        got, want = _ufuncs.get(name)(gate, up), factor * up.astype(wider)
    else:
        up = (below / dy).astype(dtype)
        got, want = _ufuncs.get(name, "backward")(dy, gate, up)[0], factor * (dy.astype(wider) * up.astype(wider))
    errors = ulp_error(got, want)
    place = errors.argmax()
    operands = {"gate": x, "up": up[place]} | ({"dy": dy[place]} if operation == "backward" else {})
    return errors[place], {operand: float(value).hex() for operand, value in operands.items()}


def witnesses(name, isa, dtype):
    """For the two operations of a gated pair: a bound, and the operands found that come nearest to it."""
    with on_isa(isa):
        for operation, (limit, inputs) in zip(
            ("forward", "backward"), worst_inputs(_ufuncs.gated[name], dtype), strict=True
        ):
            error, operands = max((worst_product(name, operation, x) for x in inputs), key=lambda found: found[0])
            yield {
                "name": name,
                "operation": operation,
                "dtype": dtype.__name__,
                "fma": has_fma(isa),
                "limit": round(limit, 3),
                "error": round(float(error), 3),
                **operands,
            }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", nargs="+", default=list(_ufuncs.gated), choices=_ufuncs.gated)
    names = parser.parse_args().names
    kept = [row for row in json.loads(FILE.read_text()) if row["name"] not in names] if FILE.exists() else []
    for name in names:
        for isa in {has_fma(isa): isa for isa in _ufuncs.runnable_isas()}.values():
            for dtype in (np.float32, np.float64):
                for row in witnesses(name, isa, dtype):
                    print(*row.values(), flush=True)
                    kept.append(row)
    FILE.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
