/* The C library's functions, in vectors where it has them. */
#ifndef FA_EXACT_LIBRARY_H
#define FA_EXACT_LIBRARY_H

#include <math.h>

/* glibc declares these vector variants only under -ffast-math, for their 4 ULP; all of them exist from 2.35 on. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 35)
#define IN_VECTORS __attribute__((simd("notinbranch")))
IN_VECTORS double exp(double);
IN_VECTORS double expm1(double);
IN_VECTORS double log1p(double);
IN_VECTORS double tanh(double);
IN_VECTORS double erfc(double);
#define FA_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#endif
#endif
#ifndef FA_CLONES
#define FA_CLONES
#endif

#endif
