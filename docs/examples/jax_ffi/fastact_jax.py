"""fastact's activations as JAX functions that can be jitted, differentiated and vmapped, on CPUs."""

import ctypes
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

FORWARD, GRAD, BACKWARD, VALUE_AND_GRAD, GRAD_P = range(5)  # fa_operation

_library = ctypes.CDLL(str(Path(__file__).parent / "libfastact_ffi.so"))
jax.ffi.register_ffi_target("fastact", jax.ffi.pycapsule(_library.fastact_run), platform="cpu")


def _run(activation, operation, x, *inputs):
    call = jax.ffi.ffi_call("fastact", jax.ShapeDtypeStruct(x.shape, x.dtype), vmap_method="sequential")
    return call(*inputs, activation=activation, operation=np.int32(operation))


def activation(name):
    """Return an activation as a function of an array and its parameters, which are numbers.

    Examples
    --------
    >>> silu = activation("silu")
    >>> jax.jit(jax.grad(silu))(1.0).round(4)
    Array(0.9277, dtype=float32)
    """

    @jax.custom_vjp
    def function(x, *parameters):
        return _run(name, FORWARD, x, x, *parameters)

    def forward(x, *parameters):
        return function(x, *parameters), (x, *parameters)

    def backward(operands, dy):
        x, *parameters = operands
        by_parameters = (
            jnp.sum(dy * _run(name, GRAD_P + index, x, x, *parameters)) for index in range(len(parameters))
        )
        return _run(name, BACKWARD, x, dy, x, *parameters), *by_parameters

    function.defvjp(forward, backward)

    def converted(x, *parameters):
        x = jnp.asarray(x)
        return function(x, *(jnp.asarray(parameter, x.dtype) for parameter in parameters))

    return converted
