"""Have libFuzzer, by way of Atheris, call the property of an entry point: `python -m fuzz ENTRY [OPTION...]`.

run.sh builds what this needs and starts it.
"""

import sys

import atheris

with atheris.instrument_imports(include=["fastact"]):
    import fastact as fa
    from fuzz import ENTRIES

entry = sys.argv.pop(1)
sys.argv[0] = f"{sys.executable} -m fuzz {entry}"  # how libFuzzer starts itself to merge
print(f"{entry}: fastact in {fa.__file__}", flush=True)
atheris.Setup(sys.argv, ENTRIES[entry])
atheris.Fuzz()
