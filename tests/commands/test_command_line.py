"""`python -m fastact` and `python -m fastact apply`."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from calls import exit_status

import fastact
from fastact import __main__ as command_line
from fastact import _ufuncs
from fastact._cli import _apply

COMMAND = [sys.executable, "-m", "fastact"]
REPORT_SECONDS = 60  # on builds with sanitizers, too; .ci/builds holds the usual one to less
PEAK_KIB = 300 * 1024
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, or uses limits and signals of Linux")


def run(*arguments, cwd, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=60, check=False, **options
    )


def sparse_file(path, size):
    """Write a .npy file of `size` float32 zeros that takes no room on disk."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (size,)})
        file.truncate(file.tell() + 4 * size)


def contents(folder):
    return {path.name: path.read_bytes() if path.is_file() else None for path in folder.iterdir()}


def required(name):
    return {p: 0.5 for p, default in _ufuncs.table[name].items() if default is None}


def assert_refused(capsys, folder, arguments, expected, command=command_line.main, name="python -m fastact"):
    """One line on standard error that matches, status 2, and all files as they were."""
    before = contents(folder)
    with pytest.raises(SystemExit) as stop:
        command([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    assert stop.value.code == 2
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.endswith("\n")
    assert printed.err.startswith(name)
    assert re.search(expected, printed.err), printed.err
    assert contents(folder) == before


# The report


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    began = time.monotonic()
    result = run(cwd=tmp_path_factory.mktemp("report"))
    assert result.returncode == 0, result.stderr
    assert time.monotonic() - began < REPORT_SECONDS
    assert result.stderr == ""
    return result.stdout


def test_report_names_the_machine(report):
    assert _ufuncs.isa() in report
    assert np.__version__ in report
    assert max(map(len, report.splitlines())) <= 100


@pytest.mark.parametrize("name", _ufuncs.table)
def test_report_measures_every_function_within_its_bounds(report, name):
    (row,) = re.findall(rf"^{name} +(.+)$", report, re.MULTILINE)
    forward, grad = np.array(row.split(), float).reshape(2, 4)
    for error, bound, nanoseconds, times_faster in (forward, grad):
        assert 0 <= error <= bound
        assert nanoseconds > 0
        assert times_faster > 0


def test_report_stops_quietly_when_its_reader_goes(tmp_path):
    with subprocess.Popen(COMMAND, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(REPORT_SECONDS) == 1


# apply


@pytest.mark.parametrize("name", _ufuncs.table)
@pytest.mark.parametrize("operation", ["forward", "grad"])
def test_apply_is_the_ufunc(tmp_path, name, operation):
    x = np.linspace(-9, 9, 1001, dtype=np.float32)
    np.save(tmp_path / "in.npy", x)
    given = [f"--param={p}={value}" for p, value in required(name).items()]
    command_line.main(
        ["apply", name, f"{tmp_path}/in.npy", f"{tmp_path}/out.npy", *["--grad"][: operation == "grad"], *given]
    )
    result, expected = np.load(tmp_path / "out.npy"), _ufuncs.get(name, operation)(x, **required(name))
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (13,), (5, 4, 3)], ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["?", "i1", "<u8", "<f2", "<f4", "<f8", ">f4", ">i4"])
def test_apply_keeps_shape_order_and_type(tmp_path, monkeypatch, shape, order, dtype):
    monkeypatch.setattr(_apply, "PIECE_ELEMENTS", 7)
    x = np.asarray(np.random.default_rng(0).normal(0, 3, shape), order=order).astype(dtype, order=order)
    np.save(tmp_path / "in.npy", x)
    command_line.main(["apply", "silu", f"{tmp_path}/in.npy", f"{tmp_path}/out.npy"])
    result, expected = np.load(tmp_path / "out.npy"), _ufuncs.get("silu")(x)
    assert result.dtype == expected.dtype
    assert result.shape == shape
    assert (result.flags.c_contiguous, result.flags.f_contiguous) == (x.flags.c_contiguous, x.flags.f_contiguous)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)], ids=str)
def test_apply_reads_every_version_of_the_format(tmp_path, version):
    x = np.linspace(-3, 3, 40, dtype=np.float32).reshape(5, 8)
    with (tmp_path / "in.npy").open("wb") as file:
        np.lib.format.write_array(file, x, version)
    assert exit_status("apply", "silu", tmp_path / "in.npy", tmp_path / "out.npy") == 0
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), fastact.silu(x))


def test_apply_takes_parameters(tmp_path):
    x = np.linspace(-9, 9, 101)
    np.save(tmp_path / "in.npy", x)
    result = run(
        "apply", "hard_tanh", "in.npy", "out.npy", "--param", "min_val=-2", "--param=max_val=3e0", cwd=tmp_path
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), np.clip(x, -2, 3))


def test_apply_replaces_the_output_and_follows_a_link_to_it(tmp_path):
    np.save(tmp_path / "in.npy", np.float32([-1, 1]))
    (tmp_path / "real.npy").write_bytes(b"old")
    (tmp_path / "out.npy").symlink_to("real.npy")
    assert run("apply", "relu", "in.npy", "out.npy", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out.npy").is_symlink()
    np.testing.assert_array_equal(np.load(tmp_path / "real.npy"), np.float32([0, 1]))
    assert len(contents(tmp_path)) == 3


# What apply refuses


@pytest.fixture
def folder(tmp_path):
    """Good files, bad files and an output that is there already."""
    x = np.linspace(-2, 2, 64, dtype=np.float32)
    np.save(tmp_path / "in.npy", x)
    for name, dtype in {
        "complex": complex,
        "object": object,
        "text": str,
        "long": np.longdouble,
        "time": "M8[s]",
    }.items():
        np.save(tmp_path / f"{name}.npy", np.ones(8, int).astype(dtype))
    np.save(tmp_path / "record.npy", np.zeros(3, [("a", "f4"), ("b", "f4")]))
    np.savez(tmp_path / "archive.npz", x=x)
    whole = (tmp_path / "in.npy").read_bytes()
    (tmp_path / "truncated.npy").write_bytes(whole[:-1])
    (tmp_path / "only_magic.npy").write_bytes(whole[:7])
    (tmp_path / "only_header.npy").write_bytes(whole[:20])
    (tmp_path / "future.npy").write_bytes(whole[:6] + b"\x09" + whole[7:])
    (tmp_path / "negative.npy").write_bytes(whole.replace(b"(64,), ", b"(-64,),"))
    (tmp_path / "nested.npy").write_bytes(whole.replace(b"'<f4', ", b"('f4',2),").replace(b"(64,), }  ", b"(32,), }"))
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "text.txt").write_text("1 2 3\n")
    (tmp_path / "out.npy").write_bytes(b"precious")
    (tmp_path / "subfolder").mkdir()
    return tmp_path


@pytest.mark.parametrize("target", ["out.npy", "new.npy"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("silu missing.npy", r"missing\.npy: No such file"),
        ("silu subfolder", "subfolder is not a regular file"),
        ("silu archive.npz", r"archive\.npz is not a readable \.npy file"),
        ("silu text.txt", r"text\.txt is not a readable \.npy file"),
        ("silu empty.npy", r"empty\.npy is not a readable \.npy file"),
        ("silu only_magic.npy", r"only_magic\.npy is not a readable \.npy file"),
        ("silu only_header.npy", r"only_header\.npy is not a readable \.npy file"),
        ("silu future.npy", r"future\.npy is not a readable \.npy file.*version"),
        ("silu negative.npy", r"negative\.npy is not a readable \.npy file.*shape"),
        ("silu nested.npy", r"nested\.npy is not a readable \.npy file"),
        ("silu truncated.npy", r"truncated\.npy is truncated: 383 bytes of 384"),
        ("silu complex.npy", r"complex\.npy holds complex128.*float64"),
        ("silu object.npy", r"object\.npy holds object.*float64"),
        ("silu text.npy", r"text\.npy holds <U.*float64"),
        ("silu long.npy", rf"long\.npy holds {np.dtype(np.longdouble)}.*float64"),
        ("silu time.npy", r"time\.npy holds datetime64\[s\].*float64"),
        ("silu record.npy", r"record\.npy holds .*float64"),
        ("sillu in.npy", "unknown function 'sillu'; did you mean 'silu'?"),
        ("HardSwish in.npy", "unknown function 'HardSwish'; did you mean 'hard_swish'?"),
        ("zzzzzz in.npy", "unknown function 'zzzzzz'; there are: relu, "),
        ("hardsilu in.npy", "unknown function 'hardsilu'; did you mean 'hard_swish'?"),
        ("softmax in.npy", "softmax is not elementwise: it takes all elements along an axis; apply can compute relu, "),
        ("logsumexp in.npy", "logsumexp is not elementwise"),
        ("swiglu in.npy", "swiglu is not elementwise: it takes two arrays"),
        ("prelu in.npy", "prelu is not elementwise"),
        ("bias_act in.npy", "bias_act is not elementwise"),
        ("silu in.npy --param beta=1", "silu has no parameters"),
        ("swish in.npy --param bata=1", "swish has no parameter 'bata'; did you mean 'beta'?"),
        ("swish in.npy --param beta=much", "'beta=much' is not of the form name=number"),
        ("swish in.npy --param beta", "'beta' is not of the form name=number"),
        ("swish in.npy --param beta=1 --param beta=2", "twice"),
        ("threshold in.npy", "threshold needs --param threshold=NUMBER and --param value=NUMBER"),
        ("threshold in.npy --param threshold=1", "threshold needs --param value=NUMBER"),
        ("silu in.npy --gard", "unrecognized arguments: --gard"),
        ("silu in.npy another.npy", "unrecognized arguments"),
    ],
)
def test_apply_refuses(capsys, folder, monkeypatch, arguments, expected, target):
    monkeypatch.chdir(folder)
    name, source, *options = arguments.split()
    assert_refused(capsys, folder, ["apply", name, source, target, *options], expected)


def test_apply_knows_all_functions_that_are_not_elementwise():
    public = {name for name in fastact.__all__ if hasattr(getattr(fastact, name), "backward")} | {"logsumexp"}
    assert set(_apply.LAYERS) == public - set(_ufuncs.table)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("in.npy", "both the input and the output"),
        ("link.npy", "both the input and the output"),
        ("subfolder", "not a regular file"),
        ("pipe", "not a regular file"),
        ("nowhere/out.npy", r"nowhere/out\.npy: No such file"),
        ("text.txt/out.npy", r"text\.txt/out\.npy: Not a directory"),
        pytest.param("/proc/out.npy", r"/proc/out\.npy: ", marks=linux),
    ],
)
def test_apply_refuses_the_output(capsys, folder, monkeypatch, target, expected):
    monkeypatch.chdir(folder)
    (folder / "link.npy").symlink_to("in.npy")
    os.mkfifo(folder / "pipe")
    assert_refused(capsys, folder, ["apply", "silu", "in.npy", target], expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["aply"], "invalid choice: 'aply'"),
        (["--fast"], "unrecognized arguments: --fast"),
        (["apply"], "required: NAME, IN, OUT"),
        (["apply", "silu", "in.npy"], "required: OUT"),
        (["apply", "silu", "in\nside.npy", "out.npy"], "in side.npy: No such file"),
    ],
)
def test_command_line_refuses(capsys, tmp_path, arguments, expected):
    assert_refused(capsys, tmp_path, arguments, expected)


@linux
def test_apply_refuses_a_folder_it_may_not_write_to(capsys, tmp_path):
    np.save(tmp_path / "in.npy", np.float32([1]))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.access(closed, os.W_OK):
        pytest.skip("this user may write anywhere")
    assert_refused(capsys, tmp_path, ["apply", "silu", tmp_path / "in.npy", closed / "out.npy"], "Permission denied")


# What apply leaves behind


@linux
def test_apply_that_runs_out_of_room_leaves_nothing(tmp_path):
    import resource

    sparse_file(tmp_path / "in.npy", 4 * _apply.PIECE_ELEMENTS)
    (tmp_path / "out.npy").write_bytes(b"precious")
    limit = 8 * _apply.PIECE_ELEMENTS
    result = run(
        *("apply", "silu", "in.npy", "out.npy"),
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert result.returncode == 2
    assert re.fullmatch(r"python -m fastact apply: error: .*/out\.npy: File too large\n", result.stderr)
    assert (tmp_path / "out.npy").read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 2


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_apply_that_is_interrupted_leaves_nothing(tmp_path, number):
    sparse_file(tmp_path / "in.npy", 1 << 29)
    (tmp_path / "out.npy").write_bytes(b"precious")
    command = [*COMMAND, "apply", "gelu", "in.npy", "out.npy"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not list(tmp_path.glob(".*.part")):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 128 + number
    assert (tmp_path / "out.npy").read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 2


@linux
def test_apply_needs_little_memory(tmp_path):
    """The peak of resident memory, mapped pages included, for a file that is larger than it may be."""
    sparse_file(tmp_path / "in.npy", 1 << 27)
    assert (tmp_path / "in.npy").stat().st_size > PEAK_KIB * 1024
    code = (
        "import re, runpy, sys; sys.argv[1:] = ['apply', 'gelu', 'in.npy', 'out.npy']; "
        "runpy.run_module('fastact', run_name='__main__'); "
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert 1024 < int(result.stdout) < PEAK_KIB


# The progress bar


def slowed(function, seconds):
    def slow(*args, **kwargs):
        time.sleep(seconds)
        return function(*args, **kwargs)

    return slow


@pytest.mark.parametrize(("seconds", "progress", "shown"), [(0.3, True, True), (0.3, False, False), (0, True, False)])
def test_progress_is_shown_when_it_takes_over_a_second(tmp_path, monkeypatch, capsys, seconds, progress, shown):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(_apply, "PIECE_ELEMENTS", 2)
    np.save(tmp_path / "in.npy", np.ones(10, np.float32))
    silu = slowed(_ufuncs.get("silu"), seconds)
    _apply.apply_file(silu, tmp_path / "in.npy", tmp_path / "out.npy", {}, progress)
    assert bool(re.search(r"\d+%.* elements", capsys.readouterr().err)) == shown


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_for_terminals(tmp_path, monkeypatch, terminal):
    np.save(tmp_path / "in.npy", np.ones(10, np.float32))
    wanted = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setattr(_apply, "apply_file", lambda *_, progress: wanted.append(progress))
    command_line.main(["apply", "silu", f"{tmp_path}/in.npy", f"{tmp_path}/out.npy"])
    assert wanted == [terminal]


def test_apply_works_without_tqdm(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    np.save(tmp_path / "in.npy", np.float32([-1, 1]))
    _apply.apply_file(_ufuncs.get("relu"), tmp_path / "in.npy", tmp_path / "out.npy", {}, progress=True)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), np.float32([0, 1]))


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main(["--version"])
    assert not stop.value.code
    assert capsys.readouterr().out == f"fastact {fastact.__version__}\n"
