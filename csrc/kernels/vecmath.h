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
static const real F(ln2) = 0x1.62e43p-1f;
static const real F(exp_q)[] = {0x1.fffff8p-2f, 0x1.55548ep-3f, 0x1.555b9ap-5f, 0x1.123beep-7f, 0x1.684fccp-10f};
static const real F(exp_h)[] = {-0.5f,          0x1.fffff8p-4f,   -0x1.55548ep-6f,
                                0x1.555b9ap-9f, -0x1.123beep-12f, 0x1.684fccp-16f};
static const real F(exp2_q)[] = {0x1.ebfbd8p-3f, 0x1.c6af84p-5f, 0x1.3b30b4p-7f, 0x1.5f067ep-10f, 0x1.3f8d04p-13f};
static const real F(log1p_centre) = 0x1.e95p-2f;
static const real F(log1p_l)[] = {0x1.a280c2p-1f, -0x1.2d929ap-2f, 0x1.19063ap-3f, -0x1.22f65p-4f,
                                  0x1.3f51c6p-5f, -0x1.6c0f34p-6f, 0x1.a89746p-7f, -0x1.ebd9a8p-8f,
                                  0x1.32adc8p-8f, -0x1.e69e82p-9f, 0x1.09bc72p-9f};
#else
static const real F(bias) = 1023;
static const int F(mantissa_bits) = 52;
static const real F(shift) = 0x1.8p52;
static const real F(largest) = 0x1.fffffffffffffp1023;
static const real F(log2_e) = 0x1.71547652b82fep+0;
static const real F(ln2_high) = 0x1.62e42fefa38p-1;
static const real F(ln2_low) = 0x1.ef35793c7673p-45;
static const real F(ln2) = 0x1.62e42fefa39efp-1;
static const real F(exp_q)[] = {
    0x1.000000000000cp-1,  0x1.5555555555515p-3,  0x1.555555554fe41p-5,  0x1.1111111121199p-7,  0x1.6c16c185f705p-10,
    0x1.a01a014dbd442p-13, 0x1.a01995e5a186ep-16, 0x1.71ded7205f28ap-19, 0x1.28b0d2fa3052ep-22, 0x1.adfa4454e656bp-26};
static const real F(exp_h)[] = {-0.5,
                                0x1.000000000000cp-3,
                                -0x1.5555555555515p-6,
                                0x1.555555554fe41p-9,
                                -0x1.1111111121199p-12,
                                0x1.6c16c185f705p-16,
                                -0x1.a01a014dbd442p-20,
                                0x1.a01995e5a186ep-24,
                                -0x1.71ded7205f28ap-28,
                                0x1.28b0d2fa3052ep-32,
                                -0x1.adfa4454e656bp-37};
static const real F(exp2_q)[] = {
    0x1.ebfbdff82c5a5p-3,  0x1.c6b08d704a067p-5,  0x1.3b2ab6fb9ff84p-7,  0x1.5d87fe78bbb6dp-10, 0x1.4309130f23556p-13,
    0x1.ffcbfbef2e3a8p-17, 0x1.62bfc6eb16bcap-20, 0x1.b525ff8b0a9f8p-24, 0x1.e61c7a452ddd8p-28, 0x1.e8444b13d3017p-32};
static const real F(log1p_centre) = 0x1.e4p-2;
static const real F(log1p_l)[] = {
    0x1.a349819c14664p-1,  -0x1.2f0957a999577p-2,  0x1.1b4d38fe02712p-3,  -0x1.264df32f906c4p-4,
    0x1.44117b784ff67p-5,  -0x1.725925a4a8febp-6,  0x1.b2509dff77b89p-7,  -0x1.038f702dfac62p-7,
    0x1.3ad0947db5461p-8,  -0x1.8249544ac07e6p-9,  0x1.de791f15f7835p-10, -0x1.2aa7bb01d795bp-10,
    0x1.774e860bea8f1p-11, -0x1.da4a762608b4fp-12, 0x1.2cf3c0dc36abep-12, -0x1.7f7b52bb2c059p-13,
    0x1.eeebbff7b5759p-14, -0x1.41de4fdf04e0ap-14, 0x1.84018cf45d33cp-15, -0x1.b88dbf1162027p-16,
    0x1.800c064f33366p-16, -0x1.74625f35fd4cep-16, 0x1.455c5846cb1fap-17};
#endif

/* Whether the compiler knows that a parameter is 1 or positive, as defaults are: it then drops what only others need. */
#undef IS_ONE
#undef IS_POSITIVE
#define IS_ONE(parameter) (__builtin_constant_p(parameter) && (parameter) == 1)
#define IS_POSITIVE(parameter) (__builtin_constant_p(parameter) && (parameter) > 0)

FA_INLINE real F(absolute)(real x) { return FA_REAL == 32 ? __builtin_fabsf((float)x) : (real)__builtin_fabs(x); }

/* NaN stays NaN, unlike in fmin and fmax. */
FA_INLINE real F(at_least)(real low, real x) { return x < low ? low : x; }
FA_INLINE real F(at_most)(real high, real x) { return x > high ? high : x; }

/* The same where x may be out of range: for x in range, x itself. */
FA_INLINE real F(within)(real high, real x, int in_range) { return in_range ? x : F(at_most)(high, x); }

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

/* a if `first` is 1, b if it is 0, by their bits: where that is the same for all elements, GCC would make a loop of each
 * and vectorise neither. SSE2 has no masks of 64 bits, however. */
FA_INLINE real F(choice)(int first, real a, real b) {
    const integer mask = -(integer)first;
    if (FA_REAL == 64 && !FA_HAS_FMA) return first ? a : b;
    return F(from_bits)((F(bits)(a) & mask) | (F(bits)(b) & ~mask));
}

/* The value with the sign of x, where it has that already or none. On AVX-512 GCC compiles copysign to one operation of
 * three operands. */
FA_INLINE real F(signed_as)(real x, real value) {
#ifdef __AVX512F__
    return FA_REAL == 32 ? __builtin_copysignf((float)value, (float)x) : (real)__builtin_copysign(value, x);
#else
    return F(from_bits)(F(bits)(value) | (F(bits)(x) & F(bits)((real)-0.0)));
#endif
}

/* max(x, 0), and -0 for negative x: among unsigned integers, that is a minimum. Otherwise the sign comes last, since
 * compilers make a maximum of x < 0 ? -0 : x, which takes either zero for the other. */
FA_INLINE real F(positive_part)(real x, int in_range) {
    const unsigned_integer sign = (unsigned_integer)F(bits)((real)-0.0), bits = (unsigned_integer)F(bits)(x);
    if (FA_REAL == 32 && in_range) return F(from_bits)((integer)(bits < sign ? bits : sign));
    return F(signed_as)(x, x < 0 ? 0 : x);
}

/* min(a, b) for positive numbers, which have the order of their bits: among integers, that is one operation, but for
 * SSE2, which has none for 64 bits. b if a is NaN. */
FA_INLINE real F(least_positive)(real a, real b) {
    const integer a_bits = F(bits)(a), b_bits = F(bits)(b);
    if (FA_REAL == 64 && !FA_HAS_FMA) return a < b ? a : b;
    return F(from_bits)(a_bits < b_bits ? a_bits : b_bits);
}

/* Bits less bits; in lanes that do not count, NaN's for one, it may overflow. */
FA_INLINE integer F(less)(integer bits, integer by) { return (integer)((unsigned_integer)bits - (unsigned_integer)by); }

FA_INLINE integer F(to_exponent)(integer n) { return (integer)((unsigned_integer)n << F(mantissa_bits)); }

/* c0 + c1 x, or with one coefficient c0. */
FA_INLINE real F(line)(real x, const real *c, int count) { return count > 1 ? FMA(c[1], x, c[0]) : c[0]; }

/* Horner's rule over groups of 1, 2 or 4 coefficients, each by Estrin's rule. */
FA_INLINE real F(grouped)(real x, const real *coefficients, int count, int size) {
    const real square = x * x, powers[] = {0, x, square, 0, square * square};
    const int last = (count - 1) / size * size;
    real y = 0;
    FA_UNROLL
    for (int k = last; k >= 0; k -= size) {
        const real *const c = coefficients + k;
        const int terms = k == last ? count - last : size;
        const real group =
            terms > 2 ? FMA(F(line)(x, c + 2, terms - 2), square, F(line)(x, c, 2)) : F(line)(x, c, terms);
        y = k == last ? group : FMA(y, powers[size], group);
    }
    return y;
}

/* In chains so short that the processor gets on with the next elements meanwhile, for one or two operations more than by
 * Horner's rule. Few coefficients gain only where the highest stands alone, which saves an operation; of many, the first,
 * which outweighs the rest, comes last, so that the error hardly grows. */
FA_INLINE real F(polynomial)(real x, const real *coefficients, int count) {
    return count < 9 ? F(grouped)(x, coefficients, count, 1 + count % 2)
                     : FMA(F(grouped)(x, coefficients + 1, count - 1, 4), x, coefficients[0]);
}

/* Numbers in two words: an unevaluated sum of a number and a word below its last digit. */

typedef struct {
    real high, low;
} F(double_word);

/* The low word of an argument that is one rounded number: adding it is no operation. */
#undef NO_LOW
#define NO_LOW ((real) - 0.0)

/* a b - product, where product is a b rounded. */
FA_INLINE real F(product_error)(real a, real b, real product) {
#ifdef FA_EXACT_ERROR /* of proofs, to which Dekker's product is known to be exact */
    return FA_EXACT_ERROR(a, b, product);
#elif FA_HAS_FMA
    return FMA(a, b, -product);
#elif FA_REAL == 32
    return (float)((double)a * b - product);
#else
    /* Dekker's product, of halves that have 26 bits and the rest: Veltkamp's overflow where a or b is large. */
    const integer upper = -((integer)1 << 27);
    const real a_high = F(from_bits)(F(bits)(a) & upper), b_high = F(from_bits)(F(bits)(b) & upper);
    const real a_low = a - a_high, b_low = b - b_high;
    const real error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return error == error ? error : 0; /* NaN where the product overflows */
#endif
}

/* Without FMA, x without its last digits, so that a product with the exponent of a power is exact. */
FA_INLINE real F(short_enough)(real x) {
    const integer last_digits = ((integer)1 << (FA_REAL == 32 ? 8 : 11)) - 1;
    return FA_HAS_FMA ? x : F(from_bits)(F(bits)(x) & ~last_digits);
}

/* a + b for |a| >= |b|. */
FA_INLINE F(double_word) F(ordered_sum)(real a, real b) {
    const real sum = a + b;
    return (F(double_word)){sum, b - (sum - a)};
}

/* a + b, whichever is larger. */
FA_INLINE F(double_word) F(sum)(real a, real b) {
    const real sum = a + b, b_part = sum - a;
    return (F(double_word)){sum, (a - (sum - b_part)) + (b - b_part)};
}

/* a b + c, rounded once or, without FMA, almost so. */
FA_INLINE real F(fused)(real a, real b, real c) {
#if FA_HAS_FMA
    return FMA(a, b, c);
#elif FA_REAL == 32
    return (float)((double)a * b + c);
#else
    const real product = a * b;
    const F(double_word) sum = F(sum)(c, product);
    return sum.high + (sum.low + F(product_error)(a, b, product));
#endif
}

/* a b + c, where c is such that the sum less c is exact. */
FA_INLINE F(double_word) F(product_plus)(real a, real b, real c) {
#if FA_HAS_FMA
    const real sum = FMA(a, b, c);
    return (F(double_word)){sum, FMA(a, b, c - sum)};
#else
    const real product = a * b, sum = product + c;
    return (F(double_word)){sum, (product - (sum - c)) + F(product_error)(a, b, product)};
#endif
}

/* a b + c for |a b| >= |c|, but for digits below the last of c. */
FA_INLINE F(double_word) F(product_and)(real a, real b, real c) {
#if FA_HAS_FMA
    const real sum = FMA(a, b, c);
    return (F(double_word)){sum, c - FMA(-a, b, sum)};
#else
    const real product = a * b;
    const F(double_word) sum = F(ordered_sum)(product, c);
    return (F(double_word)){sum.high, sum.low + F(product_error)(a, b, product)};
#endif
}

/* r = 1 / d rounded, and what r d exceeds 1 by. */
FA_INLINE F(double_word) F(reciprocal)(F(double_word) d) {
    const real r = 1 / d.high;
    return (F(double_word)){r, FMA(d.low, r, F(product_error)(d.high, r, 1))};
}

/* A sum of two words as one number, where the low word of an infinity is NaN. */
FA_INLINE real F(whole)(F(double_word) x) { return F(absolute)(x.high) <= F(largest) ? x.high + x.low : x.high; }

/* n / d, in two words and rounded little more than once. */
FA_INLINE F(double_word) F(words_over)(real n, F(double_word) d) {
    const F(double_word) r = F(reciprocal)(d);
    const real y = n * r.high;
    return (F(double_word)){y, FMA(-y, r.low, F(product_error)(n, r.high, y))};
}

FA_INLINE real F(over)(real n, F(double_word) d) {
    const F(double_word) y = F(words_over)(n, d);
    return y.high + y.low;
}

/* n / d^2, in two words and rounded little more than once. */
FA_INLINE F(double_word) F(words_over_square)(F(double_word) n, F(double_word) d) {
    const F(double_word) r = F(reciprocal)(d);
    const real y = n.high * r.high, y_low = FMA(n.low, r.high, FMA(-2 * y, r.low, F(product_error)(n.high, r.high, y)));
    const real high = y * r.high;
    return (F(double_word)){high, FMA(r.high, y_low, F(product_error)(y, r.high, high))};
}

FA_INLINE real F(over_square)(real n, F(double_word) d) {
    const F(double_word) r = F(reciprocal)(d);
    const real y = n * r.high;
    return FMA(y, r.high, r.high * FMA(-2 * y, r.low, F(product_error)(n, r.high, y)));
}

/* The exponential. */

typedef struct {
    real n, p;        /* 2^n (1 + p), n an integer */
    integer exponent; /* the bits of 2^n, where that is a normal number */
} F(power);

/* e^(k (high + low)), but p / k in place of p, where k is a power of two: the same digits at no cost; the exponent is that
 * of 2^(n + raised). high + low = n ln2 / k + r; p / k = expm1(k r) / k = r + r^2 k q(k r). */
FA_INLINE F(power) F(raised_exp_power_of)(real k, int raised, real high, real low) {
    enum { COUNT = sizeof(F(exp_q)) / sizeof(real) };
    real q[COUNT], factor = 1;
    FA_UNROLL
    for (int i = 0; i < COUNT; i++) q[i] = (factor *= k) * F(exp_q)[i];
    const real shift = F(shift) + (F(bias) + (real)raised);
    const real shifted = FMA(high, k * F(log2_e), shift), n = shifted - shift;
    const real r = FMA(n, -F(ln2_low) / k, FMA(n, -F(ln2_high) / k, high) + low);
    return (F(power)){n, FMA(r * r, F(polynomial)(r, q, COUNT), r), F(to_exponent)(F(bits)(shifted))};
}

FA_INLINE F(power) F(exp_power_of)(real k, real high, real low) { return F(raised_exp_power_of)(k, 0, high, low); }

FA_INLINE F(power) F(exp_power)(real high, real low) { return F(exp_power_of)(1, high, low); }

/* e^(-(high + low) / 2) = 2^n e^(-r/2), p = r h(r) with h from q, times e^(excess high / 2), the excess of 2 ln2 in one
 * word over 2 ln2: the caller's coefficients absorb this factor. */
FA_INLINE F(power) F(exp_minus_half)(real high, real low) {
    const real shift = F(shift) + F(bias), shifted = FMA(high, (real)-0.5 * F(log2_e), shift), n = shifted - shift;
#if FA_HAS_FMA
    const real r = FMA(n, 2 * F(ln2), high) + low;
#else /* the same word in two halves, whose products with n are exact */
    const real r = (n * (2 * F(ln2_high)) + high) + (n * (2 * (F(ln2) - F(ln2_high))) + low);
#endif
    return (F(power)){n, r * POLYNOMIAL(r, F(exp_h)), F(to_exponent)(F(bits)(shifted))};
}

/* e^t = first s (1 + p) last for t <= 0. The outer factors are 1 until e^t comes near the subnormals; then they keep
 * s in range, and only the product with the last of them rounds. With one of them, for factors of ordinary size, t
 * goes down to -exp_top; with two, for any factor, to -exp_neg_end, where e^t times the largest number is 0; with none,
 * for t whose e^t is far from the subnormals. Where n is below -exp_gone or -exp_neg_gone all products round to 0: last is
 * 0 there, since many processors take a hundred cycles for a product that underflows. */
#if FA_REAL == 32
static const real F(exp_top) = (real)109.5, F(exp_neg_end) = (real)192.9, F(exp_neg_far) = -76;
static const real F(exp_neg_factor) = 0x1p-76f, F(exp_gone) = 157, F(exp_neg_gone) = 277;
#else
static const real F(exp_top) = 753, F(exp_neg_end) = 1455, F(exp_neg_far) = -550;
static const real F(exp_neg_factor) = 0x1p-550, F(exp_gone) = 1085, F(exp_neg_gone) = 2098;
#endif

typedef struct {
    real first, s, p, last;
} F(exp_neg_factors);

FA_INLINE F(exp_neg_factors) F(exp_neg_scaled)(F(power) e, int outer_factors) {
    const real outer = outer_factors > 0 && e.n < F(exp_neg_far) ? F(exp_neg_factor) : 1;
#if FA_REAL == 64 && !FA_HAS_FMA /* SSE2 has no select of 64-bit integers, which the other form becomes */
    const real n = e.n - outer_factors * (e.n < F(exp_neg_far) ? F(exp_neg_far) : 0);
    const real s = F(from_bits)(F(to_exponent)(F(bits)(n + (F(shift) + F(bias)))));
#else
    const real s = F(from_bits)(e.exponent + outer_factors * (F(bits)((real)1) - F(bits)(outer)));
#endif
    const real gone = outer_factors == 2 ? F(exp_neg_gone) : F(exp_gone);
    const real last = outer_factors > 0 && e.n < -gone ? 0 : outer;
    return (F(exp_neg_factors)){outer_factors == 2 ? outer : 1, s, e.p, last};
}

/* y e^t, for any y. */
FA_INLINE real F(times)(real y, F(exp_neg_factors) e) {
    const real scaled = y * (e.first * e.s);
    return FMA(scaled, e.p, scaled) * e.last;
}

FA_INLINE real F(words_times)(F(double_word) y, F(exp_neg_factors) e) {
    return (y.high + FMA(y.high, e.p, FMA(y.low, e.p, y.low))) * (e.first * e.s) * e.last;
}

/* 2^n and e^t - 1 as numbers, with 0 for an e^t near the subnormals. */
FA_INLINE real F(scale_of)(F(exp_neg_factors) e) { return e.last == 1 ? e.s : 0; }

FA_INLINE F(double_word) F(expm1_of)(F(exp_neg_factors) e) {
    const real s = F(scale_of)(e), whole = s - 1, sum = FMA(s, e.p, whole);
    return (F(double_word)){sum, FMA(s, e.p, whole - sum)};
}

/* log1p(e) / e for e in [0, 1]. */
FA_INLINE real F(log1p_ratio)(real e) { return POLYNOMIAL(e - F(log1p_centre), F(log1p_l)); }

/* c e^t = s (1 + p) = E for t >= 0, with c = 1 unless e^t is so large that its square overflows: then c is the power of
 * two that brings it back. Quotients of such terms need no further care up to exp_top. Where t e^-t rounds to 0, c is 0. */
#if FA_REAL == 32
static const real F(exp_large) = 62;
static const int F(exp_down) = 94;
#else
static const real F(exp_large) = 510;
static const int F(exp_down) = 576;
#endif

typedef struct {
    real c, s, p;
} F(exp_pos_factors);

FA_INLINE F(exp_pos_factors) F(exp_pos_scaled)(F(power) e, int in_range) {
    const integer excess = !in_range && e.n > F(exp_large) ? F(to_exponent)(F(exp_down)) : 0;
    const real c = F(from_bits)(F(bits)((real)1) - excess);
    return (F(exp_pos_factors)){!in_range && e.n > F(exp_gone) ? 0 : c, F(from_bits)(F(less)(e.exponent, excess)), e.p};
}

FA_INLINE F(exp_pos_factors) F(exp_pos)(real high, real low, int in_range) {
    return F(exp_pos_scaled)(F(exp_power)(high, low), in_range);
}

/* c 2^t = s (1 + p) = E for t = a (high + low) >= 0, with one c = 2^-exp2_down for all t, which costs nothing: E overflows
 * only where n exceeds exp2_down by the largest exponent. t = n + r, where nothing is rounded but r; p = r ln2 + r^2 q(r).
 * Where 8 t 2^-t rounds to 0, c is 0. */
#if FA_REAL == 32
static const int F(exp2_down) = 96;
static const real F(exp2_gone) = 160;
#else
static const int F(exp2_down) = 512;
static const real F(exp2_gone) = 1095;
#endif

FA_INLINE F(exp_pos_factors) F(exp2_pos)(real a, real high, real low, int in_range) {
    const int lowest = (int)F(bias) - F(exp2_down);
    const real shift = F(shift) + lowest, shifted = FMA(a, high, shift), n = shifted - shift;
#if FA_HAS_FMA
    const real r = FMA(a, low, FMA(a, high, -n));
#else
    const real product = a * high, r = (product - n) + FMA(a, low, F(product_error)(a, high, product));
#endif
    const real s = F(from_bits)(F(to_exponent)(F(bits)(shifted)));
    const real c = !in_range && n > F(exp2_gone) ? 0 : F(from_bits)(F(to_exponent)(lowest));
    return (F(exp_pos_factors)){c, s, FMA(r, F(ln2), r * r * POLYNOMIAL(r, F(exp2_q)))};
}

/* c + E, rounded a little more than once whatever the ratio of the two. */
FA_INLINE real F(plus_c)(F(exp_pos_factors) e) { return e.s + FMA(e.s, e.p, e.c); }

FA_INLINE F(double_word) F(words_plus_c)(F(exp_pos_factors) e) {
    const F(double_word) whole = F(ordered_sum)(e.s, e.c);
    const real sum = FMA(e.s, e.p, whole.high);
    return (F(double_word)){sum, FMA(e.s, e.p, whole.high - sum) + whole.low};
}
