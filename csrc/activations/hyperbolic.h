/* Activations made of the hyperbolic tangent, and softsign. Coefficients: coefficients/hyperbolic.py. */

#if FA_REAL == 32
static const real F(tanh_t)[] = {-0x1.55554ap-2f, 0x1.110dp-3f, -0x1.b9235cp-5f, 0x1.5918e6p-6f, -0x1.9a7bccp-8f};
static const real F(tanh_shrink_centre) = 0x1.865p-1f;
static const real F(tanh_shrink_w)[] = {0x1.05c96p-2f,   -0x1.3f068p-4f,   0x1.8a51e4p-6f,
                                        -0x1.e8473ap-8f, 0x1.2e4bf8p-9f,   -0x1.741c64p-11f,
                                        0x1.cfbfp-13f,   -0x1.476c1ap-14f, 0x1.7f802cp-16f};
#else
static const real F(tanh_t)[] = {-0x1.555555555554fp-2,  0x1.111111111079bp-3,  -0x1.ba1ba1b97da3ap-5,
                                 0x1.664f485980bb6p-6,   -0x1.226e2f175799cp-7, 0x1.d6d29c1fb36cep-9,
                                 -0x1.7d8fdb476cc39p-10, 0x1.3483f135adf4p-11,  -0x1.e97289681d8dcp-13,
                                 0x1.5d7c816893372p-14,  -0x1.472592f201266p-16};
static const real F(tanh_shrink_centre) = 0x1.86f8p-1;
static const real F(tanh_shrink_w)[] = {
    0x1.05af371dbd57bp-2,  -0x1.3ec5e16c1ed0dp-4,  0x1.89d9b8546c14cp-6,  -0x1.e774990a8ebcdp-8,
    0x1.2db95f5c29d2ap-9,  -0x1.75887cd296f65p-11, 0x1.ce6f3dddc2401p-13, -0x1.1e3f59d714212p-14,
    0x1.625ffec937e08p-16, -0x1.b6b7962afb318p-18, 0x1.0f912dfcfef0bp-19, -0x1.50325a14fa1d3p-21,
    0x1.a02b1b13b6091p-23, -0x1.01b116ebfd412p-24, 0x1.3fdbe53de848fp-26, -0x1.89ed017aa8116p-28,
    0x1.d46ebb18ed98ep-30, -0x1.2ffa1630422e6p-31, 0x1.f307bfdf22cadp-33, -0x1.0cab823baf887p-34};
#endif

/* With c e^2a = s (1 + p) = E, a = |x|, h = (E - c) / 2 = c expm1(2a) / 2, made of p / 2, and q = c / (c + h): tanh(a) =
 * 1 - q, or h - h^2 / (1 + h) where that would cancel. Both are w - w w / (1 + h) with w = min(h, 1). The derivative
 * 1 - tanh^2 is q (2 - q), which does not cancel. */
FA_INLINE F(point) F(tanh)(real x, int in_range) {
    const real a = F(within)((real)0.5 * F(exp_top), F(absolute)(x), in_range);
    const F(exp_pos_factors) half = F(exp_pos_scaled)(F(exp_power_of)(2, a, NO_LOW), in_range),
                             e = {half.c, half.s, 2 * half.p};
    const real h = FMA(e.s, half.p, FMA((real)0.5, e.s, (real)-0.5 * e.c)), sum = e.c + h;
    const real least = F(least_positive)(h, e.c), w = in_range || e.c == 1 ? least : 1;
    const real q2 = 4 * e.c / F(plus_c)(e);
    return POINT(.value = F(signed_as)(x, FMA(-w, least / sum, w)), .grad = FMA((real)-0.25 * q2, q2, q2));
}

FA_INLINE real F(tanh_from_output)(real y) {
#if FA_HAS_FMA
    return FMA(-y, y, 1);
#else
    return (1 - y) * (1 + y);
#endif
}

/* x - tanh(x), a - 1 + q where a = |x| is large. The derivative is the square of tanh(a) = 1 - q in two words; where that
 * would cancel, it is a + a^3 t(a^2). */
FA_INLINE F(point) F(tanh_shrink)(real x, int in_range) {
    const real a = F(absolute)(x), square = a * a;
    const F(exp_pos_factors) e = F(exp_pos)(F(within)(F(exp_top), 2 * a, in_range), NO_LOW, in_range);
    const real q = 2 * e.c / F(plus_c)(e), rest = a < (real)0.55 ? a * square * POLYNOMIAL(square, F(tanh_t)) : -q;
    const F(double_word) tanh = F(ordered_sum)(a < (real)0.55 ? a : 1, rest);
    const real cube = a * square, cube_low = FMA(a, F(product_error)(a, a, square), F(product_error)(a, square, cube));
    const real w = POLYNOMIAL(square - F(tanh_shrink_centre), F(tanh_shrink_w)), near = FMA(cube, w, cube_low * w);
    return POINT(.value = F(signed_as)(x, a < (real)1.25 ? near : (a - 1) + q),
                 .grad = FMA(tanh.high, tanh.high, 2 * tanh.high * tanh.low));
}

FA_INLINE F(point) F(softsign)(real x, int in_range) {
    const real a = F(within)(F(largest), F(absolute)(x), in_range);
    const F(double_word) sum = F(ordered_sum)(a > 1 ? a : 1, a > 1 ? 1 : a);
    return POINT(.value = F(signed_as)(x, a / (1 + a)), .grad = F(over_square)(1, sum));
}
