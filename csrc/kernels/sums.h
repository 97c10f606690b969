/* Sums in double precision and in a fixed order, so that their bits are the same on every ISA; and a sum of arrays. */

enum { F(lanes) = 32 }; /* of a sum: element i goes to lane i mod 32; four 512-bit vectors hide an addition's latency */

static double F(total)(const void *values, size_t n) {
    const real *const x = values;
    double lanes[F(lanes)] = {0};
    size_t i = 0;
    for (; i + F(lanes) <= n; i += F(lanes))
        for (size_t k = 0; k < F(lanes); k++) lanes[k] += x[i + k];
    for (size_t k = 0; i + k < n; k++) lanes[k] += x[i + k];
    for (size_t half = F(lanes) / 2; half > 0; half /= 2)
        for (size_t k = 0; k < half; k++) lanes[k] += lanes[k + half];
    return lanes[0];
}

/* Adds each element of a row of n to a sum of its own, for several rows: one after the other, but so many columns at a
 * time that their sums stay in registers. */
static void F(accumulate)(const void *values, double *restrict sums, size_t n, size_t rows) {
    const real *const restrict x = values;
    size_t i = 0;
    for (; i + F(block) <= n; i += F(block)) {
        double own[F(block)];
        for (size_t k = 0; k < F(block); k++) own[k] = sums[i + k];
        for (size_t row = 0; row < rows; row++)
            for (size_t k = 0; k < F(block); k++) own[k] += x[row * n + i + k];
        for (size_t k = 0; k < F(block); k++) sums[i + k] = own[k];
    }
    for (; i < n; i++)
        for (size_t row = 0; row < rows; row++) sums[i] += x[row * n + i];
}

/* Whether no sum of up to 2^47 such numbers overflows: none does of float. NaN is not such a number. */
static int F(is_summable)(const void *values, size_t n) {
    const real *const x = values;
    integer seen = 0;
    if (FA_REAL == 32) return 1;
    for (size_t i = 0; i < n; i++) seen = F(seen)(seen, (real)FA_SUMMABLE, x[i]);
    return F(fits)(seen, (real)FA_SUMMABLE);
}

/* The bias is an array, or one value that all elements share. */
static void F(add_bias)(const void *values, const void *bias, int shared, void *restrict shifted, size_t n) {
    const real *const x = values, *const b = bias;
    real *const restrict y = shifted;
    if (shared)
        for (size_t i = 0; i < n; i++) y[i] = x[i] + b[0];
    else
        for (size_t i = 0; i < n; i++) y[i] = x[i] + b[i];
}
