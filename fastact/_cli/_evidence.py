"""How each bound is known, for docs/accuracy.md: proved, held against every input, or searched for larger errors."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from . import _functions
from ._apply import BadInput
from ._errors import has_fma

PROOF = {"activation", "operation", "type", "fma", "parameters", "bound_ulp"}
DEFAULT, USUAL = "default", "usual"  # parameters of proofs; usual ones are from the interval that climbs draw from

Result = dict[str, Any]


class Evidence(NamedTuple):
    """Results of an exhaustive run and of climbs, and proofs."""

    inputs: dict[str, Any]  # as `accuracy --json` writes them, of all inputs or a sample
    climbs: dict[str, Any] | None = None  # as `accuracy --climb --json` writes them
    proofs: list[dict[str, Any]] = []  # noqa: RUF012

    @property
    def searched(self) -> list[Result]:
        return self.climbs["results"] if self.climbs is not None else []

    @property
    def exhaustive(self) -> set[tuple[str, str, str, bool]]:
        """Bounds that were held against every input, with the default parameters."""
        results = self.inputs["results"] if self.inputs["run"]["exhaustive"] else []
        return {key(found) for found in results if found["dtype"] == "float32"}

    def known(self, found: Result, any_parameters: bool) -> str:
        """How the bound of a result is known: with the default parameters, or with all that climbs draw."""
        any_parameters = any_parameters and bool(_functions.parameters(found["function"]))
        wanted = {DEFAULT, USUAL} if any_parameters else {DEFAULT}
        if wanted <= {proof["parameters"] for proof in self.proofs if proves(proof, found)}:
            return "proved"
        if key(found) in self.exhaustive and not any_parameters:
            return "exhaustive"
        return "searched" if any(key(climb) == key(found) for climb in self.searched) else "sampled"


def key(found: Result) -> tuple[str, str, str, bool]:
    """What a bound is about: ISAs with FMA have the same bits."""
    return found["function"], found["operation"], found["dtype"], has_fma(found["isa"])


def proves(proof: dict[str, Any], found: Result) -> bool:
    """Whether it proves the bound of a result, for its parameters."""
    about = proof["activation"], proof["operation"], proof["type"], proof["fma"]
    return about == key(found) and proof["bound_ulp"] <= found["bound"]


def load_proofs(path: Path) -> list[dict[str, Any]]:
    """Read a list of proofs, such as csrc/proof/bounds.json."""
    try:
        proofs = json.loads(path.read_bytes())
        if not all(proof.keys() >= PROOF and proof["parameters"] in (DEFAULT, USUAL) for proof in proofs):
            raise ValueError
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise BadInput(f"{path} is no list of proofs") from None
    return proofs


def added(kept: Iterable[Result], new: Iterable[Result]) -> list[Result]:
    """Join the results of climbs: of the same kernel the larger error, with the evaluations and seeds of both."""
    joined = {place_of(found): found for found in kept}
    for found in new:
        before = joined.get(place_of(found))
        if before is None or before["fingerprint"] != found["fingerprint"]:
            joined[place_of(found)] = found
            continue
        larger = max(before, found, key=lambda one: float(one["largest"]))
        both = {
            "evaluations": before["evaluations"] + found["evaluations"],
            "seeds": list(dict.fromkeys([*before["seeds"], *found["seeds"]])),
        }
        joined[place_of(found)] = larger | {"bound": found["bound"]} | both
    return list(joined.values())


def place_of(found: Result) -> tuple[str, ...]:
    return tuple(found[word] for word in ("function", "operation", "dtype", "isa"))
