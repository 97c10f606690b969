/* Activations made of the logistic function. With a = |x| and c e^a = E (see exp_pos), q = c / (c + E) is
 * sigmoid(-a): every function here is computed on the side where it is small, and carried to the other by symmetry. */

/* The derivative q (1 - q) does not cancel, as q is the smaller of sigmoid(x) and sigmoid(-x): an error of q has at most
 * its own weight, and none where q is 1/2. */
FA_INLINE F(point) F(sigmoid)(real x, int in_range) {
    const F(exp_pos_factors) e = F(exp_pos)(F(within)(F(exp_top), F(absolute)(x), in_range), NO_LOW, in_range);
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

/* For y(x) = x sigmoid(beta x) at -a / beta, a >= 0: d = c + E, `part` is numerator / d, grad the derivative of y, q (1 - a
 * + a q). Where that cancels, 1 - a is exact, and the error of the rounded q is taken back. y(x) = x + y(-x), y'(x) = 1 -
 * y'(-x). */
typedef struct {
    F(double_word) d;
    real part, grad;
} F(gated);

FA_INLINE F(gated) F(gate)(real numerator, F(exp_pos_factors) e, F(double_word) a) {
    const F(double_word) d = F(ordered_sum)(e.s, FMA(e.s, e.p, e.c)), r = F(reciprocal)(d);
    const real q = e.c * r.high, weighted = a.high * q, sum = F(fused)(a.high, q, 1 - a.high);
    const real low = __builtin_constant_p(a.low) ? NO_LOW : FMA(a.low, q, -a.low);
    return (F(gated)){d, numerator / d.high, (sum + FMA(-r.low, sum + weighted, low)) * r.high * e.c};
}

/* e^a = s (1 + p) / (root end)^2, and e^-a = s (1 + p) (root end)^2, for a from 0 to top, the largest: square_end, where
 * e^-a times the square of the largest number is 0, or less for factors that are not as large. root and end are powers of
 * two, and 1 for a in range; at top root is 0, so that nothing underflows, which is slow. A number that is multiplied by
 * them, and with another like it by s, leaves the range only where the result does. What end stands for is taken from a
 * before the exponential, so that the power of two is small enough for exact products. */
#if FA_REAL == 32
static const real F(square_end) = 289, F(exp_far) = 140;
static const real F(exp_root) = 0x1p-47f, F(exp_end) = 0x1p-100f, F(end_powers) = 200; /* root^2 is 2^-exp_down */
#else
static const real F(square_end) = 2182, F(exp_far) = 1040;
static const real F(exp_root) = 0x1p-288, F(exp_end) = 0x1p-800, F(end_powers) = 1600;
#endif

typedef struct {
    real s, p, root, end;
} F(halved);

/* e^(sign (a + low)). */
FA_INLINE F(halved) F(exp_halved)(int sign, real top, real a, real low, int in_range) {
    const int far = !in_range && a > F(exp_far);
    const real taken = far ? F(end_powers) : 0, near = in_range ? a : FMA(-taken, F(ln2_high), a);
    const real near_low = in_range ? low : FMA(-taken, F(ln2_low), low); /* with no low, e^a counts for near a only */
    const F(power) e = F(exp_power)(sign * near, __builtin_constant_p(low) ? NO_LOW : sign * near_low);
    if (in_range) return (F(halved)){F(from_bits)(e.exponent), e.p, 1, 1};
    const int large = far | (sign * e.n > F(exp_large)), down = sign * F(exp_down);
    const real n = e.n - (large ? (real)down : 0);
    const real s = F(from_bits)(F(to_exponent)(F(bits)(n + (F(shift) + F(bias)))));
    const real root = a == top ? 0 : F(exp_root);
    return (F(halved)){s, e.p, large ? root : 1, far ? F(exp_end) : 1};
}

FA_INLINE F(point) F(silu)(real x, int in_range) {
    const real a = F(within)(F(exp_top), F(absolute)(x), in_range);
    const F(exp_pos_factors) e = F(exp_pos)(a, NO_LOW, in_range);
    const real root = e.c == 1 ? 1 : e.c == 0 ? 0 : F(exp_root); /* of c */
    const F(gated) y = F(gate)(a * root, e, (F(double_word)){a, NO_LOW});
    return POINT(.value = F(positive_part)(x, in_range) - y.part * root, .grad = x < 0 ? y.grad : 1 - y.grad);
}

/* beta x in two words, with 0 for 0 times infinity. The low word counts only while an exponential of the product
 * does. */
FA_INLINE F(double_word) F(scaled_argument)(real x, real beta, int in_range) {
    if (IS_ONE(beta)) return (F(double_word)){x, NO_LOW};
    const real product = beta * x;
    if (in_range) return (F(double_word)){product, F(product_error)(beta, x, product)};
    const real zero = F(unless_nan)(beta, F(unless_nan)(x, 0)), v = (x == 0) | (beta == 0) ? zero : product;
    const int counts = (v != 0) & (F(absolute)(v) < 2 * F(exp_neg_end));
    return (F(double_word)){v, counts ? F(product_error)(beta, x, product) : 0};
}

FA_INLINE real F(halfway)(real y, F(halved) e) { return y * e.root * e.end; }

/* y s (1 + p), in two words. */
FA_INLINE F(double_word) F(words_scaled)(real y, F(halved) e) {
    const real scaled = y * e.s, product = FMA(scaled, e.p, scaled);
    return (F(double_word)){product, FMA(scaled, e.p, scaled - product)};
}

/* x sigmoid(v), v = beta x. The derivative by beta is x q times x (1 - q), where q = sigmoid(-|v|) and 1 - q = q E. */
FA_INLINE F(point) F(swish)(real x, real beta, int in_range) {
    const F(double_word) v = F(scaled_argument)(x, beta, in_range);
    const F(point) silu = F(silu)(x, in_range);
    const real low = IS_ONE(beta) ? NO_LOW : v.high < 0 ? -v.low : v.low;
    const real a = F(within)(F(square_end), F(absolute)(v.high), in_range);
    const F(halved) e = F(exp_halved)(1, F(square_end), a, low, in_range);
    const real half = F(halfway)(in_range ? x : F(at_least)(-F(largest), F(at_most)(F(largest), x)), e);
    const real c = e.root * e.root * (e.end * e.end);
    const F(gated) y = F(gate)(half, (F(exp_pos_factors)){c, e.s, e.p}, (F(double_word)){a, low});
    const real part = F(halfway)(y.part, e);

    const F(double_word) lesser = F(words_over)(half, y.d), greater = F(words_scaled)(lesser.high, e);
    const real by_beta = lesser.high * greater.high;
    const real rest = FMA(2 * greater.high, lesser.low, lesser.high * greater.low);
    const int product_is_finite = in_range || F(absolute)(by_beta) <= F(largest);
    const real beyond = lesser.high * half; /* infinite if by_beta is, and where the greater overflows on its way */
    const real value = F(signed_as)(x, v.high < 0 ? part : x - part);
    return POINT(.value = IS_ONE(beta) ? silu.value : value,
                 .grad = IS_ONE(beta) ? silu.grad
                     : v.high < 0     ? y.grad
                                      : 1 - y.grad,
                 .by_p = F(absolute)(product_is_finite ? FMA(lesser.high, greater.high, rest) : beyond));
}

/* 1 / beta as high (1 + low), finite for every beta. Where 1 / beta overflows, though a product of it need not, high is a
 * quarter of it; for still smaller beta all products of both words overflow. */
FA_INLINE F(double_word) F(inverse)(real beta, int in_range) {
    const real quarter = (real)0.25 / beta, whole = 4 * quarter;
    const real error = 4 * F(product_error)(beta, quarter, (real)0.25);
    const int is_finite = in_range || F(absolute)(beta) <= F(largest);
    const real low = F(choice)(is_finite, -error, F(unless_nan)(beta, 0));
    const real finite = F(at_least)(-F(largest), F(at_most)(F(largest), quarter)), three = FMA(-4, error, 3);
    const real rest = F(choice)(F(absolute)(quarter) <= F(largest), three, 7);
    const int overflows = F(absolute)(whole) > F(largest);
    return (F(double_word)){F(choice)(overflows, finite, whole), F(choice)(overflows, rest, low)};
}

/* softplus(x, beta) = max(v, 0) / beta + log1p(e) / beta, v = beta x, e = e^-|v|. The derivative is 1 / (1 + e), and for
 * negative v e / (1 + e), or e where that comes near the subnormals. The derivative by beta is minus the entropy of
 * sigmoid(v), all of whose terms are positive, over beta^2: |v| e / (1 + e) + log1p(e), over beta^2. */
FA_INLINE F(point) F(softplus)(real x, real beta, int in_range) {
    const F(double_word) v = F(scaled_argument)(x, beta, in_range), inverse = F(inverse)(beta, in_range);
    const real low = IS_ONE(beta) ? NO_LOW : v.high < 0 ? -v.low : v.low;
    const real top = IS_ONE(beta) ? F(exp_top) : F(square_end), a = F(within)(top, F(absolute)(v.high), in_range);
    const F(halved) e = F(exp_halved)(-1, top, a, low, in_range);
    const int near = in_range || e.root == 1;
    const real s = near ? e.s : 0, number = FMA(s, e.p, s);
    const real share = (v.high < 0 ? number : 1) / (1 + number), positive = v.high > 0 ? x : 0;
    const real below = near ? share : F(words_scaled)(e.root, e).high * e.root * (e.end * e.end);

    const real ratio = F(log1p_ratio)(number), p = IS_ONE(beta) ? e.p : FMA(e.p, inverse.low, e.p + inverse.low);
    const F(double_word) over_beta = F(words_scaled)(ratio, (F(halved)){e.s, p, 1, 1}); /* log1p(e) (1 + inverse.low) */
    const int is_rounded = FA_REAL == 32 || IS_ONE(beta);
    const real half = F(halfway)(inverse.high, e), far = ratio * half * e.s;
    /* A beta of 1 among others gives the bits of the default. */
    const real value_low = F(choice)(beta == 1, 0, over_beta.low);
    const real least = is_rounded ? positive : FMA(value_low, inverse.high, positive);
    const real value = near ? FMA(over_beta.high, inverse.high, least) : positive + F(halfway)(FMA(far, p, far), e);

    const real entropy = F(fused)(a, v.high < 0 ? 1 - share : share, ratio);
    const F(double_word) weighted = F(words_scaled)(entropy, e);
    const real once = weighted.high * half, by_beta = once * half;
    const real rest = FMA(weighted.low, half, F(product_error)(weighted.high, half, once));
    const real lost = IS_ONE(beta) ? rest : FMA(2 * once, inverse.low, rest), whole = F(fused)(once, half, lost * half);
    return POINT(.value = value, .grad = v.high < 0 ? below : share,
                 .by_p = -F(absolute)(F(absolute)(by_beta) <= F(largest) ? whole : by_beta));
}

FA_INLINE F(point) F(log_sigmoid)(real x, int in_range) {
    const F(point) y = F(softplus)(-x, 1, in_range);
    return POINT(.value = -y.value, .grad = y.grad);
}

/* From the output y the derivative of both is 1 - e^-v = (1 - s) - s p, v = |beta y|, which does not cancel: s is 1 for
 * small v. It rounds to 1 beyond settled; a v below 0 is no output and counts as 0. */
static const real F(settled) = 40;

FA_INLINE real F(softplus_from_output)(real y, real beta) {
    const real v = y == 0 && !IS_ONE(beta) ? F(unless_nan)(beta, 0) : beta * y; /* for an infinite beta, too */
    const F(exp_neg_factors) e =
        F(exp_neg_scaled)(F(exp_power)(F(at_least)(-F(settled), F(at_most)(0, -v)), NO_LOW), 0);
    return FMA(-e.s, e.p, 1 - e.s);
}

FA_INLINE real F(log_sigmoid_from_output)(real y) { return F(softplus_from_output)(-y, 1); }

/* mish(x) = x n / d, d = n + 2, n = e (e + 2), e = e^x; beyond mish_end the factor is 1. In float64 it is x - 2 x / d
 * for x > 1/4, which rounds less. The derivative is n / d + 4 x e (1 + e) / d^2. For negative x, where that cancels, it
 * is e (g + (g + 2) e + 4 e^2 + e^3) / d^2, g = 4 (1 + x): with e = s (1 + p), the bracket is sorted by powers of p, so
 * that what cancels at the root is a sum of exact terms. */
static const real F(mish_end) = 20;

FA_INLINE F(point) F(mish)(real x, int in_range) {
    const real finite = in_range ? x : F(at_least)(-F(exp_top), F(at_most)(F(mish_end), x)), g = 4 * (1 + finite);
    const F(exp_neg_factors) power = F(exp_neg_scaled)(F(exp_power)(finite, NO_LOW), in_range ? 0 : 1);
    const real s = F(scale_of)(power), p = power.p, e = FMA(s, p, s);
    const F(double_word) m = F(ordered_sum)(2, e);
    const real n2 = FMA(e, m.high, 2);
    const F(double_word) d = {n2, FMA(e, m.low, F(product_error)(e, m.high, n2 - 2))};
    const real product = F(times)(F(over)(FMA(finite, e, 2 * finite), d), power);
    const real value = FA_REAL == 64 && finite > (real)0.25 ? FMA(-2 * finite, 1 / d.high, finite) : product;
    const real right = F(over)(e * m.high, d) + F(over_square)(4 * finite * e * (1 + e), d);
    const real square = s * s, p1 = s * FMA(s, FMA(3, s, 8), g + 2);
    const F(double_word) p0 = F(product_plus)(g, 1 + s, FMA(square, s + 4, 2 * s));
    const F(double_word) bracket = F(sum)(p0.high, FMA(p, FMA(p, square * FMA(s, p + 3, 4), p1), p0.low));
    const real left = F(words_times)(F(words_over_square)(bracket, d), power);
    const real grad = finite > 0 ? right : left;
    const int is_identity = !in_range && x > F(mish_end);
    return POINT(.value = is_identity ? x : F(signed_as)(x, value), .grad = is_identity ? 1 : grad);
}
