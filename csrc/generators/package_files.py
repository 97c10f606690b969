"""Writes the files of the package that have a template, fastact/*.in: stub files, and the Cython module views.

Docstrings come from the modules that write them for the package. These ask fastact._ufuncs for the table, which is not
built yet: a stand-in answers from the tables as read here.
"""

import ast
import inspect
import re
import sys
import textwrap
from types import ModuleType
from unittest.mock import patch

from Cython import Tempita

from . import c_interface, tables

PACKAGE = tables.CORE.parent / "fastact"
TYPES = ("float32", "float64")


class StandIn(ModuleType):
    """Takes the place of an extension that is not built yet; what it is not given is None."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)


class Ufuncs(StandIn):
    """Knows as much of the tables as the modules that write docstrings ask fastact._ufuncs for."""

    def __init__(self, table):
        super().__init__("fastact._ufuncs")
        self.table = {
            name: {parameter: default and float(default) for parameter, default in activation.parameters.items()}
            for name, activation in table.activations.items()
        }
        self.gated = {name: pair.gate for name, pair in table.pairs.items()}
        self._cases = {
            (name, case.operation): case for name in (*self.table, *self.gated) for case in table.cases(name)
        }

    def error_bound(self, name, operation="forward", dtype="float32"):
        return self._cases[name, operation].bound.largest(dtype)

    def arrays_of(self, name, operation="forward"):
        return self._cases[name, operation].arrays

    def results_of(self, name, operation="forward"):
        return self._cases[name, operation].outputs


def documentation(ufuncs, extensions):
    """Import and return the modules of the package that write docstrings, as they are without extensions."""
    package = ModuleType("fastact")
    package.__path__ = [str(PACKAGE)]
    modules = {name: StandIn(name) for name in extensions}
    with patch.dict(sys.modules, modules | {"fastact": package, "fastact._ufuncs": ufuncs}):
        from fastact import _docs, _gated_docs, _layers, _paths, _runtime, _softmax_docs, _view_docs
    return _docs, _gated_docs, _layers, _paths, _runtime, _softmax_docs, _view_docs


def docstrings(ufuncs, cases, modules):
    """Return the docstrings of what fastact exports, and those of fastact.views as of views.silu, by name."""
    docs, gated_docs, layers, paths, runtime, softmax_docs, view_docs = modules
    texts = {}
    for name in (*ufuncs.table, *ufuncs.gated):
        bounds = {dtype: ufuncs.error_bound(name, "forward", dtype) for dtype in TYPES}
        if name in ufuncs.gated:
            texts[name] = gated_docs.docstring(name, "forward", bounds)
        else:
            texts[name] = docs.docstring(name, "forward", ufuncs.table[name], bounds)
    texts |= {name: softmax_docs.docstring(name) for name in softmax_docs.FORMULAS}
    for function in (layers.prelu, layers.bias_act, paths.get_include, paths.get_library_dir, runtime.show_runtime):
        texts[function.__name__] = inspect.getdoc(function)
    source = (PACKAGE / "_ufuncs.pyx").read_text(encoding="utf-8")
    for name, text in re.findall(r'^def ([gs]et_\w+)\(\w*\):\n    """(.+?)"""', source, re.MULTILINE | re.DOTALL):
        texts[name] = inspect.cleandoc(text)
    for case in cases:
        texts[f"views.{case.name}"] = view_docs.docstring(case.name, case.activation, case.operation)
        if case.operation != "forward":
            summary = docs.summary(None, case.activation, case.operation)
            texts[f".{case.operation}"] = summary.replace(f"`fastact.{case.activation}`", "the activation")
    return {name: text.replace("on this machine", "on any machine") for name, text in texts.items()}


def exported(ufuncs):
    """Return what fastact/__init__.py says that it exports, sorted."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    names = next(node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__")
    return sorted(eval(compile(ast.Expression(names), "__init__.py", "eval"), {"_ufuncs": ufuncs}))


def template_names(table, ufuncs, modules):
    """Return what the templates may refer to: the tables, and docstrings."""
    cases_of = {name: table.cases(name) for name in table.activations}
    cases = [case for own in cases_of.values() for case in own]
    texts = docstrings(ufuncs, cases, modules)

    def docs(name, indent=""):
        lines = textwrap.indent(texts[name].replace("\\", r"\\"), indent).strip()
        return f'"""{lines}\n{indent}"""' if "\n" in lines else f'"""{lines}"""'

    return {
        "activations": {name: activation.parameters for name, activation in table.activations.items()},
        "cases": cases,
        "cases_of": cases_of,
        "docs": docs,
        "exported": exported(ufuncs),
        "operations": table.operations,
        "gated": table.pairs,
    }


def write_from_template(template, names):
    """Write a file from its template, if that changes it."""
    text = Tempita.sub(template.read_text(encoding="utf-8"), **names)
    c_interface.write_if_changed(template.with_suffix(""), text)


def write(extensions):
    """Write all that is made from the tables: the files with templates, and the C interface.

    Parameters
    ----------
    extensions : list of str
        Names of the extension modules of the package, which need not be built yet.
    """
    table = tables.read()
    ufuncs = Ufuncs(table)
    modules = documentation(ufuncs, extensions)
    names = template_names(table, ufuncs, modules)
    for template in sorted(PACKAGE.glob("*.in")):
        write_from_template(template, names)
    docs, gated_docs, *_ = modules
    c_interface.write(docs.DOCS | gated_docs.DOCS, table)
