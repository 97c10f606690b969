"""The memory that the implementations of a race share."""

import numpy as np

from fastact import _ufuncs
from fastact._halves import halves

from ._peers import BenchCase, Operands, fastact_entry, results_of

ALIGNMENT = 64  # bytes: what every library finds good


def aligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    count, itemsize = int(np.prod(shape)), np.dtype(dtype).itemsize
    memory = np.zeros(count * itemsize + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + count * itemsize].view(dtype).reshape(shape)


def zeros(case: BenchCase, shape: tuple[int, ...]) -> np.ndarray:
    """Memory for an operand; strided: every other column of a matrix."""
    if case.layout == "contiguous":
        return aligned(shape, case.dtype)
    *rows, columns = shape
    return aligned((*rows, 2 * columns), case.dtype)[..., ::2]


def normal(case: BenchCase, seed: int, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """3 * N(0, 1), by default for an operand of the shape of x."""
    result = zeros(case, case.array_shape if shape is None else shape)
    result[...] = 3 * np.random.default_rng(seed).standard_normal(result.shape, np.dtype(case.dtype))
    return result


def operands_for(case: BenchCase) -> Operands:
    """Make what the spellings of a case call by name; what they do not need is small, or memory for copies."""
    shape = case.array_shape
    operands = {"x": normal(case, 0), "dy": normal(case, 1)}
    if case.function in _ufuncs.gated:
        both = normal(case, 0, (2 * shape[0], *shape[1:]))
        up, x = halves(both, 0)
        operands |= {"x": x, "up": up, "both": both}
    elif case.function == "prelu":
        weight = np.linspace(0.05, 0.5, shape[case.channel_axis], dtype=case.dtype)
        operands |= {"weight": weight, "along": weight.reshape(-1, *(1 for _ in shape[case.channel_axis + 1 :]))}
    elif case.function == "bias_act":
        operands["bias"] = normal(case, 2, shape[-1:])
    whole = aligned(shape, case.dtype)
    fresh = case._replace(operation="forward", output="fresh")
    (value,) = results_of(fastact_entry(fresh, operands | {"y": whole}))
    result = zeros(case, value.shape)
    result[...] = value
    y = whole if case.operation != "forward" else whole.ravel()[: value.size].reshape(value.shape)
    return operands | {"result": result, "y": y, "whole": whole}
