"""Writes what makes every row of the tables a function in C: fastact_functions.h and by_name.c.

Both are kept in the repository, so that the library needs no Python; a build of the package writes them anew.
"""

import re
import textwrap

from . import tables

REALS = {"f32": "float", "f64": "double"}
WIDTH = 120

HEADER = """\
/* The operations, and every activation and gated pair by its name. A part of fastact.h, which includes it.
 * Made from functions.def and operations.def by generators/c_interface.py; changes here are lost. */
#ifndef FA_FUNCTIONS_H
#define FA_FUNCTIONS_H

/* What is computed, and its operands in order: inputs, then outputs. p stands for all parameters, if there are any. A
 * gated pair has two operations, with operands of their own. */
typedef enum {{
{operations}
    FA_OPERATION_COUNT
}} fa_operation;

/* Functions over n contiguous elements in float (f32) and double (f64), on as many threads as that is worth. Inputs
 * come first, then parameters, then outputs. Above each function stands what it stores. */
{functions}
#endif
"""

SOURCE = """\
/* The functions that fastact_functions.h declares for every activation by its name.
 * Made from functions.def and operations.def by generators/c_interface.py; changes here are lost. */
#include "kernels/loops.h"

static inline void run(int activation, fa_operation operation, fa_type type, const void *const *operands, size_t n) {{
    fa_run_contiguous(fa_get_loop(fa_activation_at((size_t)activation), operation, type), (char *const *)operands, n);
}}
{functions}"""


def prototype(case, suffix):
    """Return how the function of a case in one type begins, and its arguments."""
    start = f"void fa_{case.name}_{suffix}("
    arguments = [*case.declare(REALS[suffix], " *", case.outputs), "size_t n)"]
    return start, arguments


def declaration(case, suffix):
    start, arguments = prototype(case, suffix)
    return wrapped(f"FA_API {start}", arguments, ";")


def definition(case, suffix):
    start, arguments = prototype(case, suffix)
    operands = [*case.arrays, *(f"&{p}" for p in case.parameters), *case.outputs]
    given = f"(const void *const[]){{{', '.join(operands)}}}, n);"
    call = f"run(FA_INDEX_{case.activation}, FA_{case.index}, FA_{suffix.upper()}, {given}"
    line = f"{start}{', '.join(arguments)} {{ {call} }}"
    return line if len(line) <= WIDTH else f"{wrapped(start, arguments, ' {')}\n    {call}\n}}"


def wrapped(start, arguments, end):
    """Join arguments by commas, in lines that begin below the first one."""
    lines = [start]
    for argument in [*(f"{argument}," for argument in arguments[:-1]), arguments[-1] + end]:
        if len(lines[-1]) + 1 + len(argument) > WIDTH:
            lines.append(" " * len(start) + argument)
        else:
            lines[-1] += argument if lines[-1].endswith("(") else f" {argument}"
    return "\n".join(lines)


def starred(result):
    """Write out the products of a result."""
    return result.replace(" ", " * ")


def operation_lines(table):
    """Return the enumerators, each with its operands."""
    pairs = {operation.index: operation for operation in table.pair_operations}
    for operation in table.operations:
        told = f"{', '.join([*operation.inputs, 'p'])} -> {', '.join(map(starred, operation.results))}"
        if operation.who == "PARAMETRIC":
            told += ", and dy * df/dp for each parameter"
        if "y" in operation.inputs:
            told += ", where y = f(x)"
        if operation.index in pairs:
            pair = pairs[operation.index]
            told += f"; {', '.join(pair.inputs)} -> {', '.join(map(starred, pair.results))}"
        yield f"    FA_{operation.index}, /* {told} */"


def named(text, name):
    """Return a result with the name of the function in place of f."""
    return starred(re.sub(r"\bf(?=['(])", name, text).replace("df/d", f"d{name}/d"))


def title(name, doc, operands, parameters):
    """Return the comment ahead of the functions of an activation or a pair."""
    told = [f"{name}({', '.join(operands)}) = {doc.formula}", f"derivative: {doc.derivative}"]
    told += [f"{parameter}: {doc.parameters[parameter]}" for parameter in parameters]
    lines = [line for text in told for line in textwrap.wrap(text, WIDTH - 8, subsequent_indent="    ")]
    return "\n".join([f"\n/* --- {name}: {doc.summary}", " *", *(f" *     {line}" for line in lines), " */"])


def functions(table, name, doc):
    """Return what the header has of an activation or a pair: a title, and every function with what it stores."""
    cases = table.cases(name)
    yield title(name, doc, cases[0].arrays, cases[0].parameters)
    f = table.pairs[name].gate if name in table.pairs else name
    for case in cases:
        stored = "; ".join(f"{out} = {named(result, f)}" for out, result in case.outputs.items())
        yield f"\n/* {stored}{f', where y = {f}(x)' if 'y' in case.arrays else ''} */"
        yield from (declaration(case, suffix) for suffix in REALS)


def header(table, docs):
    """Return the text of fastact_functions.h. docs: what is said of an activation or a pair, by name."""
    parts = [part for name in (*table.activations, *table.pairs) for part in functions(table, name, docs[name])]
    return HEADER.format(operations="\n".join(operation_lines(table)), functions="\n".join(parts))


def source(table):
    """Return the text of by_name.c."""
    cases = [case for name in (*table.activations, *table.pairs) for case in table.cases(name)]
    return SOURCE.format(functions="".join(f"\n{definition(case, suffix)}\n" for case in cases for suffix in REALS))


def write_if_changed(path, text):
    """Write a file, unless it has this text: what is built from it would be built anew."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def write(docs, table=None, folder=tables.CORE):
    """Write both files."""
    table = table or tables.read()
    write_if_changed(folder / "fastact_functions.h", header(table, docs))
    write_if_changed(folder / "drivers" / "by_name.c", source(table))
