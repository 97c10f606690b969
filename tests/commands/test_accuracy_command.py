"""`python -m fastact accuracy`: what it measures, prints and keeps, and how it ends."""

import contextlib
import itertools
import json
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from calls import exit_status, outputs
from conftest import FORMULAS, evaluated, exact, on_isa

import fastact
from fastact import _runtime, _ufuncs
from fastact._cli import _accuracy, _climb, _errors, _exact, _functions, _layer_errors
from fastact._cli._accuracy_page import ISA_NAMES
from fastact._cli._errors import has_fma
from fastact._cli._layer_errors import case_of
from fastact._cli._ulp import ulp_error
from fastact._softmax_docs import BACKWARD_UNITS, BOUND, GRADIENT_BOUND, LOGARITHMS_WITHOUT_FMA

DTYPES = ("float32", "float64")
DOCS = Path(__file__).parents[2] / "docs"
COMMAND = [sys.executable, "-m", "fastact", "accuracy"]
SLICE = [range(_errors.bits(-4), _errors.bits(-1), 1013), range(_errors.bits(0.5), _errors.bits(9), 1013)]
SECONDS = 180  # that a run with the default options may take


@pytest.fixture(autouse=True)
def slices(monkeypatch):
    """A few inputs, in several chunks, measured in this process, which sees what is patched."""
    monkeypatch.setattr(_accuracy, "worker_pool", lambda: ThreadPoolExecutor(1))
    monkeypatch.setattr(_errors, "patterns", lambda exhaustive: SLICE)
    monkeypatch.setattr(_errors, "POINTS", {False: 80, True: 80})
    monkeypatch.setitem(_errors.CHUNK, "float32", 1 << 11)
    monkeypatch.setitem(_errors.CHUNK, "float64", 1 << 4)


accuracy = partial(exit_status, "accuracy")


def results(path):
    return json.loads(path.read_text())["results"]


def test_results_are_those_of_the_rule(tmp_path):
    assert accuracy("--function", "mish", "--dtype", "float32", "--json", tmp_path / "a.json") == 0
    found = results(tmp_path / "a.json")
    assert [(f["operation"], f["isa"]) for f in found] == [
        (operation, isa) for operation in ("forward", "grad") for isa in _ufuncs.runnable_isas()
    ]
    x = np.concatenate([np.arange(r.start, r.stop, r.step, dtype=np.uint32) for r in SLICE]).view(np.float32)
    (forward,) = (f for f in found if f["operation"] == "forward" and f["isa"] == _ufuncs.isa())
    got, want = _ufuncs.get("mish")(x), exact("mish", "forward", (), x)
    error = ulp_error(got, want)
    assert forward["inputs"] == x.size
    assert forward["largest"] == pytest.approx(error.max(), rel=1e-6)
    assert forward["mean"] == pytest.approx(error.mean(), rel=1e-6)
    assert forward["within_half"] == pytest.approx((error <= 0.5).mean(), rel=1e-3)
    assert float.fromhex(forward["x"]) in x
    assert float(_ufuncs.get("mish")(np.float32(float.fromhex(forward["x"])))) == float.fromhex(forward["got"])
    assert forward["bound"] == _ufuncs.error_bound("mish")


LAYERS = [(name, operation) for name in _functions.LAYERS for operation in _functions.operations(name)]


def test_layers_are_measured_where_they_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_layer_errors, "SEEDS", {False: 1})
    path, isas = tmp_path / "a.json", _ufuncs.runnable_isas()
    assert accuracy(*_functions.LAYERS, "--json", path, "--markdown", tmp_path / "a.md") == 0
    found = results(path)
    for dtype in ("float32", "float64"):
        measured = [(f["function"], f["operation"], f["isa"]) for f in found if f["dtype"] == dtype]
        with_oracle = [case for case in LAYERS if case_of(*case, dtype).oracle is not None]
        assert measured == [(*case, isa) for case in with_oracle for isa in isas]
    assert all(f["inputs"] > 0 and f["largest"] <= f["bound"] for f in found)
    assert max(f["largest"] for f in found if f["function"] == "softmax") > 0.4 * BOUND
    printed = capsys.readouterr().out
    assert all(re.search(rf"^{name} {operation} +\w+ +[\d.]+ ", printed, re.MULTILINE) for name, operation in LAYERS)
    for name, multiples in BACKWARD_UNITS.items():
        assert re.search(rf"^{name} backward .*; in {re.escape(multiples)}$", printed, re.MULTILINE)
        assert f"- `{name}.backward`: {multiples}\n" in (tmp_path / "a.md").read_text()


def test_bounds_of_layers_are_those_of_the_table_and_the_docstrings():
    for isa in _ufuncs.runnable_isas():
        with on_isa(isa):
            bounds = {case: case_of(*case, "float32").bound for case in LAYERS}
            assert bounds["prelu", "forward"] == _ufuncs.error_bound("leaky_relu")
            assert bounds["bias_act", "backward"] == _ufuncs.error_bound("gelu", "grad")
            assert bounds["swiglu", "backward"] == _ufuncs.error_bound("swiglu", "backward")
            assert bounds["softmin", "backward"] == GRADIENT_BOUND
            assert bounds["softmax", "forward"] == BOUND
            assert bounds["logsumexp", "forward"] == (BOUND if has_fma(isa) else LOGARITHMS_WITHOUT_FMA)


@pytest.mark.parametrize("case", LAYERS)
def test_wrong_results_of_layers_exceed_the_bound(monkeypatch, case, capsys):
    """A result that is 20 ULP too large is found, whatever is measured."""
    right = _functions.get

    def wrong(name, operation="forward"):
        function = right(name, operation)

        def larger(*arrays, **options):
            first, *others = outputs(function(*arrays, **options))
            first = first * (1 + 20 * np.finfo(first.dtype).eps)
            return (first, *others) if others else first

        larger.reference = getattr(function, "reference", None)
        return larger if (name, operation) == case else function

    monkeypatch.setattr(_functions, "get", wrong)
    monkeypatch.setattr(_layer_errors, "SEEDS", {False: 1})
    assert accuracy(case[0], "--operation", case[1], "--dtype", "float32", "--isa", "baseline") == 1
    assert f"exceeds its bound: {case[0]} {case[1]} " in capsys.readouterr().err


def test_kinds_of_operations_are_mixed(tmp_path):
    """Activations have no backward of their own to be measured, layers have."""
    options = ("--dtype", "float32", "--isa", "baseline", "--json", tmp_path / "a.json")
    assert accuracy("silu", "--function", "swiglu", "--operation", "backward", "forward", *options) == 0
    found = [(f["function"], f["operation"]) for f in results(tmp_path / "a.json")]
    assert found == [("silu", "forward"), ("swiglu", "forward"), ("swiglu", "backward")]


def test_interrupted_run_of_rows_continues(tmp_path, monkeypatch):
    options = ("softmax", "--exhaustive", "--dtype", "float32", "--isa", "baseline", "--json")
    monkeypatch.setattr(_layer_errors, "SEEDS", {True: 4, False: 4})
    monkeypatch.setattr(_layer_errors, "LENGTHS", (3, 17))
    assert accuracy(*options, tmp_path / "whole.json") == 0
    measure = _errors.measure

    def interrupted(*arguments):
        for count, progress in enumerate(measure(*arguments)):
            if count == 2:
                raise SystemExit(130)
            yield progress

    monkeypatch.setattr(_accuracy, "measure", interrupted)
    assert accuracy(*options, tmp_path / "parts.json") == 130
    monkeypatch.setattr(_accuracy, "measure", measure)
    assert accuracy(*options, tmp_path / "parts.json") == 0
    assert results(tmp_path / "parts.json") == results(tmp_path / "whole.json")


def test_every_operation_is_measured_and_the_settings_are_as_before(tmp_path, capsys):
    before = _ufuncs.isa(), _ufuncs.get_num_threads()
    isa = _ufuncs.runnable_isas()[-1]
    assert accuracy("--isa", isa, "--json", tmp_path / "a.json") in (0, 1)
    assert (_ufuncs.isa(), _ufuncs.get_num_threads()) == before
    found = results(tmp_path / "a.json")
    assert [(f["function"], f["operation"]) for f in found if f["dtype"] == "float32"] == FORMULAS
    if _errors.oracle64() is not None:
        assert [(f["function"], f["operation"]) for f in found if f["dtype"] == "float64"] == FORMULAS
    printed = capsys.readouterr().out
    assert all(f"\n{name} {operation}  " in printed for name, operation in FORMULAS)


def test_infinite_errors_are_kept_and_exceed_every_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(_ufuncs, "get", lambda *case: lambda x: np.full_like(x, np.nan))
    options = ("--function", "silu", "--operation", "forward", "--json", tmp_path / "a.json")
    assert accuracy(*options) == 1
    assert {float(f["largest"]) for f in results(tmp_path / "a.json")} == {np.inf}


def test_exceeded_bound_is_named(monkeypatch, capsys):
    monkeypatch.setattr(_ufuncs, "error_bound", lambda name, operation, dtype: 0.25 if operation == "grad" else 9)
    assert accuracy("--function", "silu", "tanh", "--dtype", "float32", "--isa", "baseline") == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[3:6] for line in lines] == [["silu", "grad", "baseline"], ["tanh", "grad", "baseline"]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_interrupted_run_continues_to_the_same_numbers(tmp_path, monkeypatch, dtype):
    if dtype == "float64" and _errors.oracle64() is None:
        pytest.skip("there is no oracle of float64 here")
    options = ("--exhaustive", "--function", "gelu", "mish", "--dtype", dtype, "--json")
    assert accuracy(*options, tmp_path / "whole.json") == 0
    measure, rounds = _errors.measure, iter(range(100))

    def interrupted(*arguments):
        for progress in measure(*arguments):
            if next(rounds) in (1, 4, 5):
                raise SystemExit(130)
            yield progress

    monkeypatch.setattr(_accuracy, "measure", interrupted)
    statuses = [accuracy(*options, tmp_path / "parts.json") for _ in range(4)]
    assert statuses == [130, 130, 130, 0]
    assert results(tmp_path / "parts.json") == results(tmp_path / "whole.json")
    assert accuracy(*options, tmp_path / "parts.json") == 0
    assert results(tmp_path / "parts.json") == results(tmp_path / "whole.json")


class Bar:
    def __init__(self, total):
        self.left = total
        self.titles = []

    def update(self, done):
        self.left -= done

    def set_description(self, text, refresh):
        self.titles.append(text)

    def clear(self):
        pass


def test_progress_ends_at_its_total_also_when_continued(tmp_path, monkeypatch):
    bars = []

    def progress_bar(total, wanted, **looks):
        bars.append(Bar(total))
        return contextlib.nullcontext(bars[-1])

    monkeypatch.setattr(_accuracy, "progress_bar", progress_bar)
    options = ("--exhaustive", "--function", "silu", "--dtype", "float32", "--json", tmp_path / "a.json")
    assert accuracy(*options, "--operation", "grad") == 0
    assert accuracy(*options) == 0
    assert [bar.left for bar in bars] == [0, 0]
    assert [set(bar.titles) for bar in bars] == [{"silu grad float32"}, {"silu forward float32"}]


def test_continued_run_adds_what_is_missing(tmp_path, capsys):
    options = ("--exhaustive", "--operation", "forward", "--dtype", "float32", "--json", tmp_path / "a.json")
    assert accuracy("--function", "silu", "--isa", "baseline", *options) == 0
    assert accuracy("--function", "silu", "gelu", *options) == 0
    assert "is continued: it has 1 results" in capsys.readouterr().err
    keys = [(f["function"], f["isa"]) for f in results(tmp_path / "a.json")]
    assert sorted(keys) == sorted((name, isa) for name in ("silu", "gelu") for isa in _ufuncs.runnable_isas())


def continued(path, change, capsys):
    """Run, change what the file says, and run again: what was said then, and what the file has in the end."""
    options = ("--exhaustive", "--function", "silu", "relu", "--dtype", "float32", "--isa", "baseline", "--json", path)
    assert accuracy(*options) == 0
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    capsys.readouterr()
    assert accuracy(*options) == 0
    return capsys.readouterr().err, json.loads(path.read_text())


def test_run_of_another_version_starts_anew(tmp_path, capsys):
    path = tmp_path / "a.json"
    said, content = continued(path, lambda content: content["run"].update(fastact="0.0.1"), capsys)
    assert said == f"{path} is of another run (fastact changed): starting anew\n"
    assert content["run"]["fastact"] == fastact.__version__


def test_run_on_another_machine_is_continued(tmp_path, capsys):
    path = tmp_path / "a.json"
    said, content = continued(path, lambda content: content["run"].update(cpu="another"), capsys)
    assert said == f"{path} is continued: it has 4 results\n"
    assert content["run"]["cpu"] == f"another, {_runtime._cpu()}"


def test_kernels_that_changed_are_measured_anew(tmp_path, capsys):
    path = tmp_path / "a.json"
    said, content = continued(path, lambda content: content["results"][0].update(fingerprint="other", mean=7), capsys)
    assert said == f"{path} is continued: it has 4 results\n"
    assert len(content["results"]) == 4
    assert all(found["mean"] < 1 and found["fingerprint"] != "other" for found in content["results"])


def test_without_an_oracle_float64_is_left_out(monkeypatch, capsys):
    monkeypatch.setattr(_errors, "oracle64", lambda: None)
    assert accuracy("--function", "silu", "--isa", "baseline") == 0
    printed = capsys.readouterr()
    assert "float64" not in printed.out
    assert printed.err == "float64 is left out: it needs python-flint (pip install python-flint)\n"


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps, reason="longdouble is no wider than float64 here"
)
def test_without_flint_longdouble_is_the_oracle(monkeypatch, tmp_path, capsys):
    options = ("--function", "silu", "--dtype", "float64", "--isa", "baseline", "--json")
    assert accuracy(*options, tmp_path / "a.json") == 0
    monkeypatch.setitem(sys.modules, "fastact._cli._balls", None)
    assert accuracy(*options, tmp_path / "b.json") == 0
    assert "judged by fastact.reference in longdouble" in capsys.readouterr().out
    for a, b in zip(results(tmp_path / "a.json"), results(tmp_path / "b.json"), strict=True):
        assert b["largest"] == pytest.approx(a["largest"], rel=0.01)


def test_page_is_written_from_results(tmp_path, monkeypatch, capsys):
    options = ("--function", "silu", "relu", "--dtype", "float32", "--json", tmp_path / "a.json")
    monkeypatch.setattr(sys, "argv", ["fastact", "accuracy", *map(str, options)])
    assert accuracy(*options) == 0
    printed = capsys.readouterr().out
    assert accuracy("--from-json", tmp_path / "a.json", "--markdown", tmp_path / "a.md") == 0
    assert [line for line in capsys.readouterr().out.splitlines() if "ULP" not in line] == [
        "float32", *(line for line in printed.splitlines() if "ULP" not in line and "judged" not in line)
    ]  # fmt: skip
    text = (tmp_path / "a.md").read_text()
    assert text.count("\n| `silu.grad` |") == text.count("\n## float32: ") >= 1
    assert "| `relu` | 0 | sampled | 0 |  |  |  | 0 | 100 % | 100 % | 100 % |  |" in text
    for fact in ("PyTorch", fastact.__version__, "Inputs: a sample", "--function silu relu", _runtime._cpu()):
        assert fact in text


# Climbs

ISA = _ufuncs.runnable_isas()[-1]
needs_quad = pytest.mark.skipif(not _exact.HAS_QUAD, reason="float64 is judged in quadruple precision")
CLIMBED = [
    pytest.param(name, operation, dtype, marks=needs_quad if dtype == "float64" else ())
    for dtype in ("float32", "float64")
    for name, operation in (("gelu", "grad"), ("celu", "grad_alpha"), ("softplus", "backward_from_output"))
]


def plant(monkeypatch, name, error):
    """Let a kernel be wrong by an error in ULP, a function of x."""
    right = _ufuncs.get

    def wrong(*case):
        def function(x, *parameters):
            y = right(*case)(x, *parameters)
            with np.errstate(all="ignore"):
                steps = np.round(error(x.astype(np.float64))).astype(x.dtype)
                return np.where(steps == 0, y, y + np.spacing(y) * steps)

        return function if case[0] == name else right(*case)

    monkeypatch.setattr(_ufuncs, "get", wrong)


@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=needs_quad)])
def test_climb_finds_the_top_of_a_hill(monkeypatch, tmp_path, capsys, dtype):
    """Which is far narrower than a bin: none of the points that are drawn in bins is on it."""
    top, width = 30.0, 1e-6

    def hill(x):
        distance = np.abs(x / 2.3456 - 1)
        return np.where(distance < width, top, np.maximum(0, 12 + 2 * np.log10(width / np.maximum(distance, width))))

    plant(monkeypatch, "tanh", hill)
    options = ("--dtype", dtype, "--isa", ISA, "--evaluations", "1000000", "--seed", 1, "--json", tmp_path / "a.json")
    assert accuracy("tanh", "--operation", "forward", *options) == 1
    (found,) = results(tmp_path / "a.json")
    assert top - 1 < found["largest"] < top + 3
    assert float.fromhex(found["x"]) == pytest.approx(2.3456, rel=width)
    printed = capsys.readouterr()
    assert re.search(
        rf"^tanh forward +{dtype} +{ISA} +1,0\d\d,\d\d\d +{found['bound']:g} .* EXCEEDS ", printed.out, re.M
    )
    assert "exceeds its bound: tanh forward" in printed.err


def test_climb_finds_a_number_in_place_of_nan(monkeypatch, tmp_path):
    plant(monkeypatch, "silu", lambda x: np.where(x == np.inf, np.nan, 0))
    options = ("--dtype", "float32", "--isa", ISA, "--evaluations", "1", "--json", tmp_path / "a.json")
    assert accuracy("silu", "--operation", "forward", *options) == 1
    (found,) = results(tmp_path / "a.json")
    assert (found["largest"], found["x"], found["got"], found["want"]) == ("inf", "inf", "nan", "inf")


@pytest.mark.parametrize(("name", "operation", "dtype"), CLIMBED)
def test_climb_tells_the_errors_that_there_are(tmp_path, name, operation, dtype):
    """The largest is nearly that of the worst case at least, and is the error at the x and parameters that are told."""
    options = ("--dtype", dtype, "--isa", ISA, "--evaluations", "300000", "--seed", 2, "--json", tmp_path / "a.json")
    assert accuracy(name, "--operation", operation, *options) in (0, 1)
    (found,) = results(tmp_path / "a.json")
    kind, parameters = np.dtype(dtype).type, [np.dtype(dtype).type(value) for value in found["parameters"].values()]
    x = kind([float.fromhex(found["x"])])
    with on_isa(ISA):
        got = evaluated(name, operation, parameters, x)
        assert found["bound"] == _ufuncs.error_bound(name, operation, kind)
    assert float(got[0]).hex() == found["got"]
    assert found["evaluations"] >= 100_000
    assert found["largest"] == pytest.approx(ulp_error(got, exact(name, operation, parameters, x))[0], abs=0.01)
    assert found["largest"] > 0.6 * found["bound"]


@pytest.mark.parametrize("beta", [0.25, 1.0, 2.0**60])
@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=needs_quad)])
def test_next_to_a_root_errors_do_not_count_whatever_the_parameter(dtype, beta):
    case = case_of("swish", "grad", dtype)
    x = np.array(case.root / beta * (1 + np.linspace(-0.2, 0.2, 2001)), dtype)
    with on_isa(ISA):
        error, _, want = _climb.errors(case, x, (beta,), roughly=False)
    counted = np.abs(x.astype(float) * beta - case.root) >= 2**-3
    assert np.all(error[np.abs(want) < 2.0**-7] == 0)
    assert np.mean(error[counted] > 0) > 0.9
    assert error.max() <= case.bound


@needs_quad
def test_climb_of_pairs_holds_their_bounds(tmp_path):
    options = ("--isa", ISA, "--evaluations", "400000", "--seed", 1, "--json", tmp_path / "a.json")
    assert accuracy("swiglu", "reglu", *options) == 0
    found = results(tmp_path / "a.json")
    assert len(found) == 8
    assert {(f["operation"], *f["parameters"]) for f in found} == {("forward", "up"), ("backward", "dy", "up")}
    assert all(0.4 * f["bound"] < f["largest"] <= f["bound"] for f in found)


def test_climb_finds_the_same_with_the_same_seed(tmp_path, monkeypatch, capsys):
    options = ("swish", "--dtype", "float32", "--isa", ISA, "--evaluations", "200000")
    for path, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert accuracy(*options, "--seed", seed, "--json", tmp_path / path) in (0, 1)
        assert f"seed {seed}, usual parameters" in capsys.readouterr().out
    assert results(tmp_path / "a") == results(tmp_path / "b") != results(tmp_path / "c")
    monkeypatch.setattr(_accuracy, "worker_pool", _errors.worker_pool)
    monkeypatch.setattr(_climb, "SLICE", (1.0, 1 << 16))
    assert accuracy(*options, "--seed", 1, "--json", tmp_path / "d") in (0, 1)
    assert results(tmp_path / "d") == results(tmp_path / "a")


def test_climb_takes_its_time_and_tells_how_far_it_is(monkeypatch, tmp_path):
    bars, before = [], _ufuncs.isa()

    def progress_bar(total, wanted, **looks):
        bars.append(Bar(total))
        return contextlib.nullcontext(bars[-1])

    monkeypatch.setattr(_accuracy, "progress_bar", progress_bar)
    began = time.monotonic()
    options = ("--dtype", "float32", "--isa", _ufuncs.runnable_isas()[-1], "--json", tmp_path / "a.json")
    assert accuracy("relu", *options, "--climb", 1.5) == 0
    assert time.monotonic() - began >= 1.5 * 2
    assert [bar.left for bar in bars] == [0]
    assert all(found["evaluations"] > 100_000 for found in results(tmp_path / "a.json"))
    assert _ufuncs.isa() == before


@pytest.mark.parametrize(("parameters", "least", "most"), [("usual", 0.2, 5.0), ("any", 2.0**-126, 3.5e38)])
def test_parameters_of_climbs_are_all_over_their_range(parameters, least, most):
    search = _climb.Search(case_of("softplus", "grad_beta", "float32"), ISA, parameters, 0)
    drawn = np.array([search.drawn_parameters()[0] for _ in range(1000)])
    near = [search.near_parameters((most,))[0] for _ in range(1000)]
    assert least <= drawn.min() < least**0.9
    assert most**0.9 < drawn.max() <= most
    assert np.mean(drawn == 1) == pytest.approx(_climb.DEFAULTS, abs=0.1)
    assert 0.8 * most < min(near) <= max(near) <= most


def test_bins_cover_every_exponent():
    for dtype in ("float32", "float64"):
        edges, kind = _climb.bin_edges(dtype), np.finfo(dtype)
        assert (edges[0], edges[-1]) == (float(kind.smallest_subnormal), float(kind.max))
        ratios = edges[1:] / edges[:-1]
        assert ratios.max() <= 2  # among the smallest subnormal numbers
        assert ratios[edges[:-1] >= kind.tiny].max() <= 1.25 + 1e-6


def test_climb_of_float64_needs_quadruple_precision(monkeypatch, capsys):
    monkeypatch.setattr(_exact, "HAS_QUAD", False)
    assert accuracy("silu", "--evaluations", 1) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "silu in float64 needs quadruple precision" in printed.err
    assert accuracy("silu", "--evaluations", 1, "--dtype", "float32") == 0


def climbed(path, *options):
    """The results of a short search for functions with a parameter and without."""
    assert accuracy("relu", "elu", "--dtype", "float32", "--isa", ISA, *options, "--json", path) == 0
    return {(found["function"], found["operation"]): found for found in results(path)}


def test_climbs_are_joined(tmp_path, capsys):
    """Those of the same kernels: the larger error, all evaluations and seeds; of a kernel that changed the new one."""
    before = climbed(tmp_path / "a.json", "--evaluations", "20000", "--seed", 1)
    new = climbed(tmp_path / "b.json", "--evaluations", "20000", "--seed", 2)
    capsys.readouterr()
    joined = climbed(tmp_path / "c.json", "--evaluations", "20000", "--seed", 2, "--add", tmp_path / "a.json")
    assert capsys.readouterr().err == ""
    assert joined.keys() == before.keys()
    for case, found in joined.items():
        assert found["seeds"] == [1, 2]
        assert found["evaluations"] == before[case]["evaluations"] + new[case]["evaluations"]
        larger = max(before[case], new[case], key=lambda one: one["largest"])
        assert {key: found[key] for key in ("largest", "x", "parameters")} == {
            key: larger[key] for key in ("largest", "x", "parameters")
        }
    content = json.loads((tmp_path / "a.json").read_text())
    content["results"][0]["fingerprint"] = "other"
    content["results"][2] |= {"largest": 99.0, "got": (3.0).hex()}
    (tmp_path / "a.json").write_text(json.dumps(content))
    again = climbed(tmp_path / "d.json", "--evaluations", "20000", "--seed", 2, "--add", tmp_path / "a.json")
    assert "a.json: 2 results are of other kernels\n" in capsys.readouterr().err
    assert [list(again.values())[k]["seeds"] for k in range(3)] == [[2], [1, 2], [2]]
    (run,) = json.loads((tmp_path / "d.json").read_text())["earlier"]
    assert run["run"]["climb"]["seed"] == 1


def proof(operation, dtype, bound, parameters="default", fma=True):
    words = ("activation", "operation", "type", "fma", "parameters", "bound_ulp")
    return dict(zip(words, ("elu", operation, dtype, fma, parameters, bound), strict=True))


def known(page, heading):
    """How bounds are known, by operation, in the table below a heading."""
    table = page.partition(f"{heading}\n")[2].partition("\n#")[0]
    return dict(re.findall(r"^\| `([\w.]+)` \| [\d.]+ \| (\w+) \|", table, re.MULTILINE))


@needs_quad
def test_page_says_how_bounds_are_known(tmp_path):
    isa = _ufuncs.runnable_isas()[0]
    if _errors.oracle64() is None or not has_fma(isa):
        pytest.skip("float64 is not judged, or there is no FMA")
    options = ("elu", "relu", "--isa", isa)
    assert accuracy(*options, "--exhaustive", "--json", tmp_path / "a.json") == 0
    assert accuracy("elu", "--isa", isa, "--evaluations", "20000", "--json", tmp_path / "c.json") == 0
    proofs = [
        proof("forward", "float32", 0.01),
        proof("forward", "float32", 0.01, "usual"),
        proof("grad", "float32", 99.0),
        proof("grad", "float32", 99.0, "usual"),
        proof("forward", "float64", 0.01),
        proof("forward", "float64", 99.0, "usual"),
        proof("grad", "float64", 0.01, "usual"),
        proof("grad_alpha", "float64", 0.01, fma=False),
        proof("grad_alpha", "float64", 0.01, "usual", fma=False),
    ]
    (tmp_path / "p.json").write_text(json.dumps(proofs))
    page, beside = tmp_path / "a.md", ("--climbs", tmp_path / "c.json", "--proofs", tmp_path / "p.json")
    assert accuracy("--from-json", tmp_path / "a.json", *beside, "--markdown", page) == 0
    single, double = (known(page.read_text(), f"\n## {dtype}: {ISA_NAMES[isa]}") for dtype in DTYPES)
    assert single["elu"] == "proved"
    assert {single["elu.grad"], single["elu.grad_alpha"], single["relu"]} == {"exhaustive"}
    assert (double["elu"], double["elu.grad"], double["elu.grad_alpha"]) == ("proved", "searched", "searched")
    assert double["relu"] == "sampled"
    single, double = (known(page.read_text(), f"\n### {dtype}: {ISA_NAMES[isa]}") for dtype in DTYPES)
    assert (single["elu"], single["elu.grad"]) == ("proved", "searched")
    assert (double["elu"], double["elu.grad"], double["elu.grad_alpha"]) == ("searched", "searched", "searched")


def test_climb_has_no_page(tmp_path, capsys):
    assert accuracy("relu", "--evaluations", 1, "--dtype", "float32", "--json", tmp_path / "a.json") == 0
    assert accuracy("--from-json", tmp_path / "a.json") == 2
    assert "holds a climb, of which there is no page" in capsys.readouterr().err


# What is refused


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--function sillu", "unknown function 'sillu'; did you mean 'silu'?"),
        ("softmacks", "unknown function 'softmacks'; did you mean 'softmax'?"),
        ("xyz", "unknown function 'xyz'; there are: relu, relu6, "),
        ("logsumexp --operation backward", "backward has the bits of forward and grad"),
        ("--from-json exhaustive.json softmax", "argument --from-json: nothing is measured"),
        ("--function silu --operation grad_beta", "no 'grad_beta' there; did you mean 'grad'?"),
        ("--operation backward", "backward has the bits of forward and grad"),
        ("--isa sse9", "invalid choice: 'sse9'"),
        ("--dtype float16", "invalid choice: 'float16'"),
        ("--exhausting", "unrecognized arguments: --exhausting"),
        ("--function silu --json other.json", "other.json is no result of this command"),
        ("--function silu --json list.json", "list.json is no result of this command"),
        ("--function silu --json binary.json", "binary.json is no result of this command"),
        ("--function silu --json nowhere/a.json", "nowhere/a.json: No such file"),
        ("--function silu --json exhaustive.json", "exhaustive.json holds an exhaustive run"),
        ("--from-json missing.json", "missing.json: No such file"),
        ("--from-json other.json", "other.json is no result of this command"),
        ("--from-json exhaustive.json --function silu", "argument --from-json: nothing is measured"),
        ("--from-json exhaustive.json --exhaustive", "argument --from-json: nothing is measured"),
        ("--climb 0", "argument --climb: '0' is not a positive number"),
        ("--climb soon", "argument --climb: 'soon' is not a positive number"),
        ("--climb inf", "argument --climb: 'inf' is not a positive number"),
        ("--evaluations 1.5", "argument --evaluations: '1.5' is not a positive number"),
        ("--climb 1 --evaluations 9", "argument --evaluations: not allowed with argument --climb"),
        ("--climb 1 --seed -1", "argument --seed: '-1' is not 0 or a positive integer"),
        ("--climb 1 --parameters all", "argument --parameters: invalid choice: 'all'"),
        ("--climb 1 --function sillu", "unknown function 'sillu'; did you mean 'silu'?"),
        ("--climb 1 --operation grad_bet", "no 'grad_bet' there; did you mean 'grad_beta'?"),
        ("--climb 1 softmax --dtype float32", "argument --climb: softmax is neither an activation nor a gated pair"),
        ("--climb 1 prelu --dtype float32", "argument --climb: prelu is neither an activation nor a gated pair"),
        ("--climb 1 --exhaustive", "argument --exhaustive: it does not go with --climb"),
        ("--evaluations 9 --from-json exhaustive.json", "argument --from-json: it does not go with --climb"),
        ("--climb 1 --markdown a.md", "argument --markdown: it does not go with --climb"),
        ("--climb 1 relu --dtype float32 --json exhaustive.json", "exhaustive.json holds an exhaustive run"),
        ("--climb 1 --climbs climb.json", "argument --climbs: it does not go with --climb"),
        ("--climb 1 relu --dtype float32 --add exhaustive.json", "exhaustive.json holds no climb"),
        ("--climb 1 relu --dtype float32 --add climb.json --parameters any", "climb.json holds a climb with usual"),
        ("--add climb.json", "argument --add: it goes with --climb"),
        ("--from-json exhaustive.json --climbs climb.json", "argument --climbs: it goes with --markdown"),
        ("--from-json exhaustive.json --proofs other.json", "argument --proofs: it goes with --markdown"),
        ("--from-json exhaustive.json --climbs exhaustive.json --markdown a.md", "exhaustive.json holds no climb"),
        ("--from-json exhaustive.json --proofs other.json --markdown a.md", "other.json is no list of proofs"),
        ("--from-json exhaustive.json --proofs list.json --markdown a.md", "list.json is no list of proofs"),
        ("--seed 1", "argument --seed: it goes with --climb"),
        ("--parameters any", "argument --parameters: it goes with --climb"),
    ],
)
def test_refuses(tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    options = ("--function", "relu", "--dtype", "float32", "--isa", "baseline")
    assert accuracy("--exhaustive", *options, "--json", "exhaustive.json") == 0
    assert accuracy("--evaluations", 1, *options, "--json", "climb.json") == 0
    (tmp_path / "other.json").write_text('{"results": []}')
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "binary.json").write_bytes(b"\xff\x00")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    capsys.readouterr()
    assert accuracy(*arguments.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.match("python -m fastact( accuracy)?: error: ", printed.err)
    assert printed.err.count("\n") == 1
    assert expected in printed.err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


# Whole runs


def test_processes_find_what_one_thread_finds(tmp_path, monkeypatch):
    options = ("--function", "mish", "--json")
    assert accuracy(*options, tmp_path / "thread.json") == 0
    monkeypatch.setattr(_accuracy, "worker_pool", _errors.worker_pool)
    assert accuracy(*options, tmp_path / "processes.json") == 0
    assert results(tmp_path / "processes.json") == results(tmp_path / "thread.json")


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_keeps_what_was_done(tmp_path, number):
    command = [*COMMAND, "--exhaustive", "--function", "mish", "--dtype", "float32", "--json", "a.json"]
    for seconds in (2, 10, 40):  # beside other work nothing may be done at first
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(seconds)
            process.send_signal(number)
            assert process.communicate(timeout=60) == (b"", b"")
        assert process.returncode == 128 + number
        found = {path.name: json.loads(path.read_text())["partial"] for path in tmp_path.iterdir()}
        if any(found.values()):
            break
        (tmp_path / "a.json").unlink(missing_ok=True)
    assert found.keys() == {"a.json"}
    assert found["a.json"]["chunks"] > 0


@pytest.mark.exhaustive
def test_sample_takes_at_most_three_minutes(tmp_path):
    began = time.monotonic()
    subprocess.run(COMMAND, cwd=tmp_path, check=True)
    assert time.monotonic() - began < SECONDS


@pytest.mark.exhaustive
def test_every_input_is_within_its_bound(tmp_path):
    subprocess.run([*COMMAND, "--exhaustive", "--json", "accuracy.json"], cwd=tmp_path, check=True)
    content = json.loads((tmp_path / "accuracy.json").read_text())
    assert content["partial"] is None
    assert {f["inputs"] for f in content["results"] if f["dtype"] == "float32"} == {1 << 32}


@pytest.mark.skipif(
    {has_fma(isa) for isa in _ufuncs.runnable_isas()} != {False, True},
    reason="the bounds are those with FMA and without",
)
def test_published_page_is_that_of_the_published_results(tmp_path):
    """With the bounds that the table has now, none of which is exceeded; no operation is missing."""
    beside = ("--climbs", DOCS / "climbs.json", "--proofs", DOCS.parent / "csrc" / "proof" / "bounds.json")
    assert accuracy("--from-json", DOCS / "accuracy.json", *beside, "--markdown", tmp_path / "page.md") == 0
    assert (tmp_path / "page.md").read_text() == (DOCS / "accuracy.md").read_text()
    content = json.loads((DOCS / "accuracy.json").read_text())
    measured = {(f["function"], f["operation"], f["dtype"], f["isa"]) for f in content["results"]}
    everything = itertools.product(FORMULAS, ("float32", "float64"), ("avx2", "avx512"))
    assert measured == {(*case, dtype, isa) for case, dtype, isa in everything}
    assert content["run"]["exhaustive"]
    assert content["partial"] is None
    assert all(f["inputs"] == {"float32": 2**32, "float64": 10**6}[f["dtype"]] for f in content["results"])
