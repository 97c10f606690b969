/* Piecewise-linear activations. Comparisons are written so that NaN falls through. */

/* value, but NaN where x is NaN. */
FA_INLINE real F(unless_nan)(real x, real value) { return x == x ? value : x; }

/* A sixth of x, rounded once: a product with 1/6 in two words. */
#if FA_REAL == 32
static const real F(sixth) = 0x1.555556p-3f, F(sixth_rest) = -0x1.555556p-28f;
#else
static const real F(sixth) = 0x1.5555555555555p-3, F(sixth_rest) = 0x1.5555555555555p-57;
#endif

FA_INLINE real F(sixth_of)(F(two_words) x) {
    return FMA(x.high, F(sixth), FMA(x.high, F(sixth_rest), x.low * F(sixth)));
}

FA_INLINE F(point) F(relu)(real x, ANY_RANGE) {
    return POINT(.value = x <= 0 ? 0 : x, .grad = F(unless_nan)(x, x > 0 ? 1 : 0));
}

/* max_val, if it is below min_val. Value and grad are not made of `raised`: of a choice in another choice compilers make
 * many operations. */
FA_INLINE F(point) F(hard_tanh)(real x, real min_val, real max_val, ANY_RANGE) {
    const real lowest = min_val >= max_val ? max_val : min_val, lowered = x >= max_val ? max_val : x;
    const real slope = x < max_val ? 1 : 0, raised = x <= min_val ? min_val : x, below_max = raised < max_val ? 1 : 0;
    return POINT(.value = x <= lowest ? lowest : lowered, .grad = F(unless_nan)(x, x > min_val ? slope : 0),
                 .by_p = F(unless_nan)(x, x <= min_val ? below_max : 0), .by_q = F(unless_nan)(x, 1 - below_max));
}

FA_INLINE F(point) F(relu6)(real x, ANY_RANGE) { return F(hard_tanh)(x, 0, 6, 0); }

FA_INLINE F(point) F(leaky_relu)(real x, real negative_slope, ANY_RANGE) {
    const real lowest = negative_slope == 0 ? -F(largest) : -(real)__builtin_inf(); /* the limit at -inf is 0 then */
    return POINT(.value = x > 0 ? x : F(at_least)(lowest, x) * negative_slope,
                 .grad = F(unless_nan)(x, x > 0 ? 1 : negative_slope), .by_p = x > 0 ? 0 : x);
}

FA_INLINE F(point) F(hard_sigmoid)(real x, ANY_RANGE) {
    const real value = F(sixth_of)(F(ordered_sum)(3, x)), slope = x > -3 ? F(sixth) : 0;
    const real clipped = x >= 3 ? 1 : value;
    return POINT(.value = x <= -3 ? 0 : clipped, .grad = F(unless_nan)(x, x < 3 ? slope : 0));
}

FA_INLINE F(point) F(hard_swish)(real x, ANY_RANGE) {
    const real sum = x + 3, product = x * sum; /* first, because it is exact where it is subnormal */
    /* What is taken off is +0 at zeros, so that the product keeps its sign there; as an fma, compilers would negate it
     * by other signs of its terms. */
    const real excess = F(product_error)(-x, sum, -product) * F(sixth) - product * F(sixth_rest);
    const real value = FA_HAS_FMA ? FMA(product, F(sixth), -excess) : product / 6;
    const real slope = F(sixth_of)(F(ordered_sum)(3, 2 * x)), inner = x >= 3 ? 1 : slope;
    const real right = x >= 3 ? x : value;
    return POINT(.value = x <= -3 ? 0 : right, .grad = x <= -3 ? 0 : inner);
}

/* x less what of it is within lambd: fewer operations, but NaN where both are infinite, and for a negative lambd wrong. */
FA_INLINE F(point) F(soft_shrink)(real x, real lambd, ANY_RANGE) {
    const real inside = F(unless_nan)(x, 0), below = x < -lambd ? 1 : inside;
    const real raised = x < -lambd ? x + lambd : inside, value = x > lambd ? x - lambd : raised;
    return POINT(.value = IS_POSITIVE(lambd) ? x - F(at_most)(lambd, F(at_least)(-lambd, x)) : value,
                 .grad = x > lambd ? 1 : below, .by_p = x > lambd ? -1 : below);
}

/* For a lambd that is NaN, 0. */
FA_INLINE F(point) F(hard_shrink)(real x, real lambd, ANY_RANGE) {
    const real edge = lambd == lambd ? lambd : (real)__builtin_inf(), magnitude = F(absolute)(x);
    return POINT(.value = magnitude <= edge ? 0 : x, .grad = F(unless_nan)(x, magnitude <= edge ? 0 : 1),
                 .by_p = F(unless_nan)(x, 0));
}

FA_INLINE F(point) F(threshold)(real x, real threshold, real value, ANY_RANGE) {
    return POINT(.value = x <= threshold ? value : x, .grad = F(unless_nan)(x, x <= threshold ? 0 : 1),
                 .by_p = F(unless_nan)(x, 0), .by_q = F(unless_nan)(x, x <= threshold ? 1 : 0));
}
