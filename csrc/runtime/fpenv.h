/* Kernels run under the default floating-point environment (round to nearest, subnormals alive, no traps), whatever
 * the caller's is, and leave the caller's control and status as they were. */
#ifndef FA_FPENV_H
#define FA_FPENV_H

#if defined(__SSE2__)
#include <xmmintrin.h>

typedef unsigned fa_environment;

enum { FA_DEFAULT_MXCSR = 0x1f80, FA_MXCSR_FLAGS = 0x3f };

static inline fa_environment fa_enter(void) {
    const fa_environment saved = _mm_getcsr();
    if ((saved & ~FA_MXCSR_FLAGS) != FA_DEFAULT_MXCSR) _mm_setcsr(FA_DEFAULT_MXCSR);
    return saved;
}

static inline void fa_leave(fa_environment saved) {
    if (_mm_getcsr() != saved) _mm_setcsr(saved);
}

#elif defined(__aarch64__)
#include <stdint.h>

typedef struct {
    uint64_t control, status;
} fa_environment;

static inline fa_environment fa_enter(void) {
    fa_environment saved;
    __asm__ __volatile__("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(saved.control), "=r"(saved.status));
    __asm__ __volatile__("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
    return saved;
}

static inline void fa_leave(fa_environment saved) {
    __asm__ __volatile__("msr fpcr, %0\n\tmsr fpsr, %1" : : "r"(saved.control), "r"(saved.status) : "memory");
}

#else
#include <fenv.h>

typedef fenv_t fa_environment;

static inline fa_environment fa_enter(void) {
    fa_environment saved;
    fegetenv(&saved);
    fesetenv(FE_DFL_ENV);
    return saved;
}

static inline void fa_leave(fa_environment saved) { fesetenv(&saved); }
#endif
#endif
