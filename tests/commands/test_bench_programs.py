"""`python -m fastact bench --between`: calls in a program, limits of threads and of instruction sets, processes."""

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from bench_runs import SMALL, bench, contents, record

from fastact import __main__ as command_line
from fastact import _ufuncs
from fastact._cli import _bench, _bench_report, _between, _race
from fastact._cli._peers import Entry
from fastact._cli._race_environment import AVX2, CALM, SPINNING, environment

# --- Programs --------------------------------------------------------------------------------------------------------


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
    cases = _bench.selected_cases(arguments)
    assert {h.function for h in cases} == set(_bench.IN_PROGRAM.functions)
    assert len(cases) == 15
    assert {job["between"] for job in _bench.selected_jobs(arguments)} == {"matmul"}


# --- Processes -------------------------------------------------------------------------------------------------------


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
def test_busy_processes_end_with_the_case(error):
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
