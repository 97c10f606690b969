"""docs/reliability.md: every row names a test or a command that is there."""

import re
from pathlib import Path

import pytest
from fuzz import ENTRIES

ROOT = Path(__file__).parent.parent
ROWS = re.findall(
    r"^\| (?!Fault|-)(.+) \|$", (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"), re.MULTILINE
)


def named_in(cell):
    """Return pairs of file and test, from `file::test`, `::test` in the file named before, and `file` alone."""
    file = None
    for named, test in re.findall(r"`(test_\w+\.py)?(?:::(\w+))?(?:\[\w+\])?`", cell):
        file = named or file
        if named or test:
            yield file, test


@pytest.mark.parametrize("row", ROWS, ids=[row.partition(" |")[0] for row in ROWS])
def test_what_a_row_names_is_there(row):
    fault, provoked, outcome, cell = row.split(" | ")
    assert all((fault, provoked, outcome))
    tests = list(named_in(cell))
    for file, test in tests:
        defined = re.findall(r"^def (\w+)\(", (ROOT / "tests" / file).read_text(encoding="utf-8"), re.MULTILINE)
        assert test in defined or not test
    paths = re.findall(r"(?<![\w/])(?:\.ci|tests)/[\w./-]+", cell)
    for path in paths:
        assert (ROOT / path).is_file()
    for entry in re.findall(r"tests/fuzz/run\.sh (\w+)", cell):
        assert entry in {"c", *ENTRIES}
    assert tests or paths or cell == "as above"


def test_there_are_rows():
    assert len(ROWS) > 40
