"""The floating-point environment of the kernels, for what computes or converts beside them."""

cdef extern from "runtime/fpenv.h" nogil:
    ctypedef struct fa_environment:
        pass

    fa_environment fa_enter()
    void fa_leave(fa_environment saved)

cdef extern from "<fenv.h>" nogil:
    ctypedef struct fexcept_t:
        pass

    int FE_ALL_EXCEPT
    int fetestexcept(int flags)
    int fegetexceptflag(fexcept_t *saved, int flags)
    int fesetexceptflag(const fexcept_t *saved, int flags)
