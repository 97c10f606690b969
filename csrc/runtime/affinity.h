/* The affinity mask of the calling thread on Linux, whatever the number of processors: a cpu_set_t ends at 1024, and the
 * kernel refuses a mask that is smaller than its own. _GNU_SOURCE has to be defined ahead of all system headers. */
#ifndef FA_AFFINITY_H
#define FA_AFFINITY_H

#include <errno.h>
#include <sched.h>
#include <stddef.h>

enum { FA_MOST_PROCESSORS = 1 << 20 }; /* of the largest mask to try; Linux is built for 8192 at most */

/* Returns a mask of *size bytes to be freed by CPU_FREE; NULL: it cannot be read. */
static inline cpu_set_t *fa_read_affinity(size_t *size) {
    for (size_t processors = CPU_SETSIZE; processors <= FA_MOST_PROCESSORS; processors *= 2) {
        cpu_set_t *const mask = CPU_ALLOC(processors);
        *size = CPU_ALLOC_SIZE(processors);
        if (!mask) return NULL;
        if (sched_getaffinity(0, *size, mask) == 0) return mask;
        const int too_small = errno == EINVAL;
        CPU_FREE(mask);
        if (!too_small) return NULL;
    }
    return NULL;
}

#endif
