"""What the documentation says of every activation, and how the docstrings of its ufuncs are put together."""

from dataclasses import dataclass, field

from fastact import _roots, _ufuncs


@dataclass(frozen=True)
class Doc:
    """What is said of an activation, in the names of its arguments."""

    summary: str
    formula: str  # Python, in x, the parameters and what is in math; a number is exactly the one written
    derivative: str  # mathematics to be read; at kinks: the one that PyTorch takes
    example: str
    from_output: str | None = None  # the derivative like formula, but in y = f(x); None: there is no such operation
    sources: tuple[str, ...] = ()  # none: it is older than neural networks, or has no known first mention
    parameters: dict[str, str] = field(default_factory=dict)
    parameter_derivatives: dict[str, str] = field(default_factory=dict)
    root: str | None = None  # of the derivative, where it is crossed by a smooth curve


HENDRYCKS = 'D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)", 2016, arXiv:1606.08415.'
HOWARD = 'A. Howard et al., "Searching for MobileNetV3", ICCV 2019, arXiv:1905.02244.'
DONOHO = 'D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81, 1994.'

DOCS = {
    "relu": Doc(
        summary="Rectified linear unit.",
        formula="max(x, 0)",
        derivative="1 for x > 0, else 0",
        example=">>> fa.relu([-1.0, 0.0, 2.0])\narray([0., 0., 2.])",
        sources=('V. Nair, G. E. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.',),
    ),
    "relu6": Doc(
        summary="Rectified linear unit, bounded by 6.",
        formula="min(max(x, 0), 6)",
        derivative="1 for 0 < x < 6, else 0",
        example=">>> fa.relu6([-1.0, 2.0, 8.0])\narray([0., 2., 6.])",
        sources=('A. Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.',),
    ),
    "leaky_relu": Doc(
        summary="Rectified linear unit that lets negative numbers through with a small slope.",
        formula="x if x > 0 else negative_slope * x",
        derivative="1 for x > 0, else negative_slope",
        example=">>> fa.leaky_relu([-1.0, 0.0, 2.0], negative_slope=0.25)\narray([-0.25,  0.  ,  2.  ])",
        sources=(
            "A. L. Maas, A. Y. Hannun, A. Y. Ng, "
            '"Rectifier nonlinearities improve neural network acoustic models", ICML 2013.',
        ),
        parameters={"negative_slope": "Slope for negative x; any real number."},
        parameter_derivatives={"negative_slope": "min(x, 0)"},
    ),
    "hard_tanh": Doc(
        summary="The identity, held between two limits.",
        formula="min(max(x, min_val), max_val)",
        derivative="1 for min_val < x < max_val, else 0",
        example=">>> fa.hard_tanh([-2.0, 0.5, 2.0])\narray([-1. ,  0.5,  1. ])",
        sources=('R. Collobert, "Large scale machine learning", thesis, Université Paris VI, 2004.',),
        parameters={
            "min_val": "Lower limit.",
            "max_val": "Upper limit; it wins where it is the smaller of the two.",
        },
        parameter_derivatives={
            "min_val": "1 for x <= min_val <= max_val, else 0",
            "max_val": "1 for max(x, min_val) >= max_val, else 0",
        },
    ),
    "hard_sigmoid": Doc(
        summary="Piecewise linear stand-in for the sigmoid.",
        formula="min(max(x + 3, 0), 6) / 6",
        derivative="1/6 for -3 < x < 3, else 0",
        example=">>> fa.hard_sigmoid([-4.0, 0.0, 1.5])\narray([0.  , 0.5 , 0.75])",
        sources=(HOWARD,),
    ),
    "hard_swish": Doc(
        summary="Piecewise quadratic stand-in for SiLU: x times its hard sigmoid.",
        formula="x * min(max(x + 3, 0), 6) / 6",
        derivative="0 for x <= -3, 1 for x >= 3, else (2 x + 3) / 6",
        example=">>> fa.hard_swish([-1.5, 0.0, 4.0])\narray([-0.375,  0.   ,  4.   ])",
        sources=(HOWARD,),
        root="-1.5",
    ),
    "soft_shrink": Doc(
        summary="Soft thresholding: moves x towards 0 by lambd, and to 0 what is closer.",
        formula="x - lambd if x > lambd else x + lambd if x < -lambd else 0",
        derivative="1 for x > lambd or x < -lambd, else 0",
        example=">>> fa.soft_shrink([-2.0, 0.25, 1.0])\narray([-1.5,  0. ,  0.5])",
        sources=(DONOHO,),
        parameters={"lambd": "Threshold, and amount by which x moves; a negative one gives NaN."},
        parameter_derivatives={"lambd": "-1 for x > lambd, 1 for x < -lambd, else 0"},
    ),
    "hard_shrink": Doc(
        summary="Hard thresholding: 0 where x is within lambd of 0, else x.",
        formula="0 if -lambd <= x <= lambd else x",
        derivative="0 for -lambd <= x <= lambd, else 1",
        example=">>> fa.hard_shrink([-2.0, 0.25, 1.0])\narray([-2.,  0.,  1.])",
        sources=(DONOHO,),
        parameters={"lambd": "Threshold; no x is within a negative one."},
        parameter_derivatives={"lambd": "0"},
    ),
    "threshold": Doc(
        summary="Replaces what does not exceed a threshold by a value.",
        formula="x if x > threshold else value",
        derivative="1 for x > threshold, else 0",
        example=">>> fa.threshold([-1.0, 0.25, 2.0], 0.5, 9.0)\narray([9., 9., 2.])",
        sources=(
            'K. Konda, R. Memisevic, D. Krueger, "Zero-bias autoencoders and the benefits of co-adapting features", '
            "2014, arXiv:1402.3337 (for value = 0).",
        ),
        parameters={"threshold": "What x has to exceed.", "value": "What takes the place of x otherwise."},
        parameter_derivatives={"threshold": "0", "value": "0 for x > threshold, else 1"},
    ),
    "sigmoid": Doc(
        summary="Logistic function.",
        formula="1 / (1 + exp(-x))",
        derivative="exp(-x) / (1 + exp(-x))^2",
        from_output="y * (1 - y)",
        example=">>> fa.sigmoid([-2.0, 0.0, 2.0]).round(4)\narray([0.1192, 0.5   , 0.8808])",
    ),
    "silu": Doc(
        summary="Sigmoid linear unit; its minimum is about -0.2785 at x = -1.2785.",
        formula="x / (1 + exp(-x))",
        derivative="s(x) + x s(x) s(-x), with s = sigmoid",
        example=">>> fa.silu([-2.0, 0.0, 2.0]).round(4)\narray([-0.2384,  0.    ,  1.7616])",
        sources=(
            HENDRYCKS,
            'S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units for neural network function approximation '
            'in reinforcement learning", 2017, arXiv:1702.03118.',
        ),
        root="-1.2784645427610738",
    ),
    "swish": Doc(
        summary="SiLU with a parameter: between x / 2 (beta = 0) and relu (beta large).",
        formula="x / (1 + exp(-beta * x))",
        derivative="s(z) + z s(z) s(-z), with z = beta x and s = sigmoid",
        example=">>> fa.swish([-2.0, 0.0, 2.0], beta=0.5).round(4)\narray([-0.5379,  0.    ,  1.4621])",
        sources=('P. Ramachandran, B. Zoph, Q. V. Le, "Searching for activation functions", 2017, arXiv:1710.05941.',),
        parameters={"beta": "Steepness of the sigmoid; any real number, and an infinite one gives the limit."},
        parameter_derivatives={"beta": "x^2 s(z) s(-z), with z = beta x and s = sigmoid"},
        root="-1.2784645427610738 / beta",
    ),
    "log_sigmoid": Doc(
        summary="Logarithm of the sigmoid.",
        formula="-log(1 + exp(-x))",
        derivative="1 / (1 + exp(x))",
        from_output="1 - exp(min(y, 0))",
        example=">>> fa.log_sigmoid([-2.0, 0.0, 2.0]).round(4)\narray([-2.1269, -0.6931, -0.1269])",
    ),
    "softplus": Doc(
        summary="Smooth relu; exact for every x, without a threshold beyond which it would return x.",
        formula="log(1 + exp(beta * x)) / beta",
        derivative="1 / (1 + exp(-beta x))",
        from_output="1 - exp(-max(beta * y, 0))",
        example=">>> fa.softplus([-2.0, 0.0, 2.0]).round(4)\narray([0.1269, 0.6931, 2.1269])",
        sources=(
            'C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia, "Incorporating second-order functional knowledge '
            'for better option pricing", Advances in Neural Information Processing Systems 13, 2001.',
        ),
        parameters={"beta": "Sharpness of the bend; any real number. 0 gives infinity, and an infinite one the limit."},
        parameter_derivatives={"beta": "(x / (1 + exp(-beta x)) - f(x)) / beta"},
    ),
    "mish": Doc(
        summary="x times the hyperbolic tangent of its softplus.",
        formula="x * tanh(log(1 + exp(x)))",
        derivative="t + x s(x) (1 - t^2), with t = tanh(log(1 + exp(x))) and s = sigmoid",
        example=">>> fa.mish([-2.0, 0.0, 2.0]).round(4)\narray([-0.2525,  0.    ,  1.944 ])",
        sources=('D. Misra, "Mish: A self regularized non-monotonic activation function", 2019, arXiv:1908.08681.',),
        root="-1.1924312145154952",
    ),
    "elu": Doc(
        summary="Exponential linear unit.",
        formula="x if x > 0 else alpha * (exp(x) - 1)",
        derivative="1 for x > 0, else alpha exp(x)",
        from_output="1 if y > 0 else y + alpha",
        example=">>> fa.elu([-2.0, 0.0, 2.0]).round(4)\narray([-0.8647,  0.    ,  2.    ])",
        sources=(
            'D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by exponential '
            'linear units (ELUs)", 2015, arXiv:1511.07289.',
        ),
        parameters={"alpha": "Minus the limit at -infinity; any real number."},
        parameter_derivatives={"alpha": "0 for x > 0, else exp(x) - 1"},
    ),
    "selu": Doc(
        summary="Scaled exponential linear unit.",
        formula="1.0507009873554804934193349852946 * "
        "(x if x > 0 else 1.6732632423543772848170429916717 * (exp(x) - 1))",
        derivative="scale for x > 0, else scale alpha exp(x), with scale = 1.0507... and alpha = 1.6732...",
        from_output="1.0507009873554804934193349852946 if y > 0 else "
        "y + 1.0507009873554804934193349852946 * 1.6732632423543772848170429916717",
        example=">>> fa.selu([-2.0, 0.0, 2.0]).round(4)\narray([-1.5202,  0.    ,  2.1014])",
        sources=(
            'G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, "Self-normalizing neural networks", 2017, '
            "arXiv:1706.02515.",
        ),
    ),
    "celu": Doc(
        summary="Continuously differentiable exponential linear unit.",
        formula="x if x > 0 else alpha * (exp(x / alpha) - 1)",
        derivative="1 for x > 0, else exp(x / alpha)",
        from_output="1 if y > 0 else 1 + y / alpha",
        example=">>> fa.celu([-2.0, 0.0, 2.0], alpha=2).round(4)\narray([-1.2642,  0.    ,  2.    ])",
        sources=('J. T. Barron, "Continuously differentiable exponential linear units", 2017, arXiv:1704.07483.',),
        parameters={
            "alpha": "Minus the limit at -infinity, and the length over which it is approached. It has to be "
            "positive; 0 gives the limit, relu, and a negative one NaN."
        },
        parameter_derivatives={"alpha": "0 for x > 0, else exp(z) - 1 - z exp(z), with z = x / alpha"},
    ),
    "tanh": Doc(
        summary="Hyperbolic tangent.",
        formula="tanh(x)",
        derivative="1 / cosh(x)^2",
        from_output="1 - y**2",
        example=">>> fa.tanh([-1.0, 0.0, 1.0]).round(4)\narray([-0.7616,  0.    ,  0.7616])",
        sources=(
            'Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", Neural Networks: Tricks of the '
            "Trade, 1998.",
        ),
    ),
    "tanh_shrink": Doc(
        summary="x less its hyperbolic tangent.",
        formula="x - tanh(x)",
        derivative="tanh(x)^2",
        example=">>> fa.tanh_shrink([-1.0, 0.0, 1.0]).round(4)\narray([-0.2384,  0.    ,  0.2384])",
    ),
    "softsign": Doc(
        summary="x over one more than its size.",
        formula="x / (1 + abs(x))",
        derivative="1 / (1 + |x|)^2",
        example=">>> fa.softsign([-1.0, 0.0, 3.0])\narray([-0.5 ,  0.  ,  0.75])",
        sources=(
            'J. Bergstra, G. Desjardins, P. Lamblin, Y. Bengio, "Quadratic polynomials learn better image features", '
            "Technical report 1337, Université de Montréal, 2009.",
            'X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", '
            "AISTATS 2010.",
        ),
    ),
    "gelu": Doc(
        summary="Gaussian error linear unit, exact.",
        formula="x * (1 + erf(x / sqrt(2))) / 2",
        derivative="Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi), with Phi(x) = (1 + erf(x / sqrt(2))) / 2",
        example=">>> fa.gelu([-2.0, 0.0, 2.0]).round(4)\narray([-0.0455,  0.    ,  1.9545])",
        sources=(HENDRYCKS,),
        root="-0.7517915246935645",
    ),
    "gelu_tanh": Doc(
        summary="Gaussian error linear unit, in its approximation by tanh.",
        formula="x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2",
        derivative="(1 + tanh(u)) / 2 + x u' / (2 cosh(u)^2), with u = sqrt(2 / pi) (x + 0.044715 x^3) "
        "and u' = sqrt(2 / pi) (1 + 0.134145 x^2)",
        example=">>> fa.gelu_tanh([-2.0, 0.0, 2.0]).round(4)\narray([-0.0454,  0.    ,  1.9546])",
        sources=(HENDRYCKS,),
        root="-0.7524614220710163",
    ),
}

REQUIRED_VALUE = 0.5  # for a parameter that has no default, in examples, reports and tests

_SUMMARIES = {
    "grad": "Derivative of `fastact.{}` by x.",
    "backward": "Gradient with respect to the input of `fastact.{}`: dy times its derivative, in one pass.",
    "value_and_grad": "`fastact.{}` and its derivative by x, in one pass.",
    "backward_from_output": "Gradient with respect to the input of `fastact.{}`, from its output y instead of x.",
}

DY_OPERAND = """\
dy : array_like
    Gradient with respect to the output, of real numbers.
"""

OPERANDS = {
    "dy": DY_OPERAND,
    "x": "x : array_like\n    Input, of real numbers.\n",
    "y": "y : array_like\n    f(x), the output of the forward pass, of real numbers.\n",
}

OUT = """\
out : ndarray, None, or tuple of ndarray and None, optional
    Where to write the result; it may be an input. By default a new array is made.
"""

OPTIONS = """\
where : array_like of bool, optional
    Elsewhere the output is left as it is.
**kwargs
    `casting`, `order`, `dtype`, `subok` and `signature`, as for every NumPy ufunc.
"""

TYPES = """\
Real numbers; all arguments broadcast against each other. float32, float64 and float16 arrays give results of their
type, booleans and integers float64. A Python number does not change the type of the result. NaN in any argument gives
NaN, infinities give limits, and no floating-point warning is ever raised."""

FROM_OUTPUT = """\
The forward pass may then write over x, and no exponential of x is taken again. The price: the result is right for the
y given, not for the x that it was rounded from. Where y has reached its limit, as `sigmoid(20)` in float32 is 1, the
gradient is that of the limit, mostly 0, while `backward` of x keeps every digit. It means nothing where y does not tell
x, as with a negative alpha or a beta of 0; a y that is no output of f gives what the formula says, or NaN."""

DY = """\
dx is dy times the rounded f'(x), and rounded. Where the bound of f'(x) is b ULP, dx is less than 2 b + 1 ULP off the
exact product; b if dy is a power of two and dx no subnormal number; half an ULP if b is 0. Near a root of f' it is off
by no more than |dy| times what f'(x) is, and half an ULP. This holds where f'(x) is not subnormal and dx does not
overflow. A subnormal f'(x) has few digits, and so has dx then, however large: f'(x) is off by b times the smallest
subnormal number, dx by |dy| times as much. A dy that is 0, infinite or NaN gives what the product gives: infinity times
a derivative that is, or rounds to, 0 is NaN, and so is 0 times one that is infinite."""

TERMS = """\
dx has the bits of `backward`, which states its error. The terms of the sums are products of the same kind: where the
bound of a derivative by a parameter is b ULP, its term is less than 2 b + 1 ULP off, and 0 times an infinite one is
NaN."""

SUMS = """\
A sum adds up terms of the type, or of float32 for float16, in double precision and in an order that depends on the
shape alone, and is rounded at the end. It has the same bits for every layout and number of threads, and differs from
the exact sum of its terms by at most half an ULP and 2^-44 times the sum of their absolute values. It is finite where
the exact sum is. If parameters vary along axes with others between them, that holds where the exact sum for each
index along all of these axes is finite, too."""

RAISES = """\
TypeError
    An argument is complex, longdouble, object or a string, or one is missing.
ValueError
    The shapes do not broadcast, or `out` is read-only or has another shape."""


def docstring(name, operation, parameters, bounds):
    """The docstring of the ufunc of an operation.

    Parameters
    ----------
    name : str
        The activation.
    operation : str
        "forward", "grad", "backward", "value_and_grad", "grad_<parameter>" or "backward_from_output".
    parameters : dict of str to float or None
        Parameters and their defaults; None: it has to be given.
    bounds : dict of str to float
        Largest error in ULP by name of a type.

    Returns
    -------
    str
        In numpydoc style.
    """
    doc = DOCS[name]
    operands = "".join(OPERANDS[array] for array in _ufuncs.arrays_of(name, operation))
    price = f"{FROM_OUTPUT}\n\n" if operation == "backward_from_output" else ""
    values = "".join(_parameter(p, doc.parameters[p], default) for p, default in parameters.items())
    return f"""{summary(doc, name, operation)}

Parameters
----------
{operands}{values}{OUT}{OPTIONS}
Returns
-------
{_returns(name, operation)}

Raises
------
{RAISES}

Notes
-----
{formulas(doc, operation)}

{price}{TYPES}

{error(doc, operation, bounds)}
{references(doc.sources)}
Examples
--------
>>> import numpy as np
>>> import fastact as fa
{doc.example if operation == "forward" else _example(name, operation, parameters)}
"""


def backward_params_docstring(name, parameters):
    """The docstring of the gradients of an activation with respect to its input and parameters; see `docstring`."""
    doc = DOCS[name]
    values = "".join(_parameter(p, doc.parameters[p], default) for p, default in parameters.items())
    returned = "".join(
        f"d{p} : ndarray or scalar\n    Sum of dy df/d{p} over all that shares an element of `{p}`; of its shape.\n"
        for p in parameters
    )
    formulas = "\n\n".join(f"    df/d{p} = {doc.parameter_derivatives[p]}" for p in parameters)
    given = "".join(f", {p}={REQUIRED_VALUE if default is None else default:g}" for p, default in parameters.items())
    return f"""Gradients with respect to the input and the parameters of `fastact.{name}`, in one pass.

Parameters
----------
{OPERANDS["dy"]}{OPERANDS["x"]}{values}out : ndarray, optional
    Where to write dx; it may be dy or x. By default a new array is made.

Returns
-------
dx : ndarray or scalar
    dy f'(x), as `backward` returns it.
{returned}
Raises
------
TypeError
    An argument is complex, longdouble, object, a string or a lazy array, or has a mask or a unit, or one is missing, or
    `out` cannot hold dx.
ValueError
    The shapes do not broadcast, or `out` is read-only or has another shape.

Notes
-----
    f(x) = {doc.formula}

    f'(x) = {doc.derivative}

{formulas}

{TYPES}

{TERMS}

{SUMS}
{references(doc.sources)}
Examples
--------
>>> import numpy as np
>>> import fastact as fa
>>> dy, x = np.ones(5), np.linspace(-2, 2, 5)
>>> dx, *gradients = fa.{name}.backward_params(dy, x{given})
>>> np.array_equal(dx, fa.{name}.backward(dy, x{given}))
True
>>> np.allclose(gradients, [{", ".join(f"fa.{name}.grad_{p}(x{given}).sum()" for p in parameters)}])
True
"""


def summary(doc, name, operation):
    if operation == "forward":
        return doc.summary
    if operation in _SUMMARIES:
        return _SUMMARIES[operation].format(name)
    return f"Derivative of `fastact.{name}` by {operation.removeprefix('grad_')}."


def _parameter(name, description, default):
    kind = "array_like" if default is None else f"array_like, default {default:g}"
    return f"{name} : {kind}\n    {description}\n"


def _returns(name, operation):
    results = _ufuncs.results_of(name, operation)
    return "\n".join(f"{output} : ndarray or scalar\n    {result}." for output, result in results.items())


def formulas(doc, operation):
    derivative = f"{doc.from_output}, with y = f(x)" if operation == "backward_from_output" else doc.derivative
    formulas = f"    f(x) = {doc.formula}\n\n    f'(x) = {derivative}"
    if operation in ("forward", *_SUMMARIES):
        return formulas
    parameter = operation.removeprefix("grad_")
    return f"    f(x) = {doc.formula}\n\n    df/d{parameter} = {doc.parameter_derivatives[parameter]}"


def error(doc, operation, bounds):
    limits = " and ".join(f"{bound:g} ULP in {dtype}" for dtype, bound in bounds.items())
    whose = {
        "backward": "of f'(x)",
        "value_and_grad": "of each result",
        "backward_from_output": "of f'(x), at the y given,",
    }.get(operation, "")
    root = ""
    if doc.root and operation in _SUMMARIES:
        root = f"\n{_roots.stated(doc.root)}"
    product = f"\n\n{DY}" if operation.startswith("backward") else ""
    return f"Largest error {whose + ' ' if whose else ''}on this machine: {limits}; 1 ULP in float16.{root}{product}"


def references(sources):
    """The section of a docstring that lists them."""
    if not sources:
        return ""
    entries = "\n".join(f".. [{number}] {source}" for number, source in enumerate(sources, 1))
    return f"\nReferences\n----------\n{entries}\n"


def _example(name, operation, parameters):
    required = "".join(f", {p}={REQUIRED_VALUE}" for p, default in parameters.items() if default is None)
    if operation == "backward_from_output":
        return f"""\
>>> dy, x = np.ones(5), np.linspace(-2, 2, 5)
>>> np.allclose(fa.{name}.backward_from_output(dy, fa.{name}(x)), fa.{name}.backward(dy, x))
True"""
    dy = "np.ones(5), " if "dy" in _ufuncs.arrays_of(name, operation) else ""
    operands = f"{dy}np.linspace(-2, 2, 5){required}"
    function = f"fa.{name}.{operation}"
    return f">>> np.allclose({function}({operands}), {function}.reference({operands}))\nTrue"
