/* Softmax and what belongs to it, for one ISA and one type: a row is reduced to a few numbers, which then map each of
 * its entries to the result.
 *
 *   softmax: e^(x - top) / S; log_softmax: x - (top + log S); logsumexp: top + log S, with S = sum e^(x - top)
 *   softmax.backward: y (dy - sum dy y); log_softmax.backward: dy - e^y sum dy
 *
 * x - top is taken in two words. A sum has F(block) lanes, to which the terms go in turn; a lane adds its terms in
 * fours, the fours in two words, and so are the lanes added up. Hence the error does not grow with the length, and the
 * order depends on the length alone: rows (SIMD along them) and columns (SIMD across them) have the same bits. For a
 * logarithm the largest entries are counted, not added: S = count + rest keeps all digits of a rest below 1.
 *
 * reduction is a constant wherever these functions are inlined.
 */
#undef FOUR
#undef CHUNK
#define FOUR 4 /* terms that a lane adds in one word each */
#define CHUNK (FOUR * F(block))

enum { F(tile) = 4 * F(block) }; /* columns taken together: 256 bytes of a line of memory */

/* The largest top - x for which e^(x - top) is a normal number and x - top needs no care for infinities. */
static const real F(exp_usual) = FA_REAL == 32 ? 87 : 708;

#undef IS_BACKWARD
#undef IS_LOGARITHM
#define IS_BACKWARD(reduction) (reduction == FA_SOFTMAX_BACKWARD || reduction == FA_LOG_SOFTMAX_BACKWARD)
#define IS_LOGARITHM(reduction) (reduction == FA_LOG_SOFTMAX || reduction == FA_LOGSUMEXP)

/* e^(x - top) for x <= top. */
FA_INLINE real F(exp_below)(real x, real top, int usual) {
    const F(two_words) t = F(sum)(x, -top);
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

/* The largest and the smallest of what rows have in each of `width` places; NaN is passed over. */
FA_INLINE void F(peaks)(size_t rows, size_t width, const real *x, size_t step, real *top, real *least) {
    FA_INDEPENDENT
    for (size_t i = 0; i < width; i++) {
        real high = top[i], low = least[i];
        FA_UNROLL
        for (size_t k = 0; k < rows; k++) {
            const real now = x[k * step + i];
            high = now > high ? now : high;
            low = now < low ? now : low;
        }
        top[i] = high;
        least[i] = low;
    }
}

/* The term of an entry, stored where the result is made of it. */
FA_INLINE real F(term)(int reduction, const real *a, const real *b, real *out, real top, int usual, integer *ties) {
    if (reduction == FA_SOFTMAX_BACKWARD) return *a * *b;
    if (reduction == FA_LOG_SOFTMAX_BACKWARD) return *a;
    const real x = *a, e = F(exp_below)(x, top, usual);
    if (reduction == FA_SOFTMAX) return *out = e;
    *ties += x == top;
    return x == top ? 0 : e;
}

/* The state of `width` sums, or of one whose lanes they are. */
typedef struct {
    real *high, *low;
    integer *ties; /* entries that are the largest */
} F(sums);

/* sums += terms */
FA_INLINE void F(accumulate)(size_t width, const real *terms, F(sums) sums) {
    FA_INDEPENDENT
    for (size_t i = 0; i < width; i++) {
        const F(two_words) s = F(sum)(sums.high[i], terms[i]);
        sums.high[i] = s.high;
        sums.low[i] += s.low;
    }
}

/* Adds the terms of four rows that lie `step` apart. There is one top for all of them (shared) or one for each place. */
FA_INLINE void F(add_four)(int reduction, size_t width, const real *a, const real *b, real *out, size_t step,
                           const real *top, int shared, int usual, F(sums) sums) {
    FA_INDEPENDENT
    for (size_t i = 0; i < width; i++) {
        real terms[FOUR];
        integer ties = 0;
        FA_UNROLL
        for (size_t k = 0; k < FOUR; k++) {
            const size_t at = k * step + i;
            terms[k] = F(term)(reduction, a + at, b + at, out + at, top[shared ? 0 : i], usual, &ties);
        }
        const F(two_words) s = F(sum)(sums.high[i], (terms[0] + terms[1]) + (terms[2] + terms[3]));
        sums.high[i] = s.high;
        sums.low[i] += s.low;
        sums.ties[i] += ties;
    }
}

/* partial += the terms of one row */
FA_INLINE void F(add_one)(int reduction, size_t width, const real *a, const real *b, real *out, const real *top,
                          int shared, int usual, real *partial, integer *ties) {
    FA_INDEPENDENT
    for (size_t i = 0; i < width; i++)
        partial[i] += F(term)(reduction, a + i, b + i, out + i, top[shared ? 0 : i], usual, &ties[i]);
}

/* Adds the sums of `lanes` lanes, for `width` places each, into those of the first: as if there were F(block) lanes,
 * those missing being 0. */
FA_INLINE void F(fold)(size_t lanes, size_t width, F(sums) sums) {
    FA_UNROLL
    for (size_t half = F(block) / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half && j + half < lanes; j++) {
            FA_INDEPENDENT
            for (size_t i = 0; i < width; i++) {
                const size_t to = j * width + i, from = (j + half) * width + i;
                const F(two_words) s = F(sum)(sums.high[to], sums.high[from]);
                sums.high[to] = s.high;
                sums.low[to] = (sums.low[to] + sums.low[from]) + s.low;
            }
        }
}

FA_INLINE real F(count_of)(integer n) {
    return FA_REAL == 32 ? (real)n : F(from_bits)(F(bits)(F(shift)) + n) - F(shift);
}

/* What entries are mapped with: the inverse of S, or top + log S, or the sum, in two words. */
FA_INLINE F(two_words) F(conclude)(int reduction, real top, real high, real low, real ties) {
    if (reduction == FA_SOFTMAX) {
        const F(two_words) r = F(reciprocal)(F(ordered_sum)(high, low));
        return (F(two_words)){r.high, -r.high * r.low};
    }
    const F(two_words) rest = F(sum)(high, ties - 1);
    const F(two_words) sum = IS_BACKWARD(reduction) ? F(sum)(high, low)
                                                    : F(sum)(top, F(log1p_of)((F(two_words)){rest.high, rest.low + low}));
    return (F(two_words)){sum.high, F(absolute)(sum.high) <= F(largest) ? sum.low : 0};
}

/* An entry of the result; for softmax, out holds e^(x - top). */
FA_INLINE real F(entry)(int reduction, const real *a, const real *b, const real *out, F(two_words) w) {
    switch (reduction) {
    case FA_SOFTMAX: return FMA(*out, w.high, *out * w.low);
    case FA_SOFTMAX_BACKWARD: return *b * ((*a - w.high) - w.low);
    case FA_LOG_SOFTMAX_BACKWARD:
        return FMA(-F(exp_below)(F(at_most)(F(exp_usual), *b), 0, 0), w.high + w.low, *a);
    default: {
        const F(two_words) t = F(sum)(*a, -w.high);
        return F(whole)((F(two_words)){t.high, t.low - w.low});
    }
    }
}

/* --- Rows --- */

FA_INLINE void F(padded)(const real *from, size_t n, real pad, real *to) {
    for (size_t i = 0; i < F(block); i++) to[i] = pad;
    __builtin_memcpy(to, from, n * sizeof(real));
}

/* The terms of a row's blocks: four by four, then one by one into partial. */
FA_INLINE void F(add_blocks)(int reduction, const real *a, const real *b, real *out, size_t blocks, const real *top,
                             int usual, F(sums) sums, real *partial) {
    const size_t chunked = blocks / FOUR * CHUNK, end = blocks * F(block);
    for (size_t at = 0; at < chunked; at += CHUNK)
        F(add_four)(reduction, F(block), a + at, b + at, out + at, F(block), top, 1, usual, sums);
    for (size_t at = chunked; at < end; at += F(block))
        F(add_one)(reduction, F(block), a + at, b + at, out + at, top, 1, usual, partial, sums.ties);
}

/* The largest and the smallest entry, to top[0] and least[0]; rest entries at a + whole are also in the block `last`. */
FA_INLINE void F(row_peaks)(const real *a, size_t blocks, const real *last, size_t rest, real *top, real *least) {
    const size_t chunked = blocks / FOUR * CHUNK, end = blocks * F(block);
    for (size_t at = 0; at < chunked; at += CHUNK) F(peaks)(FOUR, F(block), a + at, F(block), top, least);
    for (size_t at = chunked; at < end; at += F(block)) F(peaks)(1, F(block), a + at, 0, top, least);
    if (rest) F(peaks)(1, F(block), last, 0, top, least);
    FA_UNROLL
    for (size_t half = F(block) / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) {
            top[j] = top[j + half] > top[j] ? top[j + half] : top[j];
            least[j] = least[j + half] < least[j] ? least[j + half] : least[j];
        }
}

FA_INLINE void F(map_blocks)(int reduction, const real *a, const real *b, real *out, size_t blocks, F(two_words) w) {
    FA_INDEPENDENT
    for (size_t i = 0; i < blocks * F(block); i++) out[i] = F(entry)(reduction, a + i, b + i, out + i, w);
}

/* What remains of a row after its whole blocks is computed in a block of its own, padded. */
FA_INLINE void F(row)(int reduction, const real *a, const real *b, real *out, size_t length) {
    const size_t blocks = length / F(block), whole = blocks * F(block), rest = length - whole;
    const real infinity = (real)__builtin_inf();
    _Alignas(FA_BLOCK_BYTES) real top[F(block)], least[F(block)], high[F(block)], low[F(block)], partial[F(block)];
    _Alignas(FA_BLOCK_BYTES) real last_a[F(block)], last_b[F(block)], last_out[F(block)];
    _Alignas(FA_BLOCK_BYTES) integer ties[F(block)];
    const F(sums) sums = {high, low, ties};
    for (size_t j = 0; j < F(block); j++) {
        high[j] = low[j] = partial[j] = 0;
        ties[j] = 0;
        top[j] = -infinity;
        least[j] = infinity;
    }

    int usual = 1;
    if (!IS_BACKWARD(reduction)) {
        if (rest) F(padded)(a + whole, rest, a[whole], last_a);
        F(row_peaks)(a, blocks, last_a, rest, top, least);
        usual = top[0] - least[0] <= F(exp_usual);
    }
    if (usual)
        F(add_blocks)(reduction, a, b, out, blocks, top, 1, sums, partial);
    else
        F(add_blocks)(reduction, a, b, out, blocks, top, 0, sums, partial);
    if (rest) {
        F(padded)(a + whole, rest, IS_BACKWARD(reduction) ? 0 : -infinity, last_a);
        if (IS_BACKWARD(reduction)) F(padded)(b + whole, rest, 0, last_b);
        F(add_one)(reduction, F(block), last_a, last_b, last_out, top, 1, 0, partial, ties);
    }
    F(accumulate)(F(block), partial, sums);
    F(fold)(F(block), 1, sums);
    real count = 0;
    for (size_t j = 0; j < F(block); j++) count += F(count_of)(ties[j]);

    const F(two_words) w = F(conclude)(reduction, top[0], high[0], low[0], count);
    if (reduction == FA_LOGSUMEXP) {
        *out = w.high;
        return;
    }
    F(map_blocks)(reduction, a, b, out, blocks, w);
    F(map_blocks)(reduction, last_a, last_b, last_out, rest > 0, w);
    __builtin_memcpy(out + whole, last_out, rest * sizeof(real));
}

/* --- Columns --- */

/* Terms of columns, whose rows go to the lanes in turn. */
FA_INLINE void F(add_columns)(int reduction, size_t width, const real *a, const real *b, real *out, size_t length,
                              size_t stride, const real *top, int usual, F(sums) sums) {
    const size_t chunked = length / CHUNK * CHUNK;
    for (size_t first = 0; first < length; first += CHUNK)
        for (size_t j = 0; j < F(block) && first + j < length; j++) {
            const size_t at = (first + j) * stride;
            const F(sums) lane = {sums.high + j * width, sums.low + j * width, sums.ties};
            if (first < chunked) {
                F(add_four)(reduction, width, a + at, b + at, out + at, F(block) * stride, top, 0, usual, lane);
                continue;
            }
            _Alignas(FA_BLOCK_BYTES) real partial[F(tile)];
            for (size_t i = 0; i < width; i++) partial[i] = 0;
            for (size_t l = first + j; l < length; l += F(block))
                F(add_one)(reduction, width, a + l * stride, b + l * stride, out + l * stride, top, 0, usual, partial,
                           lane.ties);
            F(accumulate)(width, partial, lane);
        }
}

/* `width` neighbouring columns. */
FA_INLINE void F(columns_of)(int reduction, size_t width, const real *a, const real *b, real *out, size_t length,
                             size_t stride) {
    _Alignas(FA_BLOCK_BYTES) real top[F(tile)], least[F(tile)], w_high[F(tile)], w_low[F(tile)];
    _Alignas(FA_BLOCK_BYTES) real high[F(block) * F(tile)], low[F(block) * F(tile)];
    _Alignas(FA_BLOCK_BYTES) integer ties[F(tile)];
    const size_t lanes = length < F(block) ? length : F(block);
    const F(sums) sums = {high, low, ties};
    for (size_t i = 0; i < width; i++) {
        top[i] = -(real)__builtin_inf();
        least[i] = (real)__builtin_inf();
        ties[i] = 0;
    }
    for (size_t i = 0; i < lanes * width; i++) high[i] = low[i] = 0;

    int usual = 1;
    if (!IS_BACKWARD(reduction)) {
        const size_t chunked = length / FOUR * FOUR;
        for (size_t l = 0; l < chunked; l += FOUR) F(peaks)(FOUR, width, a + l * stride, stride, top, least);
        for (size_t l = chunked; l < length; l++) F(peaks)(1, width, a + l * stride, 0, top, least);
        integer unusual = 0;
        for (size_t i = 0; i < width; i++) unusual |= !(top[i] - least[i] <= F(exp_usual));
        usual = !unusual;
    }
    if (usual)
        F(add_columns)(reduction, width, a, b, out, length, stride, top, 1, sums);
    else
        F(add_columns)(reduction, width, a, b, out, length, stride, top, 0, sums);
    F(fold)(lanes, width, sums);
    FA_INDEPENDENT
    for (size_t i = 0; i < width; i++) {
        const F(two_words) w = F(conclude)(reduction, top[i], high[i], low[i], F(count_of)(ties[i]));
        w_high[i] = w.high;
        w_low[i] = w.low;
    }
    if (reduction == FA_LOGSUMEXP) {
        __builtin_memcpy(out, w_high, width * sizeof(real));
        return;
    }
    for (size_t l = 0; l < length; l++) {
        FA_INDEPENDENT
        for (size_t i = 0; i < width; i++) {
            const size_t at = l * stride + i;
            out[at] = F(entry)(reduction, a + at, b + at, out + at, (F(two_words)){w_high[i], w_low[i]});
        }
    }
}

/* --- What the driver calls, for every reduction --- */

#define REDUCTION(name, reduction)                                                                            \
    static void F(name##_rows)(const void *a, const void *b, void *out, size_t rows, size_t length) {         \
        const real *from_a = a, *from_b = b;                                                                  \
        real *to = out;                                                                                       \
        for (size_t r = 0; r < rows; r++) {                                                                   \
            F(row)(reduction, from_a, from_b, to, length);                                                    \
            from_a += length;                                                                                 \
            if (IS_BACKWARD(reduction)) from_b += length;                                                     \
            to += reduction == FA_LOGSUMEXP ? 1 : length;                                                     \
        }                                                                                                     \
    }                                                                                                         \
    static void F(name##_columns)(const void *a, const void *b, void *out, size_t blocks, size_t length,      \
                                  size_t stride) {                                                            \
        const real *from_a = a, *from_b = b;                                                                  \
        real *to = out;                                                                                       \
        for (size_t now; blocks > 0; blocks -= now / F(block)) {                                              \
            now = blocks * F(block) >= F(tile) ? F(tile) : F(block);                                          \
            if (now == F(tile))                                                                               \
                F(columns_of)(reduction, F(tile), from_a, from_b, to, length, stride);                        \
            else                                                                                              \
                F(columns_of)(reduction, F(block), from_a, from_b, to, length, stride);                       \
            from_a += now;                                                                                    \
            if (IS_BACKWARD(reduction)) from_b += now;                                                        \
            to += now;                                                                                        \
        }                                                                                                     \
    }

REDUCTION(softmax, FA_SOFTMAX)
REDUCTION(log_softmax, FA_LOG_SOFTMAX)
REDUCTION(logsumexp, FA_LOGSUMEXP)
REDUCTION(softmax_backward, FA_SOFTMAX_BACKWARD)
REDUCTION(log_softmax_backward, FA_LOG_SOFTMAX_BACKWARD)

#undef REDUCTION
