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
from calls import exit_status
from conftest import FORMULAS, exact

import fastact
from fastact import _accuracy, _errors, _runtime, _ufuncs
from fastact._ulp import ulp_error

DOCS = Path(__file__).parent.parent / "docs"
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


def test_every_operation_is_measured_and_the_settings_are_as_before(tmp_path, capsys):
    before = _ufuncs.isa(), _ufuncs.get_num_threads()
    isa = _ufuncs.runnable_isas()[-1]
    assert accuracy("--isa", isa, "--json", tmp_path / "a.json") in (0, 1)
    assert (_ufuncs.isa(), _ufuncs.get_num_threads()) == before
    found = results(tmp_path / "a.json")
    assert [(f["function"], f["operation"]) for f in found if f["dtype"] == "float32"] == FORMULAS
    if _errors.judge64() is not None:
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
    if dtype == "float64" and _errors.judge64() is None:
        pytest.skip("nobody knows float64 to more digits")
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


def test_run_on_another_machine_starts_anew(tmp_path, capsys):
    path = tmp_path / "a.json"
    said, content = continued(path, lambda content: content["run"].update(cpu="another"), capsys)
    assert said == f"{path} is of another run (cpu changed): starting anew\n"
    assert content["run"]["cpu"] == _runtime._cpu()


def test_kernels_that_changed_are_measured_anew(tmp_path, capsys):
    path = tmp_path / "a.json"
    said, content = continued(path, lambda content: content["results"][0].update(fingerprint="other", mean=7), capsys)
    assert said == f"{path} is continued: it has 4 results\n"
    assert len(content["results"]) == 4
    assert all(found["mean"] < 1 and found["fingerprint"] != "other" for found in content["results"])


def test_without_a_judge_float64_is_left_out(monkeypatch, capsys):
    monkeypatch.setattr(_accuracy, "judge64", lambda: None)
    assert accuracy("--function", "silu", "--isa", "baseline") == 0
    printed = capsys.readouterr()
    assert "float64" not in printed.out
    assert printed.err == "float64 is left out: it needs python-flint (pip install 'fastact[accuracy]')\n"


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps, reason="longdouble is no wider than float64 here"
)
def test_without_flint_longdouble_judges(monkeypatch, tmp_path, capsys):
    options = ("--function", "silu", "--dtype", "float64", "--isa", "baseline", "--json")
    assert accuracy(*options, tmp_path / "a.json") == 0
    monkeypatch.setitem(sys.modules, "fastact._balls", None)
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
    assert "| `relu` | 0 | 0 |  |  |  | 0 | 100 % | 100 % | 100 % |  |" in text
    for fact in ("PyTorch", fastact.__version__, "Inputs: a sample", "--function silu relu", _runtime._cpu()):
        assert fact in text


# What is refused


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--function sillu", "unknown function 'sillu'; did you mean 'silu'?"),
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
    ],
)
def test_refuses(tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    options = ("--function", "relu", "--dtype", "float32", "--isa", "baseline")
    assert accuracy("--exhaustive", *options, "--json", "exhaustive.json") == 0
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
        assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
        partial = json.loads((tmp_path / "a.json").read_text())["partial"]
        if partial:
            break
        (tmp_path / "a.json").unlink()
    assert partial["chunks"] > 0


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
    not {"avx2", "avx512"} <= set(_ufuncs.runnable_isas()), reason="the bounds are those of AVX2, AVX-512"
)
def test_published_page_is_that_of_the_published_results(tmp_path):
    """With the bounds that the table has now, none of which is exceeded; no operation is missing."""
    assert accuracy("--from-json", DOCS / "accuracy.json", "--markdown", tmp_path / "page.md") == 0
    assert (tmp_path / "page.md").read_text() == (DOCS / "accuracy.md").read_text()
    content = json.loads((DOCS / "accuracy.json").read_text())
    measured = {(f["function"], f["operation"], f["dtype"], f["isa"]) for f in content["results"]}
    everything = itertools.product(FORMULAS, ("float32", "float64"), ("avx2", "avx512"))
    assert measured == {(*case, dtype, isa) for case, dtype, isa in everything}
    assert content["run"]["exhaustive"]
    assert content["partial"] is None
    assert all(f["inputs"] == {"float32": 2**32, "float64": 10**6}[f["dtype"]] for f in content["results"])
