"""fastact's activations as JAX functions that can be jitted, differentiated and vmapped, on CPUs."""

import ctypes
from inspect import Parameter, Signature, signature
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import fastact as fa

FORWARD, GRAD, BACKWARD, VALUE_AND_GRAD, GRAD_P = range(5)  # fa_operation
DTYPES = (jnp.float32, jnp.float64)

_library = ctypes.CDLL(str(Path(__file__).parent / "libfastact_ffi.so"))
jax.ffi.register_ffi_target("fastact", jax.ffi.pycapsule(_library.fastact_run), platform="cpu")


def _run(activation, operation, x, *inputs):
    call = jax.ffi.ffi_call("fastact", jax.ShapeDtypeStruct(x.shape, x.dtype), vmap_method="sequential")
    return call(*inputs, activation=activation, operation=np.int32(operation))


def _differentiable(name):
    """Return an activation of x and parameters of its type, each one number or an array of its shape."""

    @jax.custom_vjp
    def function(x, *parameters):
        return _run(name, FORWARD, x, x, *parameters)

    def forward(x, *parameters):
        return function(x, *parameters), (x, *parameters)

    def backward(operands, dy):
        x, *parameters = operands
        by_parameters = (dy * _run(name, GRAD_P + index, x, *operands) for index in range(len(parameters)))
        summed = (d if p.ndim else d.sum() for d, p in zip(by_parameters, parameters, strict=True))
        return _run(name, BACKWARD, x, dy, *operands), *summed

    function.defvjp(forward, backward)
    return function


def _signature(name):
    """Return how an activation of fastact is called: x, then its parameters with their defaults."""
    ufunc = getattr(fa, name, None)
    if not hasattr(ufunc, "value_and_grad"):
        raise ValueError(f"name: fastact has no activation {name!r}")
    x, *others = signature(ufunc).parameters.values()
    named = [p for p in others if p.kind is Parameter.POSITIONAL_OR_KEYWORD and p.name != "out"]
    return Signature([x, *named])


def activation(name):
    """Return an activation as a function of an array and its parameters, with the defaults that they have in NumPy.

    The array is float32 or float64. Parameters go by position or by name, and are numbers or arrays that broadcast.

    Examples
    --------
    >>> silu, elu, threshold = map(activation, ("silu", "elu", "threshold"))
    >>> jax.jit(jax.grad(silu))(1.0).round(4)
    Array(0.9277, dtype=float32)
    >>> x = jnp.array([-1.0, 1.0])
    >>> elu(x).round(4), elu(x, 2).round(4)
    (Array([-0.6321,  1.    ], dtype=float32), Array([-1.2642,  1.    ], dtype=float32))
    >>> elu(x[:, jnp.newaxis], alpha=jnp.array([0.5, 1, 2])).shape
    (2, 3)
    >>> threshold(x, 0)
    Traceback (most recent call last):
    TypeError: missing a required argument: 'value'
    >>> silu(jnp.arange(3))
    Traceback (most recent call last):
    TypeError: x: float32 or float64 is needed, not int32
    """
    arguments, function = _signature(name), _differentiable(name)

    def called(*args, **kwargs):
        given = arguments.bind(*args, **kwargs)
        given.apply_defaults()
        x = jnp.asarray(given.args[0])
        if x.dtype not in DTYPES:
            raise TypeError(f"x: float32 or float64 is needed, not {x.dtype}")
        parameters = [jnp.asarray(value, x.dtype) for value in given.args[1:]]
        shape = jnp.broadcast_shapes(x.shape, *(p.shape for p in parameters))
        # One number stays one, which all elements share; JAX itself differentiates the broadcast of an array.
        return function(jnp.broadcast_to(x, shape), *(jnp.broadcast_to(p, shape) if p.ndim else p for p in parameters))

    return called
