"""threadpoolctl's view of fastact, for where OpenMP cannot tell what threadpoolctl has set.

threadpoolctl sets OpenMP's number of threads. fastact takes that as a limit where it is below the number at the start.
Where OMP_NUM_THREADS is already below fastact's own number, a limit may equal the number at the start and cannot be
told from it. fastact is then registered with threadpoolctl, which sets fastact's number directly.
"""

import ctypes
import os

_registered = False


def openmp_starts_below(count: int) -> bool:
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return first.isascii() and first.isdigit() and int(first) < count


def register(count: int) -> None:
    """Register fastact, whose number of threads is given, with threadpoolctl once it is needed and if it is there."""
    global _registered
    if _registered or not openmp_starts_below(count):
        return
    try:
        import threadpoolctl
        from threadpoolctl import LibController
    except ImportError:  # or older than version 3.2, the first in which other libraries can register
        return

    class Controller(LibController):
        user_api = internal_api = "fastact"
        filename_prefixes = ("libfastact",)
        check_symbols = ("fa_get_num_threads", "fa_set_num_threads")

        def get_num_threads(self):
            return self.dynlib.fa_get_num_threads()

        def set_num_threads(self, num_threads):
            return self.dynlib.fa_set_num_threads(num_threads)

        def get_version(self):
            return self._text("fa_version")

        def set_additional_attributes(self):
            self.architecture = self._text("fa_isa")

        def _text(self, name):
            function = getattr(self.dynlib, name)
            function.restype = ctypes.c_char_p
            return function().decode()

    threadpoolctl.register(Controller)
    _registered = True
