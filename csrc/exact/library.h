/* The type of the formulas, and the C library's functions for it: double, in vectors where it has them; long double with
 * EXACT_LONG, _Float128 with EXACT_QUAD. */
#ifndef FA_EXACT_LIBRARY_H
#define FA_EXACT_LIBRARY_H

#if defined(EXACT_QUAD)
#define __STDC_WANT_IEC_60559_TYPES_EXT__ /* expf128 and its like */
typedef _Float128 real;
#define REAL(literal) literal##f128
#elif defined(EXACT_LONG)
typedef long double real;
#define REAL(literal) literal##L
#else
typedef double real;
#define REAL(literal) literal
#endif
#if defined(EXACT_QUAD) || defined(EXACT_LONG)
#define EXACT_WIDE
#endif

#include <math.h>

/* glibc declares these vector variants only under -ffast-math, for their 4 ULP; all of them exist from 2.35 on. */
#if !defined(EXACT_WIDE) && defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__)
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

#include <tgmath.h>

#endif
