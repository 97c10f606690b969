"""prelu and its gradients: those of leaky_relu, with sums over channels that keep their digits."""

import numpy as np
import pytest
from calls import assert_same, make_array
from conftest import on_threads
from layer_calls import along, assert_sum, channels_of, each_dtype, exact_sum, large, shapes, wider

import fastact as fa


def cancelling(shape, axis, seed=0):
    """float64 of any size whose sums over each channel are finite, and their parts in most orders are not."""
    rng = np.random.default_rng(seed)
    moved = np.zeros(np.moveaxis(np.empty(shape), axis, 0).shape if len(shape) > 1 or axis != 1 else (1, *shape))
    size = moved[0].size if len(moved) else 0
    for channel in range(len(moved)):
        half = rng.uniform(-1, 1, size // 2) * np.finfo(float).max
        terms = np.concatenate([half, -half, [1.5] * (size % 2)])
        moved[channel] = rng.permutation(terms).reshape(moved[channel].shape)
    return np.ascontiguousarray(np.moveaxis(moved, 0, axis).reshape(shape))


def assert_large_sum(got, terms, like):
    """assert_sum where math.fsum overflows."""
    scale = 2.0**-200
    want, sizes = exact_sum(terms * scale, like)
    assert np.isfinite(got).all()
    assert (np.abs(got * scale - want) <= 0.5 * np.spacing(np.abs(want)) + 2.0**-44 * sizes).all()


@shapes
@each_dtype
def test_prelu_is_leaky_relu(shape, axis, dtype, isa):
    x, weight = make_array(shape, dtype), make_array(channels_of(shape, axis), dtype, 1)
    assert_same(fa.prelu(x, weight, axis), fa.leaky_relu(x, along(weight, shape, axis)))
    if weight.size:
        assert_same(fa.prelu(x, weight[0], axis), fa.leaky_relu(x, weight[0]))
        assert_same(fa.prelu(x, 0.3, axis), fa.leaky_relu(x, 0.3))


@shapes
@each_dtype
def test_prelu_backward(shape, axis, dtype, isa):
    dy, x = make_array(shape, dtype), make_array(shape, dtype, 1)
    for weight in (make_array(channels_of(shape, axis), dtype, 2), np.array([0.3], dtype)):
        shaped = along(weight, shape, axis)
        dx, dweight = fa.prelu.backward(dy, x, weight, axis)
        assert_same(dx, fa.leaky_relu.backward(dy, x, shaped))
        terms = dy.astype(wider(dtype)) * np.minimum(x, 0).astype(wider(dtype))
        assert dweight.shape == weight.shape
        assert_sum(dweight.reshape(shaped.shape), terms, shaped, dtype)


def test_prelu_of_one_dimension_has_one_channel_as_in_pytorch():
    x = np.array([-1.0, 2.0, -4.0])
    for weight in (0.5, np.float64(0.5), np.array(0.5), np.array([0.5])):
        np.testing.assert_array_equal(fa.prelu(x, weight), [-0.5, 2, -2])
        assert fa.prelu(x[0], weight) == -0.5
        assert np.shape(fa.prelu(x[0], weight)) == ()
    with pytest.raises(ValueError, match=r"^weight: "):
        fa.prelu(x, np.ones(3))
    np.testing.assert_array_equal(fa.prelu(x, np.array([0.5, 1, 0.25]), axis=0), [-0.5, 2, -1])


def test_prelu_has_limits():
    x = np.array([[-np.inf, np.inf, np.nan, -0.0]])
    np.testing.assert_array_equal(fa.prelu(x, np.array([0, 0, 0, 0.5])), [[-0.0, np.inf, np.nan, -0.0]])


@pytest.mark.parametrize(
    ("shape", "weights"),
    [((6,), 1), ((20, 5), 5), ((20, 5), 1), ((3, 4, 9, 8), 4), ((2, 3, 40, 30), 3), ((), 1)],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_prelu_against_pytorch(shape, weights, dtype):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    dy, x, weight = make_array(shape, dtype), make_array(shape, dtype, 1), make_array(weights, dtype, 2)
    tensors = [torch.tensor(x, requires_grad=True), torch.tensor(weight, requires_grad=True)]
    y = torch.nn.functional.prelu(*tensors)
    y.backward(torch.tensor(dy))
    dx, dweight = fa.prelu.backward(dy, x, weight)
    np.testing.assert_array_equal(fa.prelu(x, weight), y.detach().numpy())
    np.testing.assert_array_equal(dx, tensors[0].grad.numpy())
    np.testing.assert_allclose(dweight, tensors[1].grad.numpy(), rtol=1e-5 if dtype is np.float32 else 1e-13)


def test_prelu_of_channels_last_against_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    dy, x, weight = make_array((2, 9, 8, 3)), make_array((2, 9, 8, 3), seed=1), make_array(3, seed=2)
    moved = [torch.tensor(np.moveaxis(x, -1, 1).copy(), requires_grad=True), torch.tensor(weight, requires_grad=True)]
    y = torch.nn.functional.prelu(*moved)
    y.backward(torch.tensor(np.moveaxis(dy, -1, 1).copy()))
    dx, dweight = fa.prelu.backward(dy, x, weight, axis=-1)
    np.testing.assert_array_equal(np.moveaxis(fa.prelu(x, weight, axis=-1), -1, 1), y.detach().numpy())
    np.testing.assert_array_equal(np.moveaxis(dx, -1, 1), moved[0].grad.numpy())
    np.testing.assert_allclose(dweight, moved[1].grad.numpy(), rtol=1e-5)


@shapes
def test_sums_of_the_largest_numbers(shape, axis, isa):
    dy, x = cancelling(shape, axis), np.ones(shape)
    channels = np.full(channels_of(shape, axis), 0.25)
    dx, dweight = fa.prelu.backward(dy, -x, channels, axis)
    assert_same(dx, 0.25 * dy)
    assert_large_sum(dweight, -dy, along(channels, shape, axis) if channels.size != 1 else channels)
    if len(shape) > 1:
        bias = np.zeros(shape[axis])
        in_place = dy.copy()
        dx, dbias = fa.bias_act.backward(in_place, x, bias, "relu", axis, out=in_place)
        assert_same(dx, dy)
        for total in (dbias, fa.bias_act.backward(dy, x, bias, "relu", axis)[1]):
            assert_large_sum(total, dy, along(bias, shape, axis) if bias.size != 1 else bias)


@large
def test_sums_beside_the_largest_numbers(shape, axis):
    """Other channels keep their bits, and no number of threads changes any."""
    dy, x = make_array(shape, np.float64), np.full(shape, -1.0)
    weight = np.full(channels_of(shape, axis), 0.25)
    if weight.size == 1:
        dy = cancelling(shape, axis)
    plain = fa.prelu.backward(dy, x, weight, axis)[1]
    first = (slice(None),) * (axis % len(shape)) + (0,) if weight.size > 1 else ...
    dy[first] = cancelling(shape, axis)[first]
    with on_threads(1):
        mixed = fa.prelu.backward(dy, x, weight, axis)[1]
    assert np.isfinite(mixed).all()
    assert_same(mixed[1:], plain[1:])
    for threads in (2, 3):
        with on_threads(threads):
            assert_same(fa.prelu.backward(dy, x, weight, axis)[1], mixed)


def test_sums_of_channels_that_share_a_parameter_and_overflow_on_the_way():
    dy = np.full((5, 7, 12), np.finfo(float).max)
    dy[:, 2:5] *= -1
    dy[:, 6] = -1.5
    slope = np.full((5, 1, 12), 0.25)
    dslope = fa.leaky_relu.backward_params(dy, np.full(dy.shape, -1.0), slope)[1]
    assert_large_sum(dslope, -dy, slope)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@shapes
def test_sums_of_special_values_are_special(shape, axis, value):
    dy, weight = np.full(shape, value), np.full(channels_of(shape, axis), 0.25)
    dweight = fa.prelu.backward(dy, np.full(shape, -1.0), weight, axis)[1]
    assert_same(dweight, np.full(weight.shape, -value if dy.size else 0.0))
