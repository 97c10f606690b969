"""The functions along an axis; their types are in __init__.pyi."""

from collections.abc import Callable
from typing import Any

from fastact import log_softmax as log_softmax
from fastact import logsumexp as logsumexp
from fastact import softmax as softmax
from fastact import softmin as softmin

def softmax_backward(dy: Any, y: Any, axis: Any = -1, out: Any = None) -> Any: ...
def log_softmax_backward(dy: Any, y: Any, axis: Any = -1, out: Any = None) -> Any: ...
def softmin_backward(dy: Any, y: Any, axis: Any = -1, out: Any = None) -> Any: ...
def describe(function: Callable, backward: Callable | None = None) -> None: ...
