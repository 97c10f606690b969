/* Softmax and its like over rows, SIMD along them; included by softmax.inc.h. */

/* What remains of a row after its whole blocks is computed in a block of its own, the second of two. A row has at least
 * one whole block, so that whole blocks are copied: memcpy of any other length is a call. */
FA_INLINE void F(padded)(const real *end, size_t rest, real pad, real *two_blocks) {
    for (size_t i = 0; i < F(block); i++) two_blocks[F(block) + i] = pad;
    __builtin_memcpy(two_blocks + rest, end - F(block), FA_BLOCK_BYTES);
}

/* Its inverse; what comes before stays as it is. */
FA_INLINE void F(put_back)(real *two_blocks, size_t rest, real *end) {
    __builtin_memcpy(two_blocks, end - rest - F(block), FA_BLOCK_BYTES);
    __builtin_memcpy(end - F(block), two_blocks + rest, FA_BLOCK_BYTES);
}

/* The terms of a row's blocks: four by four, then one by one into partial. */
FA_INLINE void F(add_row)(F(terms) t, F(entries) at, size_t blocks, F(sums) sums, real *partial) {
    const size_t chunked = blocks / FOUR * CHUNK, end = blocks * F(block);
    _Alignas(FA_BLOCK_BYTES) real all_high[F(block)] = {0}, all_low[F(block)] = {0};
    for (size_t first = 0; first < chunked; first += SPAN_ENTRIES) {
        if (first) F(flush)(sums.high, sums.low, all_high, all_low, F(block));
        const size_t last = min_size(chunked, first + SPAN_ENTRIES);
        for (size_t i = first; i < last; i += CHUNK) F(add_four)(t, F(from)(at, i), F(block), sums);
    }
    if (chunked > SPAN_ENTRIES) F(flush)(all_high, all_low, sums.high, sums.low, F(block));
    for (size_t i = chunked; i < end; i += F(block)) F(add_one)(t, F(from)(at, i), partial, sums.ties);
}

/* The largest and the smallest entry, to top[0] and least[0]. */
FA_INLINE void F(row_peaks)(const real *a, size_t length, real *top, real *least) {
    const size_t blocks = length / F(block), chunked = blocks / FOUR * CHUNK, end = blocks * F(block);
    for (size_t at = 0; at < chunked; at += CHUNK) F(peaks)(FOUR, a + at, F(block), top, least);
    for (size_t at = chunked; at < end; at += F(block)) F(peaks)(1, a + at, 0, top, least);
    if (end < length) F(peaks)(1, a + length - F(block), 0, top, least);
    FA_UNROLL
    for (size_t half = F(block) / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) {
            top[j] = top[j + half] > top[j] ? top[j + half] : top[j];
            least[j] = least[j + half] < least[j] ? least[j + half] : least[j];
        }
}

FA_INLINE void F(map_row)(int reduction, F(entries) at, real *to, size_t blocks, F(double_word) w, real scale) {
    FA_ROLLED
    for (size_t i = 0; i < blocks * F(block); i++) to[i] = F(entry)(reduction, F(from)(at, i), w, scale);
}

typedef struct {
    real top; /* for a gradient, what dy is scaled by */
    int provides;
    F(double_word) w;
} F(row);

FA_INLINE F(row) F(row_of)(int reduction, const real *a, size_t length) {
    const real infinity = (real)__builtin_inf();
    _Alignas(FA_BLOCK_BYTES) real top[F(block)], least[F(block)];
    if (fa_is_backward(reduction)) return (F(row)){.top = 1, .provides = CLOSE};
    for (size_t j = 0; j < F(block); j++) {
        top[j] = -infinity;
        least[j] = infinity;
    }
    F(row_peaks)(a, length, top, least);
    return (F(row)){.top = reduction == FA_SOFTMAX ? F(rounded_top)(top[0], least[0]) : top[0],
                    .provides = F(is_close)(top[0], least[0]) ? CLOSE
                        : F(is_small)(top[0])                 ? MASKED
                                                              : ANY};
}

/* The terms of what remains of a row after its whole blocks. */
FA_INLINE void F(add_rest)(F(terms) t, F(entries) end, size_t rest, F(sums) sums, real *partial) {
    _Alignas(FA_BLOCK_BYTES) real a[2 * F(block)], b[2 * F(block)], out[2 * F(block)];
    F(padded)(end.a, rest, fa_is_backward(t.reduction) ? 0 : -(real)__builtin_inf(), a);
    if (fa_is_backward(t.reduction)) F(padded)(end.b, rest, 0, b);
    F(add_one)(t, F(from)((F(entries)){a, b, out}, F(block)), partial, sums.ties);
    if (t.reduction == FA_SOFTMAX) F(put_back)(out, rest, end.out);
}

/* What the entries of a row are mapped with. */
FA_INLINE F(double_word) F(reduced)(int reduction, F(entries) at, size_t length, real top, int provides) {
    const size_t blocks = length / F(block), rest = length % F(block);
    _Alignas(FA_BLOCK_BYTES) real high[F(block)], low[F(block)], partial[F(block)];
    _Alignas(FA_BLOCK_BYTES) F(tally) ties[F(block)];
    const F(sums) sums = {high, low, ties};
    for (size_t j = 0; j < F(block); j++) {
        high[j] = low[j] = partial[j] = 0;
        ties[j] = 0;
    }
    switch (provides) {
    case CLOSE: F(add_row)((F(terms)){reduction, CLOSE, 1, &top}, at, blocks, sums, partial); break;
    case MASKED: F(add_row)((F(terms)){reduction, MASKED, 1, &top}, at, blocks, sums, partial); break;
    default: F(add_row)((F(terms)){reduction, ANY, 1, &top}, at, blocks, sums, partial);
    }
    if (rest) F(add_rest)((F(terms)){reduction, ANY, 1, &top}, F(from)(at, length), rest, sums, partial);
    F(add_partial)(partial, high, low);
    FA_UNROLL
    for (size_t half = F(block) / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) F(combine)(high, low, j, j + half);
    double count = 0;
    for (size_t j = 0; j < F(block); j++) count += ties[j];
    return F(finalize)(reduction, top, high[0], low[0], (real)count);
}

/* Whether the sum of a gradient has to be taken again; the row is then made ready for that. */
FA_INLINE int F(has_to_be_scaled)(int reduction, F(row) * row) {
    if (!fa_is_backward(reduction) || row->provides == ANY || F(absolute)(row->w.high) < F(many)) return 0;
    row->top = F(scale);
    row->provides = ANY;
    return 1;
}

FA_INLINE void F(finish_row)(int reduction, F(entries) at, size_t length, F(double_word) w, real scale) {
    const size_t last = length - F(block);
    _Alignas(FA_BLOCK_BYTES) real end[F(block)];
    if (reduction == FA_LOGSUMEXP) {
        *at.out = w.high;
        return;
    }
    /* The last block overlaps the one before: it is taken first, since out may be a or b, and stored last. */
    if (length % F(block)) F(map_row)(reduction, F(from)(at, last), end, 1, w, scale);
    F(map_row)(reduction, at, at.out, length / F(block), w, scale);
    if (length % F(block)) __builtin_memcpy(at.out + last, end, FA_BLOCK_BYTES);
}

FA_INLINE void F(rows)(int reduction, F(entries) all, size_t rows, size_t length) {
    const size_t most = length * sizeof(real) <= SHORT_BYTES ? GROUP : 1, step = reduction == FA_LOGSUMEXP ? 1 : length;
    F(row) group[GROUP];
    for (size_t first = 0; first < rows; first += most) {
        const size_t end = min_size(rows, first + most);
        for (size_t r = first; r < end; r++) group[r - first] = F(row_of)(reduction, all.a + r * length, length);
        for (size_t r = first; r < end; r++) {
            F(row) *const row = &group[r - first];
            const F(entries) at = {all.a + r * length, all.b + r * length, all.out + r * step};
            do row->w = F(reduced)(reduction, at, length, row->top, row->provides);
            while (F(has_to_be_scaled)(reduction, row));
        }
        for (size_t r = first; r < end; r++) {
            const F(row) row = group[r - first];
            const F(entries) at = {all.a + r * length, all.b + r * length, all.out + r * step};
            if (fa_is_backward(reduction) && row.provides == ANY)
                F(finish_row)(reduction, at, length, row.w, row.top);
            else
                F(finish_row)(reduction, at, length, row.w, 1);
        }
    }
}
