"""The stub tells the types of results, to mypy."""

import subprocess
import sys

import pytest

pytest.importorskip("mypy", reason="mypy is not installed")

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
assert_type(fa.silu(single, dtype=np.float64), Any)
assert_type(fa.silu([1.0]), Any)
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
assert_type(fa.swiglu(1, 2), np.float64)
assert_type(fa.swiglu.backward(single, single, single), tuple[NDArray[np.float32], NDArray[np.float32]])
assert_type(fa.swiglu.backward(single, single), NDArray[np.float32])
assert_type(fa.swiglu.backward(single, single, out=single, axis=0), NDArray[np.float32])
assert_type(fa.gelu.formula, str)
assert_type(fa.softmax(single), NDArray[np.float32])
assert_type(fa.softmax(integers, axis=(0, 1)), NDArray[np.float64])
assert_type(fa.log_softmax(single, axis=None, out=single), NDArray[np.float32])
assert_type(fa.softmin.backward(single, single, 0), NDArray[np.float32])
assert_type(fa.softmax([1.0]), Any)
assert_type(fa.logsumexp(single), np.float32)
assert_type(fa.logsumexp(single, axis=0, keepdims=True), NDArray[np.float32])
assert_type(fa.logsumexp(single, axis=0), Any)
assert_type(fa.softmax.formula, str)
assert_type(fa.gelu.nin, int)
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
assert_type(fa.bias_act.backward(single, single, single), tuple[NDArray[np.float32], NDArray[np.float32]])
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
    "fa.logsumexp.backward(single, single)",  # its derivative is softmax
]


def test_mypy(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(RIGHT + "\n".join(WRONG) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = {int(line.split(":")[1]) for line in result.stdout.splitlines() if ": error:" in line}
    first = RIGHT.count("\n") + 1
    assert lines == set(range(first, first + len(WRONG))), result.stdout
