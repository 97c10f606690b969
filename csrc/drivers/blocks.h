/* Internal: whether outputs are stored past the cache. */
#ifndef FA_BLOCKS_H
#define FA_BLOCKS_H

#include "kernels/loops.h"

/* Whether the outputs of work on n elements are better stored past the cache. */
int fa_streams(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n);

/* fa_run for a part of such work. streams: what fa_streams says of all of it. */
void fa_run_part(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n, int streams);

#endif
