"""How the peers of `python -m fastact bench` spell the activations and layers.

EXPRESSIONS hold the parameters by name; in the others they are braced, and `{out}` stands for the output argument, if
any. `result` is what the forward pass returned. Of a pair x is the gate and up the other array, and `both` has up and x
as its halves along axis 0. `weight` and `bias` are vectors, `along` is the weight in a shape that broadcasts against x,
and `axes` are all but the one that it, or the bias, goes along.
"""

import math
import re

from fastact._ufuncs import gated

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
GELU_SLOPE = math.sqrt(8 / math.pi)

CONSTANTS = {
    "selu": {"alpha": SELU_ALPHA, "scale": SELU_SCALE},
    "gelu_tanh": {"slope": GELU_SLOPE, "cubic": 0.044715 * GELU_SLOPE},
}

# NumPy and numexpr; beta and alpha are left out where their default 1 changes nothing.
EXPRESSIONS = {
    "relu": "maximum(x, 0)",
    "relu6": "minimum(maximum(x, 0), 6)",
    "leaky_relu": "maximum(x, negative_slope * x)",
    "hard_tanh": "minimum(maximum(x, min_val), max_val)",
    "hard_sigmoid": "minimum(maximum(x + 3, 0), 6) / 6",
    "hard_swish": "x * minimum(maximum(x + 3, 0), 6) / 6",
    "soft_shrink": "x - minimum(maximum(x, -lambd), lambd)",
    "hard_shrink": "where(abs(x) > lambd, x, 0)",
    "threshold": "where(x > threshold, x, value)",
    "sigmoid": "1 / (1 + exp(-x))",
    "silu": "x / (1 + exp(-x))",
    "swish": "x / (1 + exp(-x))",
    "log_sigmoid": "minimum(x, 0) - log1p(exp(-abs(x)))",
    "softplus": "maximum(x, 0) + log1p(exp(-abs(x)))",
    "mish": "x * tanh(maximum(x, 0) + log1p(exp(-abs(x))))",
    "elu": "maximum(x, 0) + expm1(minimum(x, 0))",
    "selu": "scale * (maximum(x, 0) + alpha * expm1(minimum(x, 0)))",
    "celu": "maximum(x, 0) + expm1(minimum(x, 0))",
    "tanh": "tanh(x)",
    "tanh_shrink": "x - tanh(x)",
    "softsign": "x / (1 + abs(x))",
    "gelu_tanh": "x / (1 + exp(-x * (slope + cubic * x * x)))",
    "softmax": "(e := exp(x - max(x, -1, keepdims=True))) / sum(e, -1, keepdims=True)",
    "log_softmax": "(d := x - max(x, -1, keepdims=True)) - log(sum(exp(d), -1, keepdims=True))",
    "softmin": "(e := exp(min(x, -1, keepdims=True) - x)) / sum(e, -1, keepdims=True)",
    "logsumexp": "(m := max(x, -1)) + log(sum(exp(x - m[..., None]), -1))",
    "prelu": "where(x > 0, x, along * x)",
}
BACKWARD_EXPRESSIONS = {
    "relu": "where(x > 0, dy, 0)",
    "relu6": "where((x > 0) & (x < 6), dy, 0)",
    "leaky_relu": "where(x > 0, dy, negative_slope * dy)",
    "hard_tanh": "where((x > min_val) & (x < max_val), dy, 0)",
    "hard_sigmoid": "where((x > -3) & (x < 3), dy / 6, 0)",
    "hard_swish": "where(x > 3, dy, where(x > -3, dy * (2 * x + 3) / 6, 0))",
    "soft_shrink": "where(abs(x) > lambd, dy, 0)",
    "hard_shrink": "where(abs(x) > lambd, dy, 0)",
    "threshold": "where(x > threshold, dy, 0)",
    "sigmoid": "dy / (2 + exp(x) + exp(-x))",
    "silu": "dy * (1 + x / (1 + exp(x))) / (1 + exp(-x))",
    "swish": "dy * (1 + x / (1 + exp(x))) / (1 + exp(-x))",
    "log_sigmoid": "dy / (1 + exp(x))",
    "softplus": "dy / (1 + exp(-x))",
    "elu": "dy * exp(minimum(x, 0))",
    "selu": "scale * dy * where(x > 0, 1, alpha * exp(x))",
    "celu": "dy * exp(minimum(x, 0))",
    "tanh": "dy * (1 - tanh(x) ** 2)",
    "tanh_shrink": "dy * tanh(x) ** 2",
    "softsign": "dy / (1 + abs(x)) ** 2",
    "softmax": "result * (dy - sum(dy * result, -1, keepdims=True))",
    "log_softmax": "dy - exp(result) * sum(dy, -1, keepdims=True)",
    "softmin": "result * (sum(dy * result, -1, keepdims=True) - dy)",
    "prelu": "(where(x > 0, dy, along * dy), sum(where(x > 0, 0, dy * x), axes))",
}
FROM_OUTPUT_EXPRESSIONS = {
    "sigmoid": "dy * (result * (1 - result))",
    "log_sigmoid": "dy * -expm1(result)",
    "softplus": "dy * -expm1(-result)",
    "elu": "dy * where(result > 0, 1, result + alpha)",
    "selu": "dy * where(result > 0, scale, result + scale * alpha)",
    "celu": "dy * where(result > 0, 1, 1 + result)",
    "tanh": "dy * (1 - result * result)",
}
SCIPY_EXPRESSIONS = {
    "sigmoid": "expit(x)",
    "silu": "x * expit(x)",
    "swish": "x * expit(x)",
    "log_sigmoid": "log_expit(x)",
    "softplus": "-log_expit(-x)",
    "mish": "x * tanh(-log_expit(-x))",
    "gelu": "x * ndtr(x)",
    "gelu_tanh": "x * expit(x * (slope + cubic * x * x))",
    "softmax": "softmax(x, -1)",
    "log_softmax": "log_softmax(x, -1)",
    "softmin": "softmax(-x, -1)",
    "logsumexp": "logsumexp(x, -1)",
    "bias_act": "(h := x + bias) * ndtr(h)",
}

# PyTorch's own functions, less the wrappers in Python of torch.nn.functional
TORCH = {
    "relu": "relu(x{out})",
    "relu6": "hardtanh(x, 0, 6{out})",
    "leaky_relu": "leaky_relu(x, {negative_slope}{out})",
    "hard_tanh": "hardtanh(x, {min_val}, {max_val}{out})",
    "hard_sigmoid": "hardsigmoid(x{out})",
    "hard_swish": "hardswish(x{out})",
    "soft_shrink": "softshrink(x, {lambd}{out})",
    "hard_shrink": "hardshrink(x, {lambd}{out})",
    "threshold": "threshold(x, {threshold}, {value}{out})",
    "sigmoid": "sigmoid(x{out})",
    "silu": "silu(x{out})",
    "swish": "silu(x{out})",
    "log_sigmoid": "log_sigmoid(x{out})",
    "softplus": "softplus(x, {beta}{out})",
    "mish": "mish(x{out})",
    "elu": "elu(x, {alpha}{out})",
    "selu": "elu(x, {alpha}, {scale}{out})",
    "celu": "celu(x, {alpha}{out})",
    "tanh": "tanh(x{out})",
    "tanh_shrink": "sub(x, tanh(x{out}){out})",
    "softsign": "div(x, abs(x{out}).add_(1){out})",
    "gelu": "gelu(x{out})",
    "gelu_tanh": "gelu(x, approximate='tanh'{out})",
    "softmax": "softmax(x, -1{out})",
    "log_softmax": "log_softmax(x, -1{out})",
    "softmin": "softmax(neg(x), -1{out})",
    "logsumexp": "logsumexp(x, -1{out})",
    "prelu": "prelu(x, weight)",
    "bias_act": "gelu(add(x, bias){out})",
}
TORCH_GIVEN = {  # where the function itself takes no output, what it is made of
    "relu": "clamp_min(x, 0, out=y)",
    "celu": "elu(x, {alpha}, out=y)",
}
TORCH_BACKWARD = {
    "relu": "threshold_backward(dy, x, 0{out})",
    "relu6": "hardtanh_backward(dy, x, 0, 6{out})",
    "leaky_relu": "leaky_relu_backward(dy, x, {negative_slope}, False{out})",
    "hard_tanh": "hardtanh_backward(dy, x, {min_val}, {max_val}{out})",
    "hard_sigmoid": "hardsigmoid_backward(dy, x{out})",
    "hard_swish": "hardswish_backward(dy, x{out})",
    "soft_shrink": "softshrink_backward(dy, x, {lambd}{out})",
    "hard_shrink": "hardshrink_backward(dy, x, {lambd}{out})",
    "threshold": "threshold_backward(dy, x, {threshold}{out})",
    "sigmoid": "sigmoid_backward(dy, result{out})",
    "silu": "silu_backward(dy, x{out})",
    "swish": "silu_backward(dy, x{out})",
    "log_sigmoid": "log_sigmoid_backward(dy, x, buffer{out})",
    "softplus": "softplus_backward(dy, x, {beta}, 20{out})",
    "mish": "mish_backward(dy, x{out})",
    "elu": "elu_backward(dy, {alpha}, 1, 1, False, x{out})",
    "selu": "elu_backward(dy, {alpha}, {scale}, 1, False, x{out})",
    "celu": "elu_backward(dy, {alpha}, 1, 1, False, x{out})",
    "tanh": "tanh_backward(dy, result{out})",
    "gelu": "gelu_backward(dy, x{out})",
    "gelu_tanh": "gelu_backward(dy, x, approximate='tanh'{out})",
    "softmax": "_softmax_backward_data(dy, result, -1, x.dtype{out})",
    "log_softmax": "_log_softmax_backward_data(dy, result, -1, x.dtype{out})",
    "softmin": "neg(_softmax_backward_data(dy, result, -1, x.dtype))",
    "prelu": "((p := _prelu_kernel_backward(dy, x, along))[0], sum(p[1], {axes}))",
    "bias_act": "((d := gelu_backward(dy, add(x, bias))), sum(d, {axes}))",
}
TORCH_FROM_OUTPUT = {
    "sigmoid": "sigmoid_backward(dy, result{out})",
    "log_sigmoid": "log_sigmoid_backward(dy, x, buffer{out})",
    "softplus": "softplus_backward(dy, x, {beta}, 20{out})",
    "elu": "elu_backward(dy, {alpha}, 1, 1, True, result{out})",
    "selu": "elu_backward(dy, {alpha}, {scale}, 1, True, result{out})",
    "celu": "elu_backward(dy, {alpha}, 1, 1, True, result{out})",
    "tanh": "tanh_backward(dy, result{out})",
}

JAX = {  # where it is not the name of the function, of x
    "softsign": "soft_sign(x)",
    "gelu": "gelu(x, approximate=False)",
    "gelu_tanh": "gelu(x)",
    "softmin": "softmax(-x)",
    "logsumexp": "logsumexp(x, -1)",
    "prelu": EXPRESSIONS["prelu"],
    "bias_act": "gelu(x + bias, approximate=False)",
}
JAX_BACKWARD = {  # where it is not what JAX derives
    name: BACKWARD_EXPRESSIONS[name] for name in ("softmax", "log_softmax", "softmin")
}


def onnx_clip(low: str, high: str) -> str:
    bounds = {"low": low, "high": high}.items()
    constants = (f"{name} = Constant<value = {{type}} {{{{{value}}}}}>()" for name, value in bounds)
    return f"{' '.join(constants)} y = Clip(x, low, high)"


ONNX = {
    "relu": "y = Relu(x)",
    "relu6": onnx_clip("0.0", "6.0"),
    "leaky_relu": "y = LeakyRelu<alpha = {negative_slope}>(x)",
    "hard_tanh": onnx_clip("{min_val}", "{max_val}"),
    "hard_sigmoid": "y = HardSigmoid<alpha = 0.16666667, beta = 0.5>(x)",
    "hard_swish": "y = HardSwish(x)",
    "soft_shrink": "y = Shrink<lambd = {lambd}, bias = {lambd}>(x)",
    "hard_shrink": "y = Shrink<lambd = {lambd}>(x)",
    "sigmoid": "y = Sigmoid(x)",
    "silu": "s = Sigmoid(x) y = Mul(x, s)",
    "swish": "s = Sigmoid(x) y = Mul(x, s)",
    "log_sigmoid": "n = Neg(x) s = Softplus(n) y = Neg(s)",
    "softplus": "y = Softplus(x)",
    "mish": "y = Mish(x)",
    "elu": "y = Elu(x)",
    "selu": "y = Selu(x)",
    "celu": "y = Celu(x)",
    "tanh": "y = Tanh(x)",
    "tanh_shrink": "t = Tanh(x) y = Sub(x, t)",
    "softsign": "y = Softsign(x)",
    "gelu": "y = Gelu(x)",
    "gelu_tanh": 'y = Gelu<approximate = "tanh">(x)',
    "softmax": "y = Softmax<axis = -1>(x)",
    "log_softmax": "y = LogSoftmax<axis = -1>(x)",
    "softmin": "n = Neg(x) y = Softmax<axis = -1>(n)",
    "logsumexp": "last = Constant<value = int64[1] {{-1}}>() y = ReduceLogSumExp<keepdims = 0>(x, last)",
    "prelu": "y = PRelu(x, along)",
    "bias_act": "h = Add(x, bias) y = Gelu(h)",
}


# Pairs, as their gates are spelled


def replaced(name: str, by: str, text: str) -> str:
    return re.sub(rf"\b{name}\b", by, text)


for pair, gate in gated.items():
    torch_gate = TORCH[gate].replace("{out}", "")
    TORCH[pair] = f"mul({torch_gate}, up{{out}})"
    TORCH_BACKWARD[pair] = (
        f"({replaced('dy', 'mul(dy, up)', TORCH_BACKWARD[gate]).replace('{out}', '')}, mul(dy, {torch_gate}))"
    )
    JAX[pair] = f"{JAX.get(gate, f'{gate}(x)')} * up"
    ONNX[pair] = f"{replaced('y', 'g', ONNX[gate])} y = Mul(g, up)"
    for expressions in (EXPRESSIONS, SCIPY_EXPRESSIONS):
        if gate in expressions:
            expressions[pair] = f"({expressions[gate]}) * up"
    if gate in BACKWARD_EXPRESSIONS:
        slope = replaced("dy", "(dy * up)", BACKWARD_EXPRESSIONS[gate])
        BACKWARD_EXPRESSIONS[pair] = f"({slope}, dy * ({EXPRESSIONS[gate]}))"

TORCH["glu"] = "glu(both, 0{out})"
TORCH_BACKWARD["glu"] = "glu_backward(dy, both, 0)"
