"""Fork: a child neither hangs nor crashes, and computes what its parent does, whoever used threads before."""

import os

import pytest
from calls import run_python

from fastact import _ufuncs

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

# Results of as many bytes as the pool keeps, so that its thread runs, and worth a team in a child, too.
START = """
import os, signal, sys, warnings
import numpy as np
warnings.simplefilter("ignore")  # Python 3.12 and later warn of a fork where there are threads, as there are here
x = np.linspace(-5, 5, 1 << 20, dtype=np.float32)

def result():
    import fastact as fa
    results = fa.gelu(x), fa.gelu(x[::2]), fa.softmax(x.reshape(-1, 64)), fa.prelu(x, 0.1)
    return [array.tobytes() for array in results]

def threads():
    return set(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else set()

def in_child(function, seconds=30):
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        try:
            os._exit(0 if function() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""

USED = """
import fastact as fa
fa.set_num_threads(2)
expected = result()
"""

# A team that another library opened in the runtime that fastact uses, too.
TEAM_OF_ANOTHER = """
import ctypes
runtime = ctypes.CDLL({library!r})
body = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: None)
runtime.GOMP_parallel(body, None, ctypes.c_uint(2), ctypes.c_uint(0))
"""

TORCH = """
import torch
torch.set_num_threads(2)
torch.nn.functional.silu(torch.ones(1 << 20))
"""
SCIKIT_LEARN = """
from sklearn.cluster import KMeans
KMeans(8, n_init=1).fit(np.random.default_rng(1).normal(size=(2000, 8)))
"""


def printed(program, **variables):
    run = run_python(START + program, **variables)
    assert run.stderr == ""
    return run.stdout


def test_after_a_parallel_call():
    program = """
before = threads()
print(in_child(lambda: result() == expected), fa.get_num_threads(), threads() >= before, result() == expected)
"""
    only_ours = {"FASTACT_POOL_LIMIT": "0", "OPENBLAS_NUM_THREADS": "1"}
    assert printed(USED + program, **only_ours) == "0 2 True True\n"


@pytest.mark.skipif(not _ufuncs.has_openmp(), reason="this build has no threads, and nothing to begin anew")
def test_child_begins_with_one_thread_and_may_set_more():
    program = """
def child():
    one = fa.get_num_threads() == 1 and result() == expected and len(threads()) <= 2  # with the pool's
    fa.set_num_threads(2)
    return one and result() == expected and in_child(lambda: fa.get_num_threads() == 1 and result() == expected) == 0
print(in_child(child), fa.get_num_threads())
"""
    assert printed(USED + program) == "0 2\n"


def test_while_other_threads_compute():
    program = """
import threading
going = True
def compute():
    while going:
        assert result() == expected
others = [threading.Thread(target=compute) for _ in range(3)]
for thread in others:
    thread.start()
print({in_child(lambda: result() == expected) for _ in range(5)})
going = False
"""
    assert printed(USED + program) == "{0}\n"


def assert_child_gets_on_with(others, imported_first):
    """The child has a team's worth of work, while its parent's thread had a team of somebody else."""
    first = "import fastact" if imported_first else ""
    program = """
def child():
    one = result()
    import fastact as fa
    fa.set_num_threads(2)
    return result() == one
print(in_child(child))
"""
    assert printed(f"{first}\n{others}\n{program}", OMP_NUM_THREADS="2") == "0\n"


@pytest.mark.parametrize("imported_first", [True, False])
def test_team_of_another_library_in_the_same_runtime(imported_first):
    program = "import ctypes.util; print(ctypes.util.find_library('gomp'))"
    library = run_python(program).stdout.strip()
    if library == "None":
        pytest.skip("GCC's OpenMP runtime is not found")
    assert_child_gets_on_with(TEAM_OF_ANOTHER.format(library=library), imported_first)


@pytest.mark.parametrize("imported_first", [True, False])
def test_with_torch(imported_first):
    """Its runtime and fastact's are one, since they have one name."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    assert_child_gets_on_with(TORCH, imported_first)


def test_with_scikit_learn():
    """It brings a runtime of its own, under another name."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    assert_child_gets_on_with(SCIKIT_LEARN, imported_first=True)


# --- Those who fork --------------------------------------------------------------------------------------------------


def test_multiprocessing():
    program = """
import multiprocessing
context = multiprocessing.get_context("fork")
def work(_):
    return result() == expected
with context.Pool(3) as pool:
    print(pool.map_async(work, range(6)).get(30))
print(result() == expected, fa.get_num_threads())
"""
    assert printed(USED + program) == f"{[True] * 6}\nTrue 2\n"


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_joblib(backend):
    """Each worker process has its share of the processors; those that are threads share one number."""
    pytest.importorskip("joblib", reason="joblib is not installed")
    program = """
import joblib
def work(x):
    import fastact as fa
    return fa.gelu(x).tobytes() == expected[0], fa.get_num_threads()
with joblib.parallel_backend(BACKEND, n_jobs=os.cpu_count()):
    runs = joblib.Parallel()(joblib.delayed(work)(x) for _ in range(4))
print([right for right, _ in runs])
print({count for _, count in runs} == ({2} if BACKEND == "threading" else {1}))
"""
    program = f"BACKEND = {backend!r}\n{USED}\nx = np.array(x)\n{program}"
    assert printed(program) == f"{[True] * 4}\nTrue\n"


def test_server_that_forks_its_workers():
    """As gunicorn with --preload: the application is imported and used, then workers are forked, and some again."""
    program = """
import hashlib, socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(16)
server.settimeout(30)
right = hashlib.sha256(b"".join(expected)).digest()

def serve():
    signal.alarm(30)
    while True:
        connection = server.accept()[0]
        with connection:
            connection.sendall(hashlib.sha256(b"".join(result())).digest())

def start():
    worker = os.fork()
    if worker == 0:
        serve()
    return worker

def ask():
    with socket.create_connection(server.getsockname(), timeout=30) as connection:
        return connection.recv(32, socket.MSG_WAITALL) == right

workers = [start() for _ in range(3)]
answers = [ask() for _ in range(6)]
os.kill(workers[0], signal.SIGTERM)
ended = os.waitpid(workers[0], 0)[1]
workers[0] = start()
answers += [ask() for _ in range(3)]
for worker in workers:
    os.kill(worker, signal.SIGTERM)
print(ended == signal.SIGTERM, answers == [True] * 9, [os.waitpid(w, 0)[1] for w in workers] == [signal.SIGTERM] * 3)
print(result() == expected)
"""
    assert printed(USED + program) == "True True True\nTrue\n"
