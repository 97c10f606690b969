"""`python -m fastact bench`: what it races, prints and keeps, and how it ends; how fast anything is does not matter."""

import contextlib
import copy
import importlib.util
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from statistics import geometric_mean

import numpy as np
import pytest
from calls import exit_status
from conftest import FROM_OUTPUT
from test_accuracy_command import Bar
from test_command_line import assert_refused

from fastact import __main__ as command_line
from fastact import _bench, _bench_page, _bench_report, _between, _operands, _peers, _race, _ufuncs
from fastact._functions import LAYERS, operations
from fastact._peers import PEERS, Entry, Heat, results_of
from fastact._race_environment import AVX2, CALM, SPINNING, environment

DOCS = Path(__file__).parents[2] / "docs"
QUICK = ("--rounds", "1", "--milliseconds", "0.001")
SMALL = (*QUICK, "--sizes", "16,2^11", "--threads", "1", "--peers", "numpy")
FEW = ("relu6", "leaky_relu", "silu", "gelu")  # for peers that compile
installed = [peer for peer in PEERS if not _peers.missing_modules(peer)]


bench = partial(exit_status, "bench")


def contents(path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The file and the output of a small race against NumPy."""
    path = tmp_path_factory.mktemp("small") / "a.json"
    command = [sys.executable, "-m", "fastact", "bench", *SMALL, "--function", "silu", "tanh", "--json", path]
    run = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=60, check=True)
    assert run.stderr == ""
    return path, run.stdout


def heat(**changes):
    return Heat("silu", "forward", "float32", "contiguous", "fresh", (24,))._replace(**changes)


def record(**nanoseconds):
    return _bench_report.with_conditions(heat(shape=(1000,))._asdict() | {"threads": 1, "nanoseconds": nanoseconds})


# The race


@pytest.mark.parametrize("peer", PEERS)
def test_peers_do_the_work_of_fastact(tmp_path, peer):
    """Every result is compared before it is timed."""
    if peer not in installed:
        pytest.skip(f"{peer} is not installed")
    functions = FEW if peer in ("jax", "onnxruntime", "openvino") else tuple(_ufuncs.table)
    choices = ("--dtype", "float32", "float64", "--layouts", "contiguous", "strided", "--function", *functions)
    path = tmp_path / "a.json"
    assert bench(*QUICK, *choices, "--sizes", "24", "--threads", "1", "--peers", peer, "--json", path) == 0
    raced = {(r["function"], r["output"]) for r in contents(path)["records"] if peer in r["nanoseconds"]}
    lacking = set(functions) - {function for function, output in raced if output == "fresh"}
    assert lacking <= {"numpy": {"gelu"}, "numexpr": {"gelu"}, "scipy": set(_ufuncs.table)}.get(peer, set())
    assert {function for function, output in raced if output == "given"} == set(functions) - lacking


@pytest.mark.parametrize("peer", ["torch", "numexpr", "numpy"])
def test_peers_do_the_work_from_the_output(tmp_path, peer):
    if peer not in installed:
        pytest.skip(f"{peer} is not installed")
    choices = (
        "--operation",
        "backward_from_output",
        "--dtype",
        "float32",
        "float64",
        "--layouts",
        "contiguous",
        "strided",
    )
    path = tmp_path / "a.json"
    assert bench(*QUICK, *choices, "--sizes", "24", "--threads", "1", "--peers", peer, "--json", path) == 0
    records = contents(path)["records"]
    assert all(peer in r["nanoseconds"] for r in records)
    assert {r["function"] for r in records} == set(FROM_OUTPUT)


LACKING = {  # layers that a peer does not have; backward too where only that is lacking
    "jax": set(),
    "onnxruntime": set(),
    "openvino": set(),
    "numexpr": {"geglu", "softmax", "log_softmax", "softmin", "logsumexp", "bias_act"},
    "scipy": {"reglu", "prelu"},
    "numpy": {"geglu", "bias_act"},
    "torch": set(),
}
LACKING_BACKWARD = {"jax": set(), "torch": set(), "numpy": {"mish_glu", "geglu", "bias_act"}}


@pytest.mark.parametrize("peer", PEERS)
def test_peers_do_the_work_of_layers(tmp_path, peer):
    """Every result is compared before it is timed: all outputs, in both types and layouts."""
    if peer not in installed:
        pytest.skip(f"{peer} is not installed")
    choices = ("--dtype", "float32", "float64", "--layouts", "contiguous", "strided", "--function", *LAYERS)
    path = tmp_path / "a.json"
    assert bench(*QUICK, *choices, "--sizes", "24", "--threads", "1", "--peers", peer, "--json", path) == 0
    records = contents(path)["records"]
    assert {(r["function"], r["operation"]) for r in records} == {
        (name, operation) for name in LAYERS for operation in operations(name)
    }
    raced = {(r["function"], r["operation"]) for r in records if peer in r["nanoseconds"] and r["output"] == "fresh"}
    for operation, lacking in (("forward", LACKING), ("backward", LACKING_BACKWARD)):
        wanted = {name for name in LAYERS if operation in operations(name) and peer in lacking} - lacking.get(
            peer, set()
        )
        assert {name for name, of in raced if of == operation} == wanted


def test_layers_take_a_size_as_rows():
    assert heat(function="softmax", shape=(1 << 11,)).array_shape == (32, 64)
    assert heat(function="prelu", shape=(7,)).array_shape == (1, 7)
    assert heat(function="swiglu", shape=(2, 3, 5)).array_shape == (2, 3, 5)
    assert heat(shape=(1 << 11,)).array_shape == (1 << 11,)


@pytest.mark.parametrize("name", LAYERS)
def test_operands_of_layers_are_what_the_spellings_say(name):
    operands = _operands.operands_for(heat(function=name, shape=(4, 6, 5)))
    x = operands["x"]
    if name in _ufuncs.gated:
        np.testing.assert_array_equal(np.concatenate([operands["up"], x]), operands["both"])
        assert np.shares_memory(operands["both"], x)
    if name == "prelu":
        assert (operands["weight"].shape, operands["along"].shape) == ((6,), (6, 1))
    assert operands["y"].shape == operands["result"].shape == ((4, 6) if name == "logsumexp" else x.shape)
    assert operands["whole"].shape == x.shape


def test_a_sum_that_is_wrong_is_not_raced(monkeypatch):
    """Gradients with respect to parameters are compared as well."""
    spelled = _peers.ENTRIES["numpy"]

    def wrong(heat, operands):
        entry = spelled(heat, operands)
        return entry._replace(names=entry.names | {"axes": (1,)})

    monkeypatch.setitem(_peers.ENTRIES, "numpy", wrong)
    with pytest.raises(ArithmeticError, match=r"numpy has another result for Heat.*prelu"):
        _race.entries_for(heat(function="prelu", operation="backward", shape=(6, 6)), ["fastact", "numpy"])


def test_a_wrong_result_is_not_raced(monkeypatch):
    wrong = Entry("x + 1", {"x": np.ones(24, np.float32)})
    monkeypatch.setitem(_peers.ENTRIES, "numpy", lambda heat, operands: wrong)
    with pytest.raises(ArithmeticError, match=r"numpy has another result for Heat.*silu"):
        _race.entries_for(heat(), ["fastact", "numpy"])


@pytest.mark.parametrize("operation", ["forward", "backward", "value_and_grad"])
@pytest.mark.parametrize("name", ["silu", "threshold"])
def test_given_output_is_written_to(name, operation):
    entries = _race.entries_for(heat(function=name, operation=operation, output="given"), ["fastact", "np.negative"])
    entry = entries["fastact"]
    entry.names["y"][...] = 99
    assert results_of(entry)[0] is entry.names["y"]
    operands = [entry.names["dy"], entry.names["x"]][operation != "backward" :]
    expected = _ufuncs.get(name, operation)(*operands, **heat(function=name).parameters)
    np.testing.assert_array_equal(entry.names["y"], expected[0] if operation == "value_and_grad" else expected)


@pytest.mark.parametrize(
    ("expression", "statement"),
    [
        ("maximum(x, 0)", "maximum(x, 0, out=y)"),
        ("where(x > 0, x, 0)", "copyto(y, where(x > 0, x, 0))"),
        ("-exp(x)", "negative(exp(x), out=y)"),
        ("x / (1 + exp(-x))", "divide(x, 1 + exp(-x), out=y)"),
    ],
)
def test_expression_into_a_given_output(expression, statement):
    assert _peers.into_y(expression) == statement


def test_inputs_are_as_promised():
    x = _operands.normal(heat(shape=(1 << 16,)), 0)
    assert x.ctypes.data % _operands.ALIGNMENT == 0
    assert abs(x.mean()) < 0.05
    assert abs(x.std() - 3) < 0.05
    for shape in [(1 << 12,), (3, 4, 5)]:
        strided = _operands.normal(heat(shape=shape, layout="strided", dtype="float64"), 0)
        assert strided.strides[-1] == 2 * strided.itemsize
        assert strided.size == np.prod(shape)
        flat = _operands.normal(heat(shape=shape, dtype="float64"), 0).ravel()
        np.testing.assert_array_equal(strided.ravel(), flat)


@pytest.mark.parametrize(("statistic", "expected"), [("minimum", 1), ("median", 3), ("mean", 4)])
def test_statistic_is_that_over_the_rounds(monkeypatch, statistic, expected):
    rounds = iter([8, 1, 3])

    class Timer:
        def __init__(self, statement, globals):
            pass

        def timeit(self, number):
            return 1.0 if number == 1 else number * next(rounds) * 1e-9

    monkeypatch.setattr(_race.timeit, "Timer", Timer)
    monkeypatch.setattr(_race, "calls_in", lambda timer, seconds: 2)
    monkeypatch.setattr(_race, "WARM_UP", 0)
    entries = {"fastact": Entry("None", {})}
    found = _race.nanoseconds(entries, 3, 1, _race.STATISTICS[statistic])
    assert found["fastact"] == pytest.approx(expected)


def test_environment_holds_everybody_to_the_threads():
    variables = environment({"OMP_NUM_THREADS": "7", "HOME": "/"}, 1)
    assert variables["OMP_NUM_THREADS"] == variables["NUMEXPR_NUM_THREADS"] == "1"
    assert variables["HOME"] == "/"
    assert "multi_thread_eigen=false" in variables["XLA_FLAGS"]
    assert "XLA_FLAGS" not in environment({}, 2)


@pytest.mark.parametrize("own", [{"GOMP_SPINCOUNT": "5"}, {"OMP_WAIT_POLICY": "active"}])
def test_threads_spin_little_unless_the_user_says_how(own):
    spinning = {name: environment({}, 2).get(name) for name in SPINNING}
    assert spinning == CALM | {"OMP_WAIT_POLICY": None}
    variables = environment(own, 2)
    assert {name: variables[name] for name in SPINNING if name in variables} == own


# Limited to AVX2


def test_environment_limits_everybody_to_avx2():
    variables = environment({"XLA_FLAGS": "--own"}, 1, "avx2")
    assert AVX2.items() <= variables.items()
    assert variables["XLA_FLAGS"] == "--own --xla_cpu_multi_thread_eigen=false --xla_cpu_max_isa=AVX2"
    assert environment({}, 2, "avx2")["XLA_FLAGS"] == "--xla_cpu_max_isa=AVX2"
    assert not AVX2.keys() & environment({}, 1).keys()


needs_avx2 = pytest.mark.skipif("avx2" not in _ufuncs.runnable_isas(), reason="this machine has no AVX2")


@needs_avx2
def test_limits_are_obeyed():
    """By fastact, by NumPy, which warns of a name that it does not know, and by PyTorch."""
    program = """
import fastact._ufuncs, importlib.util
from numpy._core import _multiarray_umath as core
assert fastact._ufuncs.isa() == "avx2"
assert not any(core.__cpu_features__[name] for name in core.__cpu_dispatch__ if name not in ("X86_V3", "AVX2", "FMA3"))
if importlib.util.find_spec("torch"):
    import torch
    assert torch.backends.cpu.get_cpu_capability() == "AVX2"
"""
    variables = environment(dict(os.environ), 1, "avx2")
    subprocess.run([sys.executable, "-P", "-W", "error", "-c", program], env=variables, timeout=60, check=True)


@needs_avx2
def test_limited_race_has_tables_of_its_own(tmp_path, capsys):
    options = ("--function", "silu", "--operation", "forward", "--output", "fresh", "--isa", "best,avx2")
    files = ("--json", tmp_path / "a.json", "--markdown", tmp_path / "a.md")
    assert bench(*SMALL, *options, *files) == 0
    content = contents(tmp_path / "a.json")
    assert [r["isa"] for r in content["records"]] == ["best", "best", "avx2", "avx2"]
    assert content["run"]["environment"]["FASTACT_ISA"] == "avx2"
    title = "orward float32, contiguous, output fresh, 1 thread, everybody limited to AVX2"
    assert f"\nf{title}, 16 elements: ns per call" in capsys.readouterr().out
    text = (tmp_path / "a.md").read_text()
    assert f"\n## F{title}\n" in text
    assert text.count("| `silu` |") == 2


# In a program


def test_in_a_program_nothing_is_set():
    inherited = {"HOME": "/", "OMP_NUM_THREADS": "3"}
    assert environment(inherited) == inherited | {"JAX_PLATFORMS": "cpu"}


def test_calls_come_right_after_work_and_right_before_it(monkeypatch):
    """The first of a turn is not counted; without a pause in between."""
    events, clock = [], itertools.count(step=1000)
    monkeypatch.setattr(_between.time, "perf_counter_ns", lambda: next(clock))
    monkeypatch.setattr(_between.time, "sleep", lambda seconds: events.append("pause"))
    turn = _between.turn(lambda: events.append("call"), lambda: events.append("work"), milliseconds=0.008)
    assert list(turn) == [(1000, 1000)] * 2
    assert events == ["work", "call", "work"] * 3


def test_work_after_a_call_is_compared_with_work_alone(monkeypatch):
    """A call that takes 5 and makes the next work take 3 instead of 2."""
    now, called = [0], [False]

    def call():
        now[0] += 5
        called[0] = True

    def work():
        now[0] += 3 if called[0] else 2
        called[0] = False

    monkeypatch.setattr(_between.time, "perf_counter_ns", lambda: now[0])
    monkeypatch.setattr(_between, "PAUSE", 0)
    monkeypatch.setitem(_between.BETWEEN, "matmul", lambda: contextlib.nullcontext(work))
    entries = {"fastact": Entry("call()", {"call": call}), "numpy": Entry("None", {})}
    found = _between.call_by_call(entries, "matmul", 2, 1e-5, _race.STATISTICS["median"])
    assert found == {"nanoseconds": {"fastact": 5, "numpy": 0}, "after": {"fastact": 1.5, "numpy": 1}}


@pytest.mark.parametrize("between", _between.BETWEEN)
def test_work_is_there(between):
    if between == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    with _between.BETWEEN[between]() as work:
        result = np.asarray(work())
    assert np.isfinite(result).all()
    assert result.size >= 1 << 18


PROGRAM = (*QUICK, "--function", "silu", "--sizes", "2^11", "--peers", "numpy", "--between", "matmul,busy")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The file and the output of a small race in a program."""
    path = tmp_path_factory.mktemp("program") / "a.json"
    command = [sys.executable, "-m", "fastact", "bench", *PROGRAM, "--json", path]
    run = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=60, check=True)
    assert run.stderr == ""
    return path, run.stdout


def test_program_tells_what_follows(program):
    path, printed = program
    content = contents(path)
    assert [r["between"] for r in content["records"]] == ["matmul", "busy"]
    assert content["run"]["statistic"] == "median or mean"
    assert not content["run"]["environment"].keys() & CALM.keys()
    for r in content["records"]:
        assert r["threads"] == _ufuncs.get_num_threads()
        assert r["after"].keys() == r["nanoseconds"].keys() == {"fastact", "numpy", "np.negative", "np.copyto"}
        assert min(*r["after"].values(), *r["nanoseconds"].values()) > 0
        assert f" {_bench_report.time_text(r, 'fastact', 4)} " in printed
    for title in ("after a product by NumPy", "beside busy processes"):
        assert f", {title}, 2,048 elements: us per call; copy" in printed


def test_page_has_a_section_for_programs(program, small, tmp_path):
    assert bench("--from-json", program[0], "--markdown", tmp_path / "a.md") == 0
    text = (tmp_path / "a.md").read_text().partition("\n## In a program\n")[2]
    assert text.count("\n### Forward float32, contiguous, output fresh, ") == 2
    assert len(re.findall(r"^\| `silu`, 2,048 elements \| [\d.,]+ \([\d.]+\) \| .* numpy \|$", text, re.MULTILINE)) == 2
    assert bench("--from-json", small[0], "--markdown", tmp_path / "b.md") == 0
    assert "## In a program" not in (tmp_path / "b.md").read_text()


def test_times_in_a_program_are_microseconds():
    r = record(fastact=12_345, numpy=1_234_567.8) | {"between": "matmul", "after": {"fastact": 1.046, "numpy": 2}}
    assert _bench_report.time_text(r, "fastact", 3) == "12.3 (1.05)"
    assert _bench_report.time_text(r, "numpy", 3) == "1,235 (2.00)"
    assert _bench_report.time_text(record(fastact=12_345), "fastact", 4) == "1.234e+04"


def test_comparison_lists_what_follows(program, tmp_path, capsys):
    before = contents(program[0])
    before["records"][1]["after"]["fastact"] /= 2
    (tmp_path / "old.json").write_text(json.dumps(before))
    assert bench("--from-json", program[0], "--compare", tmp_path / "old.json") == 0
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert lines[0].startswith("0 of 2 ratios in both moved")
    assert re.match(r"silu +[\d.]+ -> [\d.]+ \(\+100%\)  forward .*, beside busy processes, 2,048 elements$", lines[1])
    assert lines[2].startswith("1 of 2 times of what follows in both moved")


def test_program_is_drawn(program, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert bench("--from-json", program[0], "--plot", tmp_path / "a.png") == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_program_takes_few_functions_by_default(capsys):
    arguments = command_line.make_parser().parse_args(["bench", "--between", "matmul"])
    heats = _bench.selected_heats(arguments)
    assert {h.function for h in heats} == set(_bench.IN_PROGRAM.functions)
    assert len(heats) == 15
    assert {job["between"] for job in _bench.selected_jobs(arguments)} == {"matmul"}


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


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def running(processes):
    """Those of some processes that run; one that has ended may still wait for its parent."""
    states = {}
    for process in processes:
        with contextlib.suppress(OSError):
            states[process] = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    return [process for process, state in states.items() if state not in "ZX"]


def children_of(process):
    with contextlib.suppress(OSError):
        return [int(c) for c in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


@linux
@pytest.mark.parametrize("error", [None, KeyboardInterrupt, SystemExit])
def test_busy_processes_end_with_the_heat(error):
    others = set(children_of(os.getpid()))
    with contextlib.suppress(error or ()), _between.busy():
        busy = set(children_of(os.getpid())) - others
        assert len(busy) == len(os.sched_getaffinity(0))
        assert len(running(busy)) == len(busy)
        if error is not None:
            raise error
    assert running(busy) == []


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_busy_processes_end_whatever_ends_the_race(tmp_path, number):
    command = [sys.executable, "-m", "fastact", "bench", "--function", "silu", "--peers", "--between", "busy"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        (race,) = wait_until(lambda: children_of(process.pid))
        busy = wait_until(lambda: children_of(race))
        os.kill(race if number == signal.SIGKILL else process.pid, number)
        process.communicate(timeout=60)
    wait_until(lambda: not running([race, *busy]))


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


# What is refused


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
