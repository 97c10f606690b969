/* Hashes of all results, for machines to be compared: every loop, reduction and sum over channels, on numbers of any
 * bits and on ordinary ones. Prints the ISA, then a line for each. Exit status 1 if the ISA does not run here.
 *
 *   test_bits ISA      "": the best
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastact.h"

enum { MANY = 1 << 14, OUTER = 3, CHANNELS = 5 };

static const size_t item[FA_TYPE_COUNT] = {[FA_F32] = 4, [FA_F64] = 8, [FA_F16] = 2};
static const size_t fraction[FA_TYPE_COUNT] = {[FA_F32] = 23, [FA_F64] = 52, [FA_F16] = 10};
static const uint64_t bias[FA_TYPE_COUNT] = {[FA_F32] = 127, [FA_F64] = 1023, [FA_F16] = 15};

static uint64_t inputs[FA_MAX_OPERANDS][MANY], results[FA_MAX_OPERANDS][MANY];
static uint64_t state;

static uint64_t draw(void) { /* splitmix64 */
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t load(fa_type type, const void *array, size_t i) {
    uint64_t bits = 0; /* the low bytes: little-endian, as all that runs here */
    memcpy(&bits, (const char *)array + i * item[type], item[type]);
    return bits;
}

static void store(fa_type type, void *array, size_t i, uint64_t bits) {
    memcpy((char *)array + i * item[type], &bits, item[type]);
}

/* |x| from 2^-6 to 2^6 or, with `any`, every other number of any bits. */
static void fill(fa_type type, void *array, int any) {
    const size_t width = 8 * item[type];
    for (size_t i = 0; i < MANY; i++) {
        const uint64_t bits = draw(), exponent = bias[type] - 6 + draw() % 12, sign = draw() & 1;
        const uint64_t ordinary =
            sign << (width - 1) | exponent << fraction[type] | (bits & ((UINT64_C(1) << fraction[type]) - 1));
        store(type, array, i, any && i % 2 ? bits : ordinary);
    }
}

/* FNV-1a over the elements; any NaN counts as any other. */
static uint64_t hash(uint64_t h, fa_type type, const void *array, size_t n) {
    const uint64_t infinity = (2 * bias[type] + 1) << fraction[type];
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = load(type, array, i);
        if ((bits & ~(UINT64_C(1) << (8 * item[type] - 1))) > infinity) bits = UINT64_MAX;
        for (int byte = 0; byte < 8; byte++) h = (h ^ (bits >> 8 * byte & 0xff)) * UINT64_C(0x100000001b3);
    }
    return h;
}

static const uint64_t start = UINT64_C(0xcbf29ce484222325);

/* 0.75 and 2.5, exact in every type */
static uint64_t parameter(fa_type type, int index) {
    const uint64_t exponent = bias[type] + (index ? 1 : UINT64_MAX), leading = index ? 1 : 2;
    return exponent << fraction[type] | leading << (fraction[type] - 2);
}

static void run_loop(const fa_activation *activation, fa_operation operation, fa_type type) {
    const fa_loop *loop = fa_get_loop(activation, operation, type);
    if (!loop) return;
    const int count = fa_loop_inputs(loop), arrays = count - activation->parameter_count;
    char *operands[FA_MAX_OPERANDS];
    ptrdiff_t strides[FA_MAX_OPERANDS];
    for (int k = 0; k < count + fa_loop_outputs(loop); k++) {
        operands[k] = (char *)(k < count ? inputs[k] : results[k - count]);
        strides[k] = k >= arrays && k < count ? 0 : (ptrdiff_t)item[type];
    }
    for (int k = 0; k < arrays; k++) fill(type, inputs[k], 1);
    for (int p = 0; p < activation->parameter_count; p++) store(type, inputs[arrays + p], 0, parameter(type, p));
    fa_run(loop, operands, strides, MANY);
    uint64_t h = start;
    for (int out = 0; out < fa_loop_outputs(loop); out++) h = hash(h, type, results[out], MANY);
    printf("%s %d %d %016llx\n", activation->name, (int)operation, (int)type, (unsigned long long)h);
}

/* Outputs, and their sums over each channel. */
static void run_channels(const fa_activation *activation, fa_type type) {
    const fa_loop *loop = fa_get_loop(activation, FA_BACKWARD_PARAMETERS, type);
    if (!loop || type == FA_F16) return;
    const fa_channels shape = {OUTER, CHANNELS, MANY / (OUTER * CHANNELS)};
    const size_t n = OUTER * CHANNELS * shape.inner;
    const int count = fa_loop_inputs(loop);
    static double totals[FA_MAX_OPERANDS][CHANNELS];
    char *operands[FA_MAX_OPERANDS];
    double *sums[FA_MAX_OPERANDS];
    const ptrdiff_t parameter_strides[FA_MAX_PARAMETERS] = {0};
    for (int k = 0; k < count + fa_loop_outputs(loop); k++)
        operands[k] = (char *)(k < count ? inputs[k] : results[k - count]);
    for (int k = 0; k < count; k++) fill(type, inputs[k], 0);
    for (int out = 0; out < fa_loop_outputs(loop); out++) sums[out] = totals[out];
    if (fa_run_channels(loop, &shape, operands, parameter_strides, NULL, sums)) exit(EXIT_FAILURE);
    uint64_t h = start;
    for (int out = 0; out < fa_loop_outputs(loop); out++) {
        h = hash(h, type, results[out], n);
        h = hash(h, FA_F64, totals[out], CHANNELS);
    }
    printf("%s channels %d %016llx\n", activation->name, (int)type, (unsigned long long)h);
}

static void run_reduction(fa_reduction reduction, fa_type type, size_t inner) {
    const size_t length = MANY / (OUTER * inner), n = OUTER * length * inner;
    fill(type, inputs[0], 0), fill(type, inputs[1], 0);
    memset(results, 0, sizeof results);
    if (fa_reduce(reduction, type, inputs[0], inputs[1], results, OUTER, length, inner)) exit(EXIT_FAILURE);
    printf("reduction %d %d %d %016llx\n", (int)reduction, (int)type, (int)inner,
           (unsigned long long)hash(start, type, results, n));
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    if (fa_select_isa(*argv[1] ? argv[1] : NULL)) return EXIT_FAILURE;
    printf("%s\n", fa_isa());
    fa_set_num_threads(1);
    for (int type = 0; type < FA_TYPE_COUNT; type++) {
        for (size_t k = 0; k < fa_activation_count(); k++) {
            for (int operation = 0; operation < FA_OPERATION_COUNT; operation++)
                run_loop(fa_activation_at(k), (fa_operation)operation, (fa_type)type);
            run_channels(fa_activation_at(k), (fa_type)type);
        }
        for (int reduction = 0; reduction < FA_REDUCTION_COUNT; reduction++)
            for (size_t inner = 1; inner <= 9; inner += 8) run_reduction((fa_reduction)reduction, (fa_type)type, inner);
    }
    return EXIT_SUCCESS;
}
