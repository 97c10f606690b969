"""docs/reliability.md: every promise of README.md and every row names a test or a command that is there.

Parameters have a table of their own.
"""

import re
from pathlib import Path

import pytest
from fuzz import ENTRIES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
PROMISES, _, FAULTS = PAGE.partition("\n## Special parameters\n")[0].partition("\n## Processes and threads\n")
PROMISED = dict(re.findall(r"^\| (?!Sentence)(.+) \| (`test_.+) \|$", PROMISES, re.MULTILINE))
FILES = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
ROWS = re.findall(r"^\| (?!Fault|-)(.+) \|$", FAULTS, re.MULTILINE)


def named_in(cell):
    """Return pairs of file and test, from `file::test`, `::test` in the file named before, and `file` alone."""
    file = None
    for named, test in re.findall(r"`(test_\w+\.py)?(?:::(\w+))?(?:\[\w+\])?`", cell):
        file = named or file
        if named or test:
            yield file, test


def assert_there(tests):
    for file, test in tests:
        defined = re.findall(r"^def (\w+)\(", FILES[file].read_text(encoding="utf-8"), re.MULTILINE)
        assert test in defined or not test, f"no {test} in {file}"


def sentences():
    """Of the section of README.md, as the page of docs/ links."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What is promised\n")[2].partition("\n## ")[0]
    for promise in re.findall(r"^- \*\*.+?\.\*\* (.+(?:\n  .+)*)", text, re.MULTILINE):
        linked = re.sub(r"\]\(docs/(reliability\.md(?=#))?", "](", " ".join(promise.split()))
        yield from re.split(r"(?<=\.) ", linked)


def test_every_sentence_of_what_is_promised_has_a_test():
    assert list(PROMISED) == list(sentences())
    assert len(PROMISED) > 12


@pytest.mark.parametrize("sentence", PROMISED)
def test_what_a_promise_names_is_there(sentence):
    tests = list(named_in(PROMISED[sentence]))
    assert_there(tests)
    assert tests
    assert all(test for _, test in tests)


@pytest.mark.parametrize("row", ROWS, ids=[row.partition(" |")[0] for row in ROWS])
def test_what_a_row_names_is_there(row):
    fault, provoked, outcome, cell = row.split(" | ")
    assert all((fault, provoked, outcome))
    tests = list(named_in(cell))
    assert_there(tests)
    paths = re.findall(r"(?<![\w/])(?:\.ci|tests)/[\w./-]+", cell)
    for path in paths:
        assert (ROOT / path).is_file()
    for entry in re.findall(r"tests/fuzz/run\.sh (\w+)", cell):
        assert entry in {"c", *ENTRIES}
    assert tests or paths or cell == "as above"


def test_there_are_rows():
    assert len(ROWS) > 40
