"""The code that the proofs of a function are of: the definitions that its formulas reach, and the prover.

Definitions are found by their names, as words: what is not understood, or has the name of a local variable, counts as
reached. The table counts without costs and bounds, and definitions for float32 alone do not count.
"""

import re
from functools import cache

KERNELS = ("kernels/real.h", "kernels/vecmath.h", "kernels/formulas.inc.h", "activations/*.h")
EXACT = ("exact/series.h", "exact/exact.c")
PROVER = ("proof/*.hpp", "proof/prove.cpp")
UNREAD = "#ifndef EXACT_FORMULAS"  # of exact.c: from there to its end
FLOAT32 = "#if FA_REAL == 32"


def code(path):
    """Return the lines of a file without comments, spaces at both ends and folders, and F(name) as one word: F:name."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).partition(UNREAD)[0]
    joined = re.sub(r"\\\n", " ", text)
    joined = re.sub(r'(#include ")[^"\n]*/', r"\1", joined)  # wherever the files lie
    lines = (re.sub(r"\bF\((\w+)\)", r"F:\1", " ".join(line.split())) for line in joined.splitlines())
    return [line for line in lines if line]


def files(core, patterns):
    return [path for pattern in patterns for path in sorted(core.glob(pattern))]


def definitions(lines):
    """Give each definition of a file, and what else there is between them, with its conditions and what it defines."""
    conditions, statement, depth = [], [], 0
    for line in lines:
        if not statement and re.match(r"#(if|el|endif)", line):
            conditions = with_condition(conditions, line)
            continue
        statement.append(line)
        depth += line.count("{") - line.count("}")
        is_directive = len(statement) == 1 and line.startswith("#")
        if is_directive or (depth == 0 and line[-1] in ";}"):
            if FLOAT32 not in conditions:
                yield " ".join([*conditions, *statement]), names(" ".join(statement))
            statement = []
    if statement or conditions or depth:
        raise ValueError(f"this does not end: {statement or conditions}")


def with_condition(conditions, line):
    if line.startswith("#if"):
        return [*conditions, line]
    *outer, last = conditions
    return outer if line.startswith("#endif") else [*outer, f"{last} {line}"]


def names(statement):
    """What a statement defines; nothing, if it is none of the kinds that there are."""
    macro = re.match(r"#define (\w+)", statement)
    if macro:
        return {macro[1]}
    if statement.startswith("typedef"):
        return set(re.findall(r"([\w:]+);$", statement))
    function = re.match(r"(?:FA_INLINE|static inline) [^(={;]*?([\w:]+)\(", statement)
    if function:
        return {function[1]}
    outside = re.sub(r"\{[^{}]*\}", "", statement)
    return (
        set(re.findall(r"([\w:]+)(?:\[\w*\])? =", outside)) if re.match(r"(static const|double) ", statement) else set()
    )


def words(text):
    return {"F", *re.findall(r"F:\w+|\w+", text)}


@cache
def parsed(core, patterns):
    return [found for path in files(core, patterns) for found in definitions(code(path))]


def closure(core, patterns, roots):
    """Return the definitions that the roots reach, and all statements that define nothing known."""
    known, reached = parsed(core, patterns), set()
    missing = set(roots)
    while missing:
        word = missing.pop()
        reached.add(word)
        missing |= {new for text, named in known if word in named for new in words(text)} - reached
    return [text for text, named in known if not named or named & reached]


def rows(core, name):
    """Give those of the table without costs and bounds, which a proof does not depend on."""
    lines = (line for line in code(core / "functions.def") if re.match(rf"[A-Z_\d]+\({name},", line))
    return [re.sub(r"ULP\([^)]*\)", "ULP", re.sub(r"[\d.]+, ULP", "ULP", line, count=1)) for line in lines]


def formulas(core, name):
    """What the proofs of a function are of, but for the prover."""
    exact = {
        word for word in all_words(core, EXACT) if re.fullmatch(rf"exact_{name}(_grad(_\w+)?|_from_output)?", word)
    }
    prover = all_words(core, PROVER)
    return [
        *rows(core, name),
        *closure(core, KERNELS, {f"F:{name}", f"F:{name}_from_output", *prover}),
        *closure(core, EXACT, exact | prover),
    ]


@cache
def all_words(core, patterns):
    return frozenset(words(" ".join(line for path in files(core, patterns) for line in code(path))))


def prover(core):
    return [line for path in files(core, PROVER) for line in code(path)]
