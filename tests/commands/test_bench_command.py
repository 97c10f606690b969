"""`python -m fastact bench`: what it races, prints and keeps, and how it ends; how fast anything is does not matter."""

import copy
import importlib.util
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import geometric_mean

import numpy as np
import pytest
from bench_runs import QUICK, SMALL, bench, contents, record
from test_accuracy_command import Bar
from test_command_line import assert_refused

from fastact import _ufuncs
from fastact._cli import _bench, _bench_page, _bench_report, _peers

DOCS = Path(__file__).parents[2] / "docs"


# --- Results ---------------------------------------------------------------------------------------------------------


def test_results_are_added_to_those_of_a_file(small, program, tmp_path, capsys):
    """In their place, where they are of the same case; the page tells of both runs."""
    path, _ = small
    options = ("--function", "tanh", "--operation", "forward", "--output", "fresh", "--add", path)
    files = ("--json", tmp_path / "b.json", "--markdown", tmp_path / "b.md")
    assert bench(*SMALL, *options, *files) == 0
    before, after = contents(path), contents(tmp_path / "b.json")
    cases = [list(map(_bench_report.key_of, content["records"])) for content in (before, after)]
    assert cases[0] == cases[1]
    changed = [r["function"] for r, old in zip(after["records"], before["records"], strict=True) if r != old]
    assert changed == ["tanh", "tanh"]
    assert [run["command"] for run in after["earlier"]] == [before["command"]]
    text = (tmp_path / "b.md").read_text()
    assert re.findall(r"^## (Run \d)$", text, re.MULTILINE) == ["Run 1", "Run 2"]
    assert before["command"] in text
    added = _bench_report.added(contents(program[0]), after)
    assert len(added["earlier"]) == 1
    assert len(added["records"]) == len(after["records"]) + 2


# --- Tables ----------------------------------------------------------------------------------------------------------


# Threads, shapes and sizes
def test_threads_are_raced_in_turn(tmp_path, capsys):
    options = (
        *QUICK,
        "--function",
        "silu",
        "--sizes",
        "2^17",
        "--peers",
        "--output",
        "given",
        "--operation",
        "forward",
    )
    assert bench(*options, "--threads", "1,2", "--json", tmp_path / "a.json") == 0
    assert [r["threads"] for r in contents(tmp_path / "a.json")["records"]] == [1, 2]
    assert re.search(r"2 threads.*\n.*speed-up\n.*silu", capsys.readouterr().out.replace("  best peer", ""))


def test_shapes_are_raced(tmp_path):
    options = ("--shapes", "mobilenet_hard_swish", "--threads", "1", "--peers", "numpy")
    assert bench(*QUICK, *options, "--json", tmp_path / "a.json") == 0
    assert {(r["function"], tuple(r["shape"])) for r in contents(tmp_path / "a.json")["records"]} == {
        _bench_report.SHAPES["mobilenet_hard_swish"]
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [("100", [100]), ("2^5", [32]), ("2^3..2^6", [8, 16, 32, 64]), ("5..50", [5, 10, 20, 40]), ("8..8", [8])],
)
def test_sizes(text, expected):
    assert list(_bench.sizes(text)) == expected


# What is printed
def test_tables_state_what_was_measured(small):
    path, printed = small
    records = contents(path)["records"]
    assert len(records) == 2 * 2 * 2 * 2  # functions, operations, outputs, sizes
    for r in records:
        assert set(r["nanoseconds"]) == {"fastact", "numpy", "np.negative", "np.copyto"}
        assert min(r["nanoseconds"].values()) > 0
    for word in ("16 elements: ns per call", "2,048 elements: ns per element", "GB/s, by np.copyto", "output given"):
        assert word in printed
    assert len(re.findall(r"^(?:silu|tanh) .* numpy$", printed, re.MULTILINE)) == len(records)
    means = [float(text) for text in re.findall(r"geometric mean of the ratios: ([\d.]+);", printed)]
    first = [r["nanoseconds"]["numpy"] / r["nanoseconds"]["fastact"] for r in records[:2]]
    assert len(means) == len(records) / 2
    assert means[0] == pytest.approx(geometric_mean(first), abs=0.01)


def test_measures():
    r = record(fastact=100, torch=300, numpy=200, **{"np.copyto": 50})
    assert _bench_report.best_peer(r) == ("numpy", 2)
    assert _bench_report.bandwidth(r) == 80
    assert _bench_report.bandwidth(r | {"operation": "backward", "dtype": "float64"}) == 240
    assert _bench_report.fastest_copy([r]) == (160, "np.copyto")
    assert _bench_report.fastest_copy([r, record(fastact=1, **{"torch.copy_": 25})]) == (320, "torch.copy_")
    assert _bench_report.best_peer(record(fastact=100)) is None


def test_json_gives_the_same_tables(small, capsys):
    path, printed = small
    assert bench("--from-json", path) == 0
    assert capsys.readouterr().out == printed.partition("\n")[2]
    kept = contents(path)
    assert kept["command"].startswith("python -m fastact bench --rounds 1")
    assert kept["run"]["machine"]["ISA"].startswith(_ufuncs.isa())
    assert kept["run"]["versions"] == {"numpy": np.__version__}


def test_without_peers_there_are_no_ratios(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_peers, "missing_modules", lambda peer: ["nothing"])
    options = ("--function", "silu", "--sizes", "16", "--threads", "1", "--value-and-grad")
    assert bench(*QUICK, *options, "--markdown", tmp_path / "a.md", "--json", tmp_path / "a.json") == 0
    printed = capsys.readouterr().out
    assert printed.count("\nsilu ") == 6
    assert "value_and_grad float32, contiguous, output given" in printed
    assert "geometric" not in printed
    assert "Against nobody" in (tmp_path / "a.md").read_text()
    assert bench("--compare", tmp_path / "a.json", "--from-json", tmp_path / "a.json") == 0
    assert "0 of 0 ratios" in capsys.readouterr().out


def test_comparison_lists_what_moved(small, tmp_path, capsys):
    path, _ = small
    before = contents(path)
    slower = next(r for r in before["records"] if r["function"] == "tanh" and r["operation"] == "backward")
    slower["nanoseconds"]["fastact"] *= 2
    old = copy.deepcopy(before)
    old["records"] = old["records"][4:]  # cases that one of the two lacks are not compared
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert bench("--from-json", path, "--compare", tmp_path / "old.json") == 0
    lines = capsys.readouterr().out.splitlines()
    lines = lines[next(i for i, line in enumerate(lines) if "old.json" in line) + 1 :]
    assert len(lines) == 2
    assert re.match(r"tanh +[\d.]+ -> [\d.]+ \(\+100%\)  backward float32, contiguous", lines[0])
    assert lines[1].startswith("1 of 12 ratios in both moved by more than 5%; geometric mean: ")


def test_page_has_every_ratio(small, tmp_path):
    path, _ = small
    assert bench("--from-json", path, "--markdown", tmp_path / "a.md") == 0
    text = (tmp_path / "a.md").read_text()
    assert text.startswith(_bench_page.PAGE)
    assert text.count("| `silu` |") == text.count("| `tanh` |") == text.count("\n## ") - 1 == 4
    assert len(re.findall(r"[\d.]+ \([\d.]+ numpy\)", text)) == 16
    for fact in (f"numpy {np.__version__}", contents(path)["date"], "16, ns per call", "2,048, ns per element"):
        assert fact in text


def test_published_page_is_that_of_the_published_results(tmp_path):
    assert bench("--from-json", DOCS / "speed.json", "--markdown", tmp_path / "page.md") == 0
    assert (tmp_path / "page.md").read_text() == (DOCS / "speed.md").read_text()


@pytest.mark.parametrize(("suffix", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_plot_is_a_picture(small, tmp_path, suffix, head):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert bench("--from-json", small[0], "--plot", tmp_path / f"a.{suffix}") == 0
    assert (tmp_path / f"a.{suffix}").read_bytes().startswith(head)
    assert len(list(tmp_path.iterdir())) == 1


def test_progress_ends_at_its_total(monkeypatch):
    bars = []

    def progress_bar(total, wanted, **looks):
        bars.append(Bar(total))
        return _peers.nullcontext(bars[-1])

    monkeypatch.setattr(_bench, "progress_bar", progress_bar)
    assert bench(*SMALL, "--function", "silu") == 0
    assert [bar.left for bar in bars] == [0]


# --- Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--function sillu", "unknown function 'sillu'; did you mean 'silu'?"),
        ("--function softmacks", "unknown function 'softmacks'; did you mean 'softmax'?"),
        ("--function xyz", "unknown function 'xyz'; there are: relu, .*, swiglu, .*, softmax, .*, prelu, bias_act"),
        ("--operation backwards", "invalid choice: 'backwards'; did you mean 'backward'?"),
        ("--operation backward_from_output --function silu", "none of the functions has backward_from_output"),
        ("--sizes 0", "'0' is no number of elements"),
        ("--sizes 2^63", "'2\\^63' is no number of elements"),
        ("--sizes 1e6", "'1e6' is no number of elements"),
        ("--sizes 2^10..", "'' is no number of elements"),
        ("--sizes 2^10..2^9", "ends before it begins"),
        ("--shapes yolo", "invalid choice: 'yolo'; did you mean 'yolo_silu'?"),
        ("--shapes yolo_silu --function gelu", "none of them is of a function that is asked for"),
        ("--threads 0", "'0' is neither 'all' nor a number of threads"),
        ("--peers torhc", "invalid choice: 'torhc'; did you mean 'torch'?"),
        ("--output old", "invalid choice: 'old'"),
        ("--dtype float16", "invalid choice: 'float16'"),
        ("--layouts diagonal", "invalid choice: 'diagonal'"),
        ("--rounds 0", "'0' is not a positive number"),
        ("--milliseconds nan", "'nan' is not a positive number"),
        ("--statistic mode", "invalid choice: 'mode'"),
        ("--between matmull", "invalid choice: 'matmull'; did you mean 'matmul'?"),
        ("--between sleep", "invalid choice: 'sleep'; there are: nothing, matmul, torch, busy"),
        ("--between matmul busy --threads 1", "argument --threads: in a program every library takes as many"),
        ("--between matmul --function relu --operation backward_from_output", "none of the functions has"),
        ("--isa avx512", "invalid choice: 'avx512'; did you mean 'avx2'?"),
        ("--add missing.json", "missing.json: No such file"),
        ("--add other.json", "other.json is no result of this command"),
        ("--compare numbers.json", "numbers.json is no result of this command"),
        ("--json nowhere/a.json", "nowhere/a.json: No such file"),
        ("--markdown folder", "folder is not a regular file"),
        ("--compare missing.json", "missing.json: No such file"),
        ("--compare other.json", "other.json is no result of this command"),
        ("--from-json other.json", "other.json is no result of this command"),
        ("--from-json other.json --rounds 3", "argument --from-json: nothing is measured"),
        ("--from-json other.json --peers", "argument --from-json: nothing is measured"),
        ("--from-json other.json --between busy", "argument --from-json: nothing is measured"),
        ("--from-json other.json --isa avx2", "argument --from-json: nothing is measured"),
        ("--from-json other.json --add other.json", "argument --from-json: nothing is measured"),
        ("--fast", "unrecognized arguments: --fast"),
    ],
)
def test_refuses(tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "other.json").write_text('{"run": {}, "results": []}')
    (tmp_path / "numbers.json").write_text('{"run": {}, "date": "", "command": "", "records": [1, 2]}')
    assert_refused(capsys, tmp_path, ["bench", *arguments.split()], expected)


def test_refuses_a_peer_that_is_not_installed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert_refused(
        capsys, tmp_path, ["bench", "--peers", "openvino"], "openvino needs openvino and onnx to be installed"
    )


def test_refuses_to_run_beside_what_is_not_installed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert_refused(capsys, tmp_path, ["bench", "--between", "torch"], "argument --between: torch needs torch to be")


def test_refuses_a_limit_that_the_machine_is_below(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_ufuncs, "runnable_isas", lambda: ("baseline",))
    assert_refused(capsys, tmp_path, ["bench", "--isa", "avx2"], "argument --isa: this machine has no AVX2, only base")


def test_refuses_a_plot_without_matplotlib(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    arguments = ["bench", "--from-json", small[0], "--plot", tmp_path / "a.png"]
    assert_refused(capsys, tmp_path, arguments, r"needs matplotlib \(pip install matplotlib\)")


def test_refuses_a_picture_of_no_known_type(small, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert_refused(capsys, tmp_path, ["bench", "--from-json", small[0], "--plot", tmp_path / "a.pgn"], "'.pgn'.*'png'")


# How it ends
def test_a_race_that_fails_says_so(tmp_path, monkeypatch, capfd):
    """Arrays that no machine can hold: the process of the race ends, and no file is left."""
    options = ("--function", "silu", "--sizes", "2^59", "--threads", "1", "--peers", "--json", tmp_path / "a.json")
    assert bench(*QUICK, *options) == "the race on 1 thread ended with status 1"
    assert capfd.readouterr().err.splitlines()[-1] == "there is not enough memory for arrays of that size"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_leaves_no_file_and_no_process(tmp_path, number):
    (tmp_path / "old.json").write_text("precious")
    command = [sys.executable, "-m", "fastact", "bench", "--peers", "numpy", "--json", "old.json", "--sizes", "64"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()  # the machine is printed before the race begins
        time.sleep(1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        racing = children.read_text().split() if children.exists() else []
        process.send_signal(number)
        assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 128 + number
    assert (tmp_path / "old.json").read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1
    assert not any(Path(f"/proc/{child}").exists() for child in racing)
