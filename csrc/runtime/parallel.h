/* Internal: how many threads work is worth. */
#ifndef FA_PARALLEL_H
#define FA_PARALLEL_H

#include <stddef.h>

/* Like fa_threads_now, with the picoseconds that an element costs, and a limit. */
int fa_threads_now_of(unsigned cost, size_t n, int limit);

#endif
