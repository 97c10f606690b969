"""docs/c.md: what its programs print is right, in C++ as well, and its recipes take no array for what it is not.

That all of it runs as printed is in test_documents.py.
"""

import shutil

import pytest
from documents import blocks, saved, scripts
from reader import anywhere, beside, run

import fastact

pytestmark = pytest.mark.compiles

DOCUMENT = "docs/c.md"
STRICT = "-Wall -Wextra -Wpedantic -Werror"
PRINTED = [
    "-0.2384 -0.0908",
    "-0.2689  0.0723",
    " 0.0000  0.5000",
    " 0.7311  0.9277",
    " 1.7616  1.0908",
    "0.8176",
]


@pytest.mark.parametrize("options", ["-std=c11", "-x c++ -std=c++11"])
def test_c_program(options, tmp_path):
    """With the shared and with the static library."""
    if "c++" in options and shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler called c++")
    script = scripts(DOCUMENT)["From C"].replace("-std=c11", f"{options} {STRICT}")
    script = script.replace('"$library/libfastact.a"', '-x none "$library/libfastact.a"')
    assert run(script, anywhere, tmp_path).splitlines() == 2 * PRINTED


def test_c_program_refuses_an_unknown_isa(tmp_path):
    script = scripts(DOCUMENT)["From C"].replace("./program", "! FASTACT_ISA=none ./program 2>&1")
    assert run(script, anywhere, tmp_path) == 2 * "FASTACT_ISA: unknown or not runnable here\n"


def test_table(tmp_path):
    script = scripts(DOCUMENT)["The table"].replace("-std=c11", f"-std=c11 {STRICT}")
    lines = run(script, anywhere, tmp_path).splitlines()
    assert [line.partition("(")[0] for line in lines] == list(fastact._ufuncs.table)
    bound = fastact._ufuncs.error_bound("silu", "grad", "float64")
    assert f"silu(x): grad {fastact.silu.grad(-0.7):.4f}, within {bound:g} ULP" in lines
    assert any(line.startswith("threshold(x, threshold=nan, value=nan): ") for line in lines)


FURTHER = """
rows = np.linspace(-3, 3, 24).reshape(4, 6)
others = [rows.astype(np.int64), rows.astype(np.float16), rows.astype(np.float32)[:, ::2], rows.T]
{setting}
for array in wrong:
    try:
        silu(array)
    except refusal as error:
        assert message in str(error)
    else:
        raise AssertionError(f"not refused: {{array!r}}")
"""
SETTINGS = {
    "ctypes": """
wrong, refusal, message = [*others, rows], ctypes.ArgumentError, "argument 1: TypeError: array must"
""",
    "cffi": """
wrong = []
for array in [*others, rows[:0], np.float32(1)]:
    assert (swish(array, 1.5) == fa.swish(np.float64(array), 1.5)).all()
""",
    "Numba": """
assert (silu(rows) == fa.silu(rows)).all()
silu = numba.njit(lambda x, silu=silu: silu(x))
wrong, refusal, message = [*others, 1.0], TypeError, "silu: a contiguous array of float32 or float64 is needed, not"
""",
}


@pytest.mark.parametrize("title", SETTINGS)
def test_arrays_of_other_types_and_layouts(title, tmp_path):
    """They raise, or give what they should: no array is taken for what it is not."""
    (recipe,) = (block.text for block in blocks(DOCUMENT) if block.title == title)
    program = recipe + FURTHER.format(setting=SETTINGS[title])
    run(saved("recipe.py", program) + "python recipe.py", anywhere, tmp_path)


def test_examples_of_the_jax_module(tmp_path):
    """Defaults, parameters by position and by name, arrays of them, and what is refused."""
    run(scripts(DOCUMENT)["JAX"] + "python -m doctest fastact_jax.py", beside("jax_ffi"), tmp_path)
