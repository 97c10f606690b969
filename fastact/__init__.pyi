"""Types of what fastact exports: ufuncs that keep the type of a float array."""

# mypy: disable-error-code="misc"
# NumPy marks ufunc as final, and derives from it in its own stubs.

from collections.abc import Callable
from typing import Any, Final, Literal, TypedDict, TypeVar, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__version__: Final[str]

def set_num_threads(n: int) -> None: ...
def get_num_threads() -> int: ...
def show_runtime() -> None: ...

_Float = TypeVar("_Float", np.float16, np.float32, np.float64)
_Out = TypeVar("_Out", bound=NDArray[Any])
_Integers = NDArray[np.integer[Any] | np.bool_]

# Options that leave the type of the result alone; with the others it is Any.
class _Options(TypedDict, total=False):
    where: ArrayLike
    casting: Literal["no", "equiv", "safe", "same_kind", "unsafe"]
    order: Literal["K", "A", "C", "F"]

class _AllOptions(_Options, total=False):
    dtype: DTypeLike
    subok: bool
    signature: str | tuple[DTypeLike, ...]

class _Ufunc(np.ufunc):
    reference: Callable[..., Any]

class _Activation(_Ufunc):
    formula: str
    derivative: str

# With no parameters.
class _Plain(_Ufunc):
    @overload
    def __call__(self, x: NDArray[_Float], /, out: None = None, **options: Unpack[_Options]) -> NDArray[_Float]: ...
    @overload
    def __call__(self, x: _Integers, /, out: None = None, **options: Unpack[_Options]) -> NDArray[np.float64]: ...
    @overload
    def __call__(self, x: float, /, out: None = None, **options: Unpack[_Options]) -> np.float64: ...
    @overload
    def __call__(self, x: ArrayLike, /, *, out: _Out, **options: Unpack[_AllOptions]) -> _Out: ...
    @overload
    def __call__(self, x: ArrayLike, /, out: Any = None, **options: Unpack[_AllOptions]) -> Any: ...

class _PlainBackward(_Ufunc):
    @overload
    def __call__(
        self, dy: NDArray[_Float], x: NDArray[_Float], /, out: None = None, **options: Unpack[_Options]
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, dy: _Integers, x: _Integers, /, out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(self, dy: float, x: float, /, out: None = None, **options: Unpack[_Options]) -> np.float64: ...
    @overload
    def __call__(self, dy: ArrayLike, x: ArrayLike, /, *, out: _Out, **options: Unpack[_AllOptions]) -> _Out: ...
    @overload
    def __call__(self, dy: ArrayLike, x: ArrayLike, /, out: Any = None, **options: Unpack[_AllOptions]) -> Any: ...

class _PlainPair(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
    @overload
    def __call__(
        self, x: _Integers, /, out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def __call__(self, x: float, /, out: None = None, **options: Unpack[_Options]) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, *, out: tuple[_Out, _Out], **options: Unpack[_AllOptions]
    ) -> tuple[_Out, _Out]: ...
    @overload
    def __call__(self, x: ArrayLike, /, out: Any = None, **options: Unpack[_AllOptions]) -> Any: ...

class _PlainActivation(_Activation, _Plain):
    grad: _Plain
    backward: _PlainBackward
    value_and_grad: _PlainPair

# With negative_slope.
class _NegativeSlope(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, negative_slope: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, x: _Integers, /, negative_slope: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x: float, /, negative_slope: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, negative_slope: ArrayLike = ..., *, out: _Out, **options: Unpack[_AllOptions]
    ) -> _Out: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, negative_slope: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _NegativeSlopeBackward(_Ufunc):
    @overload
    def __call__(
        self,
        dy: NDArray[_Float],
        x: NDArray[_Float],
        /,
        negative_slope: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, dy: _Integers, x: _Integers, /, negative_slope: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, dy: float, x: float, /, negative_slope: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self,
        dy: ArrayLike,
        x: ArrayLike,
        /,
        negative_slope: ArrayLike = ...,
        *,
        out: _Out,
        **options: Unpack[_AllOptions],
    ) -> _Out: ...
    @overload
    def __call__(
        self,
        dy: ArrayLike,
        x: ArrayLike,
        /,
        negative_slope: ArrayLike = ...,
        out: Any = None,
        **options: Unpack[_AllOptions],
    ) -> Any: ...

class _NegativeSlopePair(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, negative_slope: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
    @overload
    def __call__(
        self, x: _Integers, /, negative_slope: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: float, /, negative_slope: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self,
        x: ArrayLike,
        /,
        negative_slope: ArrayLike = ...,
        *,
        out: tuple[_Out, _Out],
        **options: Unpack[_AllOptions],
    ) -> tuple[_Out, _Out]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, negative_slope: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _NegativeSlopeActivation(_Activation, _NegativeSlope):
    grad: _NegativeSlope
    backward: _NegativeSlopeBackward
    value_and_grad: _NegativeSlopePair
    grad_negative_slope: _NegativeSlope

# With min_val and max_val.
class _MinValMaxVal(_Ufunc):
    @overload
    def __call__(
        self,
        x: NDArray[_Float],
        /,
        min_val: float = ...,
        max_val: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, x: _Integers, /, min_val: float = ..., max_val: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x: float, /, min_val: float = ..., max_val: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self,
        x: ArrayLike,
        /,
        min_val: ArrayLike = ...,
        max_val: ArrayLike = ...,
        *,
        out: _Out,
        **options: Unpack[_AllOptions],
    ) -> _Out: ...
    @overload
    def __call__(
        self,
        x: ArrayLike,
        /,
        min_val: ArrayLike = ...,
        max_val: ArrayLike = ...,
        out: Any = None,
        **options: Unpack[_AllOptions],
    ) -> Any: ...

class _MinValMaxValBackward(_Ufunc):
    @overload
    def __call__(
        self,
        dy: NDArray[_Float],
        x: NDArray[_Float],
        /,
        min_val: float = ...,
        max_val: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self,
        dy: _Integers,
        x: _Integers,
        /,
        min_val: float = ...,
        max_val: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self,
        dy: float,
        x: float,
        /,
        min_val: float = ...,
        max_val: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> np.float64: ...
    @overload
    def __call__(
        self,
        dy: ArrayLike,
        x: ArrayLike,
        /,
        min_val: ArrayLike = ...,
        max_val: ArrayLike = ...,
        *,
        out: _Out,
        **options: Unpack[_AllOptions],
    ) -> _Out: ...
    @overload
    def __call__(
        self,
        dy: ArrayLike,
        x: ArrayLike,
        /,
        min_val: ArrayLike = ...,
        max_val: ArrayLike = ...,
        out: Any = None,
        **options: Unpack[_AllOptions],
    ) -> Any: ...

class _MinValMaxValPair(_Ufunc):
    @overload
    def __call__(
        self,
        x: NDArray[_Float],
        /,
        min_val: float = ...,
        max_val: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
    @overload
    def __call__(
        self, x: _Integers, /, min_val: float = ..., max_val: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: float, /, min_val: float = ..., max_val: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self,
        x: ArrayLike,
        /,
        min_val: ArrayLike = ...,
        max_val: ArrayLike = ...,
        *,
        out: tuple[_Out, _Out],
        **options: Unpack[_AllOptions],
    ) -> tuple[_Out, _Out]: ...
    @overload
    def __call__(
        self,
        x: ArrayLike,
        /,
        min_val: ArrayLike = ...,
        max_val: ArrayLike = ...,
        out: Any = None,
        **options: Unpack[_AllOptions],
    ) -> Any: ...

class _MinValMaxValActivation(_Activation, _MinValMaxVal):
    grad: _MinValMaxVal
    backward: _MinValMaxValBackward
    value_and_grad: _MinValMaxValPair
    grad_min_val: _MinValMaxVal
    grad_max_val: _MinValMaxVal

# With lambd.
class _Lambd(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, lambd: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, x: _Integers, /, lambd: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x: float, /, lambd: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, lambd: ArrayLike = ..., *, out: _Out, **options: Unpack[_AllOptions]
    ) -> _Out: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, lambd: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _LambdBackward(_Ufunc):
    @overload
    def __call__(
        self,
        dy: NDArray[_Float],
        x: NDArray[_Float],
        /,
        lambd: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, dy: _Integers, x: _Integers, /, lambd: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, dy: float, x: float, /, lambd: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: ArrayLike, /, lambd: ArrayLike = ..., *, out: _Out, **options: Unpack[_AllOptions]
    ) -> _Out: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: ArrayLike, /, lambd: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _LambdPair(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, lambd: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
    @overload
    def __call__(
        self, x: _Integers, /, lambd: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: float, /, lambd: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, lambd: ArrayLike = ..., *, out: tuple[_Out, _Out], **options: Unpack[_AllOptions]
    ) -> tuple[_Out, _Out]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, lambd: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _LambdActivation(_Activation, _Lambd):
    grad: _Lambd
    backward: _LambdBackward
    value_and_grad: _LambdPair
    grad_lambd: _Lambd

# With threshold and value.
class _ThresholdValue(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, threshold: float, value: float, out: None = None, **options: Unpack[_Options]
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, x: _Integers, /, threshold: float, value: float, out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x: float, /, threshold: float, value: float, out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, threshold: ArrayLike, value: ArrayLike, *, out: _Out, **options: Unpack[_AllOptions]
    ) -> _Out: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, threshold: ArrayLike, value: ArrayLike, out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _ThresholdValueBackward(_Ufunc):
    @overload
    def __call__(
        self,
        dy: NDArray[_Float],
        x: NDArray[_Float],
        /,
        threshold: float,
        value: float,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self,
        dy: _Integers,
        x: _Integers,
        /,
        threshold: float,
        value: float,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, dy: float, x: float, /, threshold: float, value: float, out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self,
        dy: ArrayLike,
        x: ArrayLike,
        /,
        threshold: ArrayLike,
        value: ArrayLike,
        *,
        out: _Out,
        **options: Unpack[_AllOptions],
    ) -> _Out: ...
    @overload
    def __call__(
        self,
        dy: ArrayLike,
        x: ArrayLike,
        /,
        threshold: ArrayLike,
        value: ArrayLike,
        out: Any = None,
        **options: Unpack[_AllOptions],
    ) -> Any: ...

class _ThresholdValuePair(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, threshold: float, value: float, out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
    @overload
    def __call__(
        self, x: _Integers, /, threshold: float, value: float, out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: float, /, threshold: float, value: float, out: None = None, **options: Unpack[_Options]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self,
        x: ArrayLike,
        /,
        threshold: ArrayLike,
        value: ArrayLike,
        *,
        out: tuple[_Out, _Out],
        **options: Unpack[_AllOptions],
    ) -> tuple[_Out, _Out]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, threshold: ArrayLike, value: ArrayLike, out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _ThresholdValueActivation(_Activation, _ThresholdValue):
    grad: _ThresholdValue
    backward: _ThresholdValueBackward
    value_and_grad: _ThresholdValuePair
    grad_threshold: _ThresholdValue
    grad_value: _ThresholdValue

# With beta.
class _Beta(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, beta: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, x: _Integers, /, beta: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(self, x: float, /, beta: float = ..., out: None = None, **options: Unpack[_Options]) -> np.float64: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, beta: ArrayLike = ..., *, out: _Out, **options: Unpack[_AllOptions]
    ) -> _Out: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, beta: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _BetaBackward(_Ufunc):
    @overload
    def __call__(
        self,
        dy: NDArray[_Float],
        x: NDArray[_Float],
        /,
        beta: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, dy: _Integers, x: _Integers, /, beta: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, dy: float, x: float, /, beta: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: ArrayLike, /, beta: ArrayLike = ..., *, out: _Out, **options: Unpack[_AllOptions]
    ) -> _Out: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: ArrayLike, /, beta: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _BetaPair(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, beta: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
    @overload
    def __call__(
        self, x: _Integers, /, beta: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: float, /, beta: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, beta: ArrayLike = ..., *, out: tuple[_Out, _Out], **options: Unpack[_AllOptions]
    ) -> tuple[_Out, _Out]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, beta: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _BetaActivation(_Activation, _Beta):
    grad: _Beta
    backward: _BetaBackward
    value_and_grad: _BetaPair
    grad_beta: _Beta

# With alpha.
class _Alpha(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, alpha: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, x: _Integers, /, alpha: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, x: float, /, alpha: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, alpha: ArrayLike = ..., *, out: _Out, **options: Unpack[_AllOptions]
    ) -> _Out: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, alpha: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _AlphaBackward(_Ufunc):
    @overload
    def __call__(
        self,
        dy: NDArray[_Float],
        x: NDArray[_Float],
        /,
        alpha: float = ...,
        out: None = None,
        **options: Unpack[_Options],
    ) -> NDArray[_Float]: ...
    @overload
    def __call__(
        self, dy: _Integers, x: _Integers, /, alpha: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self, dy: float, x: float, /, alpha: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> np.float64: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: ArrayLike, /, alpha: ArrayLike = ..., *, out: _Out, **options: Unpack[_AllOptions]
    ) -> _Out: ...
    @overload
    def __call__(
        self, dy: ArrayLike, x: ArrayLike, /, alpha: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _AlphaPair(_Ufunc):
    @overload
    def __call__(
        self, x: NDArray[_Float], /, alpha: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
    @overload
    def __call__(
        self, x: _Integers, /, alpha: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, x: float, /, alpha: float = ..., out: None = None, **options: Unpack[_Options]
    ) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, alpha: ArrayLike = ..., *, out: tuple[_Out, _Out], **options: Unpack[_AllOptions]
    ) -> tuple[_Out, _Out]: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, alpha: ArrayLike = ..., out: Any = None, **options: Unpack[_AllOptions]
    ) -> Any: ...

class _AlphaActivation(_Activation, _Alpha):
    grad: _Alpha
    backward: _AlphaBackward
    value_and_grad: _AlphaPair
    grad_alpha: _Alpha

relu: _PlainActivation
relu6: _PlainActivation
leaky_relu: _NegativeSlopeActivation
hard_tanh: _MinValMaxValActivation
hard_sigmoid: _PlainActivation
hard_swish: _PlainActivation
soft_shrink: _LambdActivation
hard_shrink: _LambdActivation
threshold: _ThresholdValueActivation
sigmoid: _PlainActivation
silu: _PlainActivation
swish: _BetaActivation
log_sigmoid: _PlainActivation
softplus: _BetaActivation
mish: _PlainActivation
elu: _AlphaActivation
selu: _PlainActivation
celu: _AlphaActivation
tanh: _PlainActivation
tanh_shrink: _PlainActivation
softsign: _PlainActivation
gelu: _PlainActivation
gelu_tanh: _PlainActivation
