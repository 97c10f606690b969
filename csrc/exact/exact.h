/* Exact results to compare with: every operation for float inputs in double precision, right to 2^-40 relative wherever
 * float can hold the result; and for double inputs in quadruple precision, right to 2^-80 wherever double can hold it,
 * but next to the root of a derivative. The C library's functions make them; nothing here is shared with the kernels but
 * the tables. */
#ifndef FA_EXACT_H
#define FA_EXACT_H

#include <stddef.h>
#include <stdint.h>

#include "fastact.h"

/* Results of n inputs for the parameters p and q, if the activation has them. */
typedef void exact_loop(const float *x, size_t n, double p, double q, double *want);

/* For an operation that takes dy: the derivative that dy is multiplied by. NULL: there is none, as for an operation
 * whose results are those of others bit for bit. */
exact_loop *exact_find(const char *name, fa_operation operation);

#if defined(__FLT128_MANT_DIG__) && !defined(__clang__) && defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 26) /* libm has expf128 and its like, so that libquadmath is not needed */
#define EXACT_HAS_QUAD
#endif
#endif

/* A result rounded to double, and 2^53 times what that lacks: so that it keeps its digits below a subnormal number. */
typedef struct {
    double high, low;
} exact_words;

typedef void exact_wide_loop(const double *x, size_t n, double p, double q, exact_words *want);

exact_wide_loop *exact_find_quad(const char *name, fa_operation operation); /* NULL also without EXACT_HAS_QUAD */
/* In long double, to look for candidates. */
exact_wide_loop *exact_find_long(const char *name, fa_operation operation);

/* What comparisons found so far; all zero before the first. Errors are in ULP: units of float32's spacing at the exact
 * value, at least its smallest subnormal; infinite where only one of the two is NaN or, once rounded, infinite. */
typedef struct {
    double largest, sum; /* of the errors */
    uint64_t count, within_half, within_one, within_two;
    uint64_t near_root; /* next to a derivative's root, counted apart, by their absolute error */
    double largest_near_root; /* of those absolute errors */
    float x, got; /* where the largest error is first met */
    double want;
} exact_tally;

/* What is near a root of a derivative: |x - at| < distance, |want| < derivative, with an absolute error of at most error.
 * at may be NaN. */
typedef struct {
    double at, distance, derivative, error;
} exact_root;

void exact_compare(const float *x, const float *got, const double *want, size_t n, exact_root root, exact_tally *tally);

#endif
