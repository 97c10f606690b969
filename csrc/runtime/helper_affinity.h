/* Keeps a helper off the calling thread's processor. The scheduler may wake it there, because another thread spins on
 * the processor where it slept. There it only takes the caller's time, so it moves to another of the processors that it
 * may use. */
#ifndef FA_HELPER_AFFINITY_H
#define FA_HELPER_AFFINITY_H

#if defined(__linux__)
#include "affinity.h"

#include <string.h>

typedef struct {
    size_t size; /* of the masks, in bytes */
    cpu_set_t *now, *allowed, *chosen; /* chosen: those of the allowed ones that the helper has restricted itself to */
} affinity;

static int own_processor(void) { return sched_getcpu(); }

static affinity own_affinity(void) {
    affinity a;
    a.now = fa_read_affinity(&a.size);
    a.allowed = fa_read_affinity(&a.size);
    a.chosen = fa_read_affinity(&a.size);
    return a;
}

static void free_affinity(affinity *own) {
    CPU_FREE(own->now);
    CPU_FREE(own->allowed);
    CPU_FREE(own->chosen);
}

/* Whether this thread runs on another processor than the calling thread. */
static int keeps_off(int callers, affinity *own) {
    if (callers < 0 || sched_getcpu() != callers) return 1;
    if (!own->now || !own->allowed || !own->chosen || sched_getaffinity(0, own->size, own->now)) return 0;
    if (!CPU_EQUAL_S(own->size, own->now, own->chosen)) memcpy(own->allowed, own->now, own->size); /* set by others */
    memcpy(own->chosen, own->allowed, own->size);
    CPU_CLR_S((size_t)callers, own->size, own->chosen);
    return sched_setaffinity(0, own->size, own->chosen) == 0;
}
#else
typedef int affinity;

static int own_processor(void) { return -1; }
static affinity own_affinity(void) { return 0; }
static void free_affinity(affinity *own) { (void)own; }
static int keeps_off(int callers, affinity *own) { return (void)callers, (void)own, 1; }
#endif

#endif
