/* Activations made of the logistic function. */

/* With c e^|x| = s (1 + p) = E and q = c / (c + E), sigmoid(x) is q or 1 - q. The derivative c E / (c + E)^2 never takes
 * sigmoid (1 - sigmoid), which would cancel. */
FA_INLINE F(point) F(sigmoid)(real x) {
    const F(growing) e = F(exp_growing)(F(at_most)(F(exp_top), F(absolute)(x)), NO_LOW);
    const real q = e.c / F(plus)(e, e.c);
    return POINT(.value = x < 0 ? q : 1 - q, .grad = F(over_square)(e.c * FMA(e.s, e.p, e.s), F(plus_c)(e)));
}

/* x / (1 + z) and (1 + z slope) / (1 + z)^2 with z = e^t: silu, swish and gelu_tanh, whose derivative has this form
 * with slope = 1 - x t'(x). Near the root of the derivative z slope is close to -1; z is a power of two times 1 + p, so
 * that 1 + s slope is exact there and the digits of p remain. */
typedef struct {
    real value, grad;
} F(gated);

FA_INLINE F(gated) F(gate)(real x, real t, real low, real slope) {
    const real negligible = 40 * (FA_REAL / 32); /* 1 + e^-40 is 1, in double 1 + e^-80 */
    const F(growing) z = F(exp_growing)(F(at_least)(-negligible, F(at_most)(F(exp_top), t)), low);
    const real numerator = FMA(z.s * z.p, slope, FMA(z.s, slope, z.c));
    return (F(gated)){(x * z.c) / F(plus)(z, z.c), F(over_square)(z.c * numerator, F(plus_c)(z))};
}

FA_INLINE F(point) F(silu)(real x) {
    const real finite = F(at_least)(-F(exp_top), x);
    const F(gated) y = F(gate)(finite, -finite, NO_LOW, 1 + F(at_most)(F(exp_top), finite));
    return POINT(.value = y.value, .grad = y.grad);
}

/* x sigmoid(v), v = beta x in two words. Where v passes the exponents that the gate covers, the value still counts if x
 * is large enough: `far` brings it down the rest of the way. */
FA_INLINE F(point) F(swish)(real x, real beta) {
    const real finite = F(at_least)(-F(largest), F(at_most)(F(largest), x)), v = beta * finite;
    const real limit = 5 * F(exp_top), a = F(at_most)(limit, F(absolute)(v)); /* e^-limit times the largest^2 is 0 */
    const real low = a < limit ? F(product_error)(beta, finite, v) : 0;
    const F(gated) y = F(gate)(x, -v, -low, 1 + F(at_most)(F(exp_top), F(at_least)(-F(exp_top), v)));
    const F(power) e = F(exp_power)(-a, v < 0 ? low : -low);
    const real share = F(over)(finite, F(ordered_sum)(1, F(value_of)(e))), half = F(nearest_integer)(e.n * (real)0.5);
    const real far = F(times_power_far)(finite, e);
    const real by_beta = F(times_power_far)(share, (F(power)){half, e.p}) * F(scale_far)(share, e.n - half);
    return POINT(.value = v < -(F(exp_top) - 10) ? far : y.value, .grad = y.grad, .by_p = by_beta);
}

/* softplus(x, beta) = (max(v, 0) + log1p(e^-|v|)) / beta, v = beta x in two words. The derivative by beta is minus the
 * entropy of sigmoid(v), all of whose terms are positive, over beta^2; its two factors share the power of two, so that
 * neither leaves the range before the other brings it back. */
FA_INLINE F(point) F(softplus)(real x, real beta) {
    const real v = beta * F(at_least)(-F(largest), F(at_most)(F(largest), x));
    const real limit = 5 * F(exp_top), a = F(at_most)(limit, F(absolute)(v)); /* e^-limit times the largest^3 is 0 */
    const real low = a < limit ? F(product_error)(beta, x, v) : 0;
    const F(power) e = F(exp_power)(-a, v < 0 ? low : -low);
    const real value_of_e = F(value_of)(e), ratio = F(log1p_ratio)(value_of_e), share = 1 / (1 + value_of_e);
    const real tail = F(times_power_far)(v < 0 ? ratio / beta : ratio, e);
    const real below = F(times_power_far)(share, e);
    const real entropy = FMA(a, share, ratio), half = F(nearest_integer)(e.n * (real)0.5);
    const real by_beta = F(times_power_far)(entropy / beta, (F(power)){half, e.p}) * F(scale_far)(1 / beta, e.n - half);
    return POINT(.value = v < 0 ? tail : (v + tail) / beta, .grad = v < 0 ? below : share, .by_p = -by_beta);
}

FA_INLINE F(point) F(log_sigmoid)(real x) {
    const F(point) y = F(softplus)(-x, 1);
    return POINT(.value = -y.value, .grad = y.grad);
}

/* mish(x) = x n / d, d = n + 2, n = e (e + 2), e = e^x; for x > 20 the factor is 1. The derivative is
 * n / d + 4 x e (1 + e) / d^2. Left of -1/2, where that cancels, it is e (g + (g + 2) e + 4 e^2 + e^3) / d^2, g = 4 (1 + x):
 * with e = s (1 + p), the bracket is sorted by powers of p, so that what cancels at the root is a sum of exact terms. */
FA_INLINE F(point) F(mish)(real x) {
    const real finite = F(at_least)(-F(exp_top), F(at_most)(20, x)), g = 4 * (1 + finite);
    const F(power) power = F(exp_power)(finite, NO_LOW);
    const real s = F(two_to)(F(at_least)(1 - F(bias), power.n)), p = power.p, e = FMA(s, p, s);
    const F(two_words) m = F(ordered_sum)(2, e);
    const real n2 = FMA(e, m.high, 2);
    const F(two_words) d = {n2, FMA(e, m.low, F(product_error)(e, m.high, n2 - 2))};
    const real value = F(times_power)(F(over)(FMA(finite, e, 2 * finite), d), power);
    const real right = F(over)(e * m.high, d) + F(over_square)(4 * finite * e * (1 + e), d);
    const real square = s * s, p1 = s * FMA(s, FMA(3, s, 8), g + 2);
    const F(two_words) p0 = F(product_plus)(g, 1 + s, FMA(square, s + 4, 2 * s));
    const real bracket = p0.high + FMA(p, FMA(p, square * FMA(s, p + 3, 4), p1), p0.low);
    const real left = F(times_power)(F(over_square)(bracket, d), power);
    return POINT(.value = x > 20 ? x : value, .grad = x > 20 ? 1 : finite > (real)-0.5 ? right : left);
}
