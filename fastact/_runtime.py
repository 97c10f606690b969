"""What a computation's speed depends on: the machine, and how fastact uses it."""

import os
import platform

import numpy as np

from . import _ufuncs

_CPUINFO = "/proc/cpuinfo"
_KEPT = 1 << 24  # bytes


def show_runtime() -> None:
    """Print the versions, the machine, and how fastact uses it.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.show_runtime()  # doctest: +ELLIPSIS
    fastact    ...
    NumPy      ...
    Python     ...
    CPU        ...
    ISA        ...
    threads    ...
    pool       ...
    fast path  ...
    """
    for title, value in _runtime().items():
        print(f"{title:<11}{value}")


def _runtime() -> dict[str, str]:
    others = ", ".join(name for name in _ufuncs.runnable_isas() if name != _ufuncs.isa())
    return {
        "fastact": _ufuncs.version(),
        "NumPy": np.__version__,
        "Python": platform.python_version(),
        "CPU": _cpu(),
        "ISA": _ufuncs.isa() + (f" (runnable too: {others})" if others else ""),
        "threads": f"{_ufuncs.get_num_threads()} (OpenMP: {'yes' if _ufuncs.has_openmp() else 'no'})",
        "pool": f"{_ufuncs.get_pool_limit() >> 20} MiB",
        "fast path": "on" if _ufuncs.has_fast_path() else "off",
    }


def _cpu() -> str:
    """Name the processor, as the operating system does."""
    if os.path.exists(_CPUINFO):
        with open(_CPUINFO, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _keep_freed_memory() -> None:
    """Free a large block: from then on glibc keeps blocks of that size, so that page faults are not what is timed."""
    np.empty(_KEPT, np.uint8)
