"""`python -m fastact apply`: one activation over a .npy file, in pieces, so that the file may be larger than memory."""

import argparse
import json
import math
import os
import secrets
import stat
import sys
import tokenize
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from fastact import _ufuncs
from fastact._names import ALONG_AXIS, LAYER, PAIR, kind_of, nearest

from ._functions import LAYERS

HELP = "apply an activation to a .npy file"
# Elements. `python -m fastact apply gelu` on 2 GB of float32: 2**18 and 2**20 take the least time of 2**14 to 2**24,
# and the peak of resident memory is 41 MiB with 2**20, 65 MiB with 2**22.
PIECE_ELEMENTS = 1 << 20
# What NumPy raises for a header that is no Python literal, or an unusual one.
UNREADABLE = (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, tokenize.TokenError)
# Version 3.0 is 2.0 with names of fields in UTF-8, which plain numbers have not.
HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,
}


TIME_LEFT = "{l_bar}{bar}| {elapsed} gone, {remaining} left"  # how a progress_bar of no elements looks


class BadInput(Exception):
    """What a user got wrong, in one line."""


class Header(NamedTuple):
    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype
    offset: int  # of the data, in bytes

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def check_regular(path: Path) -> None:
    """Raise unless `path` can be mapped or replaced: a folder, a pipe or a device can not."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise BadInput(f"{path} is not a regular file")


def read_header(file: BinaryIO) -> Header:
    """Read and check what a .npy file says of itself."""
    try:
        version = np.lib.format.read_magic(file)
        if version not in HEADER_READERS:
            raise ValueError(f"format version {version} is not known")
        header = Header(*HEADER_READERS[version](file), file.tell())
        if min(header.shape, default=0) < 0 or header.dtype.subdtype is not None:
            raise ValueError(f"shape {header.shape} of {header.dtype}")
        np.broadcast_to(np.empty((), header.dtype), header.shape)  # raises where no array can have this shape
    except UNREADABLE as error:
        raise BadInput(f"{file.name} is not a readable .npy file: {error}") from None
    wanted, found = header.offset + header.size * header.dtype.itemsize, os.fstat(file.fileno()).st_size
    if found < wanted and not header.dtype.hasobject:
        raise BadInput(f"{file.name} is truncated: {found} bytes of {wanted}")
    return header


def pieces(file: BinaryIO, header: Header) -> Iterator[np.ndarray]:
    """Map one piece after another, in the order of the file. Its pages leave memory with the piece."""
    for start in range(0, header.size, PIECE_ELEMENTS):
        count = min(PIECE_ELEMENTS, header.size - start)
        yield np.asarray(np.memmap(file, header.dtype, "r", header.offset + start * header.dtype.itemsize, (count,)))


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file in the folder of `path` that takes its name if all goes well, and is removed otherwise."""
    temporary = path.with_name(f".fastact-{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def apply_file(
    function: np.ufunc, source: Path, target: Path, parameters: dict[str, float], progress: bool = False
) -> None:
    """Write `function` of every element of one .npy file to another of the same shape and order.

    Parameters
    ----------
    function : ufunc
        Takes the elements and, by keyword, `parameters`.
    source, target : Path
        The .npy files. `target` appears under its name only when complete, in place of what was there.
    parameters : dict of str to float
    progress : bool
        Whether to show a progress bar when it takes over a second; needs tqdm.

    Raises
    ------
    BadInput
        If `source` is no complete .npy file of real numbers, or `target` cannot be a file.
    """
    target = Path(os.path.realpath(target))
    check_regular(source)
    if target.exists():
        check_regular(target)
        if target.samefile(source):
            raise BadInput(f"{target} is both the input and the output")
    with source.open("rb") as original:
        header = read_header(original)
        try:
            dtype = function(np.empty(0, header.dtype), **parameters).dtype
        except TypeError as error:
            raise BadInput(f"{source} holds {header.dtype}: {error}") from None
        description = {
            "descr": np.lib.format.dtype_to_descr(dtype),
            "fortran_order": header.fortran_order,
            "shape": header.shape,
        }
        buffer = np.empty(min(PIECE_ELEMENTS, header.size), dtype)
        with written_whole(target) as file, progress_bar(header.size, progress) as bar:
            np.lib.format.write_array_header_1_0(file, description)
            for piece in pieces(original, header):
                file.write(function(piece, out=buffer[: piece.size], **parameters).data)
                if bar is not None:
                    bar.update(piece.size)


def progress_bar(total: int, wanted: bool, **looks):
    if not wanted:
        return nullcontext()
    try:
        from tqdm import tqdm
    except ImportError:
        return nullcontext()
    return closing(tqdm(total=total, unit=" elements", unit_scale=True, delay=1, **looks))


# Why functions of a kind are not elementwise.
REASONS = {
    ALONG_AXIS: "it takes all elements along an axis",
    LAYER: "it takes weights or a bias along an axis",
    PAIR: "it takes two arrays, or the two halves of one",
}


def elementwise_name(text: str) -> str:
    if text in LAYERS:
        possible = ", ".join(_ufuncs.table)
        raise argparse.ArgumentTypeError(
            f"{text} is not elementwise: {REASONS[kind_of(text)]}; apply can compute {possible}"
        )
    if text not in _ufuncs.table:
        raise argparse.ArgumentTypeError(f"unknown function {text!r}{nearest(text, _ufuncs.table)}")
    return text


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write the results of a command."""
    with written_whole(path) as file:
        file.write((json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def runs_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs that results are of, the earlier ones first."""
    return [*content.get("earlier", ()), {key: content[key] for key in ("command", "date", "run")}]


def positive(kind: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
        return value

    return read


def assignment(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=number") from None


def checked_parameters(name: str, given: list[tuple[str, float]]) -> dict[str, float]:
    """Return the given parameters as keywords of the activation, or raise BadInput."""
    defaults, parameters = _ufuncs.table[name], dict(given)
    if len(parameters) < len(given):
        raise BadInput("argument --param: a parameter is given twice")
    for parameter in parameters:
        if not defaults:
            raise BadInput(f"argument --param: {name} has no parameters")
        if parameter not in defaults:
            raise BadInput(f"argument --param: {name} has no parameter {parameter!r}{nearest(parameter, defaults)}")
    missing = [p for p, default in defaults.items() if default is None and p not in parameters]
    if missing:
        raise BadInput(f"{name} needs " + " and ".join(f"--param {p}=NUMBER" for p in missing))
    return parameters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", type=elementwise_name, help="of an activation, such as silu")
    parser.add_argument("source", metavar="IN", type=Path, help=".npy file of real numbers")
    parser.add_argument("target", metavar="OUT", type=Path, help=".npy file to write; appears when complete")
    parser.add_argument("--grad", action="store_true", help="apply the derivative")
    parser.add_argument(
        "--param", metavar="P=NUMBER", type=assignment, action="append", default=[], help="as in --param beta=1.5"
    )


def run(arguments: argparse.Namespace) -> None:
    parameters = checked_parameters(arguments.name, arguments.param)
    function = _ufuncs.get(arguments.name, "grad" if arguments.grad else "forward")
    apply_file(function, arguments.source, arguments.target, parameters, progress=sys.stderr.isatty())
