/* Exponential linear units: the negative branch is expm1(x) = s p + (s - 1), s = 2^n, which does not cancel. */

#if FA_REAL == 32
static const real F(selu_high) = 0x1.c212ccp+0f, F(selu_low) = 0x1.903c0cp-26f; /* scale alpha, in two words */
static const real F(celu_w)[] = {0x1.7179c2p-2f, 0x1.d77498p-3f, 0x1.58629cp-4f, 0x1.68f342p-6f, 0x1.288eaep-8f, 0x1.942224p-11f, 0x1.3f8452p-13f, 0x1.94f1ccp-17f, -0x1.2a378cp-14f};
#else
static const real F(selu_high) = 0x1.c212cc640f031p+0, F(selu_low) = 0x1.05161b045a1fep-56;
static const real F(celu_w)[] = {0x1.7179c2ac4f788p-2, 0x1.d774972ab0bfp-3, 0x1.58620cc85977fp-4, 0x1.68f3e00eaba9dp-6, 0x1.290f6d9d9d2fdp-8, 0x1.939c80b0671f3p-11, 0x1.d37be49b24729p-14, 0x1.d82b9404988c5p-17, 0x1.a6f442749dd29p-20, 0x1.546b9b085e2b3p-23, 0x1.f290e6ba6371cp-27, 0x1.5d7df12945fdap-30, 0x1.a323a7fdff116p-36, -0x1.429137325dd23p-33, 0x1.4a43288cd8d85p-34, 0x1.5ec344aa1dda3p-33};
#endif

/* e^x for x <= 0, down to where the product with the largest parameter is 0. */
FA_INLINE F(power) F(exp_of_negative)(real x, real low) {
    return F(exp_power)(F(at_least)(-2 * F(exp_top), F(at_most)(0, x)), low);
}

FA_INLINE real F(expm1_of)(F(power) e) {
    const real s = F(two_to)(F(at_least)(1 - F(bias), e.n));
    return FMA(s, e.p, s - 1);
}

FA_INLINE F(point) F(elu)(real x, real alpha) {
    const F(power) e = F(exp_of_negative)(x, NO_LOW);
    const real m = F(expm1_of)(e);
    return POINT(.value = x > 0 ? x : alpha * m, .grad = x > 0 ? 1 : F(times_power_far)(alpha, e),
                 .by_p = x > 0 ? 0 : m);
}

FA_INLINE F(point) F(selu)(real x) {
    const real scale = (real)1.0507009873554804934193349852946;
    const F(power) e = F(exp_power)(F(at_least)(-F(exp_top), F(at_most)(0, x)), NO_LOW);
    const real m = F(expm1_of)(e);
    return POINT(.value = x > 0 ? scale * x : FMA(F(selu_high), m, F(selu_low) * m),
                 .grad = x > 0 ? scale : F(times_power)(F(selu_high), e));
}

/* v = x / alpha in two words, v <= 0 where the exponential counts. The derivative by alpha, expm1(v) - v e^v, is
 * -v^2 w(v + 1/2) near 0, where the subtraction would cancel. */
FA_INLINE F(point) F(celu)(real x, real alpha) {
    const real inverse = 1 / alpha, v = F(at_least)(-F(exp_top), F(at_most)(0, x * inverse));
    const real low = v > -F(exp_top) ? -inverse * F(product_error)(v, alpha, x) : 0;
    const F(power) e = F(exp_power)(v, low);
    const real s = F(two_to)(F(at_least)(1 - F(bias), e.n)), m = FMA(s, e.p, s - 1);
    const real near = -v * v * POLYNOMIAL(v + (real)0.5, F(celu_w)), far = FMA(s * e.p, 1 - v, FMA(s, -v, s - 1));
    return POINT(.value = x > 0 ? x : alpha * m, .grad = x > 0 ? 1 : F(times_power)(1, e),
                 .by_p = x > 0 ? 0 : v > -1 ? near : far);
}
