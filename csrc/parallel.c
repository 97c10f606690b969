/* Threads: the only file that knows OpenMP. */
#include <stdatomic.h>
#include <stdint.h>

#include "loops.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define HAS_FORK 1
#endif

static atomic_int thread_count; /* 0: not asked for yet */

#ifdef _OPENMP
/* Work worth a thread of its own, in estimated picoseconds: two threads win from twice this. Whole numbers, because the
 * caller's floating-point flags are not ours to raise.
 * python -m fastact bench --function silu --sizes 2^14..2^17 --threads 1 2 --peers */
static const uint64_t worthwhile = 8000000;

static atomic_int forked; /* a child of a process that had a team: its OpenMP runtime would hang */
#endif

int fa_has_openmp(void) {
#ifdef _OPENMP
    return 1;
#else
    return 0;
#endif
}

int fa_get_num_threads(void) {
    const int count = atomic_load_explicit(&thread_count, memory_order_relaxed);
    if (count == 0) fa_set_num_threads(fa_default_num_threads(NULL));
    return atomic_load_explicit(&thread_count, memory_order_relaxed);
}

int fa_set_num_threads(int count) {
    if (count < 1) return -1;
    atomic_store_explicit(&thread_count, count, memory_order_relaxed);
    return 0;
}

/* A call on a few elements comes through here, too: no division before the first return. */
static int threads_within(int limit, unsigned cost, size_t n) {
#ifdef _OPENMP
    const uint64_t work = (uint64_t)n * cost;
    if (work < 2 * worthwhile || atomic_load_explicit(&forked, memory_order_relaxed) || omp_in_parallel()) return 1;
    const uint64_t parts = work / worthwhile;
    return parts < (uint64_t)limit ? (int)parts : limit;
#else
    (void)limit, (void)cost, (void)n;
    return 1;
#endif
}

int fa_threads_for_cost(unsigned cost, size_t n) { return threads_within(fa_get_num_threads(), cost, n); }
int fa_threads_for(const fa_loop *loop, size_t n) { return fa_threads_for_cost(loop->cost, n); }

#if defined(_OPENMP) && HAS_FORK
static void run_serial(void) { atomic_store_explicit(&forked, 1, memory_order_relaxed); }
static void watch_forks(void) { pthread_atfork(NULL, NULL, run_serial); }
#endif

void fa_parallel(int parts, void (*body)(void *context, int part), void *context) {
#ifdef _OPENMP
    if (parts > 1) {
#if HAS_FORK
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, watch_forks);
#endif
#pragma omp parallel for num_threads(parts) schedule(static, 1)
        for (int part = 0; part < parts; part++) body(context, part);
        return;
    }
#endif
    for (int part = 0; part < parts; part++) body(context, part);
}

typedef struct {
    const fa_loop *loop;
    char *const *operands;
    const ptrdiff_t *strides;
    size_t n, chunk;
    int streams;
} split;

static void run_part(void *context, int part) {
    const split *s = context;
    const size_t begin = s->chunk * (size_t)part;
    if (begin >= s->n) return;
    char *operands[FA_MAX_OPERANDS];
    for (int k = 0; k < s->loop->inputs + s->loop->outputs; k++)
        operands[k] = s->operands[k] + (ptrdiff_t)begin * s->strides[k];
    const size_t left = s->n - begin;
    fa_run_part(s->loop, operands, s->strides, left < s->chunk ? left : s->chunk, s->streams);
}

void fa_run_threads(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n, int num_threads) {
    const size_t parts = (size_t)threads_within(num_threads, loop->cost, n);
    if (parts < 2) {
        fa_run(loop, operands, strides, n);
        return;
    }
    const size_t page = 4096 / sizeof(float); /* elements: parts start on a page of their own */
    const int streams = fa_streams(loop, operands, strides, n);
    split context = {loop, operands, strides, n, (n / parts / page + 1) * page, streams};
    fa_parallel((int)parts, run_part, &context);
}

void fa_run_parallel(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n) {
    fa_run_threads(loop, operands, strides, n, fa_get_num_threads());
}
