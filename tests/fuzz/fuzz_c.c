/* The C interface under libFuzzer: any calls that fastact.h allows give the bits that elements give one at a time, write
 * nothing else, and read nothing else, which the address sanitizer sees. Without libFuzzer, with -DREPLAY, the arguments
 * are files of inputs, a line of hexadecimal digits each, and numbers of random inputs to try. */
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
            abort();                                              \
        }                                                         \
    } while (0)

enum { LARGEST_STRIDE = 3, LARGEST_OFFSET = 16, MOST_THREADS = 4, LONGEST_LINE = 1 << 14 };

/* --- Decisions --- */

/* Bytes to decide by; when they are used up, every decision is 0. */
typedef struct {
    const uint8_t *bytes;
    size_t left;
} source;

static uint64_t take(source *s, size_t count) {
    uint64_t number = 0;
    for (size_t k = 0; k < count && s->left; k++, s->left--) number |= (uint64_t)*s->bytes++ << 8 * k;
    return number;
}

static size_t below(source *s, size_t end) { return take(s, end <= 256 ? 1 : end <= 65536 ? 2 : 4) % end; }

/* Mostly few elements, at times enough for threads. */
static size_t draw_length(source *s) {
    static const size_t ends[] = {20, 100, 700, 5000};
    const size_t way = below(s, 32);
    return way == 31 ? 30000 + below(s, 40000) : below(s, ends[way % 4]);
}

static ptrdiff_t draw_steps(source *s) {
    const ptrdiff_t steps = (ptrdiff_t)below(s, LARGEST_STRIDE + 1);
    return steps == 0 ? 1 : below(s, 2) ? -steps : steps;
}

static fa_type draw_type(source *s) { return (fa_type)below(s, FA_TYPE_COUNT); }

static size_t item_of(fa_type type) { return type == FA_F64 ? 8 : type == FA_F32 ? 4 : 2; }

/* --- Arrays --- */

/* Memory of exactly what n elements of a stride span after some others, and the first of them. */
typedef struct {
    char *memory, *first;
    ptrdiff_t stride;
    size_t bytes;
} array;

/* Numbers of ordinary size, special ones and any bits. */
static void fill(source *s, fa_type type, char *memory, size_t n) {
    static const double special[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 3, 6, 88.5, -104, 710, -746, 1e-40};
    uint64_t state = take(s, 2) + 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const uint64_t bits = state ^ state >> 29;
        const double ordinary = ((double)(bits >> 40) / (1 << 23) - 1) * 12;
        const double x = bits % 8 ? ordinary : special[(bits >> 8) % (sizeof special / sizeof *special)];
        const float single = (float)x;
        const uint16_t half = (uint16_t)(bits % 4 ? (bits >> 8 & 0x83ff) | (8 + (bits >> 32) % 15) << 10 : bits >> 8);
        char *const at = memory + i * item_of(type);
        if (type == FA_F16)
            memcpy(at, &half, 2);
        else if (bits % 16 == 1)
            memcpy(at, &state, item_of(type));
        else
            memcpy(at, type == FA_F64 ? (const void *)&x : (const void *)&single, item_of(type));
    }
}

static void *allocate(size_t bytes) {
    void *const memory = malloc(bytes);
    if (!memory) exit(2);
    return memory;
}

static array make_array(source *s, fa_type type, size_t n, ptrdiff_t steps) {
    const size_t item = item_of(type), before = below(s, LARGEST_OFFSET);
    const size_t elements = before + (n ? (n - 1) * (size_t)labs(steps) + 1 : 0);
    array a = {allocate(elements * item), NULL, steps * (ptrdiff_t)item, elements * item};
    fill(s, type, a.memory, elements);
    a.first = a.memory + (before + (n && steps < 0 ? (n - 1) * (size_t)labs(steps) : 0)) * item;
    return a;
}

static char *copy_of(const array *a) { return memcpy(allocate(a->bytes), a->memory, a->bytes); }

static int is_nan(fa_type type, const char *at) {
    double x;
    float single;
    uint16_t half;
    if (type == FA_F16) return memcpy(&half, at, 2), (half & 0x7fff) > 0x7c00;
    if (type == FA_F32) return memcpy(&single, at, 4), isnan(single);
    return memcpy(&x, at, 8), isnan(x);
}

/* Whether elements from an offset on, that is one of an element, are the same; any NaN equals any other. */
static int same(fa_type type, const char *a, const char *b, size_t bytes) {
    const size_t item = item_of(type);
    if (memcmp(a, b, bytes) == 0) return 1;
    for (size_t i = 0; i + item <= bytes; i += item)
        if (memcmp(a + i, b + i, item) != 0 && !(is_nan(type, a + i) && is_nan(type, b + i))) return 0;
    return 1;
}

/* --- Loops --- */

static void run(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n, size_t way,
                int contiguous) {
    switch (way) {
    case 0: fa_run(loop, operands, strides, n); break;
    case 1: fa_run_parallel(loop, operands, strides, n); break;
    case 2: fa_run_threads(loop, operands, strides, n, MOST_THREADS); break;
    default: contiguous ? fa_run_contiguous(loop, operands, n) : fa_run_threads(loop, operands, strides, n, 1);
    }
}

/* Any operands, outputs perhaps in the place of inputs. */
static void test_loop(source *s) {
    const fa_activation *activation = fa_activation_at(below(s, fa_activation_count()));
    const fa_type type = draw_type(s);
    const fa_operation operation = (fa_operation)below(s, FA_OPERATION_COUNT);
    const fa_loop *loop = fa_get_loop(activation, operation, type);
    if (!loop) return;
    const int inputs = fa_loop_inputs(loop), count = inputs + fa_loop_outputs(loop);
    const int first_parameter = inputs - activation->parameter_count;
    const size_t n = draw_length(s), way = below(s, 4), item = item_of(type);
    const int contiguous = below(s, 2) == 0, scalar = below(s, 2) == 0;
    array arrays[FA_MAX_OPERANDS];
    int same_as[FA_MAX_OPERANDS];
    char *operands[FA_MAX_OPERANDS], *wanted[FA_MAX_OPERANDS];
    ptrdiff_t strides[FA_MAX_OPERANDS];
    for (int k = 0; k < count; k++) {
        const int is_parameter = k >= first_parameter && k < inputs, shared = k < inputs && below(s, 16) == 15;
        const int replaced = k < inputs ? -1 : (int)below(s, (size_t)(3 * first_parameter)) - 2 * first_parameter;
        same_as[k] = -1;
        if (replaced >= 0 && arrays[replaced].stride && (!contiguous || arrays[replaced].stride == (ptrdiff_t)item)) {
            same_as[k] = replaced; /* an input goes for one output only */
            for (int j = inputs; j < k; j++)
                if (same_as[j] == replaced) same_as[k] = -1;
        }
        if (same_as[k] >= 0)
            arrays[k] = arrays[replaced];
        else if (is_parameter && (scalar || contiguous))
            arrays[k] = make_array(s, type, 1, 0);
        else
            arrays[k] = make_array(s, type, n, contiguous ? 1 : shared ? 0 : draw_steps(s));
        operands[k] = arrays[k].first;
        strides[k] = arrays[k].stride;
        wanted[k] = k < inputs ? NULL : copy_of(&arrays[k]);
    }
    char *before[FA_MAX_OPERANDS];
    for (int k = 0; k < inputs; k++) before[k] = copy_of(&arrays[k]);
    for (size_t i = 0; i < n; i++) {
        char *at[FA_MAX_OPERANDS];
        for (int k = 0; k < count; k++)
            at[k] =
                (k < inputs ? before[k] : wanted[k]) + (arrays[k].first - arrays[k].memory) + (ptrdiff_t)i * strides[k];
        fa_run(loop, at, strides, 1);
    }
    run(loop, operands, strides, n, way, contiguous);
    for (int k = 0; k < count; k++) {
        int replaced = 0;
        for (int j = inputs; j < count; j++) replaced |= same_as[j] == k;
        CHECK(replaced || same(type, arrays[k].memory, k < inputs ? before[k] : wanted[k], arrays[k].bytes),
              "%s, operation %d, type %d, n = %zu, operand %d", activation->name, (int)operation, (int)type, n, k);
    }
    for (int k = 0; k < count; k++) {
        free(k < inputs ? before[k] : wanted[k]);
        if (same_as[k] < 0) free(arrays[k].memory);
    }
}

/* --- Reductions --- */

/* A column alone has the bits that it has among others, wherever they go. */
static void test_reduction(source *s) {
    const fa_reduction reduction = (fa_reduction)below(s, FA_REDUCTION_COUNT);
    const fa_type type = draw_type(s);
    const size_t outer = below(s, 6), length = below(s, below(s, 2) ? 300 : 9), inner = below(s, 2) ? below(s, 150) : 1;
    const size_t n = outer * length * inner, item = item_of(type), in_place = below(s, 4);
    const size_t results = reduction == FA_LOGSUMEXP ? outer * inner : n;
    array a = make_array(s, type, n, 1), b = make_array(s, type, n, 1), own = make_array(s, type, results, 1);
    array x = make_array(s, type, length, 1), y = make_array(s, type, length, 1);
    const array z = make_array(s, type, length + 1, 1);
    array *const out = reduction == FA_LOGSUMEXP || in_place < 2 ? &own : in_place == 2 ? &a : &b;
    char *const a_before = copy_of(&a), *const b_before = copy_of(&b), *const wanted = copy_of(out);
    for (size_t column = 0; column < outer * inner; column++) {
        const size_t start = column / inner * length * inner + column % inner;
        for (size_t l = 0; l < length; l++) {
            memcpy(x.first + l * item, a.first + (start + l * inner) * item, item);
            memcpy(y.first + l * item, b.first + (start + l * inner) * item, item);
        }
        CHECK(fa_reduce(reduction, type, x.first, y.first, z.first, 1, length, 1) == 0, "memory");
        for (size_t l = 0; l < (reduction == FA_LOGSUMEXP ? length > 0 : length); l++) {
            const size_t at = reduction == FA_LOGSUMEXP ? column : start + l * inner;
            memcpy(wanted + (out->first - out->memory) + at * item, z.first + l * item, item);
        }
    }
    CHECK(fa_reduce(reduction, type, n ? a.first : NULL, n ? b.first : NULL, n ? out->first : NULL, outer, length,
                    inner) == 0,
          "memory");
    CHECK(same(type, out->memory, wanted, out->bytes), "reduction %d, type %d, %zu x %zu x %zu", (int)reduction,
          (int)type, outer, length, inner);
    CHECK(out == &a || memcmp(a.memory, a_before, a.bytes) == 0, "a is read only");
    CHECK(out == &b || memcmp(b.memory, b_before, b.bytes) == 0, "b is read only");
    free(a_before), free(b_before), free(wanted);
    const array all[] = {a, b, own, x, y, z};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k].memory);
}

/* --- Channels --- */

static double number_at(fa_type type, const char *at) {
    float single;
    double number;
    if (type == FA_F64) return memcpy(&number, at, sizeof number), number;
    return memcpy(&single, at, sizeof single), single;
}

/* Against elements one at a time, with the bias added; sums against plain ones. */
static void test_channels(source *s) {
    static const fa_operation operations[] = {
        FA_FORWARD, FA_BACKWARD, FA_GRAD, FA_VALUE_AND_GRAD, FA_BACKWARD_PARAMETERS, FA_BACKWARD_FROM_OUTPUT};
    const fa_activation *activation = fa_activation_at(below(s, fa_activation_count()));
    const fa_type type = (fa_type)below(s, FA_F16);
    const fa_loop *loop = fa_get_loop(activation, operations[below(s, sizeof operations / sizeof *operations)], type);
    if (!loop || activation->gate || fa_loop_outputs(loop) > 1 + FA_MAX_PARAMETERS) return;
    const size_t item = item_of(type);
    const fa_channels shape = {below(s, 7), below(s, below(s, 2) ? 50 : 4), below(s, below(s, 2) ? 600 : 9)};
    const size_t n = shape.outer * shape.channels * shape.inner;
    const int parameters = activation->parameter_count, inputs = fa_loop_inputs(loop), outputs = fa_loop_outputs(loop);
    const int x_at = inputs - parameters - 1, with_bias = (int)below(s, 2), in_place = (int)below(s, 3) == 2;
    array arrays[FA_MAX_OPERANDS];
    char *operands[FA_MAX_OPERANDS], *before[FA_MAX_OPERANDS];
    ptrdiff_t steps[FA_MAX_PARAMETERS] = {0};
    double *sums[FA_MAX_OPERANDS] = {0};
    for (int k = 0; k < inputs + outputs; k++) {
        const int is_parameter = k > x_at && k < inputs;
        arrays[k] = make_array(s, type, is_parameter ? shape.channels : n, 1);
        if (is_parameter && (below(s, 2) || shape.channels == 0)) {
            free(arrays[k].memory);
            arrays[k] = make_array(s, type, 1, 1);
        } else if (is_parameter) {
            steps[k - x_at - 1] = (ptrdiff_t)item;
        }
        operands[k] = arrays[k].first;
        before[k] = copy_of(&arrays[k]);
        if (k < inputs) continue;
        if (in_place && k == inputs)
            operands[k] = operands[x_at];
        else if (below(s, 3) == 2)
            operands[k] = NULL;
        if (below(s, 2)) sums[k - inputs] = allocate((shape.channels + 1) * sizeof(double));
    }
    array bias = make_array(s, type, shape.channels, 1);
    const int with_sums = below(s, 4) != 3;
    CHECK(fa_run_channels(loop, &shape, operands, steps, with_bias ? bias.first : NULL, with_sums ? sums : NULL) == 0,
          "memory");
    for (size_t c = 0; c < shape.channels; c++) {
        double totals[FA_MAX_OPERANDS] = {0}, sizes[FA_MAX_OPERANDS] = {0};
        for (size_t i = 0; i < shape.outer * shape.inner; i++) {
            const size_t at = ((i / shape.inner * shape.channels + c) * shape.inner + i % shape.inner) * item;
            char results[FA_MAX_OPERANDS][8], shifted[8], *one[FA_MAX_OPERANDS];
            for (int k = 0; k < inputs + outputs; k++) {
                const size_t offset = k <= x_at ? at : k < inputs ? c * (size_t)steps[k - x_at - 1] : 0;
                one[k] = k < inputs ? before[k] + (arrays[k].first - arrays[k].memory) + offset : results[k];
            }
            if (with_bias) {
                const double x = number_at(type, one[x_at]), shift = number_at(type, bias.first + c * item);
                const double sum = x + shift;
                const float single = (float)x + (float)shift;
                memcpy(shifted, type == FA_F64 ? (const void *)&sum : (const void *)&single, item);
                one[x_at] = shifted;
            }
            fa_run(loop, one, (const ptrdiff_t[FA_MAX_OPERANDS]){0}, 1);
            for (int k = inputs; k < inputs + outputs; k++) {
                const double result = number_at(type, results[k]);
                totals[k] += result, sizes[k] += fabs(result);
                CHECK(!operands[k] || same(type, operands[k] + at, results[k], item), "%s, operand %d, channel %zu",
                      activation->name, k, c);
            }
        }
        for (int k = inputs; k < inputs + outputs; k++) {
            const double sum = with_sums && sums[k - inputs] ? sums[k - inputs][c] : totals[k];
            CHECK(isfinite(sizes[k]) ? fabs(sum - totals[k]) <= 0x1p-40 * sizes[k] : type == FA_F64 || !isfinite(sum),
                  "%s, sum %d of channel %zu: %.17g, %.17g", activation->name, k, c, sum, totals[k]);
        }
    }
    for (int k = 0; k < inputs + outputs; k++) {
        if (k < inputs)
            CHECK((in_place && k == x_at) || memcmp(arrays[k].memory, before[k], arrays[k].bytes) == 0, "input");
        free(arrays[k].memory), free(before[k]), free(sums[k]);
    }
    free(bias.memory);
}

/* --- The rest --- */

static void count_part(void *context, int part) { ((char *)context)[part]++; }

static void test_others(source *s) {
    char text[16] = {0};
    const size_t way = below(s, 7);
    for (size_t k = 0; k + 1 < sizeof text && s->left && way < 3; k++) text[k] = (char)take(s, 1);
    switch (way) {
    case 0: {
        const fa_activation *found = fa_find(text);
        CHECK(!found || strcmp(found->name, text) == 0, "%s", text);
        break;
    }
    case 1: {
        char isa[16];
        snprintf(isa, sizeof isa, "%s", fa_isa());
        if (fa_select_isa(text) == -1) CHECK(strcmp(fa_isa(), isa) == 0, "%s", text);
        CHECK(fa_select_isa(isa) == 0, "%s", isa);
        break;
    }
    case 2: {
        const char *bad = "";
        setenv(below(s, 2) ? "FASTACT_NUM_THREADS" : "OMP_NUM_THREADS", text, 1);
        CHECK(fa_default_num_threads(&bad) >= 1, "%s", text);
        CHECK(fa_default_num_threads(NULL) >= 1, "%s", text);
        unsetenv("FASTACT_NUM_THREADS"), unsetenv("OMP_NUM_THREADS");
        break;
    }
    case 3: {
        const int operation = (int)take(s, 4), type = (int)take(s, 4);
        const fa_activation *activation = fa_activation_at(take(s, 8));
        const fa_loop *loop = fa_get_loop(activation, (fa_operation)operation, (fa_type)type);
        const double bound = fa_error_bound(activation, (fa_operation)operation, (fa_type)type);
        CHECK(loop ? bound >= 0 : isnan(bound), "%d, %d", operation, type);
        break;
    }
    case 4: {
        const uint64_t bits = take(s, 8);
        double x;
        memcpy(&x, &bits, sizeof x);
        const float nearest = fa_nearest_float(x), wanted = (float)x;
        CHECK(isnan(x) ? isnan(nearest) : nearest == wanted, "%.17g", x);
        break;
    }
    case 5: {
        char *blocks[8] = {0};
        fa_set_pool_limit(below(s, 3) << 23);
        for (size_t k = 0; k < 24; k++) {
            char **const block = &blocks[below(s, 8)];
            fa_pool_free(*block);
            const size_t size = below(s, 2) ? below(s, 5000)
                : below(s, 3)               ? FA_POOLED + below(s, 1 << 22)
                                            : SIZE_MAX - take(s, 8);
            *block = fa_pool_allocate(size);
            CHECK(*block || size > 1 << 23, "%zu bytes", size);
            if (!*block) continue;
            CHECK(fa_pool_size_of(*block) == size && (uintptr_t)*block % _Alignof(max_align_t) == 0, "%zu bytes", size);
            if (size) (*block)[0] = (*block)[size - 1] = 1;
        }
        for (size_t k = 0; k < 8; k++) fa_pool_free(blocks[k]);
        break;
    }
    default: {
        const int count = (int)take(s, 4), before = fa_get_num_threads();
        CHECK(fa_set_num_threads(count) == (count < 1 ? -1 : 0), "%d", count);
        CHECK(fa_get_num_threads() == (count < 1 ? before : count), "%d", count);
        fa_set_num_threads(before);
        char marks[9] = {0};
        const size_t parts = below(s, 9);
        fa_parallel((int)parts, count_part, marks);
        for (size_t k = 0; k < sizeof marks; k++) CHECK(marks[k] == (k < parts), "%zu parts", parts);
    }
    }
}

/* For the address sanitizer: memory that is not to be had is no mistake. */
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static void (*const tests[])(source *) = {test_loop,      test_loop,     test_loop,
                                              test_reduction, test_channels, test_others};
    source s = {bytes, size};
    size_t isas = 0;
    while (fa_runnable_isa(isas)) isas++;
    const char *isa = fa_runnable_isa(below(&s, isas));
    if (isa != fa_isa()) fa_select_isa(isa);
    fa_set_num_threads(1 + (int)below(&s, MOST_THREADS));
    tests[below(&s, sizeof tests / sizeof *tests)](&s);
    return 0;
}

#ifdef REPLAY
enum { STREAMED = (8 << 20) + 4099 }; /* elements that are stored past the cache */

/* Too large for a fuzzer: results stored past the cache by threads, against pieces that are neither. */
static void test_streamed(void) {
    const fa_loop *loop = fa_get_loop(fa_find("relu"), FA_VALUE_AND_GRAD, FA_F32);
    const size_t n = STREAMED, item = sizeof(float), piece = 4096;
    source s = {NULL, 0};
    array x = make_array(&s, FA_F32, n, 1), y = make_array(&s, FA_F32, n + 7, 1), d = make_array(&s, FA_F32, n + 7, 1);
    for (size_t shift = 0; shift < 8; shift += 7) { /* both outputs as far past a block */
        char *const operands[] = {x.first, y.first + shift * item, d.first + shift * item};
        char *want[2] = {allocate(piece * item), allocate(piece * item)};
        fa_run_threads(loop, operands, (const ptrdiff_t[]){x.stride, y.stride, d.stride}, n, MOST_THREADS);
        for (size_t done = 0, now; done < n; done += now) {
            now = n - done < piece ? n - done : piece;
            fa_run(loop, (char *[]){x.first + done * item, want[0], want[1]},
                   (const ptrdiff_t[]){x.stride, y.stride, d.stride}, now);
            for (int k = 0; k < 2; k++)
                CHECK(same(FA_F32, operands[1 + k] + done * item, want[k], now * item), "streamed, output %d", k);
        }
        free(want[0]), free(want[1]);
    }
    free(x.memory), free(y.memory), free(d.memory);
}

static void replay(FILE *file) {
    static char line[2 * LONGEST_LINE + 2];
    static uint8_t bytes[LONGEST_LINE];
    while (fgets(line, sizeof line, file)) {
        size_t size = 0;
        unsigned byte;
        while (sscanf(line + 2 * size, "%2x", &byte) == 1) bytes[size++] = (uint8_t)byte;
        LLVMFuzzerTestOneInput(bytes, size);
    }
}

static void try_random(size_t count) {
    uint64_t state = 1;
    uint8_t bytes[64];
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (uint8_t)(state >> 56);
        }
        LLVMFuzzerTestOneInput(bytes, sizeof bytes);
    }
}

int main(int argc, char **argv) {
    for (size_t isa = 0; fa_runnable_isa(isa); isa++) {
        fa_select_isa(fa_runnable_isa(isa));
        test_streamed();
    }
    for (int k = 1; k < argc; k++) {
        FILE *file = fopen(argv[k], "r");
        if (file)
            replay(file), fclose(file);
        else
            try_random(strtoul(argv[k], NULL, 10));
    }
    puts("passed");
    return 0;
}
#endif
