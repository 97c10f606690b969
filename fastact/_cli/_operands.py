"""The memory that the contestants of a race share."""

import numpy as np

from fastact import _ufuncs
from fastact._halves import halves

from ._peers import Heat, Operands, fastact_entry, results_of

ALIGNMENT = 64  # bytes: what every library finds good


def aligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    count, itemsize = int(np.prod(shape)), np.dtype(dtype).itemsize
    memory = np.zeros(count * itemsize + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + count * itemsize].view(dtype).reshape(shape)


def zeros(heat: Heat, shape: tuple[int, ...]) -> np.ndarray:
    """Memory for an operand; strided: every other column of a matrix."""
    if heat.layout == "contiguous":
        return aligned(shape, heat.dtype)
    *rows, columns = shape
    return aligned((*rows, 2 * columns), heat.dtype)[..., ::2]


def normal(heat: Heat, seed: int, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """3 * N(0, 1), by default for an operand of the shape of x."""
    result = zeros(heat, heat.array_shape if shape is None else shape)
    result[...] = 3 * np.random.default_rng(seed).standard_normal(result.shape, np.dtype(heat.dtype))
    return result


def operands_for(heat: Heat) -> Operands:
    """Make what the spellings of a heat call by name; what they do not need is small, or memory for copies."""
    shape = heat.array_shape
    operands = {"x": normal(heat, 0), "dy": normal(heat, 1)}
    if heat.function in _ufuncs.gated:
        both = normal(heat, 0, (2 * shape[0], *shape[1:]))
        up, x = halves(both, 0)
        operands |= {"x": x, "up": up, "both": both}
    elif heat.function == "prelu":
        weight = np.linspace(0.05, 0.5, shape[heat.channel_axis], dtype=heat.dtype)
        operands |= {"weight": weight, "along": weight.reshape(-1, *(1 for _ in shape[heat.channel_axis + 1 :]))}
    elif heat.function == "bias_act":
        operands["bias"] = normal(heat, 2, shape[-1:])
    whole = aligned(shape, heat.dtype)
    fresh = heat._replace(operation="forward", output="fresh")
    (value,) = results_of(fastact_entry(fresh, operands | {"y": whole}))
    result = zeros(heat, value.shape)
    result[...] = value
    y = whole if heat.operation != "forward" else whole.ravel()[: value.size].reshape(value.shape)
    return operands | {"result": result, "y": y, "whole": whole}
