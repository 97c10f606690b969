/* The Gaussian error linear unit and its tanh approximation. */

#if FA_REAL == 32
static const real F(gelu_end) = 15; /* gelu and its derivative round to 0 or x beyond */
static const real F(mills_r)[] = {0x1.d248d6p-2f, 0x1.05055ap+1f, 0x1.0c2b62p+3f, 0x1.e88742p+4f, 0x1.a0ea6p+6f, 0x1.964ebep+7f, 0x1.50b58cp+9f, 0x1.715c7ep+8f, -0x1.8a39e4p+13f, 0x1.1e8da4p+14f};
static const real F(gelu_g)[] = {0x1.a340d8p-2f, 0x1.7ff9bcp-2f, 0x1.65ef84p+0f, 0x1.316142p+2f, 0x1.c0ac6p+3f, 0x1.4fe1d4p+5f, 0x1.2d6e7cp+2f, 0x1.e2692ep+8f, -0x1.058fbep+11f, 0x1.13cf2ep+11f};
static const real F(density) = 0x1.988454p-2f; /* 1 / sqrt(2 pi) */
static const real F(gelu_root_high) = 0x1.80ead2p-1f;
static const real F(gelu_root_low) = -0x1.a03fd4p-27f;
static const real F(gelu_tanh_end) = 11;
static const real F(gelu_tanh_a_high) = 0x1.98846p+0f;
static const real F(gelu_tanh_a_low) = -0x1.985794p-21f;
static const real F(gelu_tanh_b_high) = 0x1.2445p-4f;
static const real F(gelu_tanh_b_low) = -0x1.ab64eap-25f;
#else
static const real F(gelu_end) = 39;
static const real F(mills_r)[] = {0x1.d2488076fa77fp-2, 0x1.050b50a7d7d07p+1, 0x1.0bd570a98d96p+3, 0x1.ed9dabbc76a43p+4, 0x1.8af50dba34dd2p+6, 0x1.004eb3058024ap+8, 0x1.ba7aea384460cp+8, -0x1.84ec048fda56p+5, -0x1.c44500b3c7e64p+11, -0x1.8099c320d6ad5p+13, -0x1.d65ccd05f62dcp+12, 0x1.1cf83650e372cp+17, -0x1.0db15d337572cp+17, 0x1.009c67fe938a3p+23, -0x1.958639d66f74cp+26, 0x1.ae41792e4311p+29, -0x1.8ac8118062021p+32, 0x1.1c91122f83635p+35, -0x1.2b11294af5e9cp+37, 0x1.bf93d723a80e9p+38, -0x1.d3bbc4b3b3c47p+39, 0x1.46c38883817b4p+40, -0x1.13ef60b64d477p+40, 0x1.ac05232a58a31p+38};
static const real F(gelu_g)[] = {0x1.a340d9358d7cfp-2, 0x1.7ff8d4c96234p-2, 0x1.6601afb490f7ap+0, 0x1.3098079856b77p+2, 0x1.cb42465d2df01p+3, 0x1.2289e9db867ap+5, 0x1.0d8ddec1bdf29p+6, 0x1.550c658124127p+5, -0x1.11ef66c8c1768p+8, -0x1.2af27bd9dd83p+10, -0x1.5fa3d917b7dbcp+10, 0x1.39117098067e4p+12, 0x1.9a50599520d66p+15, -0x1.b950dae5b1d45p+16, 0x1.bd6c0706a5b15p+16, 0x1.2231aac0784e8p+21, -0x1.f84e0faaf4074p+25, 0x1.0548b7aae6f4dp+29, -0x1.1fda5eaa5e7b1p+31, 0x1.8313c565b3f48p+32, -0x1.437ed072e9ecp+33, 0x1.38bfe4a301847p+33, -0x1.0ddb04d1ac80fp+32};
static const real F(density) = 0x1.9884533d43651p-2;
static const real F(gelu_root_high) = 0x1.80ead197f00b4p-1;
static const real F(gelu_root_low) = -0x1.13e74c58cada8p-56;
static const real F(gelu_tanh_end) = 22;
static const real F(gelu_tanh_a_high) = 0x1.9884533d4368p+0;
static const real F(gelu_tanh_a_low) = -0x1.7b9781a61d7fap-47;
static const real F(gelu_tanh_b_high) = 0x1.2444f2a4d8b8p-4;
static const real F(gelu_tanh_b_low) = -0x1.a85b210e8a747p-51;
#endif

/* gelu(x) = max(x, 0) - a e^(-a^2/2) R(a), a = |x|, R the Mills ratio over sqrt(2 pi); a^2 in two words. t = 1 / (a + 4)
 * is rounded twice, which R would magnify: the argument that t stands for is off by `off`, and R' = a R - 1 / sqrt(2 pi)
 * puts it right. */
FA_INLINE F(point) F(gelu)(real x) {
    const real a = F(at_most)(F(gelu_end), F(absolute)(x)), square = a * a;
    const real sum = a + 4, t = 1 / sum, u = t - (real)0.03125;
    const real residue = FMA(t, a - (sum - 4), F(product_error)(t, sum, 1));
    const real off = residue * sum;
    const F(power) e = F(exp_power)((real)-0.5 * square, (real)-0.5 * F(product_error)(a, a, square));
    const real near_r = POLYNOMIAL(u, F(mills_r)), r = FMA(t, near_r, off * FMA(a, t * near_r, -F(density)));
    const real product = a * r;
    const real tail = F(words_times_power)((F(two_words)){product, F(product_error)(a, r, product)}, e);
    const real g = POLYNOMIAL(u, F(gelu_g)), g_low = g * (-4 * t * residue);
    const real distance = F(gelu_root_high) - a, distance_low = ((F(gelu_root_high) - distance) - a) + F(gelu_root_low);
    const real rest = distance * g, rest_low = FMA(distance_low, g, FMA(distance, g_low, F(product_error)(distance, g, rest)));
    const real slope = F(words_times_power)((F(two_words)){rest, rest_low}, e);
    return POINT(.value = (x < 0 ? 0 : x) - tail, .grad = x < 0 ? slope : 1 - slope);
}

/* gelu_tanh(x) = x / (1 + e^-v), v = x w, w = A + B x^2, v in two words. The first words of A and B are short, so that
 * w - A is exact. The derivative has the gate's form with slope 1 + x v' = 1 + v + 2 B x^3. */
FA_INLINE F(point) F(gelu_tanh)(real x) {
    const real finite = F(at_least)(-F(gelu_tanh_end), x), near = F(at_most)(F(gelu_tanh_end), finite);
    const real square = near * near, square_low = F(product_error)(near, near, square);
    const F(two_words) w = F(product_plus)(F(gelu_tanh_b_high), square, F(gelu_tanh_a_high));
    const real w_low = w.low + FMA(F(gelu_tanh_b_high), square_low, FMA(F(gelu_tanh_b_low), square, F(gelu_tanh_a_low)));
    const real v = near * w.high, low = FMA(near, w_low, F(product_error)(near, w.high, v));
    const F(gated) y = F(gate)(finite, -v, -low, (1 + v) + FMA(2 * near, (F(gelu_tanh_b_high) + F(gelu_tanh_b_low)) * square, low));
    return POINT(.value = y.value, .grad = y.grad);
}
