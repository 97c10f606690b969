/* Piecewise-linear activations. Comparisons are written so that NaN falls through. */

/* value, but NaN where x is NaN. */
FA_INLINE real F(unless_nan)(real x, real value) { return x == x ? value : x; }

/* x, but NaN for parameters that a function does not take. */
FA_INLINE real F(only_if)(int defined, real x) { return defined ? x : (real)__builtin_nan(""); }

/* A sixth of x, rounded once: a product with 1/6 in two words. */
#if FA_REAL == 32
static const real F(sixth) = 0x1.555556p-3f, F(sixth_rest) = -0x1.555556p-28f;
#else
static const real F(sixth) = 0x1.5555555555555p-3, F(sixth_rest) = 0x1.5555555555555p-57;
#endif

FA_INLINE real F(sixth_of)(F(double_word) x) {
    return FMA(x.high, F(sixth), FMA(x.high, F(sixth_rest), x.low * F(sixth)));
}

FA_INLINE F(point) F(relu)(real x, ANY_RANGE) {
    return POINT(.value = x <= 0 ? 0 : x, .grad = F(unless_nan)(x, x > 0 ? 1 : 0));
}

/* max_val, if it is below min_val. Where they are equal, the derivatives by both are 1. Value and grad are not made of
 * `raised`: of a choice in another choice compilers make many operations. */
FA_INLINE F(point) F(hard_tanh)(real x, real min_val, real max_val, ANY_RANGE) {
    const real lowest = min_val >= max_val ? max_val : min_val, lowered = x >= max_val ? max_val : x;
    const real slope = x < max_val ? 1 : 0, raised = x <= min_val ? min_val : x, ordered = min_val <= max_val ? 1 : 0;
    return POINT(.value = x <= lowest ? lowest : lowered, .grad = F(unless_nan)(x, x > min_val ? slope : 0),
                 .by_p = F(unless_nan)(x, x <= min_val ? ordered : 0),
                 .by_q = F(unless_nan)(x, raised >= max_val ? 1 : 0));
}

FA_INLINE F(point) F(relu6)(real x, ANY_RANGE) { return F(hard_tanh)(x, 0, 6, 0); }

/* The product is NaN where one factor is 0 and the other infinite; the limit is 0 there. Loops with an ordinary slope do
 * without that: the choice between the two is made outside of them. */
FA_INLINE F(point) F(leaky_relu)(real x, real negative_slope, ANY_RANGE) {
    const int ordinary = F(absolute)(negative_slope) <= F(largest) && negative_slope != 0;
    const real product = x * negative_slope, limit = product == product ? product : F(unless_nan)(x, 0);
    const real below = ordinary ? product : limit;
    return POINT(.value = x > 0 ? x : below, .grad = F(unless_nan)(x, x > 0 ? 1 : negative_slope),
                 .by_p = x > 0 ? 0 : x);
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

/* x less what of it is within lambd: fewer operations, but NaN where both are infinite. */
FA_INLINE F(point) F(soft_shrink)(real given_x, real lambd, ANY_RANGE) {
    const real x = F(only_if)(lambd >= 0, given_x);
    const real inside = F(unless_nan)(x, 0), below = x < -lambd ? 1 : inside;
    const real raised = x < -lambd ? x + lambd : inside, value = x > lambd ? x - lambd : raised;
    return POINT(.value = IS_POSITIVE(lambd) ? x - F(at_most)(lambd, F(at_least)(-lambd, x)) : value,
                 .grad = x > lambd ? 1 : below, .by_p = x > lambd ? -1 : below);
}

/* Nothing is within a negative lambd. */
FA_INLINE F(point) F(hard_shrink)(real x, real lambd, ANY_RANGE) {
    const real magnitude = F(absolute)(x);
    return POINT(.value = magnitude <= lambd ? 0 : x, .grad = F(unless_nan)(x, magnitude <= lambd ? 0 : 1),
                 .by_p = F(unless_nan)(x, 0));
}

FA_INLINE F(point) F(threshold)(real x, real threshold, real value, ANY_RANGE) {
    return POINT(.value = x <= threshold ? value : x, .grad = F(unless_nan)(x, x <= threshold ? 0 : 1),
                 .by_p = F(unless_nan)(x, 0), .by_q = F(unless_nan)(x, x <= threshold ? 1 : 0));
}
