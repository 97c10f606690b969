/* Branch-free building blocks for one type: every function is a few arithmetic operations and selects, so that the
 * compiler vectorises the loop it is inlined into. Coefficients: coefficients/<topic>.py.
 *
 * An exponential is carried as e^t = 2^n (1 + p). The forms that use n and p apart keep more digits than the rounded
 * product, and the power of two is applied last, so that a subnormal result is rounded once.
 */

#if FA_REAL == 32
static const real F(bias) = 127;
static const int F(mantissa_bits) = 23;
static const real F(shift) = 0x1.8p23f; /* adding it rounds to an integer, held in the low bits */
static const real F(largest) = 0x1.fffffep127f;
static const real F(log2_e) = 0x1.715476p+0f;
static const real F(ln2_high) = 0x1.62e4p-1f; /* short: a product with n is exact */
static const real F(ln2_low) = 0x1.7f7d1cp-20f;
static const real F(exp_q)[] = {0x1.fffff8p-2f, 0x1.55548ep-3f, 0x1.555b9ap-5f, 0x1.123beep-7f, 0x1.684fccp-10f};
static const real F(log1p_a)[] = {0x1.5555p-1f, 0x1.99d27ep-2f, 0x1.1eb6cap-2f, 0x1.1ef28p-2f};
#else
static const real F(bias) = 1023;
static const int F(mantissa_bits) = 52;
static const real F(shift) = 0x1.8p52;
static const real F(largest) = 0x1.fffffffffffffp1023;
static const real F(log2_e) = 0x1.71547652b82fep+0;
static const real F(ln2_high) = 0x1.62e42fefa38p-1;
static const real F(ln2_low) = 0x1.ef35793c7673p-45;
static const real F(exp_q)[] = {0x1.000000000000cp-1, 0x1.5555555555515p-3, 0x1.555555554fe41p-5, 0x1.1111111121199p-7, 0x1.6c16c185f705p-10, 0x1.a01a014dbd442p-13, 0x1.a01995e5a186ep-16, 0x1.71ded7205f28ap-19, 0x1.28b0d2fa3052ep-22, 0x1.adfa4454e656bp-26};
static const real F(log1p_a)[] = {0x1.5555555555534p-1, 0x1.99999999a0933p-2, 0x1.2492492081d79p-2, 0x1.c71c742024665p-3, 0x1.745cb3a1d3d9bp-3, 0x1.3b1de1054a633p-3, 0x1.10679371b2df3p-3, 0x1.efda2e963675ep-4, 0x1.55ad18c1716aap-4, 0x1.5c793826fa058p-3};
#endif

FA_INLINE real F(absolute)(real x) { return FA_REAL == 32 ? __builtin_fabsf((float)x) : (real)__builtin_fabs(x); }

FA_INLINE real F(with_sign)(real magnitude, real sign) {
    return FA_REAL == 32 ? __builtin_copysignf((float)magnitude, (float)sign)
                         : (real)__builtin_copysign(magnitude, sign);
}

/* NaN stays NaN, unlike in fmin and fmax. */
FA_INLINE real F(at_least)(real low, real x) { return x < low ? low : x; }
FA_INLINE real F(at_most)(real high, real x) { return x > high ? high : x; }

FA_INLINE integer F(bits)(real x) {
    integer bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

FA_INLINE real F(from_bits)(integer bits) {
    real x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

FA_INLINE real F(nearest_integer)(real x) { return (x + F(shift)) - F(shift); }

/* 2^n for an integer n within the normal exponents. */
FA_INLINE real F(two_to)(real n) {
    const integer shifted = F(bits)(n + (F(shift) + F(bias)));
    return F(from_bits)((integer)((unsigned_integer)shifted << F(mantissa_bits)));
}

/* y 2^n for n up to twice the exponent range below zero, and far enough above: two factors, the second of which is 1
 * until the result nears the subnormals, so that it is rounded once. */
FA_INLINE real F(scale)(real y, real n) {
    const real first = F(at_least)(1 - F(bias), n);
    return y * F(two_to)(first) * F(two_to)(n - first);
}

/* The same for any n, where y may be as large as an arbitrary parameter makes it. */
FA_INLINE real F(scale_far)(real y, real n) {
    const real near = F(at_least)(3 * (1 - F(bias)), n), third = F(nearest_integer)(near * (real)(1.0 / 3));
    const real factor = F(two_to)(third);
    return y * F(two_to)(near - 2 * third) * factor * factor;
}

/* a b - product, where product is a b rounded. */
FA_INLINE real F(product_error)(real a, real b, real product) {
#if FA_HAS_FMA
    return FMA(a, b, -product);
#elif FA_REAL == 32
    return (float)((double)a * b - product);
#else
    /* Veltkamp's splitting and Dekker's product. */
    const real a_split = a * 0x1.0000002p27, b_split = b * 0x1.0000002p27;
    const real a_high = a_split - (a_split - a), b_high = b_split - (b_split - b);
    const real a_low = a - a_high, b_low = b - b_high;
    const real error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return error == error ? error : 0; /* the splitting overflows above 2^996 */
#endif
}

/* An unevaluated sum of a number and a word below its last digit. */
typedef struct {
    real high, low;
} F(two_words);

/* a + b for |a| >= |b|. */
FA_INLINE F(two_words) F(ordered_sum)(real a, real b) {
    const real sum = a + b;
    return (F(two_words)){sum, b - (sum - a)};
}

/* a b + c in two words, where c is such that the sum less c is exact. */
FA_INLINE F(two_words) F(product_plus)(real a, real b, real c) {
#if FA_HAS_FMA
    const real sum = FMA(a, b, c);
    return (F(two_words)){sum, FMA(a, b, c - sum)};
#else
    const real product = a * b, sum = product + c;
    return (F(two_words)){sum, (product - (sum - c)) + F(product_error)(a, b, product)};
#endif
}

/* n / d^2, rounded little more than once: the reciprocal's residue is carried along. */
FA_INLINE real F(over_square)(real n, F(two_words) d) {
    const real r = 1 / d.high, residue = FMA(d.low, r, F(product_error)(d.high, r, 1));
    const real y = n * r, y_low = F(product_error)(n, r, y);
    return FMA(y, r, r * FMA(-2 * y, residue, y_low));
}

/* n / d, rounded little more than once. */
FA_INLINE real F(over)(real n, F(two_words) d) {
    const real r = 1 / d.high, residue = FMA(d.low, r, F(product_error)(d.high, r, 1));
    const real y = n * r;
    return y + FMA(-y, residue, F(product_error)(n, r, y));
}

/* Even and odd powers apart: two short chains in place of a long one. */
FA_INLINE real F(polynomial)(real x, const real *coefficients, int count) {
    const real square = x * x;
    int k = (count - 1) & ~1;
    real even = coefficients[k], odd = k + 1 < count ? coefficients[k + 1] : coefficients[k - 1];
    if (k + 1 == count) k -= 2, even = FMA(even, square, coefficients[k]);
#pragma GCC unroll 32
    for (k -= 2; k >= 0; k -= 2) {
        even = FMA(even, square, coefficients[k]);
        odd = FMA(odd, square, coefficients[k + 1]);
    }
    return FMA(odd, x, even);
}

typedef struct {
    real n, p; /* 2^n (1 + p), n an integer */
} F(power);

/* e^(high + low): high + low = n ln2 + r, |r| <= ln2/2, p = expm1(r) = r + r^2 q(r). The error of p is a little over
 * half an ULP, as r is carried in two words. */
FA_INLINE F(power) F(exp_power)(real high, real low) {
    const real n = F(nearest_integer)(high * F(log2_e));
    const real exact = FMA(n, -F(ln2_high), high);
    const real r = FMA(n, -F(ln2_low), exact + low), r_low = FMA(n, -F(ln2_low), exact - r) + low;
    const real q = POLYNOMIAL(r, F(exp_q));
    return (F(power)){n, r + FMA(r * r, q, r_low)};
}

/* The number itself; 0 in place of a subnormal. */
FA_INLINE real F(value_of)(F(power) e) {
    const real power = F(two_to)(F(at_least)(1 - F(bias), e.n));
    return FMA(power, e.p, power);
}

/* y e^t */
FA_INLINE real F(times_power)(real y, F(power) e) { return F(scale)(FMA(y, e.p, y), e.n); }
FA_INLINE real F(words_times_power)(F(two_words) y, F(power) e) {
    return F(scale)(y.high + FMA(y.high, e.p, FMA(y.low, e.p, y.low)), e.n);
}
/* For any y; halved first, so that 1 + p does not overflow. */
FA_INLINE real F(times_power_far)(real y, F(power) e) {
    const real half = y * (real)0.5;
    return F(scale_far)(FMA(half, e.p, half), e.n + 1);
}

/* log1p(e) / e for e in [0, 1]: log1p(e) = 2u + u^3 a(u^2), u = e / (e + 2), and 2u = e - e u. */
FA_INLINE real F(log1p_ratio)(real e) {
    const F(two_words) d = F(ordered_sum)(2, e);
    const real r = 1 / d.high, w = FMA(-r, FMA(d.low, r, F(product_error)(d.high, r, 1)), r), u = e * w;
    const real a = POLYNOMIAL(u * u, F(log1p_a));
    return FMA(u, FMA(u * w, a, -1), 1);
}

/* c e^t = s (1 + p), with c = 1 unless e^t is so large that its square overflows: then c is the power of two that
 * brings it back. Quotients of such terms need no further care up to the largest t that matters, F(exp_top), where
 * t e^-t rounds to zero. */
#if FA_REAL == 32
static const real F(exp_top) = 109;
static const real F(exp_large) = 62;
static const real F(exp_down) = 94;
#else
static const real F(exp_top) = 752;
static const real F(exp_large) = 510;
static const real F(exp_down) = 576;
#endif

typedef struct {
    real c, s, p;
} F(growing);

FA_INLINE F(growing) F(exp_growing)(real high, real low) {
    const F(power) e = F(exp_power)(high, low);
    const int large = e.n > F(exp_large);
    return (F(growing)){F(two_to)(large ? -F(exp_down) : 0), F(two_to)(e.n - (large ? F(exp_down) : 0)), e.p};
}

/* s (1 + p) + term, rounded a little more than once whatever the ratio of the two. */
FA_INLINE real F(plus)(F(growing) e, real term) { return e.s + FMA(e.s, e.p, term); }

/* s (1 + p) + c in two words. */
FA_INLINE F(two_words) F(plus_c)(F(growing) e) {
    const F(two_words) whole = F(ordered_sum)(e.s > e.c ? e.s : e.c, e.s > e.c ? e.c : e.s);
    const real sum = FMA(e.s, e.p, whole.high);
    return (F(two_words)){sum, FMA(e.s, e.p, whole.high - sum) + whole.low};
}
