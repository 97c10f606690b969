/* Softmax and what belongs to it, for one ISA and one type: a row is reduced to a few numbers, which then map each of
 * its entries to the result.
 *
 *   softmax: e^(x - top) / S; log_softmax: x - (top + log S); logsumexp: top + log S, with S = sum e^(x - top)
 *   softmax.backward: y (dy - sum dy y); log_softmax.backward: dy - e^y sum dy
 *
 * x - top is taken in two words. A sum has F(block) lanes, to which the terms go in turn; a lane adds its terms in
 * fours, the fours in two words, and so are the lanes added up. The second word, of many roundings, is itself rounded:
 * after a span of terms both are carried over to two words for all spans, of which the second stays below a rounding of
 * the first. Hence the error does not grow with the length, and the order depends on the length alone: rows (SIMD along
 * them) and columns (SIMD across them) have the same bits. For a logarithm the largest entries are counted, not added:
 * S = count + rest keeps all digits of a rest below 1.
 *
 * reduction is a constant wherever these functions are inlined.
 */
#define FOUR 4 /* terms that a lane adds in one word each */
#define CHUNK (FOUR * F(block))
#define SPAN (256 * CHUNK) /* a lane's second word adds up 256 roundings: by its own it is off by 2^-33 of the sum */

/* Rows of few bytes are taken in groups, stage by stage, so that the end of one row's stage runs beside the next row's:
 * a sixth less time for 512 entries, a quarter for 128. `pytest bench/bench_layers.py -k softmax` with 1 to 16. */
#define GROUP 4
#define SHORT_BYTES 8192

enum { F(tile) = FA_TILE_BLOCKS * F(block) };

/* The largest t for which e^t and e^-t are normal numbers. */
enum { F(exp_range) = FA_REAL == 32 ? 87 : 708 };

/* The largest top - x for which e^(x - top) has the same bits without care for what is small and infinite. Without FMA,
 * a product is rounded before it is added, and the digits that may decide that sum have to be normal. */
static const real F(exp_usual) = FA_HAS_FMA ? F(exp_range) : FA_REAL == 32 ? 69 : 670;

#define IS_BACKWARD(reduction) (reduction == FA_SOFTMAX_BACKWARD || reduction == FA_LOG_SOFTMAX_BACKWARD)

/* The largest entry, rounded to a multiple of the last digit of every entry, so that their differences take two words by
 * three operations. Where that would move it by more than a fraction, the differences of usual entries are exact. */
FA_INLINE real F(rounded_top)(real top, real least) {
    const real a = F(absolute)(top), b = F(absolute)(least), size = a > b ? a : b;
    const real power = F(from_bits)(F(bits)(size) & F(bits)((real)__builtin_inf()));
    const real shift = F(signed_as)(top, 3 * power), rounded = (top + shift) - shift;
    return size < (real)0x1p20 ? rounded : top;
}

/* e^(x - top) for x <= top; is_rounded: top is that of rounded_top. */
FA_INLINE real F(exp_below)(real x, real top, int usual, int is_rounded) {
    const real difference = x - top;
    const F(two_words) t = usual && is_rounded ? (F(two_words)){difference, x - (difference + top)} : F(sum)(x, -top);
    const real high = usual ? t.high : F(at_least)(-F(exp_top), t.high);
    const real low = usual || t.high > -F(exp_top) ? t.low : 0;
    return F(times)(1, F(fade)(F(exp_power)(high, low), usual ? 0 : 1));
}

/* log(1 + r) for r >= 0: with 1 + r = 2^k (1 + g), k ln2 + log1p(g); where k is 0, g is r. */
FA_INLINE real F(log1p_of)(F(two_words) r) {
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

/* The term of an entry, stored where the result is made of it. */
FA_INLINE real F(term)(int reduction, const real *a, const real *b, real *out, real top, int usual, F(tally) ties[]) {
    if (reduction == FA_SOFTMAX_BACKWARD) return *a * *b;
    if (reduction == FA_LOG_SOFTMAX_BACKWARD) return *a;
    const real x = *a, e = F(exp_below)(x, top, usual, reduction == FA_SOFTMAX);
    if (reduction == FA_SOFTMAX) return *out = e;
    *ties += x == top ? 1 : 0;
    return x == top ? 0 : e;
}

/* high + low += term, in two words */
FA_INLINE void F(add)(real *high, real *low, real term) {
    const F(two_words) s = F(sum)(*high, term);
    *high = s.high;
    *low += s.low;
}

/* Adds the terms of four blocks that lie `step` apart. A row has one top (shared), columns have one each. */
FA_INLINE void F(add_four)(int reduction, const real *a, const real *b, real *out, size_t step, const real *top,
                           int shared, int usual, real *high, real *low, F(tally) ties[]) {
    FA_ROLLED
    for (size_t i = 0; i < F(block); i++) {
        real terms[FOUR];
        F(tally) count = ties[i];
        FA_UNROLL
        for (size_t k = 0; k < FOUR; k++) {
            const size_t at = k * step + i;
            terms[k] = F(term)(reduction, a + at, b + at, out + at, top[shared ? 0 : i], usual, &count);
        }
        F(add)(high + i, low + i, (terms[0] + terms[1]) + (terms[2] + terms[3]));
        ties[i] = count;
    }
}

/* partial += the terms of one block; the partial sum of up to three is then added as those of four are. */
FA_INLINE void F(add_one)(int reduction, const real *a, const real *b, real *out, const real *top, int shared,
                          int usual, real *partial, F(tally) ties[]) {
    FA_ROLLED
    for (size_t i = 0; i < F(block); i++)
        partial[i] += F(term)(reduction, a + i, b + i, out + i, top[shared ? 0 : i], usual, &ties[i]);
}

FA_INLINE void F(add_partial)(const real *partial, real *high, real *low) {
    FA_ROLLED
    for (size_t i = 0; i < F(block); i++) F(add)(high + i, low + i, partial[i]);
}

/* The sums of neighbouring lanes over a span of terms are added to others, and begin anew. */
FA_INLINE void F(carry)(real *high, real *low, real *to_high, real *to_low, size_t width) {
    FA_ROLLED
    for (size_t i = 0; i < width; i++) {
        const F(two_words) s = F(sum)(to_high[i], high[i]);
        const F(two_words) all = F(sum)(s.high, (to_low[i] + low[i]) + s.low);
        to_high[i] = all.high;
        to_low[i] = all.low;
        high[i] = low[i] = 0;
    }
}

/* The sum of lane j + half is added to that of lane j; the lanes are met in halves, those missing being 0. */
FA_INLINE void F(join)(real *high, real *low, size_t to, size_t from) {
    const F(two_words) s = F(sum)(high[to], high[from]);
    high[to] = s.high;
    low[to] = (low[to] + low[from]) + s.low;
}

/* What entries are mapped with: the inverse of S, or top + log S, or the sum, in two words. */
FA_INLINE F(two_words) F(conclude)(int reduction, real top, real high, real low, real ties) {
    if (reduction == FA_SOFTMAX) {
        const F(two_words) r = F(reciprocal)(F(ordered_sum)(high, low));
        return (F(two_words)){r.high, -r.high * r.low};
    }
    const F(two_words) rest = F(sum)(high, ties - 1);
    const F(two_words) sum = IS_BACKWARD(reduction)
        ? F(sum)(high, low)
        : F(sum)(top, F(log1p_of)((F(two_words)){rest.high, rest.low + low}));
    return (F(two_words)){sum.high, F(absolute)(sum.high) <= F(largest) ? sum.low : 0};
}

/* An entry of the result; for softmax, out holds e^(x - top). */
FA_INLINE real F(entry)(int reduction, const real *a, const real *b, const real *out, F(two_words) w) {
    switch (reduction) {
    case FA_SOFTMAX: return FMA(*out, w.high, *out * w.low);
    case FA_SOFTMAX_BACKWARD: return *b * ((*a - w.high) - w.low);
    case FA_LOG_SOFTMAX_BACKWARD: return FMA(-F(exp_below)(F(at_most)(F(exp_range), *b), 0, 0, 0), w.high + w.low, *a);
    default: {
        const F(two_words) t = F(sum)(*a, -w.high);
        return F(whole)((F(two_words)){t.high, t.low - w.low});
    }
    }
}

/* --- Rows --- */

/* What remains of a row after its whole blocks is computed in a block of its own. */
FA_INLINE void F(padded)(const real *from, size_t n, real pad, real *to) {
    for (size_t i = 0; i < F(block); i++) to[i] = pad;
    __builtin_memcpy(to, from, n * sizeof(real));
}

/* The terms of a row's blocks: four by four, then one by one into partial. */
FA_INLINE void F(add_row)(int reduction, const real *a, const real *b, real *out, size_t blocks, const real *top,
                          int usual, real *high, real *low, real *partial, F(tally) ties[]) {
    const size_t chunked = blocks / FOUR * CHUNK, end = blocks * F(block);
    _Alignas(FA_BLOCK_BYTES) real all_high[F(block)] = {0}, all_low[F(block)] = {0};
    for (size_t first = 0; first < chunked; first += SPAN) {
        if (first) F(carry)(high, low, all_high, all_low, F(block));
        const size_t last = chunked - first < SPAN ? chunked : first + SPAN;
        for (size_t at = first; at < last; at += CHUNK)
            F(add_four)(reduction, a + at, b + at, out + at, F(block), top, 1, usual, high, low, ties);
    }
    if (chunked > SPAN) F(carry)(all_high, all_low, high, low, F(block));
    for (size_t at = chunked; at < end; at += F(block))
        F(add_one)(reduction, a + at, b + at, out + at, top, 1, usual, partial, ties);
}

/* The largest and the smallest entry, to top[0] and least[0]; `last` is a block with what is left, if `rest`. */
FA_INLINE void F(row_peaks)(const real *a, size_t blocks, const real *last, size_t rest, real *top, real *least) {
    const size_t chunked = blocks / FOUR * CHUNK, end = blocks * F(block);
    for (size_t at = 0; at < chunked; at += CHUNK) F(peaks)(FOUR, a + at, F(block), top, least);
    for (size_t at = chunked; at < end; at += F(block)) F(peaks)(1, a + at, 0, top, least);
    if (rest) F(peaks)(1, last, 0, top, least);
    FA_UNROLL
    for (size_t half = F(block) / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) {
            top[j] = top[j + half] > top[j] ? top[j + half] : top[j];
            least[j] = least[j + half] < least[j] ? least[j + half] : least[j];
        }
}

FA_INLINE void F(map_row)(int reduction, const real *a, const real *b, real *out, size_t blocks, F(two_words) w) {
    FA_ROLLED
    for (size_t i = 0; i < blocks * F(block); i++) out[i] = F(entry)(reduction, a + i, b + i, out + i, w);
}

typedef struct {
    real top;
    int usual; /* no entry needs more care than exp_usual asks for */
    F(two_words) w;
} F(row);

FA_INLINE F(row) F(row_of)(int reduction, const real *a, size_t length) {
    const size_t blocks = length / F(block), whole = blocks * F(block), rest = length - whole;
    const real infinity = (real)__builtin_inf();
    _Alignas(FA_BLOCK_BYTES) real top[F(block)], least[F(block)], last[F(block)];
    if (IS_BACKWARD(reduction)) return (F(row)){.usual = 1};
    for (size_t j = 0; j < F(block); j++) {
        top[j] = -infinity;
        least[j] = infinity;
    }
    if (rest) F(padded)(a + whole, rest, a[whole], last);
    F(row_peaks)(a, blocks, last, rest, top, least);
    return (F(row)){.top = reduction == FA_SOFTMAX ? F(rounded_top)(top[0], least[0]) : top[0],
                    .usual = top[0] - least[0] <= F(exp_usual)};
}

/* What the entries of a row are mapped with. */
FA_INLINE F(two_words)
    F(reduced)(int reduction, const real *a, const real *b, real *out, size_t length, real top, int usual) {
    const size_t blocks = length / F(block), whole = blocks * F(block), rest = length - whole;
    _Alignas(FA_BLOCK_BYTES) real high[F(block)], low[F(block)], partial[F(block)];
    _Alignas(FA_BLOCK_BYTES) real last_a[F(block)], last_b[F(block)], last_out[F(block)];
    _Alignas(FA_BLOCK_BYTES) F(tally) ties[F(block)];
    for (size_t j = 0; j < F(block); j++) {
        high[j] = low[j] = partial[j] = 0;
        ties[j] = 0;
    }
    if (usual)
        F(add_row)(reduction, a, b, out, blocks, &top, 1, high, low, partial, ties);
    else
        F(add_row)(reduction, a, b, out, blocks, &top, 0, high, low, partial, ties);
    if (rest) {
        F(padded)(a + whole, rest, IS_BACKWARD(reduction) ? 0 : -(real)__builtin_inf(), last_a);
        if (IS_BACKWARD(reduction)) F(padded)(b + whole, rest, 0, last_b);
        F(add_one)(reduction, last_a, last_b, last_out, &top, 1, 0, partial, ties);
        if (reduction == FA_SOFTMAX) __builtin_memcpy(out + whole, last_out, rest * sizeof(real));
    }
    F(add_partial)(partial, high, low);
    FA_UNROLL
    for (size_t half = F(block) / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) F(join)(high, low, j, j + half);
    double count = 0;
    for (size_t j = 0; j < F(block); j++) count += ties[j];
    return F(conclude)(reduction, top, high[0], low[0], (real)count);
}

FA_INLINE void F(finish_row)(int reduction, const real *a, const real *b, real *out, size_t length, F(two_words) w) {
    const size_t blocks = length / F(block), whole = blocks * F(block), rest = length - whole;
    _Alignas(FA_BLOCK_BYTES) real last_a[F(block)], last_b[F(block)], last_out[F(block)];
    if (reduction == FA_LOGSUMEXP) {
        *out = w.high;
        return;
    }
    F(map_row)(reduction, a, b, out, blocks, w);
    if (!rest) return;
    F(padded)(a + whole, rest, 0, last_a);
    if (IS_BACKWARD(reduction)) F(padded)(b + whole, rest, 0, last_b);
    if (reduction == FA_SOFTMAX) F(padded)(out + whole, rest, 0, last_out);
    F(map_row)(reduction, last_a, last_b, last_out, 1, w);
    __builtin_memcpy(out + whole, last_out, rest * sizeof(real));
}

FA_INLINE void F(rows)(int reduction, const real *a, const real *b, real *out, size_t rows, size_t length) {
    const size_t most = length * sizeof(real) <= SHORT_BYTES ? GROUP : 1, step = reduction == FA_LOGSUMEXP ? 1 : length;
    F(row) group[GROUP];
    for (size_t first = 0; first < rows; first += most) {
        const size_t end = rows - first < most ? rows : first + most;
        for (size_t r = first; r < end; r++) group[r - first] = F(row_of)(reduction, a + r * length, length);
        for (size_t r = first; r < end; r++)
            group[r - first].w = F(reduced)(reduction, a + r * length, b + r * length, out + r * step, length,
                                            group[r - first].top, group[r - first].usual);
        for (size_t r = first; r < end; r++)
            F(finish_row)(reduction, a + r * length, b + r * length, out + r * step, length, group[r - first].w);
    }
}

/* --- Columns --- */

/* Counts of few entries each are added to those of all, and begin anew. */
FA_INLINE void F(count)(size_t width, F(tally) ties[], double counts[]) {
    FA_ROLLED
    for (size_t i = 0; i < width; i++) {
        counts[i] += (double)ties[i];
        ties[i] = 0;
    }
}

/* carry for every lane of `width` columns */
FA_INLINE void F(carry_columns)(real *high, real *low, real *to_high, real *to_low, size_t width) {
    for (size_t j = 0; j < F(block); j++) {
        const size_t lane = j * F(tile);
        F(carry)(high + lane, low + lane, to_high + lane, to_low + lane, width);
    }
}

/* The terms of `width` neighbouring columns; their rows go to the lanes in turn. */
FA_INLINE void F(add_columns)(int reduction, const real *a, const real *b, real *out, size_t width, size_t length,
                              size_t stride, const real *top, int usual, real *high, real *low, double *counts) {
    enum { LANES = F(block) * F(tile) };
    const size_t chunked = length / CHUNK * CHUNK;
    _Alignas(FA_BLOCK_BYTES) real all_high[LANES], all_low[LANES];
    _Alignas(FA_BLOCK_BYTES) F(tally) ties[F(tile)] = {0};
    if (chunked > SPAN)
        for (size_t i = 0; i < LANES; i++) all_high[i] = all_low[i] = 0;
    for (size_t first = 0; first < chunked; first += SPAN) {
        if (first) {
            F(carry_columns)(high, low, all_high, all_low, width);
            F(count)(width, ties, counts);
        }
        const size_t last = chunked - first < SPAN ? chunked : first + SPAN;
        for (size_t chunk = first; chunk < last; chunk += CHUNK)
            for (size_t j = 0; j < F(block); j++)
                for (size_t i = 0; i < width; i += F(block)) {
                    const size_t at = (chunk + j) * stride + i, lane = j * F(tile) + i;
                    F(add_four)(reduction, a + at, b + at, out + at, F(block) * stride, top + i, 0, usual, high + lane,
                                low + lane, ties + i);
                }
    }
    if (chunked > SPAN) F(carry_columns)(all_high, all_low, high, low, width);
    for (size_t j = 0; j < F(block) && chunked + j < length; j++)
        for (size_t i = 0; i < width; i += F(block)) {
            _Alignas(FA_BLOCK_BYTES) real partial[F(block)] = {0};
            const size_t lane = j * F(tile) + i;
            for (size_t l = chunked + j; l < length; l += F(block)) {
                const size_t at = l * stride + i;
                F(add_one)(reduction, a + at, b + at, out + at, top + i, 0, usual, partial, ties + i);
            }
            F(add_partial)(partial, high + lane, low + lane);
        }
    F(count)(width, ties, counts);
}

/* Up to a tile of neighbouring columns, in whole blocks. */
FA_INLINE void F(columns)(int reduction, const real *a, const real *b, real *out, size_t blocks, size_t length,
                          size_t stride) {
    _Alignas(FA_BLOCK_BYTES) real top[F(tile)], least[F(tile)], w_high[F(tile)], w_low[F(tile)];
    _Alignas(FA_BLOCK_BYTES) real high[F(block) * F(tile)], low[F(block) * F(tile)];
    _Alignas(FA_BLOCK_BYTES) double counts[F(tile)];
    const size_t lanes = length < F(block) ? length : F(block), width = blocks * F(block);
    for (size_t i = 0; i < width; i++) {
        top[i] = -(real)__builtin_inf();
        least[i] = (real)__builtin_inf();
        counts[i] = 0;
    }
    for (size_t j = 0; j < lanes; j++)
        for (size_t i = 0; i < width; i++) high[j * F(tile) + i] = low[j * F(tile) + i] = 0;

    int usual = 1;
    if (!IS_BACKWARD(reduction)) {
        const size_t fours = length / FOUR * FOUR;
        for (size_t l = 0; l < fours; l += FOUR)
            for (size_t i = 0; i < width; i += F(block)) F(peaks)(FOUR, a + l * stride + i, stride, top + i, least + i);
        for (size_t l = fours; l < length; l++)
            for (size_t i = 0; i < width; i += F(block)) F(peaks)(1, a + l * stride + i, 0, top + i, least + i);
        for (size_t i = 0; i < width; i++) usual &= top[i] - least[i] <= F(exp_usual);
        if (reduction == FA_SOFTMAX)
            for (size_t i = 0; i < width; i++) top[i] = F(rounded_top)(top[i], least[i]);
    }
    if (usual)
        F(add_columns)(reduction, a, b, out, width, length, stride, top, 1, high, low, counts);
    else
        F(add_columns)(reduction, a, b, out, width, length, stride, top, 0, high, low, counts);
    for (size_t half = F(block) / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half && j + half < lanes; j++) {
            FA_ROLLED
            for (size_t i = 0; i < width; i++) F(join)(high, low, j * F(tile) + i, (j + half) * F(tile) + i);
        }
    FA_ROLLED
    for (size_t i = 0; i < width; i++) {
        const F(two_words) w = F(conclude)(reduction, top[i], high[i], low[i], (real)counts[i]);
        w_high[i] = w.high;
        w_low[i] = w.low;
    }
    if (reduction == FA_LOGSUMEXP) {
        __builtin_memcpy(out, w_high, width * sizeof(real));
        return;
    }
    for (size_t l = 0; l < length; l++) {
        FA_ROLLED
        for (size_t i = 0; i < width; i++) {
            const size_t at = l * stride + i;
            out[at] = F(entry)(reduction, a + at, b + at, out + at, (F(two_words)){w_high[i], w_low[i]});
        }
    }
}

/* --- What the driver calls, for every reduction --- */

#define REDUCTION(name, reduction)                                                                       \
    static void F(name##_rows)(const void *a, const void *b, void *out, size_t rows, size_t length) {    \
        F(rows)(reduction, a, b, out, rows, length);                                                     \
    }                                                                                                    \
    static void F(name##_columns)(const void *a, const void *b, void *out, size_t blocks, size_t length, \
                                  size_t stride) {                                                       \
        F(columns)(reduction, a, b, out, blocks, length, stride);                                        \
    }

REDUCTION(softmax, FA_SOFTMAX)
REDUCTION(log_softmax, FA_LOG_SOFTMAX)
REDUCTION(logsumexp, FA_LOGSUMEXP)
REDUCTION(softmax_backward, FA_SOFTMAX_BACKWARD)
REDUCTION(log_softmax_backward, FA_LOG_SOFTMAX_BACKWARD)

#undef REDUCTION
#undef FOUR
#undef CHUNK
#undef SPAN
#undef GROUP
#undef SHORT_BYTES
#undef IS_BACKWARD
