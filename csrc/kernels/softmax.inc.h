/* Softmax and what belongs to it, for one ISA and one type: a row is reduced to a few numbers, which then map each of
 * its entries to the result.
 *
 *   softmax: e^(x - top) / S; log_softmax: x - (top + log S); logsumexp: top + log S, with S = sum e^(x - top)
 *   softmax.backward: y (dy - sum dy y); log_softmax.backward: dy - e^y sum dy
 *
 * A sum takes e^(x - top) 2^raised: a normal number even where the result is subnormal, and 0 for an entry that is
 * far below the top, as masked ones are. x - top is taken in two words. A sum has F(block) lanes, to which the terms
 * go in turn; a lane adds its terms in fours, the fours in two words, and so are the lanes added up. The second word,
 * of many roundings, is itself rounded: after a span of terms both are carried over to two words for all spans, of
 * which the second stays below a rounding of the first. Hence the error does not grow with the length, and the order
 * depends on the length alone: rows (SIMD along them) and columns (SIMD across them) have the same bits. For a
 * logarithm the largest entries are counted, not added: S = count + rest keeps all digits of a rest below 1.
 *
 * reduction is a constant wherever these functions are inlined, and so is what they are given by value in a structure,
 * but for pointers.
 */
#define FOUR 4 /* terms that a lane adds in one word each */
#define CHUNK (FOUR * F(block))
#define SPAN_ENTRIES \
    (256 * CHUNK) /* a lane's second word adds up 256 roundings: by its own it is off by 2^-33 of the sum */

/* Rows of few bytes are taken in groups, stage by stage, so that the end of one row's stage runs beside the next row's:
 * a sixth less time for 512 entries, a quarter for 128. `pytest bench/bench_layers.py -k softmax` with 1 to 16. */
#define GROUP 4
#define SHORT_BYTES 8192

enum { F(tile) = FA_TILE_BLOCKS * F(block) };

/* The largest t for which e^t and e^-t are normal numbers. */
enum { F(exp_range) = FA_REAL == 32 ? 87 : 708 };

/* At least the digits of a number, so that terms down to the smallest subnormal keep all of theirs, and few enough for
 * the sum to be finite. Of a logarithm, small terms alone may be the result: 2^47 of those that are 0 would add up to less
 * than the smallest subnormal. */
FA_INLINE int F(raised)(int reduction) {
    if (reduction == FA_SOFTMAX) return FA_REAL == 32 ? 32 : 64;
    return FA_REAL == 32 ? 80 : 128;
}
static const real F(lowered) = FA_REAL == 32 ? 0x1p-80f : (real)0x1p-128; /* 2^-raised, for a logarithm */

/* (bias + raised) ln2: for t within a quarter of -depth, the exponent's bits of e^t 2^raised are 0, and so is it. */
FA_INLINE real F(depth)(int reduction) { return (F(bias) + (real)F(raised)(reduction)) * F(ln2); }

/* Which entries the loop over a row provides for. A term has the same bits by all that provide for its row: whether a
 * column is taken together with others changes nothing. */
#define CLOSE 0 /* no further below the top than exp_range */
#define MASKED 1 /* any, -infinity included, below a top that is_small */
#define ANY 2 /* any, below any top */

/* For a gradient, CLOSE is any dy. With a sum as large as `many`, dy less the sum may overflow where the result is finite,
 * and so may a part of the sum: it is taken again by ANY, of dy times `scale`, which stands in the place of the top and is
 * 1 for columns that do not need it. No sum of up to 2^47 scaled numbers overflows. */
static const real F(many) = FA_REAL == 32 ? 0x1p102f : (real)0x1p969;
static const real F(scale) = (real)0x1p-48;

/* Up to this size, a number less depth is exact to a fraction. */
static const real F(small) = 0x1p20;

/* The largest entry, rounded to a multiple of the last digit of every entry whose term is not 0, so that differences
 * take two words by three operations. Where that would move it by more than a fraction, the differences are exact. */
FA_INLINE real F(rounded_top)(real top, real least) {
    const real a = F(absolute)(top), b = F(absolute)(F(at_least)(top - F(depth)(FA_SOFTMAX), least)),
               size = a > b ? a : b;
    const real power = F(from_bits)(F(bits)(size) & F(bits)((real)__builtin_inf()));
    const real shift = F(signed_as)(top, 3 * power), rounded = (top + shift) - shift;
    return size < F(small) ? rounded : top;
}

FA_INLINE int F(is_close)(real top, real least) { return top - least <= F(exp_range); }

/* So is a top of -infinity, from which every difference is NaN. */
FA_INLINE int F(is_small)(real top) { return F(absolute)(top) < F(small) || top < -F(largest); }

/* e^(x - top) 2^raised for x <= top; for softmax, top is that of rounded_top. */
FA_INLINE real F(exp_below)(int reduction, real x, real top, int provides) {
    const real difference = x - top, depth = F(depth)(reduction);
    const F(double_word) t = reduction == FA_SOFTMAX && provides != ANY
        ? (F(double_word)){difference, x - (difference + top)}
        : F(sum)(x, -top);
    const int is_far = provides == ANY && t.high <= -depth;
    const F(power) e = F(raised_exp_power_of)(1, F(raised)(reduction), is_far ? -depth : t.high, is_far ? 0 : t.low);
    const real s = F(from_bits)(e.exponent);
    return FMA(s, e.p, s);
}

/* e^t for t that may be subnormal, -infinity and up to exp_range. */
FA_INLINE real F(exp_of)(real t) {
    const real within = F(at_least)(-F(exp_top), F(at_most)(F(exp_range), t));
    return F(times)(1, F(exp_neg_scaled)(F(exp_power)(within, NO_LOW), 1));
}

/* log(1 + r) for r >= 0: with 1 + r = 2^k (1 + g), k ln2 + log1p(g); where k is 0, g is r. */
FA_INLINE real F(log1p_of)(F(double_word) r) {
    const real sum = 1 + r.high;
    const integer k = (integer)((unsigned_integer)F(bits)(sum) >> F(mantissa_bits)) - (integer)F(bias);
    const real n = F(from_bits)(F(bits)(F(shift)) + k) - F(shift);
    const real scale = F(from_bits)(F(to_exponent)((integer)F(bias) - k));
    const real g = (scale * r.high + (scale - 1)) + scale * r.low;
    return FMA(n, F(ln2_high), FMA(n, F(ln2_low), g * F(log1p_ratio)(g)));
}

/* --- What a row is reduced to --- */

/* The largest and the smallest entry in each place of a block, over `count` blocks `step` apart; NaN is passed over. */
FA_INLINE void F(peaks)(size_t count, const real *x, size_t step, real *top, real *least) {
    FA_ROLLED
    for (size_t i = 0; i < F(block); i++) {
        real high = top[i], low = least[i];
        FA_UNROLL
        for (size_t k = 0; k < count; k++) {
            const real now = x[k * step + i];
            high = now > high ? now : high;
            low = now < low ? now : low;
        }
        top[i] = high;
        least[i] = low;
    }
}

/* How many entries are the largest one: float32 has too few digits to count them, SSE2 no 64-bit integers to compare. */
#if FA_REAL == 32
typedef integer F(tally);
#else
typedef real F(tally);
#endif

/* Entries of the operands. */
typedef struct {
    const real *a, *b;
    real *out;
} F(entries);

FA_INLINE F(entries) F(from)(F(entries) at, size_t index) {
    return (F(entries)){at.a + index, at.b + index, at.out + index};
}

/* How terms are made of entries. A row has one top (shared), columns have one each. */
typedef struct {
    int reduction, provides, shared;
    const real *top;
} F(terms);

/* The sum of each lane, in two words, and how many of its entries are the largest one. */
typedef struct {
    real *high, *low;
    F(tally) * ties;
} F(sums);

FA_INLINE F(terms) F(terms_from)(F(terms) t, size_t column) {
    return (F(terms)){t.reduction, t.provides, t.shared, t.top + column};
}

/* The term of an entry in a lane, stored where the result is made of it. */
FA_INLINE real F(term)(F(terms) t, F(entries) at, size_t lane, F(tally) * ties) {
    const real top = t.top[t.shared ? 0 : lane], a = *at.a;
    if (fa_is_backward(t.reduction)) {
        const real dy = t.provides == ANY ? a * top : a;
        return t.reduction == FA_SOFTMAX_BACKWARD ? dy * *at.b : dy;
    }
    const real x = t.provides == MASKED ? F(at_least)(top - F(depth)(t.reduction), a) : a;
    const real e = F(exp_below)(t.reduction, x, top, t.provides);
    if (t.reduction == FA_SOFTMAX) return *at.out = e;
    *ties += x == top ? 1 : 0;
    return x == top ? 0 : e;
}

/* high + low += term, in two words */
FA_INLINE void F(add)(real *high, real *low, real term) {
    const F(double_word) s = F(sum)(*high, term);
    *high = s.high;
    *low += s.low;
}

/* Adds the terms of four blocks that lie `step` apart. */
FA_INLINE void F(add_four)(F(terms) t, F(entries) at, size_t step, F(sums) sums) {
    FA_ROLLED
    for (size_t i = 0; i < F(block); i++) {
        real terms[FOUR];
        F(tally) count = sums.ties[i];
        FA_UNROLL
        for (size_t k = 0; k < FOUR; k++) terms[k] = F(term)(t, F(from)(at, k * step + i), i, &count);
        F(add)(sums.high + i, sums.low + i, (terms[0] + terms[1]) + (terms[2] + terms[3]));
        sums.ties[i] = count;
    }
}

/* partial += the terms of one block; the partial sum of up to three is then added as those of four are. */
FA_INLINE void F(add_one)(F(terms) t, F(entries) at, real *partial, F(tally) * ties) {
    FA_ROLLED
    for (size_t i = 0; i < F(block); i++) partial[i] += F(term)(t, F(from)(at, i), i, &ties[i]);
}

FA_INLINE void F(add_partial)(const real *partial, real *high, real *low) {
    FA_ROLLED
    for (size_t i = 0; i < F(block); i++) F(add)(high + i, low + i, partial[i]);
}

/* The sums of neighbouring lanes over a span of terms are added to others, and begin anew. */
FA_INLINE void F(flush)(real *high, real *low, real *to_high, real *to_low, size_t width) {
    FA_ROLLED
    for (size_t i = 0; i < width; i++) {
        const F(double_word) s = F(sum)(to_high[i], high[i]);
        const F(double_word) all = F(sum)(s.high, (to_low[i] + low[i]) + s.low);
        to_high[i] = all.high;
        to_low[i] = all.low;
        high[i] = low[i] = 0;
    }
}

/* The sum of lane j + half is added to that of lane j; the lanes are met in halves, those missing being 0. */
FA_INLINE void F(combine)(real *high, real *low, size_t to, size_t from) {
    const F(double_word) s = F(sum)(high[to], high[from]);
    high[to] = s.high;
    low[to] = (low[to] + low[from]) + s.low;
}

/* What entries are mapped with: the inverse of S, or top + log S, or the sum, in two words. */
FA_INLINE F(double_word) F(finalize)(int reduction, real top, real high, real low, real ties) {
    if (reduction == FA_SOFTMAX) {
        const F(double_word) r = F(reciprocal)(F(ordered_sum)(high, low));
        return (F(double_word)){r.high, -r.high * r.low};
    }
    const F(double_word) rest = F(sum)(high * F(lowered), ties - 1);
    const F(double_word) sum = fa_is_backward(reduction)
        ? F(sum)(high, low)
        : F(sum)(top, F(log1p_of)((F(double_word)){rest.high, rest.low + low * F(lowered)}));
    return (F(double_word)){sum.high, F(absolute)(sum.high) <= F(largest) ? sum.low : 0};
}

/* An entry of the result; for softmax, out holds its term. For a gradient, the sum w is that of dy times scale. That of a
 * logarithm is halved so that e^y times the sum cannot overflow; dy times scale would lose digits of a small dy beside
 * e^y = 0. */
FA_INLINE real F(entry)(int reduction, F(entries) at, F(double_word) w, real scale) {
    const real half = scale < 1 ? (real)0.5 : 1;
    switch (reduction) {
    case FA_SOFTMAX: return FMA(*at.out, w.high, *at.out * w.low);
    case FA_SOFTMAX_BACKWARD: return *at.b * ((*at.a * scale - w.high) - w.low) / scale;
    case FA_LOG_SOFTMAX_BACKWARD: return FMA(-F(exp_of)(*at.b) * (half / scale), w.high + w.low, *at.a * half) / half;
    default: {
        const F(double_word) t = F(sum)(*at.a, -w.high);
        return F(whole)((F(double_word)){t.high, t.low - w.low});
    }
    }
}

#include "softmax_rows.h"

#include "softmax_columns.h"

/* --- What the driver calls, for every reduction --- */

#define REDUCTION(name, reduction)                                                                       \
    static void F(name##_rows)(const void *a, const void *b, void *out, size_t rows, size_t length) {    \
        F(rows)(reduction, (F(entries)){a, b, out}, rows, length);                                       \
    }                                                                                                    \
    static void F(name##_columns)(const void *a, const void *b, void *out, size_t blocks, size_t length, \
                                  size_t stride) {                                                       \
        F(columns)(reduction, (F(entries)){a, b, out}, (F(shape)){blocks * F(block), length, stride});   \
    }

REDUCTION(softmax, FA_SOFTMAX)
REDUCTION(log_softmax, FA_LOG_SOFTMAX)
REDUCTION(logsumexp, FA_LOGSUMEXP)
REDUCTION(softmax_backward, FA_SOFTMAX_BACKWARD)
REDUCTION(log_softmax_backward, FA_LOG_SOFTMAX_BACKWARD)

#undef REDUCTION
#undef FOUR
#undef CHUNK
#undef SPAN_ENTRIES
#undef CLOSE
#undef MASKED
#undef ANY
#undef GROUP
#undef SHORT_BYTES
