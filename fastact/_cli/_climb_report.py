"""What `python -m fastact accuracy --climb` finds, as JSON has it and as it is printed."""

from typing import Any

import numpy as np

from fastact import _ufuncs

from ._accuracy_page import worst_case
from ._climb import Search, computed
from ._errors import finite_or_text, has_fma, isa_restored, isa_with
from ._layer_errors import case_of

NAME_WIDTH = 34
HEADING = f"{'':{NAME_WIDTH}}{'':9}{'ISA':9}{'evaluations':>13}{'bound':>6}{'max':>9}  ULP"


def result(search: Search) -> dict[str, Any]:
    """One line of the results. Its bound is that of the ISA of the search."""
    found, case = search.found, search.case
    _ufuncs.select_isa(search.isa)
    return {
        "function": case.name,
        "operation": case.operation,
        "dtype": case.dtype,
        "isa": search.isa,
        "parameters": search.found_parameters,
        "fingerprint": case.fingerprint(search.isa),
        "bound": case.bound,
        "largest": finite_or_text(found["largest"]),
        **{key: found[key].hex() for key in ("x", "got", "want")},
        "evaluations": search.evaluations,
        "seeds": [search.seed],
    }


def stands(found: dict[str, Any]) -> bool:
    """Whether the kernel is still the one that was searched: by its fingerprint, and by the result that was found."""
    isa = isa_with(has_fma(found["isa"]))
    if isa is None:
        return True
    case = case_of(found["function"], found["operation"], found["dtype"])
    x = np.array([float.fromhex(found["x"])], case.dtype)
    with isa_restored():
        _ufuncs.select_isa(isa)
        got = float(computed(case, x, tuple(found["parameters"].values()))[0])
        return found["fingerprint"] == case.fingerprint(isa) and got.hex() == found["got"]


def shown(found: dict[str, Any]) -> str:
    x, got, want = worst_case(found)
    at = "".join(f", {name} = {value.hex()}" for name, value in found["parameters"].items())
    largest = float(found["largest"])
    error = f"{largest:8.4f}" if largest < 1000 else f"{largest:8.2e}"
    return (
        f"{found['function']} {found['operation']}".ljust(NAME_WIDTH)
        + f"{found['dtype']:9}{found['isa']:9}{found['evaluations']:13,}{found['bound']:6.3g}{error:>9} "
        + f"{'' if largest <= found['bound'] else 'EXCEEDS':8} x = {x}{at}: got {got}, want {want}"
    )
