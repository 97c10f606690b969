/* From any strided operands to kernels that take whole contiguous blocks.
 *
 * Contiguous operands go to the kernel as they are. The remainder, strided data and float16 are gathered into
 * buffers, computed by the same kernel and scattered back: there is no scalar tail, so an element's result does not
 * depend on where it stands.
 */
#include <stdint.h>
#include <string.h>

#include "blocks.h"
#include "copies.h"
#include "kernels/loops.h"
#include "kernels/platform.h"
#include "runtime/dispatch.h"
#include "runtime/fpenv.h"

/* Elements gathered at a time: 7 operands of 8 bytes are 14 KiB, well inside the first-level cache. */
enum { BATCH_ELEMENTS = 256 };

/* Bytes of an output from which it is stored past the cache, which is where that begins to win; blocks computed between.
 * python -m fastact bench --function silu --sizes 2^20..2^26 --output given --threads 1 all --peers, with 1 << 20 here */
enum { STREAM_BYTES = 1 << 25, PIECE_BLOCKS = 64 };

typedef union {
    _Alignas(64) float f32[BATCH_ELEMENTS];
    double f64[BATCH_ELEMENTS];
} buffer;

/* Bytes by which an address is past the beginning of a block. */
static size_t past_block(const void *address) { return (uintptr_t)address % FA_BLOCK_BYTES; }

static void gather(fa_type type, const char *from, ptrdiff_t stride, buffer *to, size_t n, size_t padded) {
    switch (type) {
    case FA_F64:
        copy_strided(8, to->f64, 8, from, stride, n);
        for (size_t i = n; i < padded; i++) to->f64[i] = 1;
        return;
    case FA_F32: copy_strided(4, to->f32, 4, from, stride, n); break;
    default: {
        unsigned short half[BATCH_ELEMENTS];
        copy_strided(2, half, 2, from, stride, n);
        fa_table->half_to_float(half, to->f32, n);
    }
    }
    for (size_t i = n; i < padded; i++) to->f32[i] = 1;
}

static void scatter(fa_type type, const buffer *from, char *to, ptrdiff_t stride, size_t n) {
    switch (type) {
    case FA_F64: copy_strided(8, to, stride, from->f64, 8, n); return;
    case FA_F32: copy_strided(4, to, stride, from->f32, 4, n); return;
    default: {
        unsigned short half[BATCH_ELEMENTS];
        fa_table->float_to_half(from->f32, half, n);
        copy_strided(2, to, stride, half, 2, n);
    }
    }
}

/* At most BATCH_ELEMENTS, of any stride and type. What is not contiguous whole blocks goes through a buffer. */
static void run_batch(const fa_loop *loop, fa_kernel kernel, size_t gathered, char *const *operands,
                      const ptrdiff_t *strides, size_t n) {
    const ptrdiff_t item = item_size(loop->type);
    const size_t block = FA_BLOCK_BYTES / (loop->type == FA_F64 ? sizeof(double) : sizeof(float));
    const size_t blocks = (n + block - 1) / block;
    const size_t inputs = (size_t)loop->inputs, count = inputs + (size_t)loop->outputs;
    const int whole = n % block == 0 && loop->type != FA_F16;
    buffer buffers[FA_MAX_OPERANDS];
    void *staged[FA_MAX_OPERANDS] = {0};
    for (size_t k = 0; k < count; k++) {
        staged[k] = whole && strides[k] == item ? (void *)operands[k] : (void *)&buffers[k];
        if (k >= inputs || staged[k] == operands[k]) continue;
        if (k < gathered)
            gather(loop->type, operands[k], strides[k], &buffers[k], n, blocks * block);
        else /* a parameter of a scalar kernel is one value */
            gather(loop->type, operands[k], 0, &buffers[k], 1, 1);
    }
    kernel(staged, blocks);
    for (size_t k = inputs; k < count; k++)
        if (staged[k] == &buffers[k]) scatter(loop->type, &buffers[k], operands[k], strides[k], n);
}

int fa_streams(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n) {
    const ptrdiff_t item = item_size(loop->type);
    const int end = loop->inputs + loop->outputs;
    if (n < STREAM_BYTES / (size_t)item || loop->type == FA_F16 || !fa_table->stream_blocks) return 0;
    for (int output = loop->inputs; output < end; output++) {
        if (strides[output] != item || past_block(operands[output]) != past_block(operands[loop->inputs])) return 0;
        for (int input = 0; input < loop->inputs; input++)
            if (operands[input] == operands[output]) return 0;
    }
    return past_block(operands[loop->inputs]) % (size_t)item == 0;
}

/* Contiguous operands whose outputs are stored past the cache, piece by piece: how many elements are done, all but the
 * last few. */
static size_t run_streaming(const fa_loop *loop, fa_kernel kernel, size_t gathered, char *const *operands,
                            const ptrdiff_t *strides, size_t n) {
    const size_t item = (size_t)item_size(loop->type), piece = PIECE_BLOCKS * FA_BLOCK_BYTES / item;
    const size_t past = past_block(operands[loop->inputs]);
    _Alignas(64) char results[1 + FA_MAX_PARAMETERS][PIECE_BLOCKS * FA_BLOCK_BYTES];
    size_t done = past ? (FA_BLOCK_BYTES - past) / item : 0;
    if (done) run_batch(loop, kernel, gathered, operands, strides, done);
    for (; n - done >= piece; done += piece) {
        void *at[FA_MAX_OPERANDS];
        for (int k = 0; k < loop->inputs; k++) at[k] = operands[k] + (ptrdiff_t)done * strides[k];
        for (int k = 0; k < loop->outputs; k++) at[loop->inputs + k] = results[k];
        kernel(at, PIECE_BLOCKS);
        for (int k = 0; k < loop->outputs; k++)
            fa_table->stream_blocks(operands[loop->inputs + k] + done * item, results[k], PIECE_BLOCKS);
    }
    FA_STREAM_END();
    return done;
}

void fa_run(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n) {
    fa_run_part(loop, operands, strides, n, fa_streams(loop, operands, strides, n));
}

void fa_run_part(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n, int streams) {
    const ptrdiff_t item = item_size(loop->type);
    const int first_parameter = loop->inputs - loop->activation->parameter_count;
    const int count = loop->inputs + loop->outputs;
    int scalar = 1, contiguous = loop->type != FA_F16;
    for (int k = first_parameter; k < loop->inputs; k++) scalar &= strides[k] == 0;
    for (int k = 0; k < count; k++)
        contiguous &= strides[k] == item || (scalar && k >= first_parameter && k < loop->inputs);

    const fa_kernel kernel = scalar ? loop->kernels.scalar : loop->kernels.array;
    const size_t gathered = (size_t)(scalar ? first_parameter : loop->inputs);
    const size_t blocks = n * (size_t)item / FA_BLOCK_BYTES;
    const fa_environment environment = fa_enter();
    size_t done = 0;
    if (contiguous && streams && blocks > 0) {
        done = run_streaming(loop, kernel, gathered, operands, strides, n);
    } else if (contiguous && blocks > 0) {
        kernel((void *const *)operands, blocks);
        done = blocks * (FA_BLOCK_BYTES / (size_t)item);
    }
    while (done < n) {
        const size_t now = min_size(n - done, BATCH_ELEMENTS);
        char *at[FA_MAX_OPERANDS];
        for (int k = 0; k < count; k++) at[k] = operands[k] + (ptrdiff_t)done * strides[k];
        run_batch(loop, kernel, gathered, at, strides, now);
        done += now;
    }
    fa_leave(environment);
}

/* Zeros and what is in the range of normal floats are rounded as integers, to nearest and ties to even, so that the
 * conversion is exact; the last binade, which may overflow, is left out. Elsewhere the volatile variables keep the
 * conversion between the two changes of the environment. */
float fa_nearest_float(double x) {
    enum {
        SURPLUS = 29, /* bits of a double's significand beyond a float's */
        LEAST = 1023 - 126, /* exponent field of a double that is the least normal float */
        BINADES = 253 /* from there to before the last one */
    };
    const uint64_t half = (uint64_t)1 << (SURPLUS - 1);
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits >> 52 & 0x7ff) - LEAST < BINADES || bits << 1 == 0) {
        const uint64_t rounded = (bits + half - 1 + (bits >> SURPLUS & 1)) >> SURPLUS << SURPLUS;
        double nearest;
        memcpy(&nearest, &rounded, sizeof nearest);
        return (float)nearest;
    }
    const fa_environment environment = fa_enter();
    const volatile double given = x;
    const volatile float nearest = (float)given;
    const float result = nearest;
    fa_leave(environment);
    return result;
}

void fa_nearest_floats(const double *x, float *y, size_t n) {
    const fa_environment environment = fa_enter();
    fa_table->double_to_float(x, y, n);
    fa_leave(environment);
}
