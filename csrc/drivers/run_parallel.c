/* Runs loops on several threads: how many a call is worth, and a part of its elements for each. */
#include "blocks.h"
#include "copies.h"
#include "kernels/loops.h"
#include "runtime/fpenv.h"
#include "runtime/parallel.h"

/* Bytes of an operand that are too few to be shared among threads or stored past the cache: whole blocks go to the kernel
 * without strides to be looked at. */
enum { FEW_BYTES = 1 << 14 };

/* Elements of which the size of a part is a multiple, so that parts begin on different pages. */
enum { PAGE = 4096 / sizeof(float) };

typedef struct {
    const fa_loop *loop;
    char *const *operands;
    const ptrdiff_t *strides;
    size_t n, chunk;
    int streams;
} split;

static void run_part(void *context, int part, int worker) {
    const split *s = context;
    const size_t begin = s->chunk * (size_t)part, left = s->n - begin;
    char *operands[FA_MAX_OPERANDS];
    (void)worker;
    for (int k = 0; k < s->loop->inputs + s->loop->outputs; k++)
        operands[k] = s->operands[k] + (ptrdiff_t)begin * s->strides[k];
    fa_run_part(s->loop, operands, s->strides, min_size(left, s->chunk), s->streams);
}

void fa_run_threads(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n, int num_threads) {
    const int threads = fa_threads_now_of(loop->cost, n, num_threads);
    if (threads < 2) {
        fa_run(loop, operands, strides, n);
        return;
    }
    const size_t pages = (n - 1) / PAGE + 1, chunk = ((pages - 1) / (size_t)fa_part_count(threads, pages) + 1) * PAGE;
    split context = {loop, operands, strides, n, chunk, fa_streams(loop, operands, strides, n)};
    fa_share(threads, (int)((n - 1) / chunk + 1), run_part, &context);
}

void fa_run_parallel(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n) {
    fa_run_threads(loop, operands, strides, n, fa_get_num_threads());
}

void fa_run_contiguous(const fa_loop *loop, char *const *operands, size_t n) {
    const ptrdiff_t item = item_size(loop->type);
    const size_t bytes = n * (size_t)item;
    if (bytes > 0 && bytes <= FEW_BYTES && bytes % FA_BLOCK_BYTES == 0 && loop->type != FA_F16) {
        const fa_environment environment = fa_enter();
        loop->kernels.scalar((void *const *)operands, bytes / FA_BLOCK_BYTES);
        fa_leave(environment);
        return;
    }
    const int first_parameter = loop->inputs - loop->activation->parameter_count;
    ptrdiff_t strides[FA_MAX_OPERANDS];
    for (int k = 0; k < loop->inputs + loop->outputs; k++)
        strides[k] = k >= first_parameter && k < loop->inputs ? 0 : item;
    fa_run_parallel(loop, operands, strides, n);
}
