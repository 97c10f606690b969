"""No module imports one that imports it in turn, and command-line tools import from the package, never the reverse."""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fastact"
# `python -m fastact`, and what measures errors and times for it.
TOOLS = re.compile(r"__main__|_cli(\..*)?")
IMPORT = re.compile(r"^ *(?:from \S+ c?import .+|c?import .+|include \S+)$", re.MULTILINE)


def sources():
    """Map each module of the package to its files; one that is made of a template is read there."""
    found = {}
    for path in sorted(PACKAGE.rglob("*")):
        if re.fullmatch(r"\w+\.(py|pyx|pxd)(\.in)?", path.name) and not path.with_name(f"{path.name}.in").exists():
            name = ".".join([*path.parent.relative_to(PACKAGE).parts, path.name.partition(".")[0]])
            found.setdefault(name.removesuffix(".__init__"), []).append(path)
    return found


def text_of(path):
    """Return the source of a module; of Cython its imports, with those of what it includes, as Python writes them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    lines = [line.strip() for line in IMPORT.findall(text)]
    included = [text_of(path.with_name(line.split('"')[1])) for line in lines if line.startswith("include")]
    own = [line.replace("cimport", "import").rstrip("(").strip() for line in lines if not line.startswith("include")]
    return "\n".join([*(line for line in own if line.startswith(("from fastact", "import fastact"))), *included])


def imported_by(path, modules):
    """Yield the modules of the package that a file imports anywhere, the package itself as __init__."""
    folders = ["fastact", *path.parent.relative_to(PACKAGE).parts]
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = folders[: len(folders) + 1 - node.level] if node.level else []
            origin = ".".join(filter(None, [*above, node.module]))
            names = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        for package, _, rest in (name.partition(".") for name in names):
            if package == "fastact":
                yield next((name for name in (rest, rest.rpartition(".")[0]) if name in modules), "__init__")


@cache
def graph():
    modules = sources()
    return {
        name: {module for path in paths for module in imported_by(path, modules)} - {name}
        for name, paths in modules.items()
    }


def test_the_graph_is_read():
    """Imports of every form that there is, in Python and in Cython."""
    edges = graph()
    assert {"_ufuncs", "_layers", "_channels", "views"} <= edges["__init__"]
    assert {"_names", "_halves", "_threadpoolctl", "_core", "_numpy"} <= edges["_ufuncs"]
    assert {"_ufuncs", "_plain", "_core"} <= edges["_channels"]
    assert {"_checks", "_view_docs", "_core"} <= edges["views"]
    assert {"__init__", "_names", "_ufuncs"} <= edges["_cli._functions"]
    assert {"_cli._errors", "_cli._exact", "_cli._ulp", "_ufuncs"} <= edges["_cli._climb"]


def test_no_circle():
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        pytest.fail(f"imported in a circle: {' <- '.join(error.args[1])}")


def test_the_package_does_without_its_tools():
    tools = {name for name in graph() if TOOLS.fullmatch(name)}
    assert {name: used for name, edges in graph().items() if name not in tools and (used := edges & tools)} == {}
    assert tools >= {"__main__", "_cli._exact", "_cli._race"}
