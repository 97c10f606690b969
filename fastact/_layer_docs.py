"""What the docstrings of layers share."""

from fastact import _docs, _ufuncs

# What several docstrings say, in their indentation.
SHARED = {
    "weight": """\
weight : array_like
        A number, or a vector of the length of x along `axis`.
    axis : int, default 1
        Axis of the channels. By default, x of fewer than two dimensions has one channel.""",
    "bias": """\
bias : array_like
        A vector of the length of x along `axis`.
    activation : str or ufunc, default "gelu"
        One of fastact's activations.
    axis : int, default -1
        Axis of x that the bias goes along.""",
    "he": """\
.. [1] K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers: Surpassing human-level performance on
       ImageNet classification", ICCV 2015, arXiv:1502.01852.""",
    "sums": _docs.SUMS.replace("\n", "\n    "),
    "bound": f"{_ufuncs.error_bound('leaky_relu'):g} ULP",
}
