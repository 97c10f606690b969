"""`python bench/pipelines.py`: its programs do the same work in every library; what it prints, keeps and refuses."""

import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import reduce
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import pipelines
from programs import FASTACT, NUMPY, ONE_THREAD, PROGRAMS, TORCH, page, rounds, turns
from test_accuracy_command import Bar
from test_command_line import assert_refused

import fastact
from fastact.__main__ import carry_out

COMMAND = [sys.executable, pipelines.__file__]
DOCS = Path(__file__).parents[2] / "docs"
STEPS = 3  # of programs that change what they work on
WHOLE, BETWEEN = "silu_mlp", "silu_after_matmul"  # programs that take the least time


def command(*arguments):
    carry_out(pipelines.make_parser().parse_args([str(argument) for argument in arguments]))


def small(name, library):
    program = PROGRAMS[name]
    for module in program.missing():
        pytest.skip(f"{module} is not installed")
    if library not in program.libraries:
        pytest.skip(f"{library} has no part in it")
    return program.variants(library, program.small)


def record(**times):
    return {"program": WHOLE, "times": {name: {page.WHOLE: seconds} for name, seconds in times.items()}}


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The file and the output of a short run."""
    path = tmp_path_factory.mktemp("measured") / "a.json"
    arguments = ["--rounds", "2", "--peers", "--only", WHOLE, BETWEEN, "--json", path]
    run = subprocess.run([*COMMAND, *arguments], cwd=path.parent, capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
    return path, run.stdout


# The programs


@pytest.mark.parametrize("library", [FASTACT, TORCH])
@pytest.mark.parametrize("name", PROGRAMS)
def test_libraries_do_the_same_work(name, library):
    if library == TORCH:
        pytest.importorskip("torch", reason="PyTorch is not installed")
    ours, theirs = small(name, NUMPY)[NUMPY], small(name, library)[library]
    for _ in range(STEPS):
        expected, got = turns.arrays_of(ours), turns.arrays_of(theirs)
        assert [array.shape for array in got] == [array.shape for array in expected]
        assert [array.dtype for array in got] == [array.dtype for array in expected]
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["mlp_step_swish_64", "mlp_step_prelu_64"])
def test_training_lowers_the_loss(name):
    step = small(name, NUMPY)[NUMPY]
    losses = [step()[0] for _ in range(20)]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("name", ["tanh", "logistic"])
def test_activations_of_scikit_learn_are_put_back(name, fails, monkeypatch):
    run = small(f"sklearn_mlp_{name}", FASTACT)[FASTACT]
    from programs import with_fastact
    from sklearn.neural_network import _base

    before = dict(_base.ACTIVATIONS), dict(_base.DERIVATIVES)
    seen = []

    def fitted(*arguments):
        seen.append((dict(_base.ACTIVATIONS), dict(_base.DERIVATIVES)))
        if fails:
            raise InterruptedError

    monkeypatch.setattr(with_fastact.with_numpy, "fitted", fitted)
    with pytest.raises(InterruptedError) if fails else contextlib.nullcontext():
        run()
    assert before == (_base.ACTIVATIONS, _base.DERIVATIVES)
    for then, now in zip(before, seen[0], strict=True):
        assert {key for key in then if then[key] is not now[key]} == {name}


@pytest.mark.parametrize("name", PROGRAMS)
def test_functions_that_a_program_names_are_there(name):
    for path in PROGRAMS[name].calls.split(", "):
        assert callable(reduce(getattr, path.strip("`").split("."), fastact))


# Turns and rounds


class Clock:
    """Time that passes in calls only."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(turns, "perf_counter", lambda: self.now)

    def call(self, *seconds):
        """Return a function that takes that long, the last time ever after, and a list of what it has taken."""
        taken = []

        def function():
            taken.append(seconds[min(len(taken), len(seconds) - 1)])
            self.now += taken[-1]

        return function, taken


def test_a_turn_times_the_mean_of_a_program(monkeypatch):
    run, taken = Clock(monkeypatch).call(0.03, 0.01, 0.02, 0.03)
    assert turns.turn(run) == {page.WHOLE: pytest.approx(np.mean(taken[1:]))}
    assert len(taken) == 1 + round(turns.SECONDS / 0.03)


def test_a_turn_begins_with_calls_that_are_not_timed(monkeypatch):
    warm = round(turns.WARM_UP / 0.001)
    run, taken = Clock(monkeypatch).call(*[0.001] * warm, 0.002)
    assert turns.turn(run)[page.WHOLE] == pytest.approx(0.002, rel=0.02)
    assert len(taken) == pytest.approx(warm + turns.SECONDS / 0.001, abs=1)


def test_a_long_program_runs_once_in_a_turn(monkeypatch):
    run, taken = Clock(monkeypatch).call(0.5)
    assert turns.turn(run) == {page.WHOLE: 0.5}
    assert len(taken) == 1


def test_a_turn_times_product_and_call_apart(monkeypatch):
    clock = Clock(monkeypatch)
    (product, products), (call, calls) = clock.call(0.04, 0.01), clock.call(0.01, 0.005, 0.005, 0.006, 0.2)
    assert turns.turn((product, call)) == pytest.approx({page.PRODUCT: 0.01, page.CALL: 0.0055})
    assert len(products) == len(calls) == 5  # the first was not timed
    assert turns.turn((product, None)) == pytest.approx({page.PRODUCT: 0.01})


def test_other_results_are_not_timed():
    arrays = [np.ones(3), np.ones((2, 2))]
    rounds.check(WHOLE, {NUMPY: arrays, FASTACT: arrays, "alone": arrays[:1]})
    for wrong in ([np.ones(3), np.ones(4)], [np.ones(3), np.full((2, 2), 1.01)]):
        with pytest.raises(ArithmeticError, match="silu_mlp: fastact has another result than numpy"):
            rounds.check(WHOLE, {NUMPY: arrays, FASTACT: wrong})


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_worker_is_stopped_when_it_has_answered():
    with rounds.Worker(WHOLE, [NUMPY], [], dict(os.environ)) as worker:
        worker.answer()
        for _ in range(2):
            deadline = time.monotonic() + 10
            while (state := state_of(worker.process.pid)) != "T" and time.monotonic() < deadline:
                time.sleep(0.01)
            assert state == "T"
            assert worker.turn(NUMPY)[page.WHOLE] > 0
    assert worker.process.returncode == -signal.SIGKILL


def test_workers_have_modules_and_settings(tmp_path, monkeypatch):
    """Modules that are asked for are imported before fastact is; `one thread` is a setting."""
    (tmp_path / "probe.py").write_text("import sys; assert 'fastact' not in sys.modules")
    monkeypatch.syspath_prepend(tmp_path)
    with rounds.Worker(BETWEEN, [ONE_THREAD], ["probe"], os.environ | {"OMP_WAIT_POLICY": "active"}) as worker:
        assert list(worker.answer()) == [ONE_THREAD]
        variables = Path(f"/proc/{worker.process.pid}/environ")
        if variables.exists():
            assert {b"OMP_WAIT_POLICY=active", b"FASTACT_NUM_THREADS=1"} <= set(variables.read_bytes().split(b"\0"))


@pytest.mark.parametrize("policy", ["passive", "active"])
def test_who_shares_a_process(policy, monkeypatch):
    """NumPy and fastact, but not where threads spin for ever; then processes begin anew after some rounds."""
    workers = []

    class Worker(contextlib.AbstractContextManager):
        def __init__(self, program, libraries, modules, environment):
            self.libraries = libraries
            workers.append(self)

        def answer(self):
            return {library: [] for library in self.libraries}

        def turn(self, name):
            self.turns = [*getattr(self, "turns", []), name]
            return {page.WHOLE: len(workers)}

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(rounds, "Worker", Worker)
    after = []
    libraries = [NUMPY, FASTACT, ONE_THREAD, TORCH]
    found = rounds.measured(WHOLE, libraries, 7, [], {"OMP_WAIT_POLICY": policy}, lambda: after.append(1))
    times = found["times"]
    alone = [[library] for library in libraries]
    assert len(after) == 7
    assert {len(of[page.WHOLE]) for of in times.values()} == {7}
    if policy == "active":
        assert [worker.libraries for worker in workers] == alone * 2
        assert [len(worker.turns) for worker in workers] == [5] * 4 + [2] * 4
    else:
        assert [worker.libraries for worker in workers] == [[NUMPY, FASTACT], *alone[2:]]
        assert sorted(workers[0].turns) == sorted([NUMPY, FASTACT] * 7)


def test_options_reach_the_workers(monkeypatch):
    seen = []

    def measured(*arguments):
        seen.append(arguments[:-1])
        return record(numpy=[1.0], fastact=[1.0])

    monkeypatch.setattr(pipelines, "measured", measured)
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    command("--peers", "--rounds", 3, "--load", "json", "os.path", "--active", "--only", WHOLE)
    environment = os.environ | {"OMP_WAIT_POLICY": "active"}
    assert seen == [(WHOLE, [NUMPY, FASTACT], 3, ["json", "os.path"], environment)]


# What is printed and kept


def test_ratios_are_those_of_the_same_round():
    r = record(numpy=[2.0, 8.0, 6.0], fastact=[1.0, 2.0, 3.0])
    assert page.ratio(r, NUMPY, FASTACT, page.WHOLE) == 2
    assert page.rows(r) == [[WHOLE, "6000", "2000", "", "2.00", ""]]
    r = record(numpy=[2e-3, 1e-3], fastact=[1e-3, 1e-3], torch=[5e-4, 1e-3])
    assert page.rows(r) == [[WHOLE, "1.5", "1", "0.75", "1.50", "0.75"]]


def test_calls_have_the_time_of_the_next_product():
    products = {name: {page.PRODUCT: [1e-3, 2e-3, 3e-3]} for name in ("numpy alone", "torch alone")}
    calls = {
        name: {page.PRODUCT: [2e-3 * slow, 4e-3 * slow, 6e-3 * slow], page.CALL: [1e-4, 3e-4, 2e-4]}
        for name, slow in ((NUMPY, 1), (FASTACT, 2), (ONE_THREAD, 3), (TORCH, 4))
    }
    found = page.rows({"program": BETWEEN, "times": products | calls})
    assert found == [[name, "200", "300", f"{2 * (i + 1):.2f}"] for i, name in enumerate(calls)]


def test_results_are_printed(measured):
    path, printed = measured
    content = json.loads(path.read_text())
    whole, between = content["records"]
    assert set(whole["times"]) == {NUMPY, FASTACT}
    assert set(between["times"]) == {"numpy alone", NUMPY, FASTACT, ONE_THREAD}
    for times in (*whole["times"].values(), *between["times"].values()):
        for seconds in times.values():
            assert len(seconds) == 2
            assert min(seconds) > 0
    assert content["command"].startswith("python bench/pipelines.py --rounds 2 --peers --only silu_mlp")
    for row in [*page.rows(whole), *page.rows(between)]:
        assert " ".join(" ".join(row).split()) in [" ".join(line.split()) for line in printed.splitlines()]


def test_json_gives_the_same_tables(measured, capsys):
    path, printed = measured
    command("--from-json", path)
    assert capsys.readouterr().out == "\n" + printed.partition("\n\n")[2]


def test_environment_is_stated(measured):
    path, printed = measured
    expected = {name: value for name, value in os.environ.items() if name.startswith(pipelines.THREADING)}
    assert json.loads(path.read_text())["run"]["environment"] == expected
    assert all(f"`{name}={value}`" in printed for name, value in expected.items())
    assert page.environment_text({}) == "nothing about threads is set"


def test_page(measured, tmp_path):
    path, _ = measured
    command("--from-json", path, "--markdown", tmp_path / "a.md")
    text = (tmp_path / "a.md").read_text()
    content = json.loads(path.read_text())
    for name, program in PROGRAMS.items():
        assert f"| `{name}` | {program.text} | {program.calls} |" in text
    for row in [row for record in content["records"] for row in page.rows(record)]:
        assert f"| `{row[0]}` | {' | '.join(row[1:])} |" in text
    for fact in (content["date"], f"`{content['command']}`", f"NumPy {np.__version__}", "2 rounds"):
        assert fact in text
    assert max(map(len, text.partition("|  | program |")[0].splitlines())) <= 120


def test_published_page_is_that_of_the_published_results(tmp_path):
    command("--from-json", DOCS / "pipelines.json", "--markdown", tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == (DOCS / "pipelines.md").read_text()


def test_programs_without_their_modules_are_left_out(monkeypatch, capsys):
    monkeypatch.setattr("programs.find_spec", lambda module: None)
    assert pipelines.selected_programs([]) == [name for name in PROGRAMS if not name.startswith("sklearn")]
    assert "left out: sklearn_mlp_tanh needs sklearn to be installed" in capsys.readouterr().out


def test_names_select_by_how_they_begin():
    assert pipelines.selected_programs(["gpt2", "conv"]) == ["gpt2", "gpt2_pow", "conv_step"]


def test_peers_are_those_that_are_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
    assert pipelines.left_out(None) == {TORCH}
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: module)
    assert pipelines.left_out(None) == pipelines.left_out([TORCH]) == set()
    assert pipelines.left_out([]) == {TORCH}


def test_progress_ends_at_its_total(monkeypatch):
    bars = []

    def progress_bar(total, wanted, **looks):
        bars.append(Bar(total))
        return contextlib.nullcontext(bars[-1])

    monkeypatch.setattr(pipelines, "progress_bar", progress_bar)
    command("--rounds", 3, "--peers", "--only", WHOLE)
    assert [bar.left for bar in bars] == [0]


# What is refused, and how it ends


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--only gtp2", "no program begins with 'gtp2'; did you mean 'gpt2'?"),
        ("--only", "expected at least one argument"),
        ("--rounds 0", "'0' is not a positive number"),
        ("--peers jax", "invalid choice: 'jax'"),
        ("--load nosuch.module", "argument --load: nosuch.module is not installed"),
        ("--json nowhere/a.json", "nowhere/a.json: No such file"),
        ("--markdown folder", "folder is not a regular file"),
        ("--from-json missing.json", "missing.json: No such file"),
        ("--from-json other.json", "other.json is no result of this command"),
        ("--from-json other.json --busy", "argument --from-json: nothing is measured"),
        ("--from-json other.json --peers", "argument --from-json: nothing is measured"),
        ("--fast", "unrecognized arguments: --fast"),
    ],
)
def test_refuses(tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "other.json").write_text('{"run": {}, "results": []}')
    name = "python bench/pipelines.py: error: "
    assert_refused(capsys, tmp_path, arguments.split(), re.escape(expected), lambda given: command(*given), name)


def test_refuses_what_is_not_installed(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
    monkeypatch.setattr("programs.find_spec", lambda module: None)
    for arguments, expected in [(["--peers", TORCH], "torch is not installed"), (["--only", "skl"], "needs sklearn")]:
        with pytest.raises(SystemExit):
            command(*arguments)
        assert expected in capsys.readouterr().err


def test_a_worker_that_fails_says_so(tmp_path, monkeypatch, capfd):
    (tmp_path / "broken.py").write_text("raise RuntimeError('broken on purpose')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SystemExit, match="silu_mlp in numpy and fastact ended with status 1"):
        command("--peers", "--only", WHOLE, "--load", "broken", "--json", tmp_path / "a.json")
    assert "broken on purpose" in capfd.readouterr().err
    assert not (tmp_path / "a.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_leaves_no_process(tmp_path, number):
    arguments = ["--only", "gpt2", "--peers", "--busy", "--json", "a.json"]
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        process.stdout.readline()  # the machine is printed before anything is started
        time.sleep(1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(number)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert len(children) > os.cpu_count()
    deadline = time.monotonic() + 30
    while (left := [child for child in children if runs(child)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
    assert list(tmp_path.iterdir()) == []


def runs(pid):
    """Whether a process is there and is no zombie, for which nobody may have waited."""
    try:
        return state_of(pid) != "Z"
    except OSError:
        return False
