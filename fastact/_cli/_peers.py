"""The implementations of `python -m fastact bench`: how each of them computes an activation.

An entry is a statement and the names in it: timeit compiles the statement into its loop, so that no time includes a
wrapper. All of them read the same memory, and those that can be given an output write to the same one.

Operands are arrays by name: x, dy, result (what forward returned) and y (what is written to), for some functions a
vector or a second array, and `whole`, which is y or, where y is smaller, memory of the size of x.
"""

import ast
import importlib.util
import math
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fastact import _ufuncs
from fastact._halves import halves

from . import _functions, _spellings

OPERATIONS = ("forward", "backward", "backward_from_output")  # in which there may be peers

Operands = dict[str, np.ndarray]


class BenchCase(NamedTuple):
    """What is raced at once."""

    function: str
    operation: str
    dtype: str
    layout: str
    output: str  # fresh or given
    shape: tuple[int, ...]

    @property
    def parameters(self) -> dict[str, float]:
        return _functions.parameters(self.function)

    @property
    def names(self) -> dict[str, Any]:
        """All that the spellings call by name and that is no operand."""
        axes = [axis for axis in range(len(self.array_shape)) if axis != self.channel_axis]
        return self.parameters | _spellings.CONSTANTS.get(self.function, {}) | {"axes": tuple(axes)}

    @property
    def array_shape(self) -> tuple[int, ...]:
        """That of x: a number of elements is a vector, or a matrix where there have to be rows."""
        is_vector = self.layout == "contiguous" and self.function in _ufuncs.table
        return self.shape if is_vector or len(self.shape) > 1 else nearly_square(*self.shape)

    @property
    def channel_axis(self) -> int:
        """Along which the weight of prelu goes, or a bias."""
        return 1 if self.function == "prelu" else len(self.array_shape) - 1

    @property
    def given(self) -> bool:
        return self.output == "given"


def nearly_square(size: int) -> tuple[int, int]:
    rows = next(r for r in range(math.isqrt(size), 0, -1) if size % r == 0)
    return rows, size // rows


def outputs(value: Any) -> list[np.ndarray]:
    return [np.asarray(output) for output in (value if isinstance(value, tuple | list) else (value,))]


class Entry(NamedTuple):
    statement: str
    names: dict[str, Any]
    outputs: Callable[[Any], Sequence[np.ndarray]] = outputs  # from the value of the statement


def results_of(entry: Entry) -> Sequence[np.ndarray]:
    names = dict(entry.names)
    exec(f"value = {entry.statement}", names)
    return entry.outputs(names["value"])


def functions_called(statement: str) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(statement)) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


# fastact and what is there for scale


def fastact_entry(case: BenchCase, operands: Operands) -> Entry:
    function = _functions.get(case.function, case.operation)
    out = ["out=" + ("y" if getattr(function, "nout", 1) == 1 else "(y, d)")] if case.given else []
    names = operands | {"f": function, "d": np.empty_like(operands["y"])}
    arguments = _functions.call_of(case.function, case.operation).arguments
    return Entry(f"f({', '.join([*arguments, *out])})", names)


def negative_entry(case: BenchCase, operands: Operands) -> Entry:
    return Entry("f(x, out=whole)" if case.given else "f(x)", operands | {"f": np.negative})


def copyto_entry(case: BenchCase, operands: Operands) -> Entry:
    return Entry("f(whole, x)", operands | {"f": np.copyto})


def torch_copy_entry(case: BenchCase, operands: Operands) -> Entry:
    import torch

    return Entry("f(x)", {"f": torch.from_numpy(operands["whole"]).copy_, "x": torch.from_numpy(operands["x"])})


# Expressions

BINARY = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}


def into_y(expression: str) -> str | None:
    """Have the last operation of an expression write to y; None: there are several results."""
    match ast.parse(expression, mode="eval").body:
        case ast.Call(func=ast.Name("where")):
            return f"copyto(y, {expression})"
        case ast.Call():
            return f"{expression[:-1]}, out=y)"
        case ast.UnaryOp(ast.USub(), operand):
            return f"negative({ast.unparse(operand)}, out=y)"
        case ast.BinOp(left, operator, right):
            return f"{BINARY[type(operator)]}({ast.unparse(left)}, {ast.unparse(right)}, out=y)"
        case ast.Tuple():
            return None
    raise ValueError(expression)


def functions_of(modules: list, statement: str) -> dict[str, Callable]:
    """Return the functions that a statement calls, each of the first module that has it."""
    return {
        name: getattr(module, name)
        for name in functions_called(statement)
        for module in reversed(modules)
        if hasattr(module, name)
    }


def operands_of(operands: Operands, statement: str) -> list[str]:
    """Return the names of the operands in a statement, x before a second one."""
    used = {node.id for node in ast.walk(ast.parse(statement)) if isinstance(node, ast.Name)}
    return [name for name in operands if name in used]


def expression_entry(expression: str | None, modules: list, case: BenchCase, operands: Operands) -> Entry | None:
    if expression is None:
        return None
    statement = into_y(expression) if case.given else expression
    if statement is None:
        return None
    names = operands | case.names | functions_of(modules, statement)
    if not case.given:
        return Entry(statement, names)
    last = names[statement.partition("(")[0]]
    writes = last is np.copyto or isinstance(last, np.ufunc)
    return Entry(statement, names, lambda _: [operands["y"]]) if writes else None


def of_operation(case: BenchCase, *spellings: dict[str, str]) -> str | None:
    """How the case is spelled, by the spellings of the first OPERATIONS."""
    return dict(zip(OPERATIONS, spellings, strict=False)).get(case.operation, {}).get(case.function)


def numpy_expression(case: BenchCase) -> str | None:
    return of_operation(
        case, _spellings.EXPRESSIONS, _spellings.BACKWARD_EXPRESSIONS, _spellings.FROM_OUTPUT_EXPRESSIONS
    )


def numpy_entry(case: BenchCase, operands: Operands) -> Entry | None:
    return expression_entry(numpy_expression(case), [np], case, operands)


def scipy_entry(case: BenchCase, operands: Operands) -> Entry | None:
    import scipy.special

    return expression_entry(of_operation(case, _spellings.SCIPY_EXPRESSIONS), [scipy.special, np], case, operands)


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


BEYOND_NUMEXPR = (ast.NamedExpr, ast.Tuple, ast.keyword)  # names in between, several results, reductions


def numexpr_entry(case: BenchCase, operands: Operands) -> Entry | None:
    import numexpr

    expression = numpy_expression(case)
    if expression is None or any(isinstance(node, BEYOND_NUMEXPR) for node in ast.walk(ast.parse(expression))):
        return None
    expression = ast.unparse(WithWhere().visit(ast.parse(expression, mode="eval")))
    values = {name: np.asarray(value, case.dtype) for name, value in case.names.items()} | operands
    arguments = operands_of(values, expression)
    kind = {"float32": float, "float64": np.float64}[case.dtype]  # numexpr's names for them
    function = numexpr.NumExpr(expression, [(name, kind) for name in arguments])
    options = ["ex_uses_vml=vml", *["out=y"][: case.given]]
    return Entry(f"f({', '.join(arguments + options)})", values | {"f": function, "vml": numexpr.use_vml})


# PyTorch


def torch_entry(case: BenchCase, operands: Operands) -> Entry | None:
    import torch

    forward = _spellings.TORCH | (_spellings.TORCH_GIVEN if case.given else {})
    template = of_operation(case, forward, _spellings.TORCH_BACKWARD, _spellings.TORCH_FROM_OUTPUT)
    if template is None:
        return None
    if case.given and "{out}" not in template and "out=y" not in template:
        return None
    names: dict[str, Any] = {name: torch.from_numpy(array) for name, array in operands.items()}
    functions, keyword = {}, "out"
    for name in functions_called(template.format(out="", **case.names)):
        functions[name], keyword = (torch_backward if "backward" in name else torch_forward)(name, case.given)
    if None in functions.values():
        return None
    if "buffer" in template:
        names["buffer"] = torch.ops.aten.log_sigmoid_forward(names["x"])[1]
    statement = template.format(out=f", {keyword}=y" if case.given else "", **case.names)
    if "glu_backward" in functions:  # of both at once, and the gate is the second half
        return Entry(statement, names | functions, lambda gradient: halves(np.asarray(gradient), 0)[::-1])
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
    overload = next((getattr(overloads, o) for o in ("grad_input", "out") if o in overloads.overloads()), None)
    return overload, overload._schema.arguments[-1].name if overload else "out"


# JAX


def jax_entry(case: BenchCase, operands: Operands) -> Entry | None:
    import jax

    forward = _spellings.JAX.get(case.function, f"{case.function}(x)")
    own = _spellings.JAX_BACKWARD.get(case.function) if case.operation == "backward" else forward
    expression = own or forward
    functions = functions_of([jax.nn, jax.numpy], expression)
    is_there = functions.keys() == functions_called(expression)
    if not is_there or not operands["x"].flags.c_contiguous or case.operation not in ("forward", "backward"):
        return None
    arguments = operands_of(operands, expression)
    function = eval(f"lambda {', '.join(arguments)}: {expression}", functions)
    if own is None:
        function, arguments = jax_backward(function), ["dy", *arguments]
    names = {name: jax.numpy.asarray(operands[name]) for name in arguments}
    call = f"f({', '.join(arguments)})"
    several = isinstance(jax.eval_shape(function, *names.values()), tuple)
    if several:
        names["ready"] = jax.block_until_ready
        return None if case.given else Entry(f"ready({call})", names | {"f": jax.jit(function)})
    if not case.given:
        return Entry(f"{call}.block_until_ready()", names | {"f": jax.jit(function)})
    # XLA writes to the memory of an argument that is donated, of which it needs nothing but that.
    donated = jax.jit(lambda y, *arrays: function(*arrays), donate_argnums=0, keep_unused=True)
    names |= {"f": donated, "held": [jax.numpy.zeros(operands["y"].shape, case.dtype)]}
    return Entry(f"held[0] = f(held[0], {', '.join(arguments)}).block_until_ready()", names)


def jax_backward(forward: Callable) -> Callable:
    """The gradients with respect to all arguments, or to the only one."""
    import jax

    def backward(dy, *arrays):
        gradients = jax.vjp(forward, *arrays)[1](dy)
        return gradients if len(arrays) > 1 else gradients[0]

    return backward


# ONNX


def onnx_model(case: BenchCase, operands: Operands) -> tuple[bytes, list[str]] | None:
    """A model that computes y, and its inputs; None: there is none."""
    if case.operation != "forward" or case.layout != "contiguous" or case.function not in _spellings.ONNX:
        return None
    from onnx import parser

    element = {"float32": "float", "float64": "double"}[case.dtype]
    body = _spellings.ONNX[case.function].format(type=element, **case.names)
    inputs = [name for name in operands if name != "y" and re.search(rf"\b{name}\b", body)]
    declared = {name: f"{element}[{', '.join(map(str, operands[name].shape))}] {name}" for name in (*inputs, "y")}
    model = parser.parse_model(
        f'<ir_version: 10, opset_import: ["": 22]> {case.function} '
        f"({', '.join(declared[name] for name in inputs)}) => ({declared['y']}) {{ {body} }}"
    )
    return model.SerializeToString(), inputs


def onnxruntime_entry(case: BenchCase, operands: Operands) -> Entry | None:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import InvalidGraph, NotImplemented

    found = onnx_model(case, operands)
    if found is None:
        return None
    model, inputs = found
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _ufuncs.get_num_threads()
    options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (InvalidGraph, NotImplemented):  # many operators lack float64
        return None
    if not case.given:
        feeds = {name: operands[name] for name in inputs}
        return Entry("f(outputs, inputs)", {"f": session.run, "outputs": ["y"], "inputs": feeds})
    binding = session.io_binding()
    for name in inputs:
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(operands[name]))
    binding.bind_ortvalue_output("y", onnxruntime.OrtValue.ortvalue_from_numpy(operands["y"]))
    return Entry("f(binding)", {"f": session.run_with_iobinding, "binding": binding}, lambda _: [operands["y"]])


def openvino_entry(case: BenchCase, operands: Operands) -> Entry | None:
    import openvino

    found = onnx_model(case, operands)
    if found is None or case.dtype != "float32":  # its CPU plugin computes float64 in float32
        return None
    model, inputs = found
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": _ufuncs.get_num_threads(), "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
    for name in inputs:
        request.set_tensor(name, openvino.Tensor(operands[name], shared_memory=True))
    if not case.given:
        return Entry("f()", {"f": request.infer}, lambda results: [results[0]])
    request.set_output_tensor(openvino.Tensor(operands["y"], shared_memory=True))
    return Entry("f(share_outputs=True)", {"f": request.infer}, lambda _: [operands["y"]])


PEERS = {  # with the modules that they need
    "torch": ("torch",),
    "jax": ("jax",),
    "onnxruntime": ("onnxruntime", "onnx"),
    "openvino": ("openvino", "onnx"),
    "numexpr": ("numexpr",),
    "scipy": ("scipy",),
    "numpy": ("numpy",),
}
ENTRIES: dict[str, Callable[[BenchCase, Operands], Entry | None]] = {
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


def implementations(peers: list[str]) -> list[str]:
    return ["fastact", *peers, *(scale for scale in SCALES if scale != "torch.copy_" or "torch" in peers)]


def prepare(peers: list[str], threads: int | None) -> AbstractContextManager:
    """Make the peers ready for a number of threads, or for as many as they take; they run within what is returned."""
    inference: AbstractContextManager = nullcontext()
    if "torch" in peers:
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        inference = torch.inference_mode()
    if "jax" in peers:
        import jax

        jax.config.update("jax_enable_x64", True)
    if "openvino" in peers:
        # It would start processes beside the race; what is None here cannot be imported.
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment] # typeshed knows of modules only
    return inference
