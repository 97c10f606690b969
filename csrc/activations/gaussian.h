/* The Gaussian error linear unit and its tanh approximation. */

#if FA_REAL == 32
static const real F(gelu_k) = 0x1.40d932p+1f;
static const real F(gelu_n)[] = {0x1.cd138ep-1f, 0x1.895f2cp-2f, 0x1.653824p-4f, 0x1.2a886p-7f};
static const real F(gelu_m)[] = {0x1.c7cb1ap-1f, 0x1.c52734p-3f, 0x1.73a134p-6f, 0x1.0ec03ep-18f};
static const real F(gelu_g0) = 0x1.a340cp-2f;
static const real F(gelu_g1)[] = {0x1.7ffe52p-2f, 0x1.65d33ep+0f, 0x1.31caeep+2f,   0x1.bebb48p+3f, 0x1.52ba52p+5f,
                                  0x1.be6cap+1f,  0x1.e46f2cp+8f, -0x1.0596dep+11f, 0x1.137c04p+11f};
static const real F(gelu_end) = 15; /* gelu and its derivative round to 0 or x beyond */
static const real F(gelu_root_high) = 0x1.80ead2p-1f;
static const real F(gelu_root_low) = -0x1.a03fd4p-27f;
static const real F(gelu_tanh_end) = 11;
static const real F(gelu_tanh_a_high) = 0x1.26aecp+1f;
static const real F(gelu_tanh_a_low) = 0x1.0de73ap-22f;
static const real F(gelu_tanh_b_high) = 0x1.a5a7cp-4f;
static const real F(gelu_tanh_b_low) = 0x1.eeae56p-25f;
static const real F(gelu_tanh_c_high) = 0x1.98846p+0f;
static const real F(gelu_tanh_c_low) = -0x1.985794p-21f;
static const real F(gelu_tanh_d_high) = 0x1.b6676p-3f;
static const real F(gelu_tanh_d_low) = 0x1.7ee8a2p-24f;
#else
static const real F(gelu_k) = 0x1.40d931ff62706p+1;
static const real F(gelu_n)[] = {
    0x1.bd941d6541acp+0,  0x1.7ddddaaae8d97p+0, 0x1.a2571a3bc1e14p-1,  0x1.41eb07f5e2e5fp-2,  0x1.6a57fa4f2a9eep-4,
    0x1.2de50563fd409p-6, 0x1.70687dfd2e198p-9, 0x1.3c9089f0a4777p-12, 0x1.5cca00d1625a1p-16, 0x1.7baecf096eea3p-21};
static const real F(gelu_m)[] = {
    0x1.48fd150480eep+1,  0x1.abd2bfa9ed687p+0,  0x1.67fa24deae511p-1,  0x1.aa56c82fce774p-3,  0x1.6e1d949eb8389p-5,
    0x1.c6e698e8e482bp-8, 0x1.8ae5651bd6f9ep-11, 0x1.b5246bfbc55f4p-15, 0x1.dbdca45194784p-20, -0x1.7a9ba18bf6c63p-54};
static const real F(gelu_g0) = 0x1.a340d9358d83p-2;
static const real F(gelu_g1)[] = {
    0x1.7ff8d4c9607f5p-2,   0x1.6601afb4a59ap+0,    0x1.3098079778aebp+2,  0x1.cb42467263ec8p+3,
    0x1.2289e8ceaccccp+5,   0x1.0d8df25f2e32cp+6,   0x1.5509615f4168ap+5,  -0x1.11f1c99da39e9p+8,
    -0x1.2a8bf116c2f16p+10, -0x1.6d924e2f2b7a7p+10, 0x1.8390aea49300fp+12, 0x1.0cab5254469b4p+15,
    0x1.6d95c8104328ep+16,  -0x1.9ca1f8b76ad64p+20, 0x1.bca693d35ceacp+23, -0x1.ef60b3b6bb72cp+26,
    0x1.7f41183a1325ap+29,  -0x1.7bfbfe5364eedp+31, 0x1.e88559614bba9p+32, -0x1.90561490c4464p+33,
    0x1.8059b45eecc22p+33,  -0x1.4bb948fb8d29fp+32};
static const real F(gelu_end) = 39;
static const real F(gelu_root_high) = 0x1.80ead197f00b4p-1;
static const real F(gelu_root_low) = -0x1.13e74c58cada8p-56;
static const real F(gelu_tanh_end) = 22;
static const real F(gelu_tanh_a_high) = 0x1.26aec21bce78p+1;
static const real F(gelu_tanh_a_low) = -0x1.35a25af4c979dp-46;
static const real F(gelu_tanh_b_high) = 0x1.a5a7cf7572a8p-4;
static const real F(gelu_tanh_b_low) = 0x1.791b8dafc6cc1p-52;
static const real F(gelu_tanh_c_high) = 0x1.9884533d4368p+0;
static const real F(gelu_tanh_c_low) = -0x1.7b9781a61d7fap-47;
static const real F(gelu_tanh_d_high) = 0x1.b6676bf7451p-3;
static const real F(gelu_tanh_d_low) = -0x1.f222c6573ebabp-52;
#endif

/* n / (k n + 2 + m1) for k n that is not much below m1; in float64 with the digits that the denominator and the division
 * round off, without which the result would have an error of 4 ULP. */
FA_INLINE F(double_word) F(gelu_ratio)(real n, real m1) {
    if (FA_REAL == 32) return (F(double_word)){n / (F(fused)(F(gelu_k), n, m1) + 2), 0};
    const F(double_word) sum = F(product_and)(F(gelu_k), n, m1), d = F(ordered_sum)(2, sum.high);
    return F(words_over)(n, (F(double_word)){d.high, d.low + sum.low});
}

/* gelu(x) = max(x, 0) - a e^(-a^2/2) R(a), a = |x|, R the Mills ratio over sqrt(2 pi); a^2 in two words. a R = n / (k n
 * + m), where n = a + a^2 n1(a), k = sqrt(2 pi) and m = 2 + a m1(a) have positive terms only: as 1 / (k R) tends to a,
 * the error of n cancels for large a; for small a neither n nor the sum gets more than its last rounding. The
 * derivative is e^(-a^2/2) G(a) at -a, G = (root - a) g(t), t = 1 / (a + 4). */
FA_INLINE F(point) F(gelu)(real x, int in_range) {
    const real a = F(within)(F(gelu_end), F(absolute)(x), in_range), square = a * a;
    const F(power) power = F(exp_minus_half)(square, F(product_error)(a, a, square));
    const F(exp_neg_factors) e = F(exp_neg_scaled)(power, in_range ? 0 : 1);
    const real n = FMA(square, POLYNOMIAL(a, F(gelu_n)), a), m1 = a * POLYNOMIAL(a, F(gelu_m));
    const F(double_word) ratio = F(gelu_ratio)(n, m1);
    const real tail = FA_REAL == 32 ? FMA(ratio.high, e.p, ratio.high) : ratio.high + FMA(ratio.high, e.p, ratio.low);
    const real right = FMA(tail, -(e.s * e.last), F(positive_part)(x, in_range));
    const real value = in_range || x >= 0 ? right : tail * -e.s * e.last;

    const real sum = a + 4, t = 1 / sum, residue = FMA(t, a - (sum - 4), F(product_error)(t, sum, 1));
    const real u = t - (real)0.03125;
    const F(double_word) g = F(product_plus)(u, POLYNOMIAL(u, F(gelu_g1)), F(gelu_g0));
    const real g_low = FMA(g.high, -4 * t * residue, g.low);
    const real distance = F(gelu_root_high) - a, distance_low = ((F(gelu_root_high) - distance) - a) + F(gelu_root_low);
    const real rest = distance * g.high, rest_low = F(product_error)(distance, g.high, rest);
    const real slope =
        F(words_times)((F(double_word)){rest, FMA(distance_low, g.high, FMA(distance, g_low, rest_low))}, e);
    return POINT(.value = value, .grad = x < 0 ? slope : 1 - slope);
}

/* A + B x^2 for constants in two words, the first so short that the sum less that of A is exact. */
FA_INLINE F(double_word) F(gelu_tanh_line)(F(double_word) a, F(double_word) b, F(double_word) square) {
    const F(double_word) line = F(product_plus)(b.high, square.high, a.high);
    return (F(double_word)){line.high, line.low + FMA(b.high, square.low, FMA(b.low, square.high, a.low))};
}

/* gelu_tanh(x) = x sigmoid(v), v = x (A + B x^2) ln2, v' = C + D x^2. With c e^v = E the derivative at -a, a = |x|, is
 * c (c + slope E) / (c + E)^2, slope = 1 - a v'. At its root slope E is close to -c; E is a power of two times 1 + p, so
 * that c + s slope is exact there and the digits of p remain. */
FA_INLINE F(point) F(gelu_tanh)(real x, int in_range) {
    const real a = F(within)(F(gelu_tanh_end), F(absolute)(x), in_range), a2 = a * a;
    const F(double_word) square = {a2, F(product_error)(a, a, a2)};
    const F(double_word) w = F(gelu_tanh_line)((F(double_word)){F(gelu_tanh_a_high), F(gelu_tanh_a_low)},
                                               (F(double_word)){F(gelu_tanh_b_high), F(gelu_tanh_b_low)}, square);
    const F(exp_pos_factors) e = F(exp2_pos)(a, w.high, w.low, in_range);
    const real value = FMA(-e.c, a / F(plus_c)(e), F(positive_part)(x, in_range));

    const F(double_word) dv = F(gelu_tanh_line)((F(double_word)){F(gelu_tanh_c_high), F(gelu_tanh_c_low)},
                                                (F(double_word)){F(gelu_tanh_d_high), F(gelu_tanh_d_low)}, square);
    const real fall = a * dv.high, fall_low = FMA(a, dv.low, F(product_error)(a, dv.high, fall)), slope = 1 - fall;
    const real numerator = FMA(e.s, FMA(e.p, slope, -FMA(e.p, fall_low, fall_low)), FMA(e.s, slope, e.c));
    const real below = e.c * F(over_square)(numerator, F(words_plus_c)(e));
    return POINT(.value = value, .grad = x < 0 ? below : 1 - below);
}
