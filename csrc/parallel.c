/* Threads: the only file that knows OpenMP. */
#include "loops.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#include <stdlib.h>

static int thread_count;

int fa_has_openmp(void) {
#ifdef _OPENMP
    return 1;
#else
    return 0;
#endif
}

int fa_default_num_threads(const char **bad_variable) {
    *bad_variable = NULL;
    return 2;
}

int fa_get_num_threads(void) {
    const char *ignored;
    if (!thread_count) thread_count = fa_default_num_threads(&ignored);
    return thread_count;
}

void fa_set_num_threads(int count) { thread_count = count; }

int fa_threads_for(const fa_loop *loop, size_t n) {
    const double share = 8000; /* nanoseconds */
    const double parts = loop->cost * (double)n / share;
    const int limit = fa_get_num_threads();
#ifdef _OPENMP
    if (parts < 2 || omp_in_parallel()) return 1;
#endif
    return parts < limit ? (int)parts : limit;
}

void fa_parallel(int parts, void (*body)(void *context, int part), void *context) {
#ifdef _OPENMP
#pragma omp parallel for num_threads(parts) schedule(static, 1)
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
    char *operands[FA_MAX_OPERANDS];
    if (begin >= s->n) return;
    for (int k = 0; k < s->loop->inputs + s->loop->outputs; k++)
        operands[k] = s->operands[k] + (ptrdiff_t)begin * s->strides[k];
    fa_run(s->loop, operands, s->strides, s->n - begin < s->chunk ? s->n - begin : s->chunk);
}

void fa_run_parallel(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n) {
    const int parts = fa_threads_for(loop, n);
    if (parts < 2) {
        fa_run(loop, operands, strides, n);
        return;
    }
    const size_t page = 4096 / 2; /* elements: chunks start on page boundaries of aligned arrays */
    const size_t chunk = (n / (size_t)parts + page) / page * page;
    split context = {loop, operands, strides, n, chunk};
    fa_parallel(parts, run_part, &context);
}
