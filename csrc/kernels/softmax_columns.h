/* Softmax and its like over columns, SIMD across them; included by softmax.inc.h. */

/* Counts of few entries each are added to those of all, and begin anew. */
FA_INLINE void F(count)(size_t width, F(tally) ties[], double counts[]) {
    FA_ROLLED
    for (size_t i = 0; i < width; i++) {
        counts[i] += (double)ties[i];
        ties[i] = 0;
    }
}

/* flush for every lane of `width` columns */
FA_INLINE void F(flush_columns)(real *high, real *low, real *to_high, real *to_low, size_t width) {
    for (size_t j = 0; j < F(block); j++) {
        const size_t lane = j * F(tile);
        F(flush)(high + lane, low + lane, to_high + lane, to_low + lane, width);
    }
}

/* Columns that lie side by side, whose rows lie `stride` apart. */
typedef struct {
    size_t width, length, stride;
} F(shape);

/* The terms of columns; their rows go to the lanes in turn. */
FA_INLINE void F(add_columns)(F(terms) t, F(entries) at, F(shape) s, real *high, real *low, double *counts) {
    enum { LANES = F(block) * F(tile) };
    const size_t chunked = s.length / CHUNK * CHUNK;
    _Alignas(FA_BLOCK_BYTES) real all_high[LANES], all_low[LANES];
    _Alignas(FA_BLOCK_BYTES) F(tally) ties[F(tile)] = {0};
    if (chunked > SPAN_ENTRIES)
        for (size_t i = 0; i < LANES; i++) all_high[i] = all_low[i] = 0;
    for (size_t first = 0; first < chunked; first += SPAN_ENTRIES) {
        if (first) {
            F(flush_columns)(high, low, all_high, all_low, s.width);
            F(count)(s.width, ties, counts);
        }
        const size_t last = min_size(chunked, first + SPAN_ENTRIES);
        for (size_t chunk = first; chunk < last; chunk += CHUNK)
            for (size_t j = 0; j < F(block); j++)
                for (size_t i = 0; i < s.width; i += F(block)) {
                    const size_t lane = j * F(tile) + i;
                    F(add_four)(F(terms_from)(t, i), F(from)(at, (chunk + j) * s.stride + i), F(block) * s.stride,
                                (F(sums)){high + lane, low + lane, ties + i});
                }
    }
    if (chunked > SPAN_ENTRIES) F(flush_columns)(all_high, all_low, high, low, s.width);
    for (size_t j = 0; j < F(block) && chunked + j < s.length; j++)
        for (size_t i = 0; i < s.width; i += F(block)) {
            _Alignas(FA_BLOCK_BYTES) real partial[F(block)] = {0};
            const size_t lane = j * F(tile) + i;
            for (size_t l = chunked + j; l < s.length; l += F(block))
                F(add_one)(F(terms_from)(t, i), F(from)(at, l * s.stride + i), partial, ties + i);
            F(add_partial)(partial, high + lane, low + lane);
        }
    F(count)(s.width, ties, counts);
}

/* has_to_be_scaled for columns: each is scaled by itself. */
FA_INLINE int F(have_to_be_scaled)(size_t width, const real *sums, real *scales) {
    int any = 0;
    for (size_t i = 0; i < width; i++) {
        const int is_large = !(F(absolute)(sums[i]) < F(many));
        scales[i] = is_large ? F(scale) : 1;
        any |= is_large;
    }
    return any;
}

/* The largest and the smallest entry of each column. */
FA_INLINE void F(column_peaks)(const real *a, F(shape) s, real *top, real *least) {
    const size_t fours = s.length / FOUR * FOUR;
    for (size_t l = 0; l < fours; l += FOUR)
        for (size_t i = 0; i < s.width; i += F(block))
            F(peaks)(FOUR, a + l * s.stride + i, s.stride, top + i, least + i);
    for (size_t l = fours; l < s.length; l++)
        for (size_t i = 0; i < s.width; i += F(block)) F(peaks)(1, a + l * s.stride + i, 0, top + i, least + i);
}

/* What the loop over columns has to provide for; their tops. */
FA_INLINE int F(columns_provide)(int reduction, const real *a, F(shape) s, real *top) {
    _Alignas(FA_BLOCK_BYTES) real least[F(tile)];
    int close = 1, small = 1;
    for (size_t i = 0; i < s.width; i++) {
        top[i] = -(real)__builtin_inf();
        least[i] = (real)__builtin_inf();
    }
    if (fa_is_backward(reduction)) return CLOSE;
    F(column_peaks)(a, s, top, least);
    for (size_t i = 0; i < s.width; i++) {
        close &= F(is_close)(top[i], least[i]);
        small &= F(is_small)(top[i]);
    }
    if (reduction == FA_SOFTMAX)
        for (size_t i = 0; i < s.width; i++) top[i] = F(rounded_top)(top[i], least[i]);
    return close ? CLOSE : small ? MASKED : ANY;
}

/* What the entries of columns are mapped with. */
FA_INLINE void F(reduce_columns)(F(terms) t, F(entries) at, F(shape) s, double *counts, real *w_high, real *w_low) {
    _Alignas(FA_BLOCK_BYTES) real high[F(block) * F(tile)], low[F(block) * F(tile)];
    const size_t lanes = min_size(s.length, F(block));
    for (size_t j = 0; j < lanes; j++)
        for (size_t i = 0; i < s.width; i++) high[j * F(tile) + i] = low[j * F(tile) + i] = 0;
    switch (t.provides) {
    case CLOSE: F(add_columns)((F(terms)){t.reduction, CLOSE, 0, t.top}, at, s, high, low, counts); break;
    case MASKED: F(add_columns)((F(terms)){t.reduction, MASKED, 0, t.top}, at, s, high, low, counts); break;
    default: F(add_columns)((F(terms)){t.reduction, ANY, 0, t.top}, at, s, high, low, counts);
    }
    for (size_t half = F(block) / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half && j + half < lanes; j++) {
            FA_ROLLED
            for (size_t i = 0; i < s.width; i++) F(combine)(high, low, j * F(tile) + i, (j + half) * F(tile) + i);
        }
    FA_ROLLED
    for (size_t i = 0; i < s.width; i++) {
        const F(double_word) w = F(finalize)(t.reduction, t.top[i], high[i], low[i], (real)counts[i]);
        w_high[i] = w.high;
        w_low[i] = w.low;
    }
}

/* scales: NULL, or one for each column. */
FA_INLINE void F(map_columns)(int reduction, F(entries) at, F(shape) s, const real *w_high, const real *w_low,
                              const real *scales) {
    for (size_t l = 0; l < s.length; l++) {
        FA_ROLLED
        for (size_t i = 0; i < s.width; i++) {
            const F(double_word) w = {w_high[i], w_low[i]};
            at.out[l * s.stride + i] = F(entry)(reduction, F(from)(at, l * s.stride + i), w, scales ? scales[i] : 1);
        }
    }
}

/* Up to a tile of neighbouring columns, in whole blocks. */
FA_INLINE void F(columns)(int reduction, F(entries) at, F(shape) s) {
    _Alignas(FA_BLOCK_BYTES) real top[F(tile)], w_high[F(tile)], w_low[F(tile)];
    _Alignas(FA_BLOCK_BYTES) double counts[F(tile)];
    for (size_t i = 0; i < s.width; i++) counts[i] = 0;
    int provides = F(columns_provide)(reduction, at.a, s, top);
    for (;; provides = ANY) {
        F(reduce_columns)((F(terms)){reduction, provides, 0, top}, at, s, counts, w_high, w_low);
        if (!fa_is_backward(reduction) || provides == ANY || !F(have_to_be_scaled)(s.width, w_high, top)) break;
    }
    if (reduction == FA_LOGSUMEXP) {
        __builtin_memcpy(at.out, w_high, s.width * sizeof(real));
        return;
    }
    if (fa_is_backward(reduction) && provides == ANY)
        F(map_columns)(reduction, at, s, w_high, w_low, top);
    else
        F(map_columns)(reduction, at, s, w_high, w_low, NULL);
}
