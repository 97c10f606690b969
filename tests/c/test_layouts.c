/* Any layout gives the bits that elements give one at a time, and writes nothing else: random sizes, offsets, strides, in
 * place, on every instruction set. Exit status 1 if anything is wrong. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastact.h"

#define CHECK(condition, ...)                                     \
    do {                                                          \
        if (!(condition)) {                                       \
            fprintf(stderr, "line %d, %s: ", __LINE__, fa_isa()); \
            fprintf(stderr, __VA_ARGS__);                         \
            fprintf(stderr, ": not so: %s\n", #condition);        \
            exit(EXIT_FAILURE);                                   \
        }                                                         \
    } while (0)

enum { LARGEST_N = 700, LARGEST_STRIDE = 3, STREAMED = (8 << 20) + 4099 };

static size_t below(size_t end) {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state >> 33) % end;
}

static size_t item_of(fa_type type) { return type == FA_F64 ? 8 : type == FA_F32 ? 4 : 2; }

/* Numbers of ordinary size, as bits: exponents from 2^-7 to 2^8. */
static void fill(fa_type type, char *memory, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double x = (below(2) ? 1 : -1) * (double)(1 + below(1 << 12)) / 256;
        const float single = (float)x;
        const unsigned short half = (unsigned short)(below(2) << 15 | (8 + below(15)) << 10 | below(1 << 10));
        if (type == FA_F16)
            memcpy(memory + i * 2, &half, 2);
        else
            memcpy(memory + i * item_of(type), type == FA_F64 ? (const void *)&x : (const void *)&single,
                   item_of(type));
    }
}

/* Memory of exactly what n elements of a stride span, and the first of them. */
typedef struct {
    char *memory, *first;
    ptrdiff_t stride;
    size_t bytes;
} array;

static array make_array(fa_type type, size_t n, ptrdiff_t steps) {
    const size_t item = item_of(type), span = (n - 1) * (size_t)labs(steps) + 1, before = below(16);
    array a = {malloc((before + span) * item), NULL, steps * (ptrdiff_t)item, (before + span) * item};
    if (!a.memory) exit(2);
    fill(type, a.memory, before + span);
    a.first = a.memory + (before + (steps < 0 ? span - 1 : 0)) * item;
    return a;
}

static ptrdiff_t draw_steps(void) {
    return below(2) ? 1 : below(2) ? (ptrdiff_t)(1 + below(LARGEST_STRIDE)) : -(ptrdiff_t)(1 + below(LARGEST_STRIDE));
}

static void test_loop(const fa_activation *activation, fa_operation operation, fa_type type, size_t n) {
    const fa_loop *loop = fa_get_loop(activation, operation, type);
    if (!loop) return;
    const int inputs = fa_loop_inputs(loop), count = inputs + fa_loop_outputs(loop);
    array arrays[FA_MAX_OPERANDS];
    char *operands[FA_MAX_OPERANDS], *expected[FA_MAX_OPERANDS];
    ptrdiff_t strides[FA_MAX_OPERANDS];
    const int scalar = below(2) != 0, in_place = below(3) == 0;
    for (int k = 0; k < count; k++) {
        const int is_parameter = k < inputs && k >= inputs - activation->parameter_count;
        arrays[k] = make_array(type, n, is_parameter && scalar ? 0 : draw_steps());
        if (in_place && k == inputs) {
            free(arrays[k].memory);
            arrays[k] = arrays[0];
        }
        operands[k] = arrays[k].first;
        strides[k] = arrays[k].stride;
        expected[k] = malloc(arrays[k].bytes);
        if (!expected[k]) exit(2);
        memcpy(expected[k], arrays[k].memory, arrays[k].bytes);
    }
    for (size_t i = 0; i < n; i++) {
        char *at[FA_MAX_OPERANDS];
        for (int k = 0; k < count; k++)
            at[k] = (k < inputs ? arrays[k].memory : expected[k]) + (arrays[k].first - arrays[k].memory) +
                (ptrdiff_t)i * strides[k];
        fa_run(loop, at, strides, 1);
    }
    fa_run(loop, operands, strides, n);
    for (int k = inputs; k < count; k++)
        CHECK(memcmp(arrays[k].memory, expected[k], arrays[k].bytes) == 0, "%s, operation %d, type %d, n = %d",
              activation->name, (int)operation, (int)type, (int)n);
    for (int k = 0; k < count; k++) {
        free(expected[k]);
        if (!in_place || k != inputs) free(arrays[k].memory);
    }
}

/* A column alone has the bits that it has among others, wherever they go. */
static void test_reduction(fa_reduction reduction, fa_type type) {
    const size_t outer = 1 + below(5), length = 1 + below(below(2) ? 8 : 150), inner = below(2) ? 1 : 1 + below(150);
    const size_t n = outer * length * inner, item = item_of(type);
    const array a = make_array(type, n, 1), b = make_array(type, n, 1), out = make_array(type, n, 1);
    const array x = make_array(type, length, 1), y = make_array(type, length, 1), z = make_array(type, length, 1);
    CHECK(fa_reduce(reduction, type, a.first, b.first, out.first, outer, length, inner) == 0, "memory");
    for (size_t column = 0; column < outer * inner; column++) {
        const size_t start = column / inner * length * inner + column % inner;
        for (size_t l = 0; l < length; l++) {
            memcpy(x.first + l * item, a.first + (start + l * inner) * item, item);
            memcpy(y.first + l * item, b.first + (start + l * inner) * item, item);
        }
        CHECK(fa_reduce(reduction, type, x.first, y.first, z.first, 1, length, 1) == 0, "memory");
        for (size_t l = 0; l < (reduction == FA_LOGSUMEXP ? 1 : length); l++) {
            const size_t at = reduction == FA_LOGSUMEXP ? column : start + l * inner;
            CHECK(memcmp(out.first + at * item, z.first + l * item, item) == 0,
                  "reduction %d, type %d, %d x %d x %d, column %d", (int)reduction, (int)type, (int)outer, (int)length,
                  (int)inner, (int)column);
        }
    }
    const array all[] = {a, b, out, x, y, z};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k].memory);
}

/* Channels, against their elements one at a time; sums against plain ones. */
static void test_channels(const fa_activation *activation, fa_type type) {
    const fa_loop *loop = fa_get_loop(activation, FA_BACKWARD, type);
    const fa_channels shape = {1 + below(6), 1 + below(40), below(3) ? 1 + below(30) : 250 + below(30)};
    const size_t n = shape.outer * shape.channels * shape.inner, item = item_of(type);
    const int parameters = activation->parameter_count, inputs = 2 + parameters;
    array dy = make_array(type, n, 1), x = make_array(type, n, 1), dx = make_array(type, n, 1);
    array p = make_array(type, shape.channels, 1), q = make_array(type, shape.channels, 1);
    char *operands[FA_MAX_OPERANDS] = {dy.first, x.first, p.first, q.first};
    const int stored = below(2) != 0;
    operands[inputs] = stored ? dx.first : NULL;
    const ptrdiff_t steps[FA_MAX_PARAMETERS] = {(ptrdiff_t)item, below(2) ? (ptrdiff_t)item : 0};
    double *sums = malloc(shape.channels * sizeof *sums), *const all_sums[] = {sums};
    CHECK(sums && fa_run_channels(loop, &shape, operands, steps, NULL, all_sums) == 0, "memory");
    for (size_t c = 0; c < shape.channels; c++) {
        double sum = 0, size = 0;
        for (size_t i = 0; i < shape.outer * shape.inner; i++) {
            const size_t at = ((i / shape.inner * shape.channels + c) * shape.inner + i % shape.inner) * item;
            double result = 0;
            char *one[FA_MAX_OPERANDS] = {dy.first + at, x.first + at, p.first + (ptrdiff_t)c * steps[0],
                                          q.first + (ptrdiff_t)c * steps[1]};
            one[inputs] = (char *)&result;
            fa_run(loop, one, (const ptrdiff_t[FA_MAX_OPERANDS]){0}, 1);
            CHECK(!stored || memcmp(dx.first + at, &result, item) == 0, "%s, channel %d", activation->name, (int)c);
            float single;
            memcpy(&single, &result, sizeof single);
            const double term = type == FA_F64 ? result : (double)single;
            sum += term;
            size += fabs(term);
        }
        CHECK(isfinite(sum) ? fabs(sums[c] - sum) <= 0x1p-40 * size : !isfinite(sums[c]),
              "%s, sum of channel %d: %.17g, %.17g", activation->name, (int)c, sums[c], sum);
    }
    const array all[] = {dy, x, dx, p, q};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k].memory);
    free(sums);
}

/* Large enough to be stored past the cache and for threads, against pieces that are neither. */
static void test_streamed(fa_type type) {
    const fa_loop *loop = fa_get_loop(fa_find("relu"), FA_VALUE_AND_GRAD, type);
    const size_t n = (size_t)STREAMED - below(2000), item = item_of(type), piece = 4096;
    array x = make_array(type, n, 1), y = make_array(type, n, 1), d = make_array(type, n + 15, 1);
    d.first = d.memory + (y.first - y.memory); /* as far past a block as y */
    char *const operands[] = {x.first, y.first, d.first};
    const ptrdiff_t strides[] = {x.stride, y.stride, d.stride};
    char *want[2] = {malloc(piece * item), malloc(piece * item)};
    fa_run_threads(loop, operands, strides, n, 3);
    for (size_t done = 0, now; done < n; done += now) {
        now = n - done < piece ? n - done : piece;
        fa_run(loop, (char *[]){x.first + done * item, want[0], want[1]}, strides, now);
        for (int k = 0; k < 2; k++)
            CHECK(memcmp(operands[1 + k] + done * item, want[k], now * item) == 0, "streamed, type %d", (int)type);
    }
    free(x.memory), free(y.memory), free(d.memory), free(want[0]), free(want[1]);
}

int main(void) {
    for (size_t isa = 0; fa_runnable_isa(isa); isa++) {
        fa_select_isa(fa_runnable_isa(isa));
        for (size_t k = 0; k < fa_activation_count(); k++) {
            const fa_activation *activation = fa_activation_at(k);
            for (int type = 0; type < FA_TYPE_COUNT; type++) {
                for (int operation = 0; operation < FA_OPERATION_COUNT; operation++)
                    for (int times = 0; times < 6; times++)
                        test_loop(activation, (fa_operation)operation, (fa_type)type, 1 + below(LARGEST_N));
                if (!activation->gate && type != FA_F16) test_channels(activation, (fa_type)type);
            }
        }
        for (int reduction = 0; reduction < FA_REDUCTION_COUNT; reduction++)
            for (int times = 0; times < 60; times++) test_reduction((fa_reduction)reduction, (fa_type)(times % 3));
        test_streamed(FA_F32);
    }
    printf("passed\n");
    return EXIT_SUCCESS;
}
