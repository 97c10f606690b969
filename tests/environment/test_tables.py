"""functions.def and operations.def: every row is read, or the build tells its line; what they make is up to date."""

import re

import pytest
from core import CORE, c_interface, tables

from fastact import _docs, _gated_docs, _ufuncs

FUNCTIONS, OPERATIONS = (CORE / name for name in ("functions.def", "operations.def"))
MACRO_ROWS = re.compile(r"^\w+\(", re.MULTILINE)
RELU = "ACTIVATION_0(relu, LIMITS(0, 0), 0.1, ULP(0, 0, 0, 0), ULP(0, 0, 0, 0))"
LEAKY_RELU = "negative_slope, 0.01, ULP(0, 0, 0, 0))"
FROM_OUTPUT = "FROM_OUTPUT_0(tanh, 0.1, ULP(0.5, 0.5, 1.6, 1.6))"
GRAD_P = 'OPERATION(GRAD_P, grad_p, P, (x), (d), "df/dp", by_p)'


def changed(path, old, new, folder):
    """Copy a table with one text replaced, and return its path and the number of the changed line."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    copy = folder / path.name
    copy.write_text(text.replace(old, new), encoding="utf-8")
    return copy, text[: text.index(old)].count("\n") + 1


def test_tables_are_those_of_the_library():
    table = tables.read()
    assert {name: list(row.parameters) for name, row in table.activations.items()} == {
        name: list(parameters) for name, parameters in _ufuncs.table.items()
    }
    assert {name: pair.gate for name, pair in table.pairs.items()} == _ufuncs.gated
    for name in (*_ufuncs.table, *_ufuncs.gated):
        cases = table.cases(name)
        assert [case.operation for case in cases] == list(_ufuncs.operations(name))
        for case in cases:
            operation = (name, case.operation)
            ufunc = _ufuncs.get(*operation)
            assert ufunc.nin == len(case.arrays) + len(case.parameters)
            assert ufunc.nout == len(case.outputs)
            assert _ufuncs.arrays_of(*operation) == tuple(case.arrays)
            assert _ufuncs.results_of(*operation) == case.outputs
            for dtype in ("float32", "float64"):
                assert _ufuncs.error_bound(*operation, dtype) <= case.bound.largest(dtype)


@pytest.mark.parametrize("path", [FUNCTIONS, OPERATIONS], ids=lambda path: path.name)
def test_every_row_is_read(path):
    assert len(tables.read_rows(path)) == len(MACRO_ROWS.findall(path.read_text(encoding="utf-8"))) > 9


@pytest.mark.parametrize(
    "row",
    [
        f"{RELU} /* a comment */",
        f"{RELU} // a comment",
        f"  {RELU.replace(', ', ' , ')}\t",
        f"/* a comment, ACTIVATION_0(none) */ {RELU}",
        f"/* a comment\n * ACTIVATION_0(none) */\n{RELU}",
        f"#define OTHER(...) \\\n    ACTIVATION_0(none)\n{RELU}",
    ],
)
def test_comments_and_spaces_change_nothing(row, tmp_path):
    functions, _ = changed(FUNCTIONS, RELU, row, tmp_path)
    assert tables.read(functions) == tables.read()


FAULTS = [
    (FUNCTIONS, "ACTIVATION_0(relu,", "ACTIVATOIN_0(relu,", "ACTIVATOIN_0 is no kind of row"),
    (FUNCTIONS, "ACTIVATION_0(relu,", "ACTIVATION_3(relu,", "ACTIVATION_3 is no kind of row"),
    (FUNCTIONS, "ACTIVATION_0(relu,", "ACTIVATION_1(relu,", "ACTIVATION_1 has 8 columns, and here are 5"),
    (FUNCTIONS, RELU, RELU.replace(", ULP(0, 0, 0, 0))", ")"), "ACTIVATION_0 has 5 columns, and here are 4"),
    (FUNCTIONS, RELU, RELU[:-1], "it is no row|do not match"),
    (FUNCTIONS, RELU, RELU + ")", "do not match"),
    (FUNCTIONS, RELU, RELU.replace("LIMITS(0, 0)", "LIMITS(0, 0"), "do not match"),
    (FUNCTIONS, RELU, RELU + ";", "it is no row"),
    (FUNCTIONS, RELU, f"{RELU} {RELU.replace('relu', 'other')}", "do not match|columns"),
    (FUNCTIONS, RELU, RELU.replace("LIMITS(0, 0), ", "LIMITS(0, 0),\n"), "it is no row|do not match"),
    (FUNCTIONS, RELU, RELU.replace("LIMITS(0, 0)", "LIMITS(0)"), "1 numbers instead of 2"),
    (FUNCTIONS, RELU, RELU.replace("LIMITS", "LIMITTS"), "is no LIMITS or LIMITS_OF_QUOTIENT"),
    (FUNCTIONS, RELU, RELU.replace("0.1", "a tenth"), "'a tenth' is no number"),
    (FUNCTIONS, RELU, RELU.replace("relu", "re-lu"), "'re-lu' is no name"),
    (FUNCTIONS, RELU, RELU.replace("relu", ""), "'' is no name"),
    (FUNCTIONS, "ACTIVATION_0(relu6,", "ACTIVATION_0(relu,", "relu has a row above"),
    (FUNCTIONS, LEAKY_RELU, LEAKY_RELU.replace("0.01", "REQIURED"), "'REQIURED' is no number"),
    (FUNCTIONS, "GATED(reglu, relu,", "GATED(reglu, rleu,", "there is no activation 'rleu' above"),
    (FUNCTIONS, FROM_OUTPUT, FROM_OUTPUT.replace("tanh", "tahn"), "there is no activation 'tahn' above"),
    (FUNCTIONS, FROM_OUTPUT, FROM_OUTPUT.replace("_0", "_1"), "tanh has 0 parameters"),
    (FUNCTIONS, FROM_OUTPUT, FROM_OUTPUT.replace("tanh", "selu"), "selu has such a row above"),
    (OPERATIONS, "OPERATION(GRAD,", "OPERATOIN(GRAD,", "OPERATOIN is no kind of row"),
    (OPERATIONS, GRAD_P, GRAD_P.replace(", by_p", ""), "OPERATION has 7 columns, and here are 6"),
    (OPERATIONS, GRAD_P, GRAD_P.replace("by_p", "by_r"), "'by_r' is no bound of P, only by_p"),
    (OPERATIONS, GRAD_P, GRAD_P.replace("grad_p", "grad"), "have to end in p"),
    (OPERATIONS, GRAD_P, GRAD_P.replace('"', ""), "is no text in quotes"),
    (OPERATIONS, GRAD_P, GRAD_P.replace("(x)", "x"), "'x' is no list of names in parentheses"),
    (OPERATIONS, GRAD_P, GRAD_P.replace("(d)", "(d, e)"), "1 results for 2 outputs"),
    (OPERATIONS, GRAD_P, GRAD_P.replace("GRAD_P", "GRAD"), "GRAD has such a row above"),
    (OPERATIONS, "GATED_OPERATION(FORWARD", "GATED_OPERATION(FOREWARD", "there is no operation FOREWARD above"),
]


@pytest.mark.parametrize(("path", "old", "new", "reason"), FAULTS)
def test_a_row_that_is_not_right_is_named(path, old, new, reason, tmp_path):
    copy, line = changed(path, old, new, tmp_path)
    with pytest.raises(tables.TableError, match=reason) as caught:
        tables.read(copy, OPERATIONS) if path is FUNCTIONS else tables.read(FUNCTIONS, copy)
    text = copy.read_text(encoding="utf-8").split("\n")[line - 1]
    assert str(caught.value).startswith(f"{copy}:{line}: ")
    assert str(caught.value).endswith(f": {text}")


def test_a_comment_without_end_is_named(tmp_path):
    copy, line = changed(FUNCTIONS, RELU, f"{RELU} /* a comment", tmp_path)
    copy.write_text("\n".join(copy.read_text(encoding="utf-8").split("\n")[:line]) + "\n", encoding="utf-8")
    with pytest.raises(tables.TableError, match=rf":{line}: it is no row"):
        tables.read(copy)


def test_c_interface_is_the_one_that_the_tables_make():
    """Both files are kept in the repository; a build of the package writes them."""
    table, docs = tables.read(), _docs.DOCS | _gated_docs.DOCS
    assert (CORE / "fastact_functions.h").read_text(encoding="utf-8") == c_interface.header(table, docs)
    assert (CORE / "drivers" / "by_name.c").read_text(encoding="utf-8") == c_interface.source(table)


def test_an_added_operation_reaches_the_c_interface(tmp_path):
    """With a row in each table, and nothing else."""
    row = "OPERATION(GRAD2, grad2, GRAD2, (x), (d2), \"f''(x)\", own)"
    operations, _ = changed(OPERATIONS, GRAD_P, f"{GRAD_P}\n{row}", tmp_path)
    functions, _ = changed(FUNCTIONS, FROM_OUTPUT, f"{FROM_OUTPUT}\nGRAD2_0(tanh, 0.1, ULP(1, 2, 3, 4))", tmp_path)
    table = tables.read(functions, operations)
    made = c_interface.header(table, _docs.DOCS | _gated_docs.DOCS)
    assert "    FA_GRAD2, /* x, p -> f''(x) */\n" in made
    assert "/* d2 = tanh''(x) */\nFA_API void fa_tanh_grad2_f32(const float *x, float *d2, size_t n);\n" in made
    assert "run(FA_INDEX_tanh, FA_GRAD2, FA_F64, (const void *const[]){x, d2}, n);" in c_interface.source(table)
    assert "fa_silu_grad2" not in made
