"""fastact.views over memory of any exporter, which is given back."""

import ctypes
import mmap
import sys
from array import array

import numpy as np
import pytest
from calls import (
    assert_same,
    make_array,
    read_only,
)
from conftest import same_bits
from view_operands import DLPackExporter, Exporter, contents, every_type, f32

import fastact as fa
from fastact import views

# --- Exporters of memory ---------------------------------------------------------------------------------------------


def mapped(values):
    memory = mmap.mmap(-1, max(values.nbytes, 1))
    memory[: values.nbytes] = values.tobytes()
    return memoryview(memory)[: values.nbytes].cast(values.dtype.char)


def in_ctypes(values):
    kind = ctypes.c_float if values.dtype == np.float32 else ctypes.c_double
    return (kind * values.size)(*values)


class ArrayExporter(Exporter):
    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype, copy=copy)


OWNERS = {
    "ndarray": np.array,
    "subclass": lambda values: np.array(values).view(type("Subclass", (np.ndarray,), {})),
    "array.array": lambda values: array(values.dtype.char, values),
    "memoryview": lambda values: memoryview(np.array(values)),
    "native memoryview": lambda values: memoryview(bytearray(values.tobytes())).cast(f"@{values.dtype.char}"),
    "bytearray": lambda values: memoryview(bytearray(values.tobytes())).cast(values.dtype.char),
    "mmap": mapped,
    "ctypes": in_ctypes,
    "DLPack": DLPackExporter,
    "__array__": ArrayExporter,
}
READ_ONLY_OWNERS = {
    "read-only ndarray": read_only,
    "bytes": lambda values: memoryview(values.tobytes()).cast(values.dtype.char),
    "read-only memoryview": lambda values: memoryview(values).toreadonly(),
}


@every_type
@pytest.mark.parametrize("x_owner", [*OWNERS, *READ_ONLY_OWNERS])
@pytest.mark.parametrize("out_owner", OWNERS)
def test_owners(dtype, x_owner, out_owner):
    values = make_array(70, dtype)
    x = (OWNERS | READ_ONLY_OWNERS)[x_owner](values)
    out = OWNERS[out_owner](np.zeros(70, dtype))
    assert views.silu(x, out) is out
    assert same_bits(contents(out), fa.silu(values))
    assert same_bits(contents(x), values)


CANNOT_BE_EMPTY = {"native memoryview", "bytearray", "bytes", "mmap"}  # Python does not cast memory of no elements


@pytest.mark.parametrize("owner", sorted({*OWNERS, *READ_ONLY_OWNERS} - CANNOT_BE_EMPTY))
def test_owners_of_nothing(owner):
    make = (OWNERS | READ_ONLY_OWNERS)[owner]
    out = np.empty(0, np.float32)
    assert views.silu(make(np.empty(0, np.float32)), out) is out


@every_type
def test_pytorch_tensors(dtype):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    values = make_array((3, 4), dtype)
    out = torch.zeros(3, 4, dtype=getattr(torch, np.dtype(dtype).name))
    assert views.swish(torch.tensor(values), out, 2) is out
    assert same_bits(out.numpy(), fa.swish(values, 2))
    with pytest.raises(TypeError, match=r"^x: Tensor does not lend its memory: .*grad"):
        views.silu(torch.tensor(values, requires_grad=True), out)
    assert same_bits(out.numpy(), fa.swish(values, 2))


def test_pending_signs_are_refused():
    """PyTorch negates lazily: memory that DLPack hands on has the other sign then."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x = torch.tensor([1.0, -2.0, 3.0])
    imaginary = torch.complex(x, x).conj().imag
    assert imaginary.is_neg()
    for pending in (torch._neg_view(x), imaginary):
        out = torch.zeros(3)
        with pytest.raises(TypeError, match=r"^x: Tensor .* write .resolve_neg\(\)"):
            views.relu(pending, out)
        with pytest.raises(TypeError, match=r"^out: Tensor .* write .resolve_neg\(\)"):
            views.relu(out, pending)
        assert out.tolist() == [0, 0, 0]
        assert views.relu(pending.resolve_neg().contiguous(), out).tolist() == [0, 2, 0]
    with pytest.raises(TypeError, match=r"^x: Tensor .* write .resolve_conj\(\)"):
        views.relu(torch.complex(x, x).conj(), x)


def test_pandas_series():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    x = pandas.Series(make_array(9))
    out = np.empty(9, np.float32)
    assert_same(views.silu(x, out), fa.silu(x.to_numpy()))


@pytest.mark.parametrize("scalar", [np.float32(0.5), ctypes.c_float(0.5)])
def test_scalars_are_memory_without_dimensions(scalar):
    out = ctypes.c_float(0)
    views.silu(scalar, out)
    assert out.value == fa.silu(np.float32(0.5))


# --- Memory is given back --------------------------------------------------------------------------------------------


def test_buffers_are_released():
    """An array.array refuses to grow while a buffer of it is held."""
    x, out, short = array("f", [1, 2, 3]), array("f", [0, 0, 0]), array("f", [0])
    views.silu(x, out)
    with pytest.raises(ValueError, match="shape"):
        views.silu(x, short)
    with pytest.raises(ValueError, match="shares"):
        views.silu_value_and_grad(x, out, out)
    with pytest.raises(TypeError, match="list"):
        views.silu_value_and_grad(x, out, [])
    with pytest.raises(TypeError, match="number"):
        views.swish(x, out, "1")
    for owner in (x, out, short):
        owner.append(0)


def test_references_are_counted():
    x, out = make_array(5), f32(5)
    beta = 1234.5
    counts = [sys.getrefcount(thing) for thing in (x, out, beta)]
    for _ in range(100):
        views.swish(x, out, beta)
        with pytest.raises(ValueError, match="shape"):
            views.swish(x, out[1:], beta)
    assert [sys.getrefcount(thing) for thing in (x, out, beta)] == counts


def test_exporters_are_given_back():
    exporter = DLPackExporter(make_array(5))
    count = sys.getrefcount(exporter.values)
    views.silu(exporter, exporter)
    after = sys.getrefcount(exporter.values)
    assert after == count
