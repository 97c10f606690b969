"""docs/accuracy.md, from the results of `python -m fastact accuracy --json`."""

from typing import Any

from fastact import _roots

from . import _climb
from ._evidence import Evidence
from ._layer_errors import unit

# Largest errors of others over 52 million float32 inputs that cover every exponent, in ULP, and an x that has it or
# what else there is to say; one machine with AVX-512, 2026.
PEERS = ("PyTorch 2.13.0", "JAX 0.10.2", "ONNX Runtime 1.31.1", "NumPy 2.4.6 and SciPy 1.17.1")
PEERS_LARGEST = {
    "sigmoid": ("2.1e6 (-88.7)", "8.4e6 (-87.3)", "7.2e7 (-17.7)", "2.1e6"),
    "tanh": ("0.51", "4.5 (-3.8)", "104 (2e-38)", "1.37"),
    "silu": ("1.7e7 (-89)", "1.7e7 (-89)", "8.0e7 (-17.7)", "1.7e7"),
    "gelu": ("1.7e7 (-7.8); NaN or infinite on 86,481 inputs", "1.7e7 (-13)", "1.7e7 (-7.8)", "1.7e7 (-7.8)"),
    "gelu_tanh": ("1.7e7 (-5.7)", "1.7e7 (-5.7)", "7.4e7 (-5.1)", ""),
    "elu": ("1.0", "8.4e6 (subnormals)", "1.7e7", ""),
    "softplus": ("1.5", "8.4e6 (-87.3)", "4.8", "1.5"),
    "mish": ("154 (-103)", "1.7e7 (-89)", "1.0e4 (-98.6)", "52"),
    "log_sigmoid": ("1.5", "8.4e6 (87.3)", "", "1.5"),
}
EXHAUSTIVE = {"float32": "all 2^32 of float32", "float64": "a million of float64"}
ISA_NAMES = {"baseline": "x86-64 without FMA", "avx2": "AVX2", "avx512": "AVX-512", "neon": "NEON"}

PAGE = """\
# Accuracy

<!-- Written by
`python -m fastact accuracy --from-json FILE --climbs FILE --proofs FILE --markdown docs/accuracy.md`. -->

The error of a result is |result - exact| / ulp(exact), where ulp is the spacing of the result's type at the exact value
and at least the smallest subnormal. It is infinite where only one of the two is NaN or, once rounded, infinite. Near a
root r of a derivative f', that is where {near}, errors up to
{allowed} are not counted in ULP: the last column has the largest of them. `.backward`
with dy = 1 and `.value_and_grad` have the bits of the function and of `.grad`; what other dy do is in
[layers.md](layers.md#what-dy-does). `.backward_from_output` with dy = 1 is held against the derivative at the y given,
which stands in the column of x.

- Inputs: {scope}
- {oracles}
- fastact {version} on {cpu}, {date}
- Command: `{command}`

`python -m fastact accuracy --exhaustive --json FILE` measures it on your machine, and continues where it was
interrupted. The bounds stand in `csrc/functions.def`, and in every docstring. How each is known:

- proved: from the formulas of the kernels, for every finite input, with the default parameters; and with those from
  [{low:g}, {high:g}] where the [end](#searched) says so, too.
- exhaustive: held against every input of float32, with the default parameters and on instruction sets with FMA, which
  give the same bits.
- searched: a climb found nothing larger. That is no proof. Its largest errors are at the [end](#searched).
- sampled: held against the inputs named above, or those of the tests, alone.
"""

SEARCHED = """\
## Searched

`python -m fastact accuracy --climb SECONDS` looks for the largest errors: in bins over all exponents, then around the
largest errors found there. Parameters are the defaults or from [{low:g}, {high:g}], and the bounds hold for these.
The evaluations of a row are those of all its seeds, {total:,} in all.

- float32 is judged by {oracle32}; float64 is judged by {oracle64}
{commands}
"""

PEERS_TEXT = """\
Largest float32 errors in ULP of other libraries, over 52 million inputs that cover every exponent, and the x that has
it; about 1.7e7 means that no digit is right. fastact's are the largest of any instruction set above.

"""


def page(evidence: Evidence) -> str:
    content = evidence.inputs
    run, results = content["run"], content["results"]
    dtypes = dict.fromkeys(found["dtype"] for found in results)
    head = PAGE.format(
        near=_roots.NEAR,
        allowed=" and ".join(f"2^{exponent} in {dtype}" for dtype, exponent in _roots.ERROR_EXPONENTS.items()),
        scope=" and ".join(EXHAUSTIVE[dtype] for dtype in dtypes) if run["exhaustive"] else "a sample",
        command=content["command"],
        date=content["date"],
        version=run["fastact"],
        cpu=run["cpu"],
        low=_climb.USUAL[0],
        high=_climb.USUAL[1],
        oracles="; ".join(f"{dtype} is judged by {run[f'{dtype} judged by']}" for dtype in dtypes),
    )
    sections = [
        f"## {dtype}: {' and '.join(ISA_NAMES[isa] for isa in isas)}\n\n{results_table(isas[0], group, evidence)}"
        for dtype in dtypes
        for isas, group in alike([found for found in results if found["dtype"] == dtype])
    ]
    others = f"## Others\n\n{peers_table(results)}"
    return "\n".join([head, *sections, *units_list(results), others, *searched(evidence)])


def searched(evidence: Evidence) -> list[str]:
    """The largest errors that climbs found."""
    if evidence.climbs is None:
        return []
    run, results = evidence.climbs["run"], evidence.searched
    runs = [*evidence.climbs.get("earlier", ()), evidence.climbs]
    head = SEARCHED.format(
        oracle32=run["float32 judged by"],
        oracle64=run["float64 judged by"],
        low=_climb.USUAL[0],
        high=_climb.USUAL[1],
        total=sum(found["evaluations"] for found in results),
        commands="\n".join(f"- Seed {one['run']['climb']['seed']}: `{one['command']}`" for one in runs),
    )
    groups = dict.fromkeys((found["dtype"], found["isa"]) for found in results)
    return [head, *(searched_table(dtype, isa, evidence) for dtype, isa in groups)]


def searched_table(dtype: str, isa: str, evidence: Evidence) -> str:
    heading = ["", "bound", "known", "largest", "at x =", "with", "got", "exact", "evaluations", "seeds"]
    rows = []
    for found in evidence.searched:
        if (found["dtype"], found["isa"]) == (dtype, isa):
            x, *results = worst_case(found) if float(found["largest"]) > 0 else ("", "", "")
            values = ", ".join(f"{name} = {shortened(value.hex())}" for name, value in found["parameters"].items())
            known = evidence.known(found, any_parameters=True)
            seeds = ", ".join(map(str, found["seeds"]))
            error = f"{float(found['largest']):.4g}"
            cells = [f"{found['bound']:g}", known, error, x, values if x else "", *results]
            rows.append([f"`{result_name(found)}`", *cells, f"{found['evaluations']:,}", seeds])
    return f"### {dtype}: {ISA_NAMES[isa]}\n\n{table(heading, rows)}"


def units_list(results: list[dict[str, Any]]) -> list[str]:
    """What errors are multiples of, where that is no ULP."""
    units = {result_name(found): unit(found["function"], found["operation"]) for found in results}
    stated = "".join(f"- `{name}`: {multiples}\n" for name, multiples in units.items() if multiples is not None)
    return [f"Errors that are not in ULP of the result:\n\n{stated}"] if stated else []


def result_name(found: dict[str, Any]) -> str:
    return found["function"] if found["operation"] == "forward" else f"{found['function']}.{found['operation']}"


def alike(results: list[dict[str, Any]]) -> list[tuple[list[str], list[dict[str, Any]]]]:
    """The results by ISA; ISAs whose results are the same share one list."""
    groups: list[tuple[list[str], list[dict[str, Any]]]] = []
    for isa in dict.fromkeys(found["isa"] for found in results):
        own = [{key: value for key, value in found.items() if key != "isa"} for found in results if found["isa"] == isa]
        same = next((isas for isas, group in groups if group == own), None)
        if same is None:
            groups.append(([isa], own))
        else:
            same.append(isa)
    return groups


def table(heading: list[str], rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (heading, ["---"] * len(heading), *rows))


def results_table(isa: str, results: list[dict[str, Any]], evidence: Evidence) -> str:
    shares = ["<= 0.5", "<= 1", "<= 2 ULP"]
    heading = ["", "bound", "known", "largest", "at x =", "got", "exact", "mean", *shares, "near a root"]
    return table(heading, [results_row(found | {"isa": isa}, evidence) for found in results])


def results_row(found: dict[str, Any], evidence: Evidence) -> list[str]:
    shares = [f"{100 * found[f'within_{word}']:.4g} %" for word in ("half", "one", "two")]
    worst = worst_case(found) if float(found["largest"]) > 0 else ("", "", "")
    root = f"{found['largest_near_root']:.2g} on {found['near_root']:,}" if found["near_root"] else ""
    largest, mean = (f"{float(found[key]):.4g}" for key in ("largest", "mean"))
    known = evidence.known(found, any_parameters=False)
    return [f"`{result_name(found)}`", f"{found['bound']:g}", known, largest, *worst, mean, *shares, root]


def worst_case(found: dict[str, Any]) -> tuple[str, str, str]:
    """Where the largest error is: x in hexadecimal, got and want to all digits of their type."""
    digits = {"float32": 9, "float64": 17}[found["dtype"]]
    got, want = (f"{float.fromhex(found[key]):.{digits}g}" for key in ("got", "want"))
    return shortened(found["x"]), got, want


def shortened(number: str) -> str:
    """A hexadecimal number without zeros at its end."""
    mantissa, _, exponent = number.partition("p")
    return mantissa.rstrip("0").rstrip(".") + "p" + exponent if exponent else number


def peers_table(results: list[dict[str, Any]]) -> str:
    ours = {
        name: max(float(found["largest"]) for found in results if is_forward32(found) and found["function"] == name)
        for name in PEERS_LARGEST
        if any(is_forward32(found) and found["function"] == name for found in results)
    }
    rows = [[f"`{name}`", f"{ours[name]:.3g}", *PEERS_LARGEST[name]] for name in ours]
    return PEERS_TEXT + table(["", "fastact", *PEERS], rows)


def is_forward32(found: dict[str, Any]) -> bool:
    return found["dtype"] == "float32" and found["operation"] == "forward"
