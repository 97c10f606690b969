"""Help with names that are not here: mistyped ones, and what other libraries call functions and keywords."""

import inspect

# A function of another library -> what to write here. One that differs in case and underscores only needs no row.
FUNCTIONS = {
    "clamp": "hard_tanh(x, min_val, max_val), or fa.relu6(x) for 0 and 6",
    "clip": "hard_tanh(x, min_val, max_val), or fa.relu6(x) for 0 and 6",
    "expit": "sigmoid",
    "gelu_accurate": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_new": "gelu_tanh",
    "gelu_python": "gelu",
    "gelu_python_tanh": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "hard_silu": "hard_swish",
    "log_expit": "log_sigmoid",
    "logistic": "sigmoid",
    "lrelu": "leaky_relu",
    "quick_gelu": "swish(x, beta=1.702)",
    "shrink": "soft_shrink or fa.hard_shrink",
    "swish1": "silu",
    "thresholded_relu": "threshold(x, alpha, 0)",
}

ACTIVATION, PAIR, ALONG_AXIS, LAYER = "activation", "gated pair", "along an axis", "layer"  # kinds of functions
KINDS = {"prelu": LAYER, "bias_act": LAYER}  # of functions; _ufuncs adds those of its table, all others are ALONG_AXIS
_ELEMENTWISE = "leave it out: the function is elementwise"
_POSITION = "give the array by position"
_OUT = "for inplace=True, write out=x"
_NEGATIVE_SLOPE = "use fa.leaky_relu(x, negative_slope)"

# A keyword -> a function that does not have it, or a kind of functions -> what to write instead.
KEYWORDS = {
    "a_max": {"hard_tanh": "write max_val="},
    "a_min": {"hard_tanh": "write min_val="},
    "alpha": {"leaky_relu": "write negative_slope=", "relu": _NEGATIVE_SLOPE, "swish": "write beta="},
    "approximate": {
        "bias_act": 'for the approximation by tanh, write activation="gelu_tanh"',
        "geglu": "for the approximation by tanh, write fa.gelu_tanh(gate) * up",
        "gelu": "for the approximation by tanh, use fa.gelu_tanh",
        "gelu_tanh": "leave it out: this is the approximation by tanh, and fa.gelu is exact",
    },
    "axis": {ACTIVATION: _ELEMENTWISE, PAIR: "leave it out: it is for one array that holds gate and up"},
    "b": {"logsumexp": "add np.log(b) to x"},
    "beta": {"silu": "use fa.swish(x, beta)"},
    "default_value": {"threshold": "write value="},
    "dim": {ACTIVATION: _ELEMENTWISE, PAIR: "write axis=", ALONG_AXIS: "write axis=", LAYER: "write axis="},
    "dtype": {ALONG_AXIS: "convert x by x.astype(dtype)"},
    "dy": {ACTIVATION: _POSITION, PAIR: _POSITION},
    "gate": {PAIR: _POSITION},
    "inplace": {ACTIVATION: _OUT, ALONG_AXIS: _OUT, LAYER: _OUT},
    "input": {ACTIVATION: _POSITION, PAIR: _POSITION},
    "keepdim": {"logsumexp": "write keepdims="},
    "lambda_": {"hard_shrink": "write lambd=", "soft_shrink": "write lambd="},
    "max": {"hard_tanh": "write max_val="},
    "max_value": {"hard_tanh": "write max_val=", "relu": "use fa.hard_tanh(x, 0, max_value), or fa.relu6(x) for 6"},
    "min": {"hard_tanh": "write min_val="},
    "min_value": {"hard_tanh": "write min_val="},
    "negative_slope": {"relu": _NEGATIVE_SLOPE},
    "return_sign": {"logsumexp": "leave it out: a sum of exponentials is positive"},
    "threshold": {
        "hard_shrink": "write lambd=",
        "relu": "use fa.threshold(x, threshold, 0)",
        "soft_shrink": "write lambd=",
        "softplus": "leave it out: fa.softplus is exact for every x",
    },
    "up": {PAIR: _POSITION},
    "where": {ALONG_AXIS: "give np.where(where, x, -np.inf) for x"},
    "x": {ACTIVATION: _POSITION, PAIR: _POSITION},
    "y": {ACTIVATION: _POSITION},
}


def known(text, names):
    """Return what a name stands for: one of some names but for case and underscores, or a row of FUNCTIONS; else None.

    Examples
    --------
    >>> from fastact._names import known
    >>> known("HardSwish", ["hard_swish"])
    'hard_swish'
    >>> known("gelu_new", [])
    'gelu_tanh'
    """
    spellings = {_plain(name): name for name in names} | {_plain(name): here for name, here in FUNCTIONS.items()}
    return spellings.get(_plain(text))


def _plain(name):
    return name.lower().replace("_", "")


def match(text, names):
    """Return the name that was probably meant, or None."""
    from difflib import get_close_matches  # which is slower to import than all of fastact's own modules but one

    meant = known(text, names)
    return meant if meant in names else next(iter(get_close_matches(text.lower(), names, n=1, cutoff=0.5)), None)


def nearest(text: str, names) -> str:
    """Return the end of a message: the name that was meant, or all that there are."""
    meant = match(text, names)
    return f"; did you mean {meant!r}?" if meant else f"; there are: {', '.join(names)}"


def missing_attribute(name, names):
    """Return an AttributeError for a name that fastact does not have, with what it may be among those it has."""
    # With the name and without the object, Python adds no suggestion of its own.
    if meant := known(name, names):
        return AttributeError(f"fastact has no {name!r}; use fa.{meant}", name=name)
    if meant := match(name, names):
        return AttributeError(f"fastact has no {name!r}; did you mean fa.{meant}?", name=name)
    return AttributeError(f"module 'fastact' has no attribute {name!r}")


def check_keywords(function, keywords, activation=None):
    """Raise TypeError if one of some keywords that a function does not have is one of another library.

    Parameters
    ----------
    function : str
        Such as "softmax" or "gelu.backward".
    keywords : iterable of str
    activation : str, optional
        Whose parameters the function takes, too.

    Raises
    ------
    TypeError
        It says what to write instead.
    """
    names = filter(None, [function.partition(".")[0], activation])
    keys = [key for name in names for key in (name, kind_of(name))]
    for keyword in keywords:
        rows = KEYWORDS.get(keyword, {})
        if hint := next((rows[key] for key in keys if key in rows), None):
            raise TypeError(f"{function}() got an unexpected keyword argument {keyword!r}; {hint}")


def refuse_keywords(function, keywords):
    """Raise TypeError for keywords that a function does not have; see check_keywords."""
    check_keywords(function, keywords)
    raise TypeError(f"{function}() got an unexpected keyword argument {next(iter(keywords))!r}")


def hide_unknown(function):
    """Leave `**unknown`, keywords that a function takes in order to refuse them, out of its signature."""
    signature = inspect.signature(function)
    taken = [parameter for name, parameter in signature.parameters.items() if name != "unknown"]
    function.__signature__ = signature.replace(parameters=taken)


def placed(function, qualified_name):
    """Tell a function under which name users, and pickle, find it."""
    function.__module__ = "fastact"
    function.__qualname__ = qualified_name
    function.__name__ = qualified_name.rpartition(".")[2]
    hide_unknown(function)
    return function


def kind_of(name):
    """Return the kind of a function that fastact has."""
    return KINDS.get(name, ALONG_AXIS)
