"""The proved bounds of csrc/proof: of the formulas in use, above all errors known; and the proof finds faults.

A proof itself takes minutes: `python csrc/proof/prove.py`. Here parts of it run.
"""

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import usual_parameters
from worst_cases import load as load_worst_cases

from fastact import _roots, _ufuncs
from fastact._docs import DOCS

CORE = Path(__file__).parents[2] / "csrc"
sys.path.insert(0, str(CORE / "proof"))
import prove  # noqa: E402

BOUNDS = prove.load()
PROVED = {tuple(bound[word] for word in prove.KEY): bound["bound_ulp"] for bound in BOUNDS}
WORST_CASES = {
    bound: (float.fromhex(worst_case["x"]), worst_case["error"])
    for bound, worst_case in load_worst_cases().items()
    if bound.dtype == "float64" and bound.name in _ufuncs.table
    if tuple(worst_case["parameters"]) == tuple(usual_parameters(bound.name))
}
SHORT = ["relu", "relu6", "hard_tanh", "hard_sigmoid", "soft_shrink", "hard_shrink", "threshold"]
SLACK = 1e-2  # ULP: to which errors of worst cases are known
# (file, before, after), and what is wrong then: function, operation, and an interval where it is
FAULTS = {
    "coefficient": (
        ("kernels/vecmath.h", "0x1.555555554fe41p-5", "0x1.555555564fe41p-5"),
        ("selu", "grad", -3.78, -3.779),
    ),
    "correction": (
        ("kernels/vecmath.h", "r.high * FMA(-2 * y, r.low, F(product_error)(n, r.high, y))", "r.high * -0.0"),
        ("softsign", "grad", 1.6, 1.601),
    ),
}


def test_bounds_are_of_the_formulas_in_use():
    """`python csrc/proof/prove.py` proves those anew whose formulas have changed."""
    assert {
        bound["activation"] for bound in BOUNDS if bound["formulas"] != prove.fingerprint(bound["activation"])
    } == set()


def copied(folder):
    """Return a copy of the core that may be changed."""
    return Path(shutil.copytree(CORE, folder / "csrc", ignore=shutil.ignore_patterns("build")))


def changed(folder, file, before, after):
    """Return a copy of the core in which a file has another text."""
    copy = copied(folder)
    replaced(copy / file, before, after)
    return copy


def replaced(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize(
    ("file", "before", "after", "stale", "current"),
    [
        ("kernels/vecmath.h", "e.s + FMA(e.s, e.p, e.c)", "FMA(e.s, e.p, e.c) + e.s", "sigmoid", "relu"),  # F(plus_c)
        ("kernels/vecmath.h", "0x1.555555554fe41p-5,", "0x1.555555554fe42p-5,", "sigmoid", "relu"),  # a table
        ("kernels/real.h", "((a) * (b) + (c))", "((c) + (a) * (b))", "sigmoid", None),  # a macro
        ("kernels/formulas.inc.h", "real value, grad", "real grad, value", "relu", None),  # a type
        ("activations/piecewise.h", "x == x ? value : x", "x != x ? x : value", "relu", "sigmoid"),
        ("activations/logistic.h", "F(softplus)(-x, 1, in_range)", "F(softplus)(-x, 1, 0)", "log_sigmoid", "softplus"),
        ("exact/exact.c", "-at_most(exact_settled, fabs(x))", "-fabs(x)", "softplus", "relu"),
        ("exact/exact.c", "4 * exact_sigmoid_grad", "4.0 * exact_sigmoid_grad", "tanh", "sigmoid"),
        ("functions.def", "(sigmoid, LIMITS(43, 350)", "(sigmoid, LIMITS(43, 360)", "sigmoid", "silu"),
        ("proof/number.hpp", "0x1p-70L", "0x1p-71L", "relu", None),
    ],
)
def test_a_change_concerns_what_reaches_it(tmp_path, file, before, after, stale, current):
    core = changed(tmp_path, file, before, after)
    assert prove.fingerprint(stale, core) != prove.fingerprint(stale)
    assert current is None or prove.fingerprint(current, core) == prove.fingerprint(current)


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("functions.def", "0.2, ULP(2, 2.1, 2.1, 2.1)", "0.3, ULP(2, 2.2, 2.1, 2.1)"),
        ("kernels/vecmath.h", "static const real F(bias) = 127;", "static const real F(bias) = 128;"),
        ("kernels/vecmath.h", "/* 2^n and e^t - 1 as numbers", "/* Both as numbers"),
    ],
)
def test_bounds_and_comments_and_float32_concern_no_proof(tmp_path, file, before, after):
    assert prove.fingerprint("sigmoid", changed(tmp_path, file, before, after)) == prove.fingerprint("sigmoid")


def test_near_a_root_is_what_the_bounds_mean_by_it():
    stated = dict(re.findall(r"\bnear_(\w+) = (0x1p-\d+)L", (CORE / "proof" / "piece.hpp").read_text()))
    assert {word: float.fromhex(number) for word, number in stated.items()} == {
        "distance": _roots.DISTANCE,
        "size": 2.0**_roots.DERIVATIVE_EXPONENT,
        "allowed": _roots.allowed("float64"),
    }


def test_worst_cases_are_below_the_proved_bounds():
    known = {bound: error for bound, (_, error) in WORST_CASES.items() if (*bound, "default") in PROVED}
    assert len(known) > 50
    assert {bound for bound, error in known.items() if error > PROVED[*bound, "default"] + SLACK} == set()


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The prover, and the prover of a core with all the faults."""
    if shutil.which("g++") is None or platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc":
        pytest.skip("the prover needs g++, x86-64 and glibc")
    folder = tmp_path_factory.mktemp("proof")
    wrong = copied(folder)
    for (file, before, after), _ in FAULTS.values():
        replaced(wrong / file, before, after)
    return prove.compiled(folder / "prove"), prove.compiled(folder / "prove_wrong", wrong)


def bounds_at(program, name, operation, low, high):
    """Return the bounds of the numbers from low to high, without FMA and with it."""
    command = [str(program), "at", name, operation, low.hex(), high.hex()]
    return [float(word) for word in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


@pytest.mark.compiles
@pytest.mark.parametrize("name", SHORT)
def test_a_short_proof(programs, name):
    results = prove.proved(programs[0], name, 20_000)
    for result in results:
        proved = PROVED[tuple(result[word] for word in prove.KEY)]
        assert float(result["bound_ulp"]) == pytest.approx(proved, abs=1e-3)


@pytest.mark.compiles
def test_the_error_of_one_number_is_that_of_the_kernel(programs):
    """So the proof computes what the kernels do, to the last bit; and the bound of many is no less.

    Next to a root, where an absolute error is allowed, it is 0.
    """
    for (name, operation, _, fma), (x, error) in WORST_CASES.items():
        around = sorted([x * (1 - 2.0**-14), x * (1 + 2.0**-14)])
        of_one, of_many = (bounds_at(programs[0], name, operation, *ends)[fma] for ends in ((x, x), around))
        assert of_one == pytest.approx(error, abs=SLACK) or (of_one == 0 and DOCS[name].root)
        assert of_many >= of_one


@pytest.mark.compiles
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(programs, fault):
    _, (name, operation, low, high) = FAULTS[fault]
    right, wrong = (bounds_at(program, name, operation, low, high) for program in programs)
    for fma in (False, True):
        assert right[fma] < prove.USEFUL * WORST_CASES[name, operation, "float64", fma][1] < wrong[fma]
