"""Reads the tables, functions.def and operations.def: every row is read and checked, or TableError tells its line."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

CORE = Path(__file__).resolve().parent.parent
BOUNDS = {"ALL": ("value", "grad"), "PARAMETRIC": ("value", "grad"), "P": ("by_p",), "Q": ("by_q",)}  # else own
LETTERS = ("P", "Q")  # of the first and of the second parameter
VIEW_OUTPUTS = ("out", "out_grad")  # what fastact.views calls the outputs

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE]-?\d+)?")
_NAME = re.compile(r"[A-Za-z_]\w*")
_ROW = re.compile(r"(\w+)\s*\((.*)\)")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)


class TableError(ValueError):
    """A row that does not mean anything."""


class Row(NamedTuple):
    """A row of a table: a kind and its columns, as text, and where it stands."""

    path: Path
    number: int
    text: str
    kind: str
    columns: list[str]

    def fail(self, reason):
        raise TableError(f"{self.path}:{self.number}: {reason}: {self.text}")


class Ulp(NamedTuple):
    """A bound of errors in ULP."""

    f32: float
    f64: float
    f32_without_fma: float
    f64_without_fma: float

    def largest(self, dtype):
        """Return the bound in float32 or float64, with FMA or without, whichever is larger."""
        return max(self.f32, self.f32_without_fma) if dtype == "float32" else max(self.f64, self.f64_without_fma)


@dataclass(frozen=True)
class Activation:
    """A row of functions.def: an activation or, if it has a gate, a gated pair."""

    name: str
    parameters: dict[str, str | None]  # with their defaults; None: it has to be given
    limits: tuple[float, ...]  # the largest |x| in range in float32 and float64
    bounds: dict[str, Ulp]
    gate: str | None = None
    own: dict[str, Ulp] = field(default_factory=dict)  # by kind: the bounds of operations that have rows of their own


class Operation(NamedTuple):
    """A row of operations.def."""

    index: str
    name: str
    who: str
    inputs: list[str]
    outputs: list[str]
    results: list[str]
    bound: str


@dataclass(frozen=True)
class Case:
    """One operation of one activation or gated pair."""

    activation: str
    operation: str  # silu.grad is "grad"
    index: str  # GRAD
    arrays: list[str]
    parameters: dict[str, str | None]
    outputs: dict[str, str]  # name in C -> what is stored there
    bound: Ulp
    is_added: bool  # by a row of its own, so that not every activation with such parameters has it

    @property
    def name(self):
        """What the operation is called where it is no attribute of its activation: silu, silu_grad."""
        return self.activation if self.operation == "forward" else f"{self.activation}_{self.operation}"

    @property
    def outs(self):
        """What fastact.views calls the outputs."""
        return list(VIEW_OUTPUTS[: len(self.outputs)])

    @property
    def has_defaults(self):
        """Whether the parameters, if any, may be left out."""
        return None not in self.parameters.values()

    @property
    def is_scalar(self):
        """Whether the operation makes one number from one."""
        return len(self.arrays) == len(self.outputs) == 1

    def declare(self, real, memory, outputs):
        """List the arguments for C or Cython, where memory is what stands between a type and a name."""
        inputs = [*(f"const {real}{memory}{x}" for x in self.arrays), *(f"{real} {p}" for p in self.parameters)]
        return [*inputs, *(f"{real}{memory}{out}" for out in outputs)]


@dataclass(frozen=True)
class Tables:
    """Both tables; activations and pairs by name, in the order of their rows."""

    activations: dict[str, Activation]
    pairs: dict[str, Activation]
    operations: list[Operation]
    pair_operations: list[Operation]

    def cases(self, name):
        """Return the operations of an activation or a pair that are functions by name, in the order of the table."""
        if name in self.pairs:
            return [_case(self.pairs[name], operation) for operation in self.pair_operations]
        activation = self.activations[name]
        return [_case(activation, operation) for operation in self.operations if _has(activation, operation)]


def _has(activation, operation):
    if operation.who in LETTERS:
        return LETTERS.index(operation.who) < len(activation.parameters)
    return operation.who == "ALL" or operation.who in activation.own


def _case(activation, operation):
    name, results = operation.name, operation.results
    if operation.who in LETTERS:
        parameter = list(activation.parameters)[LETTERS.index(operation.who)]
        name, *results = (text[:-1] + parameter for text in (name, *results))
    is_added = operation.bound == "own"
    bound = activation.own[operation.who] if is_added else activation.bounds[operation.bound]
    outputs = dict(zip(operation.outputs, results, strict=True))
    return Case(
        activation.name, name, operation.index, operation.inputs, activation.parameters, outputs, bound, is_added
    )


# --- Rows ------------------------------------------------------------------------------------------------------------


def read_rows(path):
    """Return the rows of a table: all that is neither comment nor directive. Each has to be a whole line."""
    source = Path(path).read_text(encoding="utf-8")
    lines = source.split("\n")
    code = _COMMENT.sub(_blank, source)
    code = _DIRECTIVE.sub(_blank, code)
    numbered = enumerate(zip(lines, code.split("\n"), strict=True), 1)
    return [_row(path, number, text, code) for number, (text, code) in numbered if code.strip()]


def _blank(match):
    """Take a text away, but not the ends of its lines."""
    return re.sub(r"[^\n]", " ", match[0])


def _row(path, number, text, code):
    row = Row(path, number, text, "", [])
    match = _ROW.fullmatch(code.strip())
    if not match:
        row.fail("it is no row KIND(column, ...)")
    return row._replace(kind=match[1], columns=_split(row, match[2]))


def _split(row, text):
    """Split at the commas that are in no parentheses and no string."""
    columns, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == '"'
        depth += 0 if quoted else (character == "(") - (character == ")")
        if depth < 0:
            row.fail("parentheses do not match")
        if character == "," and depth == 0 and not quoted:
            columns.append("")
        else:
            columns[-1] += character
    if depth or quoted:
        row.fail("parentheses or quotes do not match")
    return [column.strip() for column in columns]


# --- Columns ---------------------------------------------------------------------------------------------------------


def _name(row, text):
    return text if _NAME.fullmatch(text) else row.fail(f"{text!r} is no name")


def _number(row, text):
    return float(text) if _NUMBER.fullmatch(text) else row.fail(f"{text!r} is no number")


def _call(row, text, names, count):
    """Read NAME(number, ...)."""
    match = _ROW.fullmatch(text)
    if not match or match[1] not in names:
        row.fail(f"{text!r} is no {' or '.join(names)}(...)")
    numbers = [_number(row, number) for number in _split(row, match[2])]
    return numbers if len(numbers) == count else row.fail(f"{text!r} has {len(numbers)} numbers instead of {count}")


def _limits(row, text):
    return tuple(_call(row, text, ("LIMITS", "LIMITS_OF_QUOTIENT"), 2))


def _ulp(row, text):
    return Ulp(*_call(row, text, ("ULP",), 4))


def _default(row, text):
    if text == "REQUIRED":
        return None
    _number(row, text)
    return text


def _names(row, text):
    """Read (name, ...)."""
    if not (text.startswith("(") and text.endswith(")")):
        row.fail(f"{text!r} is no list of names in parentheses")
    return [_name(row, name) for name in _split(row, text[1:-1])]


def _texts(row, text):
    """Read "text, ..."."""
    if not re.fullmatch('"[^"]+"', text):
        row.fail(f"{text!r} is no text in quotes")
    return text[1:-1].split(", ")


def _read(row, readers):
    """Read the columns, each by its reader."""
    if len(row.columns) != len(readers):
        row.fail(f"{row.kind} has {len(readers)} columns, and here are {len(row.columns)}")
    return [read(row, column) for read, column in zip(readers, row.columns, strict=True)]


# --- Tables ----------------------------------------------------------------------------------------------------------

_ACTIVATION = [_name, _limits, _number, _ulp, _ulp]
_PARAMETER = [_name, _default, _ulp]
_KINDS = {
    **{f"ACTIVATION_{count}": _ACTIVATION + count * _PARAMETER for count in range(3)},
    "GATED": [_name, _name, _number, _ulp, _ulp],
}
_OWN = [_name, _number, _ulp]  # of an operation that has rows of its own
_OPERATION = [_name, _name, _name, _names, _names, _texts, _name]


def _activation(row):
    name, limits, _, value, grad, *rest = _read(row, _KINDS[row.kind])
    names, defaults, bounds = rest[::3], rest[1::3], rest[2::3]
    by_parameter = dict(zip(("by_p", "by_q"), bounds, strict=False))
    return Activation(
        name, dict(zip(names, defaults, strict=True)), limits, {"value": value, "grad": grad, **by_parameter}
    )


def _pair(row, activations):
    name, gate, _, value, grad = _read(row, _KINDS[row.kind])
    if gate not in activations:
        row.fail(f"there is no activation {gate!r} above")
    return Activation(name, {}, (0, 0), {"value": value, "grad": grad}, gate)


def _add_own(row, kind, count, activations):
    name, _, bound = _read(row, _OWN)
    if name not in activations:
        row.fail(f"there is no activation {name!r} above")
    activation = activations[name]
    if len(activation.parameters) != count:
        row.fail(f"{name} has {len(activation.parameters)} parameters")
    if kind in activation.own:
        row.fail(f"{name} has such a row above")
    activation.own[kind] = bound


def _operation(row):
    operation = Operation(*_read(row, _OPERATION))
    if len(operation.outputs) != len(operation.results):
        row.fail(f"{len(operation.results)} results for {len(operation.outputs)} outputs")
    bounds = BOUNDS.get(operation.who, ("own",))
    if operation.bound not in bounds:
        row.fail(f"{operation.bound!r} is no bound of {operation.who}, only {' or '.join(bounds)}")
    if operation.who in LETTERS and not all(
        text.endswith(operation.who.lower()) for text in (operation.name, *operation.results)
    ):
        row.fail(f"name and results have to end in {operation.who.lower()}")
    return operation


def _read_operations(path):
    found = {"OPERATION": [], "GATED_OPERATION": []}
    for row in read_rows(path):
        if row.kind not in found:
            row.fail(f"{row.kind} is no kind of row")
        operation = _operation(row)
        if any(operation.index == other.index for other in found[row.kind]):
            row.fail(f"{operation.index} has such a row above")
        if row.kind == "GATED_OPERATION" and operation.index not in [other.index for other in found["OPERATION"]]:
            row.fail(f"there is no operation {operation.index} above")
        found[row.kind].append(operation)
    return found["OPERATION"], found["GATED_OPERATION"]


def read(functions=CORE / "functions.def", operations=CORE / "operations.def"):
    """Read both tables.

    Raises
    ------
    TableError
        With file, line and text of a row that is not right.
    """
    operations, pair_operations = _read_operations(operations)
    own = {operation.who for operation in operations if operation.bound == "own"}
    activations, pairs = {}, {}
    for row in read_rows(functions):
        kind, _, count = row.kind.rpartition("_")
        if kind in own and count in ("0", "1", "2"):
            _add_own(row, kind, int(count), activations)
            continue
        if row.kind not in _KINDS:
            row.fail(f"{row.kind} is no kind of row")
        made = _pair(row, activations) if row.kind == "GATED" else _activation(row)
        if made.name in activations or made.name in pairs:
            row.fail(f"{made.name} has a row above")
        (pairs if made.gate else activations)[made.name] = made
    return Tables(activations, pairs, operations, pair_operations)
