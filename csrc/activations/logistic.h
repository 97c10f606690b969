/* Activations made of the logistic function. With a = |x| and c e^a = E (see exp_growing), q = c / (c + E) is
 * sigmoid(-a): every function here is computed on the side where it is small, and carried to the other by symmetry. */

/* The derivative q (1 - q) does not cancel, as q is the smaller of sigmoid(x) and sigmoid(-x): an error of q has at most
 * its own weight, and none where q is 1/2. */
FA_INLINE F(point) F(sigmoid)(real x, int usual) {
    const F(growing) e = F(exp_growing)(F(within)(F(exp_top), F(absolute)(x), usual), NO_LOW, usual);
    const real q = e.c / F(plus_c)(e);
    return POINT(.value = x < 0 ? q : 1 - q, .grad = FMA(-q, q, q));
}

/* y (1 - y) as one fma, which makes NaN of infinity. */
FA_INLINE real F(sigmoid_from_output)(real y) {
#if FA_HAS_FMA
    return FMA(-y, y, y);
#else
    return y > F(largest) ? (real)__builtin_nan("") : y * (1 - y);
#endif
}

/* For y(x) = x sigmoid(beta x) at -a / beta, a >= 0: `part` is factor sigmoid(-a), grad the derivative of y, q (1 - a +
 * a q). Where that cancels, 1 - a is exact, and the error of the rounded q is taken back. y(x) = x +
 * y(-x), y'(x) = 1 - y'(-x). */
typedef struct {
    real part, grad;
} F(gated);

FA_INLINE F(gated) F(gate)(real factor, F(growing) e, F(two_words) a) {
    const F(two_words) d = F(ordered_sum)(e.s, FMA(e.s, e.p, e.c)), r = F(reciprocal)(d);
    const real q = e.c * r.high, weighted = a.high * q, sum = F(fused)(a.high, q, 1 - a.high);
    const real low = __builtin_constant_p(a.low) ? NO_LOW : FMA(a.low, q, -a.low);
    return (F(gated)){factor * e.c / d.high, (sum + FMA(-r.low, sum + weighted, low)) * r.high * e.c};
}

FA_INLINE F(point) F(silu)(real x, int usual) {
    const real a = F(within)(F(exp_top), F(absolute)(x), usual);
    const F(gated) y = F(gate)(a, F(exp_growing)(a, NO_LOW, usual), (F(two_words)){a, NO_LOW});
    return POINT(.value = F(positive_part)(x, usual) - y.part, .grad = x < 0 ? y.grad : 1 - y.grad);
}

/* beta x in two words, with 0 for 0 times infinity. The low word counts only while an exponential of the product
 * does. */
FA_INLINE F(two_words) F(scaled_argument)(real x, real beta) {
    if (IS_ONE(beta)) return (F(two_words)){x, NO_LOW};
    const real factor = beta == 0 ? F(unless_nan)(x, 0) : x, v = beta * factor;
    return (F(two_words)){v, F(absolute)(v) < 2 * F(fading_end) ? F(product_error)(beta, factor, v) : 0};
}

/* x sigmoid(v), v = beta x. Where v passes exp_top the value still counts if x is large enough: `far` takes another
 * power of two out of E. The derivative by beta is the square of x h / (1 + h^2), h = e^(-|v|/2). */
FA_INLINE F(point) F(swish)(real x, real beta, int usual) {
    const F(two_words) v = F(scaled_argument)(x, beta);
    const F(point) silu = F(silu)(x, usual);
    const real magnitude = F(absolute)(v.high), low = IS_ONE(beta) ? NO_LOW : v.high < 0 ? -v.low : v.low;
    const real a = F(within)(F(fading_end), magnitude, usual);
    const real finite = usual ? x : F(at_least)(-F(largest), F(at_most)(F(largest), x));
    const F(power) power = F(exp_power)(a, low);
    const integer one = F(bits)((real)1), excess = !usual && power.n > F(exp_large) ? F(to_exponent)(F(exp_down)) : 0;
    const integer rest = !usual && power.n > F(exp_large) + F(exp_down) ? F(to_exponent)((int)F(bias) - 1) : 0;
    const real far = F(from_bits)(one - rest);
    const F(growing) e = {F(from_bits)(one - excess), F(from_bits)(F(less)(power.exponent, excess + rest)), power.p};
    const F(gated) y = F(gate)(finite, e, (F(two_words)){a, low});
    const real part = y.part * far, grad = y.grad * far;

    const F(fading) h =
        F(exp_fading)((real)-0.5 * F(within)(2 * F(fading_end), magnitude, usual), (real)-0.5 * low, usual);
    const real root = F(value_of)(h), square = root * root;
    const F(two_words) w = F(words_of)(F(words_over)(finite, F(ordered_sum)(1, square)), h);
    const real high = w.high * h.last, by_beta = high * high;
    const real by_beta_low = FMA(2 * high, w.low * h.last, F(product_error)(high, high, by_beta));
    const real value = F(signed_as)(x, v.high < 0 ? part : x - part);
    return POINT(.value = IS_ONE(beta) ? silu.value : value,
                 .grad = IS_ONE(beta) ? silu.grad
                     : v.high < 0     ? grad
                                      : 1 - grad,
                 .by_p = F(whole)((F(two_words)){by_beta, by_beta_low}));
}

/* softplus(x, beta) = max(v, 0) / beta + log1p(e) / beta, v = beta x, e = e^-|v|, and 1 / beta in two words. The
 * derivative is 1 / (1 + e), and for negative v e / (1 + e), or e where that comes near the subnormals. The derivative by
 * beta is minus the entropy of sigmoid(v), all of whose terms are positive, over beta^2; each factor 1 / beta
 * takes one of h = e^(-|v|/2), so that neither leaves the range before the other brings it back. */
FA_INLINE F(point) F(softplus)(real x, real beta, int usual) {
    const F(two_words) v = F(scaled_argument)(x, beta);
    const real magnitude = F(absolute)(v.high), low = IS_ONE(beta) ? NO_LOW : v.high < 0 ? v.low : -v.low;
    const real inverse = 1 / beta, inverse_error = F(product_error)(beta, inverse, 1);
    const real residue = F(absolute)(inverse) <= F(largest) ? inverse_error : 0;

    const F(fading) e = F(exp_fading)(-F(within)(F(fading_end), magnitude, usual), low, usual);
    const real number = F(value_of)(e), share = (v.high < 0 ? number : 1) / (1 + number);
    const real below = e.last == 1 ? share : F(times)(1, e);
    const real scaled = F(log1p_ratio)(number) * (e.first * e.s);
    const real tail = FMA(scaled, FMA(-e.p, residue, e.p - residue), scaled), positive = v.high > 0 ? x : 0;
    const real value = e.last == 1 ? FMA(tail, inverse, positive) : positive + tail * inverse * e.last;

    const real a = F(within)(2 * F(fading_end), magnitude, usual);
    const F(fading) h = F(exp_fading)((real)-0.5 * a, (real)0.5 * low, usual);
    const real root = F(value_of)(h), square = root * root;
    const F(two_words) weighted = F(words_over)(a, F(ordered_sum)(1, square));
    const real entropy = weighted.high + (weighted.low + F(log1p_ratio)(square));
    const F(two_words) w = F(words_of)((F(two_words)){inverse, -inverse * residue}, h);
    const real high = w.high * h.last, w_low = w.low * h.last;
    const real product = entropy * high, by_beta = product * high;
    const real product_low = FMA(2 * entropy, w_low, F(product_error)(entropy, high, product));
    const real by_beta_low = FMA(high, product_low, F(product_error)(product, high, by_beta));
    const real finite = F(whole)((F(two_words)){by_beta, by_beta_low}), limit = F(unless_nan)(x, inverse * inverse);
    return POINT(.value = value, .grad = v.high < 0 ? below : share,
                 .by_p = -(F(absolute)(inverse) <= F(largest) ? finite : limit));
}

FA_INLINE F(point) F(log_sigmoid)(real x, int usual) {
    const F(point) y = F(softplus)(-x, 1, usual);
    return POINT(.value = -y.value, .grad = y.grad);
}

/* From the output y the derivative of both is 1 - e^-v = (1 - s) - s p, v = |beta y|, which does not cancel: s is 1 for
 * small v. It rounds to 1 beyond settled; a v below 0 is no output and counts as 0. */
static const real F(settled) = 40;

FA_INLINE real F(softplus_from_output)(real y, real beta) {
    const real v = beta * y;
    const F(fading) e = F(fade)(F(exp_power)(F(at_least)(-F(settled), F(at_most)(0, -v)), NO_LOW), 0);
    return FMA(-e.s, e.p, 1 - e.s);
}

FA_INLINE real F(log_sigmoid_from_output)(real y) { return F(softplus_from_output)(-y, 1); }

/* mish(x) = x n / d, d = n + 2, n = e (e + 2), e = e^x; beyond mish_end the factor is 1. The derivative is n / d + 4 x e
 * (1 + e) / d^2. For negative x, where that cancels, it is e (g + (g + 2) e + 4 e^2 + e^3) / d^2, g = 4 (1 + x): with e
 * = s (1 + p), the bracket is sorted by powers of p, so that what cancels at the root is a sum of exact terms. */
static const real F(mish_end) = 20;

FA_INLINE F(point) F(mish)(real x, int usual) {
    const real finite = usual ? x : F(at_least)(-F(exp_top), F(at_most)(F(mish_end), x)), g = 4 * (1 + finite);
    const F(fading) power = F(fade)(F(exp_power)(finite, NO_LOW), usual ? 0 : 1);
    const real s = F(scale_of)(power), p = power.p, e = FMA(s, p, s);
    const F(two_words) m = F(ordered_sum)(2, e);
    const real n2 = FMA(e, m.high, 2);
    const F(two_words) d = {n2, FMA(e, m.low, F(product_error)(e, m.high, n2 - 2))};
    const real value = F(times)(F(over)(FMA(finite, e, 2 * finite), d), power);
    const real right = F(over)(e * m.high, d) + F(over_square)(4 * finite * e * (1 + e), d);
    const real square = s * s, p1 = s * FMA(s, FMA(3, s, 8), g + 2);
    const F(two_words) p0 = F(product_plus)(g, 1 + s, FMA(square, s + 4, 2 * s));
    const F(two_words) bracket = F(sum)(p0.high, FMA(p, FMA(p, square * FMA(s, p + 3, 4), p1), p0.low));
    const real left = F(words_times)(F(words_over_square)(bracket, d), power);
    const real grad = finite > 0 ? right : left;
    const int is_identity = !usual && x > F(mish_end);
    return POINT(.value = is_identity ? x : F(signed_as)(x, value), .grad = is_identity ? 1 : grad);
}
