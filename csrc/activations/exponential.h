/* Exponential linear units: the negative branch is expm1(x) = s p + (s - 1), s = 2^n, which does not cancel. */

#if FA_REAL == 32
static const real F(selu_high) = 0x1.c212ccp+0f, F(selu_low) = 0x1.903c0cp-26f; /* scale alpha, in two words */
static const real F(celu_centre) = -0x1.eddp-2f;
static const real F(celu_w)[] = {0x1.75b092p-2f,  0x1.dd9d72p-3f,  0x1.5d3a02p-4f,  0x1.6e440ep-6f,  0x1.2d8e5cp-8f,
                                 0x1.9a93a2p-11f, 0x1.e43742p-14f, 0x1.7fa41cp-17f, -0x1.cdb9aap-19f};
#else
static const real F(selu_high) = 0x1.c212cc640f031p+0, F(selu_low) = 0x1.05161b045a1fep-56;
static const real F(celu_centre) = -0x1.04cp-1;
static const real F(celu_w)[] = {
    0x1.6f4bccad6c4e6p-2,  0x1.d445a7dbb7bc3p-3,  0x1.55e18d15cfc04p-4,  0x1.663520f3ae74ep-6,
    0x1.26bab9a53656p-8,   0x1.905f337fc4ac1p-11, 0x1.cfaabac57b192p-14, 0x1.d443418451023p-17,
    0x1.a36ad0b14fe06p-20, 0x1.519249e8bf87cp-23, 0x1.ed706e3c73a4bp-27, 0x1.4ae4f30dc6b15p-30,
    0x1.983db1b137c0dp-34, 0x1.6f466eaa8ee05p-40, 0x1.6ed2d570e65b2p-42, 0x1.7d900f5186d5ap-38};
#endif

/* alpha (e^t - 1); alpha s is exact. */
FA_INLINE real F(times_expm1)(real alpha, F(exp_neg_factors) e, int in_range) {
    const real scaled = alpha * F(scale_of)(e), product = FMA(scaled, e.p, scaled - alpha);
    return in_range || F(absolute)(alpha) <= F(largest) ? product : alpha * F(expm1_of)(e).high;
}

/* alpha e^t. For an alpha other than 1 the product with 1 + p comes before that with s, which may make it subnormal. It
 * is one with half of a large alpha, because it would overflow before s brings it back. */
FA_INLINE real F(times_exp)(real alpha, F(exp_neg_factors) e, int in_range) {
    const int large = !in_range && F(absolute)(alpha) > 1;
    const real part = alpha * (large ? (real)0.5 : 1) * e.first, last = e.last * (large ? 2 : 1);
    return IS_ONE(alpha) ? F(times)(1, e) : FMA(part, e.p, part) * e.s * last;
}

FA_INLINE F(point) F(elu)(real x, real alpha, int in_range) {
    const real end = IS_ONE(alpha) ? F(exp_top) : F(exp_neg_end);
    const int outer_factors = IS_ONE(alpha) ? 1 : 2;
    const F(power) power = F(exp_power)(-F(within)(end, F(absolute)(x), in_range), NO_LOW);
    const F(exp_neg_factors) e = F(exp_neg_scaled)(power, in_range ? 0 : outer_factors);
    const real limit = alpha * (x < -F(largest) ? 0 : F(unless_nan)(x, 1)); /* of the slope, for an infinite alpha */
    const real slope = in_range || F(absolute)(alpha) <= F(largest) ? F(times_exp)(alpha, e, in_range) : limit;
    return POINT(.value = x >= 0 ? x : F(times_expm1)(alpha, e, in_range), .grad = x > 0 ? 1 : slope,
                 .by_p = x >= 0 ? 0 : F(expm1_of)(e).high);
}

FA_INLINE real F(elu_from_output)(real y, real alpha) { return y > 0 ? 1 : y + alpha; }

static const real F(selu_excess) = (real)0.0507009873554804934193349852946; /* of scale over 1 */

FA_INLINE F(point) F(selu)(real x, int in_range) {
    const real excess = F(selu_excess), scale = 1 + excess;
    const F(exp_neg_factors) e =
        F(exp_neg_scaled)(F(exp_power)(-F(within)(F(exp_top), F(absolute)(x), in_range), NO_LOW), in_range ? 0 : 1);
    const real m = F(expm1_of)(e).high;
    return POINT(.value = x >= 0 ? FMA(x, excess, x) : FMA(F(selu_high), m, F(selu_low) * m),
                 .grad = x > 0 ? scale : F(times)(F(selu_high), e));
}

/* Where the first sum cancels it is exact. */
FA_INLINE real F(selu_from_output)(real y) { return y > 0 ? 1 + F(selu_excess) : (y + F(selu_high)) + F(selu_low); }

/* e^(x / alpha) = 2^n (1 + p), as a power and as alpha p, in which the quotient's rounding error is none of the first
 * order: x = n alpha ln2 + t, u = t / alpha, alpha p = t + t u q(u). For x <= 0. */
typedef struct {
    F(power) power;
    real alpha_p;
} F(power_over);

FA_INLINE F(power_over) F(exp_power_over)(real x, real alpha) {
    const real inverse = 1 / alpha, shift = F(shift) + F(bias);
    const real shifted = FMA(x, inverse * F(log2_e), shift), n = shifted - shift;
    const real product = alpha * F(ln2_high), step = F(short_enough)(product);
    const real step_low = FMA(alpha, F(ln2_low), F(product_error)(alpha, F(ln2_high), step));
    const real t = FMA(n, -step_low, FMA(n, -step, x)), u = t * inverse, q = POLYNOMIAL(u, F(exp_q));
    const real u_low = -inverse * F(product_error)(u, alpha, t);
    const real sum = FMA(u * u, q, u), rest = FMA(u * u, q, u - sum);
    const real p = IS_ONE(alpha) ? sum : sum + (u_low + rest); /* the same for an alpha that is 1 among others */
    return (F(power_over)){{n, p, F(to_exponent)(F(bits)(shifted))}, FMA(t * u, q, t)};
}

/* celu scales x and a small or large alpha, so that neither the rounding error of their quotient nor the inverse of alpha
 * is subnormal. An alpha of 0 is as one so small that the exponential of every negative x is 0, and so is the value. */
#if FA_REAL == 32
static const real F(divisor_small) = 0x1p-32f, F(divisor_large) = 0x1p96f, F(celu_least) = 0x1p-60f;
#else
static const real F(divisor_small) = 0x1p-256, F(divisor_large) = 0x1p768, F(celu_least) = 0x1p-317;
#endif

FA_INLINE real F(by_alpha_size)(real alpha, real if_small, real if_large) {
    const real otherwise = alpha > F(divisor_large) ? if_large : 1;
    return alpha < F(divisor_small) ? if_small : otherwise;
}

/* Where x / alpha is tiny the function is x itself, which scaled may be subnormal. The derivative by alpha, expm1(v) - v
 * e^v, v = x / alpha in two words, is -v^2 w(v - centre) near 0, where the subtraction would cancel. An alpha of 0, of
 * either sign, gives the limit of positive ones; v is NaN where both x and alpha are infinite. In range, alpha needs no
 * scale either. */
FA_INLINE F(point) F(celu)(real given_x, real given_alpha, int in_range) {
    const real x = in_range ? given_x : F(only_if)(given_alpha >= 0, given_x), alpha = F(absolute)(given_alpha);
    const real scale = in_range ? 1 : F(by_alpha_size)(alpha, F(divisor_large), F(divisor_small));
    const real back = in_range ? 1 : F(by_alpha_size)(alpha, 1 / F(divisor_large), 1 / F(divisor_small));
    const real finite = F(at_least)(F(celu_least), F(at_most)(F(largest), alpha) * scale),
               divisor = in_range ? alpha : finite;
    const real size = F(absolute)(x) * (in_range || alpha <= F(largest) ? scale : 0);
    const real dividend = -F(within)(F(exp_top) * divisor, size, in_range);
    const F(power_over) power = F(exp_power_over)(dividend, divisor);
    const F(exp_neg_factors) e = F(exp_neg_scaled)(power.power, in_range ? 0 : 1);
    const real s = F(scale_of)(e), tiny = FA_REAL == 32 ? 0x1p-27 : 0x1p-56;
    const real curved = FMA(s, power.alpha_p, FMA(s, divisor, -divisor)) * back;
    const real below = !in_range && x >= -tiny * alpha ? x : curved;

    const real inverse = 1 / divisor, v = dividend * inverse;
    const real low = -inverse * F(product_error)(v, divisor, dividend);
    const real square = v * v, square_low = FMA(2 * v, low, F(product_error)(v, v, square));
    /* the minus inside: of -(a b + c) compilers make a subtraction whose zero has another sign */
    const real w = POLYNOMIAL(v - F(celu_centre), F(celu_w)), near = FMA(-square, w, -(square_low * w));
    const real far = FMA(s * e.p, 1 - v, FMA(s, -v, s - 1)), by_alpha = v > -1 ? near : far;
    const F(point) elu = F(elu)(x, 1, in_range);
    const real value = x >= 0 ? x : below, grad = x >= 0 ? 1 : F(times)(1, e);
    return POINT(.value = IS_ONE(given_alpha) ? elu.value : value, .grad = IS_ONE(given_alpha) ? elu.grad : grad,
                 .by_p = x >= 0 ? 0 : by_alpha);
}

/* 1 + y / alpha, of which the quotient's rounding would remain where it is close to -1. For an infinite alpha y is as 0. */
FA_INLINE real F(celu_from_output)(real given_y, real given_alpha) {
    const real y = F(only_if)(given_alpha >= 0, given_y), alpha = F(at_most)(F(largest), F(absolute)(given_alpha));
    const real part = F(absolute)(given_alpha) <= F(largest) ? y : 0 * y;
    return y > 0 ? 1 : (part + alpha) / alpha;
}
