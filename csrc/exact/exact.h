/* Exact float32 results, to be judged by: every operation in double precision, right to 2^-40 relative wherever float32
 * can hold the result, from the C library's functions. Nothing here is shared with the kernels but the table. */
#ifndef FA_EXACT_H
#define FA_EXACT_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    EXACT_FORWARD,
    EXACT_GRAD,
    EXACT_FROM_OUTPUT, /* the derivative by x, of the output */
    EXACT_GRAD_P,
    EXACT_GRAD_Q,
    EXACT_OPERATION_COUNT
} exact_operation;

/* Results of n inputs for the parameters p and q, if the activation has them. */
typedef void exact_loop(const float *x, size_t n, double p, double q, double *want);

exact_loop *exact_find(const char *name, exact_operation operation); /* NULL: there is none */

/* What comparisons found so far; all zero before the first. Errors are in ULP: units of float32's spacing at the exact
 * value, at least its smallest subnormal; infinite where only one of the two is NaN or, once rounded, infinite. */
typedef struct {
    double largest, sum; /* of the errors */
    uint64_t count, within_half, within_one, within_two;
    uint64_t near_root; /* next to a derivative's root, judged apart by their absolute error */
    double largest_near_root; /* of those absolute errors */
    float x, got; /* where the largest error is first met */
    double want;
} exact_tally;

/* Near a root: |x - root| < 2^-3 and |want| < 2^-6, with an absolute error of at most 2^-24. root may be NaN. */
void exact_compare(const float *x, const float *got, const double *want, size_t n, double root, exact_tally *tally);

#endif
