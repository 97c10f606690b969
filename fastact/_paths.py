"""Where other programs find the C interface."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def get_include() -> str:
    """Return the folder of `fastact.h`, for the compiler's option -I.

    Examples
    --------
    >>> import os
    >>> import fastact as fa
    >>> os.path.isfile(os.path.join(fa.get_include(), "fastact.h"))
    True
    """
    return str(_PACKAGE / "include")


def get_library_dir() -> str:
    """Return the folder of `libfastact`, shared and static, for the linker's option -L.

    The shared library is the one that this process uses: its threads and instruction set are those of `fastact`.

    Examples
    --------
    >>> import os
    >>> import fastact as fa
    >>> "libfastact.a" in os.listdir(fa.get_library_dir())
    True
    """
    return str(_PACKAGE / "lib")
