"""docs/architecture.md: every file and folder that it names is there, and no room of the tree is left out."""

import re

from documents import ROOT, read

PAGE = read("docs/architecture.md")
NAMED = set(re.findall(r"(?:csrc|fastact|tests|bench|\.ci)/[\w./-]*\w(?:/(?!\w))?|setup\.py", PAGE)) | {
    "bench/",
    ".ci/",
}


def test_what_is_named_is_there():
    assert len(NAMED) > 40
    assert [name for name in NAMED if not (ROOT / name).exists()] == []


def test_no_folder_is_left_out():
    folders = {path.parent for top in ("csrc", "tests") for path in (ROOT / top).glob("*/*.[cph]*")}
    named = {ROOT / name for name in NAMED} | {(ROOT / name).parent for name in NAMED}
    assert {path.name for path in folders - named if "__pycache__" not in path.parts} == set()
