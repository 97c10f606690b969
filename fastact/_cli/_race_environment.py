"""The environment variables of a race.

They tell how many threads every library has, how long these spin, and which instructions they use.

They are read when a library is loaded.
"""

ISAS = ("best", "avx2")  # what each library finds best, or for all of them the instructions of most desktops

THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "FASTACT_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS"),
)
# OpenMP teams of two libraries must not take each other's processors: a thread that has nothing to do may spin for a
# millisecond at most (libgomp counts its rounds, libomp milliseconds).
CALM = {"GOMP_SPINCOUNT": "30000", "KMP_BLOCKTIME": "1"}
SPINNING = (*CALM, "OMP_WAIT_POLICY")
# OpenVINO uses oneDNN and its limit, and JAX has a flag; ONNX Runtime reads no such variable.
AVX2 = {
    "FASTACT_ISA": "avx2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


def environment(inherited: dict[str, str], threads: int | None = None, isa: str = ISAS[0]) -> dict[str, str]:
    """Return the variables of a process of the race.

    Parameters
    ----------
    inherited : dict of str to str
        What the user has set.
    threads : int, optional
        As many as every library uses; they spin as the user says, or little. By default everything about threads is
        left as it is.
    isa : str
        One of ISAS.
    """
    ours, flags = {"JAX_PLATFORMS": "cpu"}, [inherited["XLA_FLAGS"]] if inherited.get("XLA_FLAGS") else []
    if threads is not None:
        calm = {} if any(name in inherited for name in SPINNING) else CALM
        ours |= calm | dict.fromkeys(THREAD_VARIABLES, str(threads))
    if threads == 1:
        flags.append("--xla_cpu_multi_thread_eigen=false")
    if isa == "avx2":
        ours |= AVX2 | {"NPY_DISABLE_CPU_FEATURES": " ".join(numpys_avx512())}
        flags.append("--xla_cpu_max_isa=AVX2")
    return inherited | ours | ({"XLA_FLAGS": " ".join(flags)} if flags else {})


def numpys_avx512() -> list[str]:
    """Return NumPy's names of what it would use beyond AVX2; it warns of any that it does not use here."""
    from numpy._core import _multiarray_umath as core  # type: ignore[attr-defined] # private to NumPy

    beyond = [name for name in core.__cpu_dispatch__ if name == "X86_V4" or name.startswith("AVX512")]
    return [name for name in beyond if core.__cpu_features__.get(name)]


def limits(isa: str) -> list[str]:
    """Return the names of the variables that limit every library."""
    return [*AVX2, "NPY_DISABLE_CPU_FEATURES", "XLA_FLAGS"] if isa == "avx2" else []
