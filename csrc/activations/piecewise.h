/* Piecewise-linear activations. Comparisons are written so that NaN falls through to x. */

/* 0 where x <= 0, NaN where x is NaN. */
FA_INLINE real F(if_not_nan)(real x, real value) { return x == x ? value : x; }

FA_INLINE F(point) F(relu)(real x) {
    return POINT(.value = x <= 0 ? 0 : x, .grad = F(if_not_nan)(x, x > 0 ? 1 : 0));
}

FA_INLINE F(point) F(relu6)(real x) {
    return POINT(.value = x <= 0 ? 0 : x >= 6 ? 6 : x, .grad = F(if_not_nan)(x, x > 0 && x < 6 ? 1 : 0));
}

FA_INLINE F(point) F(leaky_relu)(real x, real negative_slope) {
    return POINT(.value = x > 0 ? x : x * negative_slope, .grad = F(if_not_nan)(x, x > 0 ? 1 : negative_slope),
                 .by_p = x > 0 ? 0 : x);
}

FA_INLINE F(point) F(hard_tanh)(real x, real min_val, real max_val) {
    const real above = x <= min_val ? min_val : x;
    return POINT(.value = above >= max_val ? max_val : above,
                 .grad = F(if_not_nan)(x, x > min_val && x < max_val ? 1 : 0),
                 .by_p = F(if_not_nan)(x, x <= min_val && above < max_val ? 1 : 0),
                 .by_q = F(if_not_nan)(x, above >= max_val ? 1 : 0));
}

FA_INLINE F(point) F(hard_sigmoid)(real x) {
    const real sixth = (real)(1.0 / 6);
    const real y = (x + 3) / 6;
    return POINT(.value = x <= -3 ? 0 : x >= 3 ? 1 : y, .grad = F(if_not_nan)(x, x > -3 && x < 3 ? sixth : 0));
}

FA_INLINE F(point) F(hard_swish)(real x) {
    const real y = x * ((x + 3) / 6), slope = (2 * x + 3) / 6;
    return POINT(.value = x <= -3 ? 0 : x >= 3 ? x : y, .grad = x <= -3 ? 0 : x >= 3 ? 1 : slope);
}

FA_INLINE F(point) F(soft_shrink)(real x, real lambd) {
    const real inside = F(if_not_nan)(x, 0);
    return POINT(.value = x > lambd ? x - lambd : x < -lambd ? x + lambd : inside,
                 .grad = x > lambd || x < -lambd ? 1 : inside, .by_p = x > lambd ? -1 : x < -lambd ? 1 : inside);
}

FA_INLINE F(point) F(hard_shrink)(real x, real lambd) {
    const int inside = x >= -lambd && x <= lambd;
    return POINT(.value = inside ? 0 : x, .grad = F(if_not_nan)(x, inside ? 0 : 1), .by_p = F(if_not_nan)(x, 0));
}

FA_INLINE F(point) F(threshold)(real x, real threshold, real value) {
    const int below = x <= threshold;
    return POINT(.value = below ? value : x, .grad = F(if_not_nan)(x, below ? 0 : 1), .by_p = F(if_not_nan)(x, 0),
                 .by_q = F(if_not_nan)(x, below ? 1 : 0));
}
