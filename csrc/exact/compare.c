/* Errors of float32 results, in vectors: a block of errors first, then what they come to. */
#include <math.h>
#include <string.h>

#include "exact.h"
#include "library.h"

enum { BLOCK = 512 };

/* 1 / ulp(want) for float32: 2^(23 - exponent), with an exponent of at least -126. */
static inline double inverse_ulp(double want) {
    const uint64_t smallest = (uint64_t)(1023 - 126) << 52;
    uint64_t bits;
    memcpy(&bits, &want, sizeof bits);
    bits &= 0x7ff0000000000000;
    bits = ((uint64_t)(2 * 1023 + 23) << 52) - (bits < smallest ? smallest : bits);
    double inverse;
    memcpy(&inverse, &bits, sizeof inverse);
    return inverse;
}

static inline double ulp_error(float got, double want) {
    const float rounded = (float)want;
    const int finite = (fabsf(got) < INFINITY) & (fabsf(rounded) < INFINITY);
    const int same = (got == rounded) | ((got != got) & (rounded != rounded));
    const double settled = same ? 0 : INFINITY, error = fabs(got - want) * inverse_ulp(want);
    return finite ? error : settled;
}

FA_CLONES
static void add_block(const float *x, const float *got, const double *want, size_t n, exact_root root,
                      exact_tally *tally) {
    double errors[BLOCK], largest = 0, sum = 0, largest_near_root = 0, half = 0, one = 0, two = 0, excused = 0;
#pragma omp simd reduction(max : largest, largest_near_root) reduction(+ : sum, half, one, two, excused)
    for (size_t i = 0; i < n; i++) {
        const double absolute = fabs(got[i] - want[i]);
        const int near =
            (fabs(x[i] - root.at) < root.distance) & (fabs(want[i]) < root.derivative) & (absolute <= root.error);
        const double ulps = ulp_error(got[i], want[i]), error = near ? 0 : ulps, apart = near ? absolute : 0;
        errors[i] = error;
        largest = error > largest ? error : largest;
        largest_near_root = apart > largest_near_root ? apart : largest_near_root;
        sum += error;
        excused += near ? 1.0 : 0.0;
        half += ((error <= 0.5) & !near) ? 1.0 : 0.0;
        one += ((error <= 1) & !near) ? 1.0 : 0.0;
        two += ((error <= 2) & !near) ? 1.0 : 0.0;
    }
    tally->count += n;
    tally->sum += sum;
    tally->within_half += (uint64_t)half;
    tally->within_one += (uint64_t)one;
    tally->within_two += (uint64_t)two;
    tally->near_root += (uint64_t)excused;
    if (largest_near_root > tally->largest_near_root) tally->largest_near_root = largest_near_root;
    if (largest <= tally->largest) return;
    size_t at = 0;
    while (errors[at] != largest) at++;
    tally->largest = largest;
    tally->x = x[at];
    tally->got = got[at];
    tally->want = want[at];
}

void exact_compare(const float *x, const float *got, const double *want, size_t n, exact_root root,
                   exact_tally *tally) {
    for (size_t i = 0; i < n; i += BLOCK)
        add_block(x + i, got + i, want + i, n - i < BLOCK ? n - i : BLOCK, root, tally);
}
