"""The command line: hostile .npy files and arguments end in a result or in one line, and leave no files."""

import argparse
import io
import os
import struct
import tempfile
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import numpy as np
from calls import exit_status

from fastact import __main__ as command_line
from fastact import _ufuncs
from fastact._cli import _accuracy, _bench, _report
from fastact._docs import REQUIRED_VALUE

from .hostile import calm
from .operands import bytes_of, demand_same
from .source import Source

MEMORY = "/dev/shm"
MAGICS = (b"\x93NUMPY", b"\x93NUMPX", b"", b"PK\x03\x04", b"\x80\x05")
VERSIONS = ((1, 0), (2, 0), (3, 0), (0, 0), (1, 1), (255, 255))
DESCRIPTIONS = (
    *("'<f4'", "'<f8'", "'<f2'", "'>f4'", "'|b1'", "'<i8'", "'|u1'", "'>u2'", "'float32'", "'f'"),
    *("'<c8'", "'|O'", "'<U3'", "'|S0'", "'|V0'", "'<f16'", "'<M8[s]'", "[('a', '<f4')]", "('<f4', (2,))", "'<f3'"),
    *("'O'*9", "None", "4", "''", "'f4,f4'", "b'<f4'", "[]", "{}", "'\\x00'", "'é'", "[('a', [('a', '|O')])]"),
)
SHAPES = (
    *("(7,)", "(3, 2)", "()", "(0,)", "(1, 0, 2)", "(3L,)", "7", "(-1,)", "(-1, -7)", "(7.0,)", "(True,)", "[7]"),
    *("(9223372036854775807,)", "(4294967296, 4294967296, 2)", "(0, 9223372036854775808)", "('7',)", "None", "(1e3,)"),
    *("(" + "1," * 70 + ")", "(" * 300 + ")" * 300, "-" * 3000 + "7", "(7", "7,)", "(__import__('os'),)", "(1" * 200),
)
ORDERS = ("False", "True", "0", "1", "None", "'C'", "[]")
WORDS = (
    *("apply", "accuracy", "bench", "in.npy", "out.npy", "silu", "--grad", "--param", "beta=1", "--function", "gelu"),
    *("--json", "a.json", "--from-json", "--markdown", "--plot", "a.png", "--sizes", "2^4..2^6", "--threads", "all"),
    *("1", "--peers", "numpy", "--shapes", "--rounds", "--milliseconds", "--statistic", "--dtype", "float32"),
    *("--exhaustive", "--isa", "baseline", "--operation", "forward", "--version", "-h", "--", "--compare"),
    *("--output", "given", "--p", "--layouts", "strided", "--value-and-grad", "folder", "missing/a", ".", "", "-"),
    *("--between", "matmul", "busy", "avx2", "--add", "softmax", "swiglu", "prelu", "bias_act", "backward"),
    *("-1", "0", "1e999", "nan", "2^99", "beta=", "=1", "beta=x", "beta=1=2", "value=1", "threshold=-inf", "1,2"),
    *(",", "é", "\udcff", "@in.npy", "a" * 300),
)


def call(data):
    """Run the command line."""
    draw = Source(data)
    draw.choose((apply_to_file, any_arguments))(draw)


def apply_to_file(draw):
    """Apply an activation to a file that may be one of NumPy's."""
    name = draw.choose(tuple(_ufuncs.table))
    required = {p: REQUIRED_VALUE for p, default in _ufuncs.table[name].items() if default is None}
    options = [*(f"--param={p}={value}" for p, value in required.items()), *["--grad"] * draw.below(2)]
    with in_folder(), calm(1):
        Path("in.npy").write_bytes(draw_file(draw))
        if draw.below(2):
            Path("out.npy").write_bytes(b"old")
        status, printed = run(["apply", name, "in.npy", "out.npy", *options])
        if status:
            return
        function = _ufuncs.get(name, "grad" if "--grad" in options else "forward")
        x = np.load("in.npy", allow_pickle=False)
        demand_same(np.load("out.npy"), np.asarray(function(x, **required)))
        assert sorted(os.listdir()) == ["folder", "in.npy", "out.npy"]
        assert printed == ""


def any_arguments(draw):
    """Give any arguments to all commands, of which those that measure stop where they would begin."""
    given = [draw.choose(WORDS) if draw.below(8) else any_text(draw) for _ in range(draw.below(12))]
    with in_folder(), calm(1):
        Path("in.npy").write_bytes(draw_file(draw))
        Path("a.json").write_bytes(
            draw.choose((b"{}", b"[" * 100_000, b"\xff", b"1", b'{"records": [NaN, 1e999]}', b""))
        )
        with mock.patch.object(_bench, "measure", stop_bench), mock.patch.object(_accuracy, "measure_all", stop):
            run(given)


def stop(*given, **options):
    raise SystemExit(0)


def stop_bench(given: argparse.Namespace):
    _bench.selected_peers(given)
    _bench.selected_cases(given)
    stop()


with mock.patch.object(_report, "run", stop):
    PARSER = command_line.make_parser()  # once, as it takes longer than what it is for


def any_text(draw):
    """Draw text that may be an argument: no zero byte, no other folder."""
    return draw.take(draw.below(12)).decode(errors="surrogateescape").replace("\0", "").replace("/", "")


def draw_file(draw):
    """Draw what is in a file: a header that NumPy could have written, with a few things changed, and elements."""
    if draw.one_in(12):
        return draw.rest()
    version = VERSIONS[0] if draw.below(3) else draw.choose(VERSIONS)
    fields = {
        "descr": draw.choose(DESCRIPTIONS[:10] if draw.below(4) else DESCRIPTIONS),
        "fortran_order": "False" if draw.below(2) else draw.choose(ORDERS),
        "shape": draw.choose(SHAPES[:5] if draw.below(4) else SHAPES),
    }
    if draw.one_in(12):
        fields.pop(draw.choose(tuple(fields)))
    end = "}" if draw.below(4) else draw.choose((", }", "", "}}", ", 'a': 1}"))
    text = "{" + ", ".join(f"'{key}': {value}" for key, value in fields.items()) + end
    header = text.encode("utf-8" if draw.below(8) else draw.choose(("latin-1", "utf-16"))) + b"\n"
    if draw.one_in(4):
        at = draw.below(len(header))
        header = header[:at] + draw.take(draw.below(4)) + header[at + draw.below(4) :]
    header = header.rjust(draw.choose((0, 0, 118, 20_000))) if draw.below(2) else header
    length = len(header) if draw.below(8) else draw.choose((0, 1, 10, 65535))
    packed = struct.pack("<H" if version == (1, 0) else "<I", min(length, 65535))
    elements = bytes_of("<f4")[: draw.choose((28, 56, 1 << 12, 0, 1, 27))]
    return (MAGICS[0] if draw.below(8) else draw.choose(MAGICS)) + bytes(version) + packed + header + elements


@contextmanager
def in_folder():
    """Work in a new folder, in memory if there is a place for it, which goes afterwards."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as path, chdir(path):
        os.mkdir("folder")
        yield


def contents():
    return {name: Path(name).read_bytes() for name in os.listdir() if os.path.isfile(name)}


def run(given):
    """Run the command line; where it refuses, demand one line on standard error and all files as they were."""
    before, printed, errors = contents(), io.StringIO(), io.StringIO()
    parser = mock.patch.object(command_line, "make_parser", return_value=PARSER)
    with parser, redirect_stdout(printed), redirect_stderr(errors):
        status = exit_status(*given)
    said = errors.getvalue()
    if status:
        assert status == 2, (status, said)
        assert said.startswith("python -m fastact"), said
        assert said.count("\n") == 1, said
        assert said.endswith("\n"), said
        assert contents() == before
    return status or 0, printed.getvalue()
