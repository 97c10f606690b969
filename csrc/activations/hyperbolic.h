/* Activations made of the hyperbolic tangent, and softsign. Coefficients: coefficients/hyperbolic.py. */

#if FA_REAL == 32
static const real F(tanh_t)[] = {-0x1.55554ap-2f, 0x1.110dp-3f, -0x1.b9235cp-5f, 0x1.5918e6p-6f, -0x1.9a7bccp-8f};
static const real F(tanh_shrink_w)[] = {0x1.06c612p-2f, -0x1.41785ep-4f, 0x1.8ede14p-6f, -0x1.efcddap-8f, 0x1.343148p-9f, -0x1.7ccaap-11f, 0x1.dae988p-13f, -0x1.512c54p-14f, 0x1.91633cp-16f};
#else
static const real F(tanh_t)[] = {-0x1.555555555554fp-2, 0x1.111111111079bp-3, -0x1.ba1ba1b97da3ap-5, 0x1.664f485980bb6p-6, -0x1.226e2f175799cp-7, 0x1.d6d29c1fb36cep-9, -0x1.7d8fdb476cc39p-10, 0x1.3483f135adf4p-11, -0x1.e97289681d8dcp-13, 0x1.5d7c816893372p-14, -0x1.472592f201266p-16};
static const real F(tanh_shrink_w)[] = {0x1.06c6119ba965bp-2, -0x1.417866a59352ep-4, 0x1.8ede62d6d3cfbp-6, -0x1.efc191bde893ep-8, 0x1.34290c7693ea8p-9, -0x1.7f1d7856add83p-11, 0x1.dc4db124594c4p-13, -0x1.2814614b5f358p-14, 0x1.701912b57ba7dp-16, -0x1.c9a26011fe6fdp-18, 0x1.1c78a15c0840ap-19, -0x1.61a6bce7cb34ep-21, 0x1.b7cfaaf45ba45p-23, -0x1.11b7cb9bd792bp-24, 0x1.529ca746ce838p-26, -0x1.9c7820581f688p-28, 0x1.0afe897ea7ad9p-29, -0x1.892a0e376b309p-31, 0x1.c0a81478045bap-33, -0x1.7666e506c614dp-36};
#endif

/* With c e^2a = s (1 + p) = E, a = |x|: tanh(a) = 1 - q, q = 2c / (E + c), and a + a^3 t(a^2) where that would cancel. The
 * derivative 4 c E / (E + c)^2 never takes 1 - tanh^2. tanh_shrink adds q to a - 1 likewise. */
typedef struct {
    real tanh, q, grad;
} F(tanh_parts);

FA_INLINE F(tanh_parts) F(tanh_of_magnitude)(real a) {
    const real square = a * a;
    const F(growing) e = F(exp_growing)(F(at_most)(F(exp_top), 2 * a), NO_LOW);
    const real q = 2 * e.c / F(plus)(e, e.c);
    const real near = FMA(a * square, POLYNOMIAL(square, F(tanh_t)), a);
    return (F(tanh_parts)){a < (real)0.55 ? near : 1 - q, q,
                           F(over_square)(4 * e.c * FMA(e.s, e.p, e.s), F(plus_c)(e))};
}

FA_INLINE F(point) F(tanh)(real x) {
    const F(tanh_parts) y = F(tanh_of_magnitude)(F(absolute)(x));
    return POINT(.value = F(with_sign)(y.tanh, x), .grad = y.grad);
}

FA_INLINE F(point) F(tanh_shrink)(real x) {
    const real a = F(absolute)(x), square = a * a;
    const F(tanh_parts) y = F(tanh_of_magnitude)(a);
    const real cube = a * square, cube_low = FMA(a, F(product_error)(a, a, square), F(product_error)(a, square, cube));
    const real w = POLYNOMIAL(square - (real)0.75, F(tanh_shrink_w)), near = FMA(cube, w, cube_low * w);
    return POINT(.value = F(with_sign)(a < (real)1.25 ? near : (a - 1) + y.q, x), .grad = y.tanh * y.tanh);
}

FA_INLINE F(point) F(softsign)(real x) {
    const real a = F(at_most)(F(largest), F(absolute)(x));
    const F(two_words) sum = F(ordered_sum)(a > 1 ? a : 1, a > 1 ? 1 : a);
    return POINT(.value = F(with_sign)(a / sum.high, x), .grad = F(over_square)(1, sum));
}
