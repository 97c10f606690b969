"""What the documentation says of every gated pair, and how the docstrings of its ufuncs are put together."""

from dataclasses import dataclass

from fastact import _docs, _roots, _ufuncs

DAUPHIN = (
    'Y. N. Dauphin, A. Fan, M. Auli, D. Grangier, "Language modeling with gated convolutional networks", 2016, '
    "arXiv:1612.08083."
)
SHAZEER = 'N. Shazeer, "GLU variants improve transformer", 2020, arXiv:2002.05202.'


@dataclass(frozen=True)
class Doc:
    """What is said of a gated pair."""

    summary: str
    formula: str  # in gate, up and the activation of the gate
    derivative: str
    values: str  # of the example
    sources: tuple[str, ...]


def _doc(name, summary, values, *sources):
    f = _ufuncs.gated[name]
    return Doc(summary, f"{f}(gate) * up", f"up * {f}'(gate) by gate, {f}(gate) by up", values, sources)


DOCS = {
    "glu": _doc("glu", "Gated linear unit.", "0.3576, 1.5   , 2.6424", DAUPHIN),
    "reglu": _doc("reglu", "Gated linear unit whose gate is rectified.", "0., 0., 6.", SHAZEER),
    "geglu": _doc("geglu", "Gated linear unit whose gate goes through GELU.", "-0.1365,  0.    ,  5.8635", SHAZEER),
    "swiglu": _doc("swiglu", "Gated linear unit whose gate goes through SiLU.", "-0.7152,  0.    ,  5.2848", SHAZEER),
    "mish_glu": _doc(
        "mish_glu",
        "Gated linear unit whose gate goes through Mish.",
        "-0.7575,  0.    ,  5.8319",
        SHAZEER,
        *_docs.DOCS["mish"].sources,
    ),
}

_ARRAYS = """\
gate : array_like
    What the activation is applied to, of real numbers.
up : array_like, optional
    What its result is multiplied by, of real numbers; not a single integer, which is the axis in other libraries.
    Without it, the two halves of gate are taken: see `axis`.
"""

_AXIS = """\
axis : int, default -1
    Along which gate is halved, if up is not given. As in PyTorch, the first half is then up and the second half the
    gate. The halves are views; nothing is copied.
"""

_RETURNS = {
    "forward": """\
y : ndarray or scalar
    {f}(gate) up.""",
    "backward": """\
dgate : ndarray or scalar
    dy up {f}'(gate).
dup : ndarray or scalar
    dy {f}(gate). Without up, both are written into the two halves of one array, of the shape of gate, and that is
    returned instead; it is also what `out` then is.""",
}

_RAISES = """
    Or, where gate is to be halved: its length along `axis` is odd, or there is no such axis."""


def docstring(name, operation, bounds):
    """The docstring of the ufunc of an operation, "forward" or "backward", of a gated pair; see `_docs.docstring`."""
    doc, f = DOCS[name], _ufuncs.gated[name]
    is_backward = operation == "backward"
    summary = f"Gradients with respect to the inputs of `fastact.{name}`, in one pass." if is_backward else doc.summary
    return f"""{summary}

Parameters
----------
{_docs.DY_OPERAND if is_backward else ""}{_ARRAYS}{_docs.OUT}{_AXIS}{_docs.OPTIONS}
Returns
-------
{_RETURNS[operation].format(f=f)}

Raises
------
{_docs.RAISES}{_RAISES}

Notes
-----
    y = {doc.formula}

    dgate = dy * up * {f}'(gate), dup = dy * {f}(gate)

    {f}(x) = {_docs.DOCS[f].formula}

    {f}'(x) = {_docs.DOCS[f].derivative}

The results are those of `fastact.{f}` and `fastact.{f}.grad`, multiplied in this order, to the last bit; in float16
they are rounded once, at the end.

{_docs.TYPES} An infinity times 0 is NaN.

{_error(name, f, is_backward, bounds)}
{_docs.references(doc.sources)}
Examples
--------
>>> import numpy as np
>>> import fastact as fa
{_backward_example(name) if is_backward else _example(name, doc.values)}
"""


def _error(name, f, is_backward, bounds):
    limits = " and ".join(f"{bound:g} ULP in {dtype}" for dtype, bound in bounds.items())
    scope = "They hold where no factor, and no product but the last, is subnormal or overflows."
    if not is_backward:
        return f"Largest errors on this machine: {limits}; 1 ULP in float16.\n{scope}"
    root = _docs.DOCS[f].root
    scope = f"""\
{scope[:-1]}, whatever dy
and up: a subnormal factor has few digits, and so has the result then. dy up comes first, so that it may overflow where
the exact dgate does not, and dy = 0 gives 0 unless up or f(gate) is infinite, or one of the three NaN."""
    near_root = f"\n{_roots.stated(root, f, ' |dy up|', 'that of dgate')}" if root else ""
    return f"""\
Largest errors of dgate on this machine: {limits}; 1 ULP in float16.
{scope}
Those of dup are the ones of `fastact.{name}`.{near_root}"""


def _example(name, values):
    return f"""\
>>> gate, up = np.array([-2.0, 0.0, 2.0]), np.array([3.0, 3.0, 3.0])
>>> fa.{name}(gate, up).round(4)
array([{values}])
>>> fa.{name}(np.concatenate([up, gate])).round(4)
array([{values}])"""


def _backward_example(name):
    return f"""\
>>> dy, gate, up = np.ones(5), np.linspace(-2, 2, 5), np.linspace(1, 3, 5)
>>> dgate, dup = fa.{name}.backward(dy, gate, up)
>>> np.allclose((dgate, dup), fa.{name}.backward.reference(dy, gate, up))
True
>>> dx = fa.{name}.backward(dy, np.concatenate([up, gate]))
>>> np.array_equal(dx, np.concatenate([dup, dgate]))
True"""
