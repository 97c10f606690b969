"""How the peers of `python -m fastact bench` spell the activations.

EXPRESSIONS hold the parameters by name; in the others they are braced, and `{out}` stands for the output argument, if
any. `result` is what the forward pass returned.
"""

import math

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

JAX = {"softsign": "soft_sign", "gelu_tanh": "gelu"}  # where the name is another


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
}
