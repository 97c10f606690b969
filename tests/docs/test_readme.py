"""README.md: its set-up is two commands, its table names functions that are there."""

import re
from pathlib import Path

import pytest

from fastact import _ufuncs

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.+) \|$", TEXT.partition("## Names elsewhere")[2], re.MULTILINE)


def test_set_up_is_two_commands():
    assert len(re.findall(r"^python3 -m venv .*$", TEXT, re.MULTILINE)) == 2


def test_table_of_names_has_what_is_there():
    assert len(ROWS) > 20
    assert {name for name, _ in ROWS} <= set(_ufuncs.table)


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_pytorch_names_are_right(name, row):
    """PyTorch is no dependency: where it is installed, its names and definitions are checked."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    spelling = re.match(r"`F\.(\w+)(\(.+?\))?`", row)
    if spelling is None:
        assert row.startswith("- ")
        return
    x = torch.linspace(-4, 4, 101)
    required = [0.5 for default in _ufuncs.table[name].values() if default is None]
    function = getattr(torch.nn.functional, spelling[1])
    options = {"approximate": "tanh"} if spelling[2] else {}
    theirs = function(x, *required, **options).numpy()
    ours = _ufuncs.get(name)(x.numpy(), *required)
    assert abs(theirs - ours).max() < 1e-6
