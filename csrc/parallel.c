/* Threads: the only file that knows OpenMP. */
#include <stdatomic.h>

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
 * python bench/peers.py --functions silu --sizes 16384 32768 65536 131072 --threads 1 2 */
static const size_t worthwhile = 8000000;

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
    int count = atomic_load_explicit(&thread_count, memory_order_relaxed);
    if (count == 0) {
        const char *bad_variable;
        count = fa_default_num_threads(&bad_variable);
        fa_set_num_threads(count);
    }
    return count;
}

void fa_set_num_threads(int count) { atomic_store_explicit(&thread_count, count, memory_order_relaxed); }

int fa_threads_for_cost(unsigned cost, size_t n) {
#ifdef _OPENMP
    const size_t parts = n / (worthwhile / cost);
    if (parts < 2 || atomic_load_explicit(&forked, memory_order_relaxed) || omp_in_parallel()) return 1;
    const int limit = fa_get_num_threads();
    return parts < (size_t)limit ? (int)parts : limit;
#else
    (void)cost, (void)n;
    return 1;
#endif
}

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
} split;

static void run_part(void *context, int part) {
    const split *s = context;
    const size_t begin = s->chunk * (size_t)part;
    if (begin >= s->n) return;
    char *operands[FA_MAX_OPERANDS];
    for (int k = 0; k < s->loop->inputs + s->loop->outputs; k++)
        operands[k] = s->operands[k] + (ptrdiff_t)begin * s->strides[k];
    fa_run(s->loop, operands, s->strides, s->n - begin < s->chunk ? s->n - begin : s->chunk);
}

void fa_run_parallel(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n) {
    const size_t parts = (size_t)fa_threads_for(loop, n);
    if (parts < 2) {
        fa_run(loop, operands, strides, n);
        return;
    }
    const size_t page = 4096 / sizeof(float); /* elements: parts start on a page of their own */
    split context = {loop, operands, strides, n, (n / parts / page + 1) * page};
    fa_parallel((int)parts, run_part, &context);
}
