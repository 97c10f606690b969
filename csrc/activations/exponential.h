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

/* alpha (e^v - 1), whose second word is for an alpha other than 1. */
FA_INLINE real F(times_expm1)(real alpha, F(two_words) m) {
    const real low = F(absolute)(alpha) <= F(largest) ? alpha * m.low : 0;
    return IS_ONE(alpha) ? m.high : FMA(alpha, m.high, low);
}

FA_INLINE F(point) F(elu)(real x, real alpha, int usual) {
    const F(fading) e = F(exp_fading)(-F(within)(F(fading_end), F(absolute)(x), usual), NO_LOW, usual);
    const F(two_words) m = F(expm1_of)(e);
    const real slope =
        F(absolute)(alpha) <= F(largest) ? F(times)(alpha, e) : alpha * (x < -F(largest) ? 0 : F(unless_nan)(x, 1));
    return POINT(.value = x >= 0 ? x : F(times_expm1)(alpha, m), .grad = x > 0 ? 1 : slope,
                 .by_p = x >= 0 ? 0 : m.high);
}

FA_INLINE real F(elu_from_output)(real y, real alpha) { return y > 0 ? 1 : y + alpha; }

static const real F(selu_excess) = (real)0.0507009873554804934193349852946; /* of scale over 1 */

FA_INLINE F(point) F(selu)(real x, int usual) {
    const real excess = F(selu_excess), scale = 1 + excess;
    const F(fading) e = F(fade)(F(exp_power)(-F(within)(F(exp_top), F(absolute)(x), usual), NO_LOW), usual ? 0 : 1);
    const real m = F(expm1_of)(e).high;
    return POINT(.value = x >= 0 ? FMA(x, excess, x) : FMA(F(selu_high), m, F(selu_low) * m),
                 .grad = x > 0 ? scale : F(times)(F(selu_high), e));
}

/* Where the first sum cancels it is exact. */
FA_INLINE real F(selu_from_output)(real y) { return y > 0 ? 1 + F(selu_excess) : (y + F(selu_high)) + F(selu_low); }

/* 1, but NaN for an alpha that celu does not take. */
FA_INLINE real F(celu_one)(real alpha) { return alpha >= 0 ? 1 : (real)__builtin_nan(""); }

/* v = x / alpha in two words. Near 0 the function is x itself, where v may be subnormal, and
 * the derivative by alpha, expm1(v) - v e^v, is -v^2 w(v - centre), where the subtraction would cancel. */
FA_INLINE F(point) F(celu)(real x, real given_alpha, int usual) {
    const real one = F(celu_one)(given_alpha);
    const real alpha = F(absolute)(given_alpha) * one, inverse = one / alpha;
    const real quotient = alpha > F(largest) ? 0 * x : x * inverse; /* 0 x: NaN for infinite x */
    const real v = F(at_least)(-F(exp_top), F(at_most)(0, quotient));
    const real error = alpha <= F(largest) ? -inverse * F(product_error)(v, alpha, x) : 0;
    const real low = v > -F(exp_top) ? error : 0;
    const F(fading) e = F(fade)(F(exp_power)(v, low), 1);
    const real s = F(scale_of)(e), tiny = FA_REAL == 32 ? 0x1p-24 : 0x1p-53;
    const real square = v * v, square_low = FMA(2 * v, low, F(product_error)(v, v, square));
    /* the minus inside: of -(a b + c) compilers make a subtraction whose zero has another sign */
    const real w = POLYNOMIAL(v - F(celu_centre), F(celu_w)), near = FMA(-square, w, -(square_low * w));
    const real far = FMA(s * e.p, 1 - v, FMA(s, -v, s - 1));
    const real curved = v > -tiny ? x : F(times_expm1)(alpha, F(expm1_of)(e));
    const real below = alpha > F(largest) ? x : curved, by_alpha = v > -1 ? near : far;
    const F(point) elu = F(elu)(x, 1, usual);
    const real value = x >= 0 ? x * one : below, grad = x >= 0 ? one : F(times)(1, e);
    return POINT(.value = IS_ONE(given_alpha) ? elu.value : value, .grad = IS_ONE(given_alpha) ? elu.grad : grad,
                 .by_p = x >= 0 ? one - 1 : by_alpha);
}

/* 1 + y / alpha, of which the quotient's rounding would remain where it is close to -1. */
FA_INLINE real F(celu_from_output)(real y, real given_alpha) {
    const real one = F(celu_one)(given_alpha), alpha = F(absolute)(given_alpha) * one;
    return y > 0 ? one : (y + alpha) / alpha;
}
