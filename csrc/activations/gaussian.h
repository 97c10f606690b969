/* The Gaussian error linear unit and its tanh approximation. */

#if FA_REAL == 32
static const real F(gelu_k) = 0x1.40d932p+1f;
static const real F(gelu_n)[] = {0x1.a7p-1f,     0x1.cc2fd2p-1f, 0x1.e0a8a2p-2f,
                                 0x1.22a976p-3f, 0x1.972846p-6f, 0x1.10f3ep-9f};
static const real F(gelu_m0) = 0x1.a7p+0f;
static const real F(gelu_m1)[] = {0x1.0b8a42p+0f, 0x1.622604p-2f, 0x1.fe196p-5f, 0x1.562042p-8f};
static const real F(gelu_g)[] = {0x1.a340d8p-2f, 0x1.7ff9bcp-2f, 0x1.65ef84p+0f, 0x1.316142p+2f,   0x1.c0ac6p+3f,
                                 0x1.4fe1d4p+5f, 0x1.2d6e7cp+2f, 0x1.e2692ep+8f, -0x1.058fbep+11f, 0x1.13cf2ep+11f};
static const real F(gelu_end) = 15; /* gelu and its derivative round to 0 or x beyond */
static const real F(gelu_root_high) = 0x1.80ead2p-1f;
static const real F(gelu_root_low) = -0x1.a03fd4p-27f;
static const real F(gelu_tanh_end) = 11;
static const real F(gelu_tanh_a_high) = 0x1.98846p+0f;
static const real F(gelu_tanh_a_low) = -0x1.985794p-21f;
static const real F(gelu_tanh_b_high) = 0x1.2445p-4f;
static const real F(gelu_tanh_b_low) = -0x1.ab64eap-25f;
#else
static const real F(gelu_k) = 0x1.40d931ff62706p+1;
static const real F(gelu_n)[] = {0x1.8cp-1,
                                 0x1.4fb8f0e69d6aep+0,
                                 0x1.1985862a41b0cp+0,
                                 0x1.2e52345c23f4fp-1,
                                 0x1.c885e408487fcp-3,
                                 0x1.f86faf31dc69bp-5,
                                 0x1.9cb081424b4b8p-7,
                                 0x1.ee9128460e807p-10,
                                 0x1.a1545870465dbp-13,
                                 0x1.c37c5e4a1aacp-17,
                                 0x1.e274841ce5644p-22};
static const real F(gelu_m0) = 0x1.8cp+0;
static const real F(gelu_m1)[] = {0x1.eb1840d790b05p+0,  0x1.3759472ca2675p+0,  0x1.0044624837533p-1,
                                  0x1.296ddebe526fap-3,  0x1.f511a26e400fp-6,   0x1.3180d145a2bcap-8,
                                  0x1.04576abe71e5cp-11, 0x1.1aed413d1395ap-15, 0x1.2e557c107ba16p-20};
static const real F(gelu_g)[] = {
    0x1.a340d9358d7cfp-2,   0x1.7ff8d4c96234p-2,    0x1.6601afb490f7ap+0,   0x1.3098079856b77p+2,
    0x1.cb42465d2df01p+3,   0x1.2289e9db867ap+5,    0x1.0d8ddec1bdf29p+6,   0x1.550c658124127p+5,
    -0x1.11ef66c8c1768p+8,  -0x1.2af27bd9dd83p+10,  -0x1.5fa3d917b7dbcp+10, 0x1.39117098067e4p+12,
    0x1.9a50599520d66p+15,  -0x1.b950dae5b1d45p+16, 0x1.bd6c0706a5b15p+16,  0x1.2231aac0784e8p+21,
    -0x1.f84e0faaf4074p+25, 0x1.0548b7aae6f4dp+29,  -0x1.1fda5eaa5e7b1p+31, 0x1.8313c565b3f48p+32,
    -0x1.437ed072e9ecp+33,  0x1.38bfe4a301847p+33,  -0x1.0ddb04d1ac80fp+32};
static const real F(gelu_end) = 39;
static const real F(gelu_root_high) = 0x1.80ead197f00b4p-1;
static const real F(gelu_root_low) = -0x1.13e74c58cada8p-56;
static const real F(gelu_tanh_end) = 22;
static const real F(gelu_tanh_a_high) = 0x1.9884533d4368p+0;
static const real F(gelu_tanh_a_low) = -0x1.7b9781a61d7fap-47;
static const real F(gelu_tanh_b_high) = 0x1.2444f2a4d8b8p-4;
static const real F(gelu_tanh_b_low) = -0x1.a85b210e8a747p-51;
#endif

/* gelu(x) = max(x, 0) - a e^(-a^2/2) R(a), a = |x|, R the Mills ratio over sqrt(2 pi); a^2 in two words. R = N / (k a
 * N + M) with k = sqrt(2 pi), M = m0 + a m1 and positive terms only: as 1 / (k R) tends to a, the errors of N cancel
 * for large a. The derivative is e^(-a^2/2) G(a) at -a, G = (root - a) g(t), t = 1 / (a + 4). */
FA_INLINE F(point) F(gelu)(real x) {
    const real a = F(at_most)(F(gelu_end), F(absolute)(x)), square = a * a;
    const F(fading) e = F(fade)(F(exp_minus_half)(square, F(product_error)(a, a, square)), 1);
    const real n = POLYNOMIAL(a, F(gelu_n));
    const real ratio = n / F(fused)(a, F(fused)(F(gelu_k), n, POLYNOMIAL(a, F(gelu_m1))), F(gelu_m0));
    const real product = a * ratio, product_low = F(product_error)(a, ratio, product);
    const real tail = (product + FMA(product, e.p, product_low)) * e.s * e.last;

    const real sum = a + 4, t = 1 / sum, residue = FMA(t, a - (sum - 4), F(product_error)(t, sum, 1));
    const real g = POLYNOMIAL(t - (real)0.03125, F(gelu_g)), g_low = g * (-4 * t * residue);
    const real distance = F(gelu_root_high) - a, distance_low = ((F(gelu_root_high) - distance) - a) + F(gelu_root_low);
    const real rest = distance * g, rest_low = F(product_error)(distance, g, rest);
    const real slope = F(words_times)((F(two_words)){rest, FMA(distance_low, g, FMA(distance, g_low, rest_low))}, e);
    return POINT(.value = (x < 0 ? 0 : x) - tail, .grad = x < 0 ? slope : 1 - slope);
}

/* gelu_tanh(x) = x sigmoid(v), v = x w, w = A + B x^2, v in two words. The first words of A and B are short, so that
 * w - A is exact. The slope of the gate is 1 - a v' = 1 - v - 2 B a^3. */
FA_INLINE F(point) F(gelu_tanh)(real x) {
    const real a = F(at_most)(F(gelu_tanh_end), F(absolute)(x));
    const real square = a * a, square_low = F(product_error)(a, a, square);
    const F(two_words) w = F(product_plus)(F(gelu_tanh_b_high), square, F(gelu_tanh_a_high));
    const real w_low =
        w.low + FMA(F(gelu_tanh_b_high), square_low, FMA(F(gelu_tanh_b_low), square, F(gelu_tanh_a_low)));
    const real v = a * w.high, low = FMA(a, w_low, F(product_error)(a, w.high, v));
    const real rest = FMA(2 * a, (F(gelu_tanh_b_high) + F(gelu_tanh_b_low)) * square, low);
    const F(gated) y = F(gate)(a, F(exp_growing)(F(at_most)(F(exp_top), v), low), F(ordered_sum)(1 - v, -rest));
    return POINT(.value = (x < 0 ? 0 : x) - y.part, .grad = x < 0 ? y.grad : 1 - y.grad);
}
