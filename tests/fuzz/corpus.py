"""The corpora: a file for each entry point, with a line of hexadecimal digits for each input.

`corpus.py unpack ENTRY FOLDER` makes a file of every input, as libFuzzer wants them; `pack` takes them back.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"


def path_of(entry):
    return FOLDER / f"{entry}.txt"


def read(entry):
    """Return the inputs of an entry point."""
    return [bytes.fromhex(line) for line in path_of(entry).read_text().split()] if path_of(entry).exists() else []


def unpack(entry, folder):
    for number, data in enumerate(read(entry)):
        Path(folder, f"kept-{number}").write_bytes(data)


def pack(entry, folder):
    """Keep the inputs of a folder."""
    inputs = {path.read_bytes() for path in Path(folder).iterdir()}
    FOLDER.mkdir(exist_ok=True)
    path_of(entry).write_text("".join(f"{data.hex()}\n" for data in sorted(inputs) if data))


if __name__ == "__main__":
    {"pack": pack, "unpack": unpack}[sys.argv[1]](*sys.argv[2:])
