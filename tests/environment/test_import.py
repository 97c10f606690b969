"""What `import fastact` costs, and that it changes nothing else in the process."""

import sys
import sysconfig
from modulefinder import ModuleFinder
from pathlib import Path

import pytest
from calls import run_python

import fastact

ALLOWED = 0.03  # seconds beyond NumPy's own import
MARGIN = 2  # for machines that are slower, or busy with other things
RUNS = 5

STATE = """
import ctypes, gc, itertools, json, locale, os, resource, signal, sys, threading, warnings
import numpy as np
from numpy._core.multiarray import get_handler_name

KEPT = "SigBlk", "SigIgn", "SigCgt", "Umask", "Threads"
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")

def state():
    return {
        "threads": sorted(os.listdir("/proc/self/task")),
        "python's threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "children": open(f"/proc/self/task/{os.getpid()}/children").read(),
        "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "status": [line for line in open("/proc/self/status") if line.startswith(KEPT)],
        "environment": dict(os.environ),
        "environment in C": list(itertools.takewhile(bool, map(environ.__getitem__, itertools.count()))),
        "locale": locale.setlocale(locale.LC_ALL),
        "folder": os.getcwd(),
        "affinity": sorted(os.sched_getaffinity(0)),
        "limits": [resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")],
        "memory handler": get_handler_name(),
        "errors": np.geterr(),
        "print": str(np.get_printoptions()),
        "warnings": [str(f) for f in warnings.filters],
        "random": str(np.random.get_state()),
        "garbage": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "hooks": list(map(str, (sys.excepthook, sys.displayhook, threading.excepthook))),
        "tracing": (sys.gettrace(), sys.getprofile()),
        "path": (sys.path, [str(f) for f in sys.meta_path], [str(f) for f in sys.path_hooks]),
        "recursion": sys.getrecursionlimit(),
        "switches": sys.getswitchinterval(),
    }

before = state()
assert before == state()
import fastact
after = state()
print(json.dumps({key: (str(before[key]), str(after[key])) for key in before if before[key] != after[key]}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_else_changes():
    run = run_python(STATE)
    assert (run.stdout, run.stderr) == ("{}\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_results_are_freed_by_whom_they_were_made():
    """The pool is for fastact's own results: what others make is NumPy's as before, and after a call again."""
    program = """
import numpy as np
import fastact as fa
from numpy._core.multiarray import get_handler_name
x = np.zeros(1 << 21, np.float32)
y = fa.silu(x)
print(get_handler_name(x), get_handler_name(y), get_handler_name(x + y), get_handler_name())
"""
    run = run_python(program)
    assert run.stdout == "default_allocator fastact_pool default_allocator default_allocator\n", run.stderr


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python has its lock")
def test_python_stays_without_its_lock():
    run = run_python("import sys, fastact.views; print(sys._is_gil_enabled())")
    assert (run.stdout, run.stderr) == ("False\n", "")


def test_cost():
    """The least processor time of several imports; the first may compile to bytecode."""
    program = """
import time
import numpy
began = time.process_time()
import fastact
print(time.process_time() - began)
"""
    assert min(float(run_python(program, PYTHONDONTWRITEBYTECODE="").stdout) for _ in range(RUNS)) < ALLOWED * MARGIN


def test_import_without_docstrings():
    """Those of Python's own functions are None then."""
    run = run_python("import fastact; fastact.views; from fastact import __main__; print(fastact.prelu.__doc__)", "-OO")
    assert (run.stdout, run.stderr) == ("None\n", "")


def test_modules_are_found_without_a_look_into_compiled_ones(tmp_path):
    """As programs do that collect an application's modules, such as PyInstaller."""
    program = """
import sys
import fastact as fa
fa.views, fa.swiglu([1, 2]), fa.softmax([1, 2]), fa.softmax.backward([1, 2], [1, 2]), fa.bias_act([1], [1])
print(*(name for name in sys.modules if name.startswith("fastact.")))
"""
    loaded = set(run_python(program).stdout.split())
    assert {"fastact._ufuncs", "fastact._halves", "fastact._view_docs"} <= loaded
    package = tmp_path / "fastact"  # alone: not all packages that may stand beside it can be scanned
    package.symlink_to(Path(fastact.__file__).parent)
    finder = ModuleFinder([str(tmp_path)])
    finder.run_script(str(package / "__init__.py"))
    assert loaded <= set(finder.modules)


def test_nothing_is_imported_that_is_not_needed():
    program = """
import sys
import numpy
before = set(sys.modules)
import fastact
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
    run = run_python(program)
    heavy = {
        "argparse",
        "asyncio",
        "difflib",
        "multiprocessing",
        "scipy",
        "subprocess",
        "tempfile",
        "tqdm",
        "typing_extensions",
    }
    imported = set(run.stdout.split())
    assert "fastact" in imported, run.stderr
    assert not imported & heavy
