"""Names that others have, of functions and keywords: what to write here is said. And the public names of the module."""

import copy
import importlib
import inspect
import pickle
import re
from functools import partial

import numpy as np
import pytest
from calls import UFUNCS, arrays_for, call, parameters_of, run_python
from test_readme import ROWS

import fastact as fa
from fastact import _names, _ufuncs, views

X = np.linspace(-2, 2, 6)
ALONG_AXIS = ["softmax", "log_softmax", "softmin", "logsumexp"]
# Calls that lack nothing, to which a keyword is added.
CALLS = {
    **{ufunc.__name__: partial(call, ufunc, *arrays_for(ufunc, 6)) for ufunc in UFUNCS},
    **{f"{name} of halves": partial(getattr(fa, name), X) for name in _ufuncs.gated},
    **{name: partial(getattr(fa, name), X) for name in ALONG_AXIS},
    **{f"{name}.backward": partial(getattr(fa, name).backward, X, X) for name in ALONG_AXIS if name != "logsumexp"},
    **{
        f"{name}.backward_params": partial(getattr(fa, name).backward_params, X, X, **parameters_of(getattr(fa, name)))
        for name in _ufuncs.table
        if _ufuncs.table[name]
    },
    "prelu": partial(fa.prelu, X, 0.1),
    "prelu.backward": partial(fa.prelu.backward, X, X, 0.1),
    "bias_act": partial(fa.bias_act, X, X),
    "bias_act.backward": partial(fa.bias_act.backward, X, X, X),
}


def function_named(name):
    """Return what a key of CALLS is a call of."""
    function = fa
    for part in name.partition(" ")[0].split("."):
        function = getattr(function, part)
    return function


def hint(name, keyword):
    """What KEYWORDS says of a keyword of a function, if anything."""
    own, rows = name.split(".")[0].partition(" ")[0], _names.KEYWORDS[keyword]
    return rows.get(own) or rows.get(_names.kind_of(own))


def is_legal(name, keyword):
    parameter = inspect.signature(function_named(name)).parameters.get(keyword)
    if keyword == "axis" and name.split(".")[0] in _ufuncs.gated:
        return False  # with two arrays
    return parameter is not None and parameter.kind is not parameter.POSITIONAL_ONLY


# --- Keywords --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS)
def test_foreign_keywords(name):
    """Each is refused with word of what to write, and nothing is said of those that are legal."""
    function = name.partition(" ")[0]
    for keyword in _names.KEYWORDS:
        text = hint(name, keyword)
        if " of halves" in name and keyword == "axis":
            continue
        if text is None or is_legal(name, keyword):
            assert text is None or not is_legal(name, keyword)
            continue
        message = f"{function}() got an unexpected keyword argument {keyword!r}; {text}"
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            CALLS[name](**{keyword: True})


@pytest.mark.parametrize("name", CALLS)
def test_unknown_keywords_are_named(name):
    with pytest.raises(TypeError, match="steepness"):
        CALLS[name](steepness=1)
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument '(dim|steepness)'"):
        CALLS[name](steepness=1, dim=0)


@pytest.mark.parametrize("name", CALLS)
def test_signatures_show_what_is_taken(name):
    given = inspect.signature(function_named(name)).parameters
    assert "unknown" not in given
    CALLS[name]()


def test_bias_act_explains_the_keywords_of_its_activation():
    with pytest.raises(TypeError, match='write activation="gelu_tanh"'):
        fa.bias_act(X, X, "gelu", approximate="tanh")
    with pytest.raises(TypeError, match=r"^bias_act.backward\(\) .*'alpha'; write negative_slope="):
        fa.bias_act.backward(X, X, X, "leaky_relu", alpha=0.1)
    with pytest.raises(TypeError, match=r"^bias_act\(\) .*'threshold'; .* exact for every x"):
        fa.bias_act(X, X, fa.softplus, threshold=20)


def test_an_error_of_another_kind_is_left_alone():
    with pytest.raises(ValueError, match="broadcast"):
        fa.silu.backward(X, X[:4], where=True)
    with pytest.raises(TypeError, match="missing required argument 'value'"):
        fa.threshold(X, threshold=1)
    with pytest.raises(TypeError, match="an int is needed, not float"):
        fa.glu(X, axis=1.0)
    with pytest.raises(TypeError, match="keepdims: a bool is needed, not float"):
        fa.logsumexp(X, -1, 2.0)  # SciPy's third argument is b


def elsewhere(module, functions):
    """Pairs of a function here and a keyword of its namesake in another library."""
    for name, theirs in functions.items():
        try:
            parameters = inspect.signature(getattr(module, theirs)).parameters
        except ValueError:  # written in C
            continue
        for keyword in list(parameters)[name in ALONG_AXIS or name == "prelu" :]:  # x has no name, or may have it
            if not keyword.startswith("_") and parameters[keyword].kind is not inspect.Parameter.VAR_KEYWORD:
                yield name, keyword


@pytest.mark.parametrize(
    ("module", "column", "others"),
    [
        ("torch.nn.functional", 0, [*ALONG_AXIS[:3], "glu", "prelu"]),
        ("jax.nn", 1, [*ALONG_AXIS[:2], "logsumexp", "glu"]),
    ],
)
def test_every_keyword_of_other_libraries_is_known(module, column, others):
    library = pytest.importorskip(module, reason=f"{module} is not installed")
    cells = {name: row.split(" | ")[column] for name, row in ROWS}
    functions = {name: found[1] for name, cell in cells.items() if (found := re.search(r"`(?:F\.)?(\w+)", cell))}
    pairs = list(elsewhere(library, functions | dict(zip(others, others, strict=True))))
    assert len(pairs) > 10
    for name, keyword in pairs:
        assert is_legal(name, keyword) or (keyword in _names.KEYWORDS and hint(name, keyword)), (name, keyword)


# --- Functions -------------------------------------------------------------------------------------------------------


def message_of(name):
    with pytest.raises(AttributeError) as raised:
        getattr(fa, name)
    return str(raised.value)


@pytest.mark.parametrize("name", [*_ufuncs.table, *_ufuncs.gated, *ALONG_AXIS, "bias_act"])
def test_spellings(name):
    for spelling in (name.replace("_", ""), name.title().replace("_", ""), name.upper()):
        if not hasattr(fa, spelling):
            assert message_of(spelling) == f"fastact has no {spelling!r}; use fa.{name}"


@pytest.mark.parametrize("name", _names.FUNCTIONS)
def test_foreign_functions(name):
    assert not hasattr(fa, name)
    assert message_of(name) == f"fastact has no {name!r}; use fa.{_names.FUNCTIONS[name]}"
    for meant in re.findall(r"fa\.(\w+)", message_of(name)):
        assert meant in fa.__all__


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gelu_new", lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
        ("quick_gelu", lambda x: x / (1 + np.exp(-1.702 * x))),
        ("swish1", lambda x: x / (1 + np.exp(-x))),
        ("hard_silu", lambda x: x * np.clip(x + 3, 0, 6) / 6),
        ("expit", lambda x: 1 / (1 + np.exp(-x))),
        ("log_expit", lambda x: -np.log1p(np.exp(-x))),
    ],
)
def test_what_is_to_be_written_is_the_same(name, value):
    here = _names.FUNCTIONS[name]
    result = eval(f"fa.{here}" if "(" in here else f"fa.{here}(x)", {"fa": fa, "x": X})
    np.testing.assert_allclose(result, value(X), rtol=1e-13)


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_names_of_the_readme_lead_to_its_rows(name, row):
    for other in re.findall(r"`(?:F\.)?(\w+)", row):
        if other not in ("alpha", "beta", "approximate") and other.lower() not in fa.__all__:
            assert re.search(rf"use .*fa\.{name}\b", message_of(other))


def test_mistyped_and_unknown_names():
    assert message_of("sofmax") == "fastact has no 'sofmax'; did you mean fa.softmax?"
    assert message_of("set_threads") == "fastact has no 'set_threads'; did you mean fa.set_num_threads?"
    assert message_of("zzz") == "module 'fastact' has no attribute 'zzz'"
    assert message_of("_silu") == "module 'fastact' has no attribute '_silu'"


@pytest.mark.parametrize("name", ["hardswish", "sofmax", "gelu_new", "zzz"])
def test_python_adds_nothing_to_the_message(name):
    run = run_python(f"import fastact; fastact.{name}")
    assert run.stderr.splitlines()[-1] == f"AttributeError: {message_of(name)}"


# --- The module ------------------------------------------------------------------------------------------------------


def test_dir_has_the_public_names_only():
    public = {name for name in dir(fa) if not name.startswith("_")}
    assert public == {*fa.__all__, "reference", "views"}
    assert {"__all__", "__doc__", "__file__", "__name__", "__version__"} <= set(dir(fa))
    for name in dir(fa):
        getattr(fa, name)
    assert {name for name, _ in inspect.getmembers(fa)} == set(dir(fa))


def test_what_others_ask_of_a_module():
    assert not hasattr(fa, "hardswish")
    assert getattr(fa, "hardswish", None) is None
    assert importlib.import_module("fastact.views") is fa.views is views
    assert inspect.unwrap(fa) is fa
    namespace = {}
    exec("from fastact import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(fa.__all__)
    with pytest.raises(ImportError, match="cannot import name 'hardswish' from 'fastact'"):
        exec("from fastact import hardswish")


def test_views_are_imported_when_they_are_asked_for_and_help_when_a_name_is_missing():
    program = """
import sys
import fastact
hasattr(fastact, "__wrapped__"), hasattr(fastact, "_anything")
print("fastact.views" in sys.modules, "difflib" in sys.modules)
from fastact import views
print(fastact.views is views, "difflib" in sys.modules)
hasattr(fastact, "hardswish")
print("difflib" in sys.modules)
"""
    run = run_python(program)
    assert (run.stdout, run.stderr) == ("False False\nTrue False\nFalse\n", "")


def public_functions():
    """Return all functions of the module, and their derivatives and references, by the names that users write."""
    found = {name: getattr(fa, name) for name in fa.__all__}
    for name, function in list(found.items()):
        found |= {f"{name}.{a}": getattr(function, a) for a in vars_of(function) if callable(getattr(function, a))}
    return found | {f"{name}.reference": f.reference for name, f in found.items() if hasattr(f, "reference")}


def vars_of(function):
    return [name for name in getattr(function, "__dict__", ()) if not name.startswith("_")]


@pytest.mark.parametrize(("name", "function"), public_functions().items())
def test_everything_public_is_pickled_and_copied_as_itself(name, function):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(function, protocol)) is function, name
    assert copy.copy(function) is copy.deepcopy(function) is function
