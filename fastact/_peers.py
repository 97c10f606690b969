"""The contestants of `python -m fastact bench`: how each of them computes an activation.

An entry is a statement and the names in it: timeit compiles the statement into its loop, so that nobody pays for a
wrapper. All of them read the same memory, and those that can be given an output write to the same one.
"""

import ast
import importlib.util
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _spellings, _ufuncs
from ._docs import arrays_of

OPERATIONS = ("forward", "backward", "backward_from_output")  # in which there may be peers
REQUIRED_VALUE = 0.5  # for a parameter that has no default


class Heat(NamedTuple):
    """What is raced at once."""

    function: str
    operation: str
    dtype: str
    layout: str
    output: str  # fresh or given
    shape: tuple[int, ...]

    @property
    def parameters(self) -> dict[str, float]:
        defaults = _ufuncs.table[self.function].items()
        return {name: REQUIRED_VALUE if value is None else value for name, value in defaults}

    @property
    def names(self) -> dict[str, float]:
        """All that the spellings call by name."""
        return self.parameters | _spellings.CONSTANTS.get(self.function, {})

    @property
    def given(self) -> bool:
        return self.output == "given"


class Operands(NamedTuple):
    """The memory that all contestants share; y is for those that are given an output, result is that of forward."""

    x: np.ndarray
    dy: np.ndarray
    y: np.ndarray
    result: np.ndarray


class Entry(NamedTuple):
    statement: str
    names: dict[str, Any]
    array: Callable[[Any], np.ndarray] = np.asarray  # the result, from the value of the statement


def functions_called(statement: str) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(statement)) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


# fastact and what is there for scale


def fastact_entry(heat: Heat, operands: Operands) -> Entry:
    arrays = ["result" if name == "y" else name for name in arrays_of(heat.operation)]  # y is the output given
    required = [str(REQUIRED_VALUE) for default in _ufuncs.table[heat.function].values() if default is None]
    ufunc = _ufuncs.get(heat.function, heat.operation)
    out = ["out=" + ("y" if ufunc.nout == 1 else "(y, d)")] if heat.given else []
    names = operands._asdict() | {"f": ufunc, "d": np.empty_like(operands.y)}
    return Entry(f"f({', '.join(arrays + required + out)})", names, lambda y: y[0] if ufunc.nout > 1 else y)


def negative_entry(heat: Heat, operands: Operands) -> Entry:
    return Entry("f(x, out=y)" if heat.given else "f(x)", operands._asdict() | {"f": np.negative})


def copyto_entry(heat: Heat, operands: Operands) -> Entry:
    return Entry("f(y, x)", operands._asdict() | {"f": np.copyto}, lambda _: operands.y)


def torch_copy_entry(heat: Heat, operands: Operands) -> Entry:
    import torch

    return Entry("f(x)", {"f": torch.from_numpy(operands.y).copy_, "x": torch.from_numpy(operands.x)})


# Expressions

BINARY = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}


def into_y(expression: str) -> str:
    """Have the last operation of an expression write to y."""
    match ast.parse(expression, mode="eval").body:
        case ast.Call(func=ast.Name("where")):
            return f"copyto(y, {expression})"
        case ast.Call():
            return f"{expression[:-1]}, out=y)"
        case ast.UnaryOp(ast.USub(), operand):
            return f"negative({ast.unparse(operand)}, out=y)"
        case ast.BinOp(left, operator, right):
            return f"{BINARY[type(operator)]}({ast.unparse(left)}, {ast.unparse(right)}, out=y)"
    raise ValueError(expression)


def expression_entry(expression: str | None, modules: list, heat: Heat, operands: Operands) -> Entry | None:
    if expression is None:
        return None
    statement = into_y(expression) if heat.given else expression
    functions = {
        name: next(getattr(module, name) for module in modules if hasattr(module, name))
        for name in functions_called(statement)
    }
    result = (lambda _: operands.y) if heat.given else np.asarray
    return Entry(statement, operands._asdict() | heat.names | functions, result)


def of_operation(heat: Heat, *spellings: dict[str, str]) -> str | None:
    """How the heat is spelled, by the spellings of the first OPERATIONS."""
    return dict(zip(OPERATIONS, spellings, strict=False)).get(heat.operation, {}).get(heat.function)


def numpy_expression(heat: Heat) -> str | None:
    return of_operation(
        heat, _spellings.EXPRESSIONS, _spellings.BACKWARD_EXPRESSIONS, _spellings.FROM_OUTPUT_EXPRESSIONS
    )


def numpy_entry(heat: Heat, operands: Operands) -> Entry | None:
    return expression_entry(numpy_expression(heat), [np], heat, operands)


def scipy_entry(heat: Heat, operands: Operands) -> Entry | None:
    import scipy.special

    return expression_entry(of_operation(heat, _spellings.SCIPY_EXPRESSIONS), [scipy.special, np], heat, operands)


class WithWhere(ast.NodeTransformer):
    """maximum and minimum as comparisons: numexpr's own compute float32 in float64."""

    COMPARISONS: ClassVar = {"maximum": ">", "minimum": "<"}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        comparison = self.COMPARISONS.get(ast.unparse(node.func))
        if comparison is None:
            return node
        a, b = map(ast.unparse, node.args)
        return ast.parse(f"where(({a}) {comparison} ({b}), {a}, {b})", mode="eval").body


def numexpr_entry(heat: Heat, operands: Operands) -> Entry | None:
    import numexpr

    expression = numpy_expression(heat)
    if expression is None:
        return None
    expression = ast.unparse(WithWhere().visit(ast.parse(expression, mode="eval")))
    used = sorted({node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)})
    values = {name: np.asarray(value, heat.dtype) for name, value in heat.names.items()} | operands._asdict()
    arguments = [name for name in used if name in values]
    kind = {"float32": float, "float64": np.float64}[heat.dtype]  # numexpr's names for them
    function = numexpr.NumExpr(expression, [(name, kind) for name in arguments])
    options = ["ex_uses_vml=vml", *["out=y"][: heat.given]]
    return Entry(f"f({', '.join(arguments + options)})", values | {"f": function, "vml": numexpr.use_vml})


# PyTorch


def torch_entry(heat: Heat, operands: Operands) -> Entry | None:
    import torch

    forward = _spellings.TORCH | (_spellings.TORCH_GIVEN if heat.given else {})
    template = of_operation(heat, forward, _spellings.TORCH_BACKWARD, _spellings.TORCH_FROM_OUTPUT)
    if template is None:
        return None
    names: dict[str, Any] = {name: torch.from_numpy(array) for name, array in operands._asdict().items()}
    find = torch_forward if heat.operation == "forward" else torch_backward
    functions, keyword = {}, "out"
    for name in functions_called(template.format(out="", **heat.names)):
        functions[name], keyword = find(name, heat.given)
    if None in functions.values():
        return None
    if "buffer" in template:
        names["buffer"] = torch.ops.aten.log_sigmoid_forward(names["x"])[1]
    statement = template.format(out=f", {keyword}=y" if heat.given else "", **heat.names)
    return Entry(statement, names | functions)


def torch_forward(name: str, given: bool) -> tuple[Callable, str]:
    """The function in C++ that torch.nn.functional calls."""
    import torch

    return getattr(torch._C._nn if hasattr(torch._C._nn, name) else torch, name), "out"


def torch_backward(name: str, given: bool) -> tuple[Callable | None, str]:
    import torch

    overloads = getattr(torch.ops.aten, name)
    if not given:
        return overloads.default, "out"
    keyword = next((word for word in ("grad_input", "out") if word in overloads.overloads()), "out")
    return getattr(overloads, keyword, None), keyword


# JAX


def jax_entry(heat: Heat, operands: Operands) -> Entry | None:
    import jax

    activation = getattr(jax.nn, _spellings.JAX.get(heat.function, heat.function), None)
    if activation is None or not operands.x.flags.c_contiguous or heat.operation not in ("forward", "backward"):
        return None

    def forward(x):
        return activation(x, approximate=False) if heat.function == "gelu" else activation(x)

    def backward(dy, x):
        return jax.vjp(forward, x)[1](dy)[0]

    function, arrays = (backward, ["dy", "x"]) if heat.operation == "backward" else (forward, ["x"])
    names = {name: jax.numpy.asarray(getattr(operands, name)) for name in arrays}
    call = f"f({', '.join(arrays)})"
    if not heat.given:
        return Entry(f"{call}.block_until_ready()", names | {"f": jax.jit(function)})
    # XLA writes to the memory of an argument that is donated, of which it needs nothing but that.
    donated = jax.jit(lambda y, *arrays: function(*arrays), donate_argnums=0, keep_unused=True)
    names |= {"f": donated, "held": [jax.numpy.zeros_like(names["x"])]}
    return Entry(f"held[0] = f(held[0], {', '.join(arrays)}).block_until_ready()", names)


# ONNX


def onnx_model(heat: Heat) -> bytes | None:
    if heat.operation != "forward" or heat.layout != "contiguous" or heat.function not in _spellings.ONNX:
        return None
    from onnx import parser

    element = {"float32": "float", "float64": "double"}[heat.dtype]
    tensor = f"{element}[{', '.join(map(str, heat.shape))}]"
    body = _spellings.ONNX[heat.function].format(type=element, **heat.names)
    return parser.parse_model(
        f'<ir_version: 10, opset_import: ["": 22]> {heat.function} ({tensor} x) => ({tensor} y) {{ {body} }}'
    ).SerializeToString()


def onnxruntime_entry(heat: Heat, operands: Operands) -> Entry | None:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import InvalidGraph, NotImplemented

    model = onnx_model(heat)
    if model is None:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _ufuncs.get_num_threads()
    options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (InvalidGraph, NotImplemented):  # many operators lack float64
        return None
    if not heat.given:
        names = {"f": session.run, "outputs": ["y"], "inputs": {"x": operands.x}}
        return Entry("f(outputs, inputs)", names, lambda results: results[0])
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(operands.x))
    binding.bind_ortvalue_output("y", onnxruntime.OrtValue.ortvalue_from_numpy(operands.y))
    return Entry("f(binding)", {"f": session.run_with_iobinding, "binding": binding}, lambda _: operands.y)


def openvino_entry(heat: Heat, operands: Operands) -> Entry | None:
    import openvino

    model = onnx_model(heat)
    if model is None or heat.dtype != "float32":  # its CPU plugin computes float64 in float32
        return None
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": _ufuncs.get_num_threads(), "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
    request.set_input_tensor(openvino.Tensor(operands.x, shared_memory=True))
    if not heat.given:
        return Entry("f()", {"f": request.infer}, lambda results: results[0])
    request.set_output_tensor(openvino.Tensor(operands.y, shared_memory=True))
    return Entry("f(share_outputs=True)", {"f": request.infer}, lambda _: operands.y)


PEERS = {  # with the modules that they need
    "torch": ("torch",),
    "jax": ("jax",),
    "onnxruntime": ("onnxruntime", "onnx"),
    "openvino": ("openvino", "onnx"),
    "numexpr": ("numexpr",),
    "scipy": ("scipy",),
    "numpy": ("numpy",),
}
ENTRIES: dict[str, Callable[[Heat, Operands], Entry | None]] = {
    "fastact": fastact_entry,
    "torch": torch_entry,
    "jax": jax_entry,
    "onnxruntime": onnxruntime_entry,
    "openvino": openvino_entry,
    "numexpr": numexpr_entry,
    "scipy": scipy_entry,
    "numpy": numpy_entry,
    "np.negative": negative_entry,
    "np.copyto": copyto_entry,
    "torch.copy_": torch_copy_entry,
}
COPIES = ("np.copyto", "torch.copy_")
SCALES = ("np.negative", *COPIES)


def missing_modules(peer: str) -> list[str]:
    return [module for module in PEERS[peer] if importlib.util.find_spec(module) is None]


def contestants(peers: list[str]) -> list[str]:
    return ["fastact", *peers, *(scale for scale in SCALES if scale != "torch.copy_" or "torch" in peers)]


# Threads

# Read when a library is loaded. OpenMP teams of two libraries must not take each other's processors: a thread that has
# nothing to do may spin for a millisecond at most (libgomp counts its rounds, libomp milliseconds).
THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "FASTACT_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS"),
)
CALM = {"GOMP_SPINCOUNT": "30000", "KMP_BLOCKTIME": "1"}
SPINNING = (*CALM, "OMP_WAIT_POLICY")


def environment(inherited: dict[str, str], threads: int) -> dict[str, str]:
    """Variables of a process in which every library uses that many threads, which spin as the user says, or little."""
    calm = {} if any(name in inherited for name in SPINNING) else CALM
    ours = dict.fromkeys(THREAD_VARIABLES, str(threads)) | {"JAX_PLATFORMS": "cpu"}
    if threads == 1:
        ours["XLA_FLAGS"] = f"{inherited.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".lstrip()
    return inherited | calm | ours


def prepare(peers: list[str]) -> AbstractContextManager:
    """Make the peers ready for as many threads as fastact uses; they run within what is returned."""
    inference: AbstractContextManager = nullcontext()
    if "torch" in peers:
        import torch

        torch.set_num_threads(_ufuncs.get_num_threads())
        inference = torch.inference_mode()
    if "jax" in peers:
        import jax

        jax.config.update("jax_enable_x64", True)
    if "openvino" in peers:
        sys.modules["openvino_telemetry"] = None  # it would start processes beside the race
    return inference
