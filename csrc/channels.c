/* Arrays with parameters and a bias for each channel, and sums over all elements of a channel.
 *
 * Strips of contiguous elements are computed one at a time, and what is to be summed is added up while it is in cache.
 * Where a channel's elements stand in long runs, a strip is part of one run and has one value of each parameter. Where
 * runs are short, a strip is part of a row of many: parameters are laid out along it once, sums are kept for each
 * element of it, and narrow rows are taken several at a time.
 *
 * Sums are those of strips, in groups, then those of groups and so on: how they are grouped depends on the shape alone.
 * At most 64 are added one by one on each level.
 */
#include <stdlib.h>
#include <string.h>

#include "fpenv.h"
#include "loops.h"

enum {
    STRIP = 2048, /* elements: a strip of every operand fits into the second-level cache */
    LONG = 1 << 16, /* elements of a strip of which nothing is needed again */
    SHORT = 256, /* elements of a run: a kernel is not called for each that is shorter */
    FEWEST_ROWS = 8, /* in a group */
    MOST_ROWS = 64,
    BAND = 8, /* strips side by side whose sums are in cache together */
    PIECE = 16, /* elements that a strip is a multiple of, where it may */
    MAX_OUTPUTS = 1 + FA_MAX_PARAMETERS
};

typedef struct job job;
struct job {
    const fa_loop *loop;
    const fa_vectors *vectors;
    fa_channels shape;
    char *operands[FA_MAX_OPERANDS]; /* parameters and bias: for each channel, or laid out along a row */
    const char *bias;
    ptrdiff_t steps[FA_MAX_OPERANDS]; /* of parameters, from a channel or an element to the next */
    int in_runs, arrays, inputs, outputs, parts;
    size_t item, block, n; /* bytes of an element, elements of a block, of all */
    size_t units; /* of work, one after the other in memory */
    size_t strips; /* in a run */
    size_t strip; /* elements */
    size_t repeats, row; /* runs of each channel in a row; elements of a row */
    size_t bands, rows, groups; /* in a row; in a group; in all */
    double *sums[MAX_OUTPUTS]; /* of strips or groups; NULL: not wanted */
};

static size_t ceil_ratio(size_t a, size_t b) { return (a + b - 1) / b; }

/* `n` elements from `start`, with the parameters at `at`; sums go to, or are added to, sums[..][slot]. */
static void run_strip(const job *j, size_t start, size_t n, size_t at, size_t slot) {
    _Alignas(64) double shifted[STRIP], unstored[MAX_OUTPUTS][STRIP];
    char *operands[FA_MAX_OPERANDS];
    ptrdiff_t strides[FA_MAX_OPERANDS];
    const size_t offset = start * j->item;
    for (int k = 0; k < j->inputs + j->outputs; k++) {
        const int is_parameter = k >= j->arrays && k < j->inputs;
        strides[k] = !is_parameter ? (ptrdiff_t)j->item : j->in_runs ? 0 : j->steps[k];
        if (j->operands[k])
            operands[k] = j->operands[k] + (is_parameter ? (ptrdiff_t)at * j->steps[k] : (ptrdiff_t)offset);
        else
            operands[k] = (char *)unstored[k - j->inputs];
    }
    if (j->bias) {
        char **x = &operands[j->arrays - 1];
        j->vectors->add_bias(*x, j->bias + at * j->item, j->in_runs, shifted, n);
        *x = (char *)shifted;
    }
    if (j->in_runs && n % j->block == 0) /* run_part has set the environment, so a kernel can be called as it is */
        j->loop->kernels.scalar((void *const *)operands, n / j->block);
    else
        fa_run(j->loop, operands, strides, n);
    for (int k = 0; k < j->outputs; k++) {
        const char *output = operands[j->inputs + k];
        if (!j->sums[k]) continue;
        if (j->in_runs)
            j->sums[k][slot] = j->vectors->total(output, n);
        else
            j->vectors->accumulate(output, j->sums[k] + slot, n);
    }
}

/* Sums of strips stand together for each channel. */
static void run_in_run(const job *j, size_t unit) {
    const size_t run = unit / j->strips, first = unit % j->strips * j->strip;
    const size_t channel = run % j->shape.channels, outer = run / j->shape.channels;
    const size_t slot = (channel * j->shape.outer + outer) * j->strips + unit % j->strips;
    run_strip(j, run * j->shape.inner + first, min_size(j->strip, j->shape.inner - first), channel, slot);
}

/* A group of rows has a row of sums. */
static void run_in_rows(const job *j, size_t unit) {
    const size_t group = unit / j->bands, first = unit % j->bands * j->strip * BAND;
    const size_t last = min_size(j->row, first + j->strip * BAND), sums = group * j->row;
    const size_t end = min_size(j->n, (group + 1) * j->rows * j->row);
    for (int k = 0; k < j->outputs; k++)
        if (j->sums[k]) memset(j->sums[k] + sums + first, 0, (last - first) * sizeof(double));
    for (size_t row = group * j->rows * j->row; row < end; row += j->row)
        for (size_t at = first; at < last && row + at < end; at += j->strip)
            run_strip(j, row + at, min_size(min_size(j->strip, last - at), end - row - at), at, sums + at);
}

static void run_part(void *context, int part) {
    const job *j = context;
    const fa_environment environment = fa_enter();
    const size_t parts = (size_t)j->parts, begin = j->units * (size_t)part / parts;
    const size_t end = j->units * ((size_t)part + 1) / parts;
    for (size_t unit = begin; unit < end; unit++) (j->in_runs ? run_in_run : run_in_rows)(j, unit);
    fa_leave(environment);
}

/* In place: strip by strip, until one is left. */
static double sum_of(double *values, size_t n) {
    while (n > 1) {
        const size_t strips = ceil_ratio(n, STRIP);
        for (size_t s = 0; s < strips; s++)
            values[s] = fa_table->vectors[FA_F64].total(values + s * STRIP, min_size(STRIP, n - s * STRIP));
        n = strips;
    }
    return values[0];
}

/* Groups are added up until one row of sums is left, and its repeats until each channel has one run, of sums that stand
 * together. */
static void finish_rows(const job *j, double *sums, double *result) {
    const size_t row = j->row, inner = j->shape.inner, period = j->shape.channels * inner;
    for (size_t groups = j->groups, fewer; groups > 1; groups = fewer) {
        fewer = ceil_ratio(groups, MOST_ROWS);
        for (size_t g = 0; g < fewer; g++) {
            double *first = sums + g * MOST_ROWS * row;
            for (size_t k = g * MOST_ROWS + 1; k < min_size(groups, (g + 1) * MOST_ROWS); k++)
                fa_table->vectors[FA_F64].accumulate(sums + k * row, first, row);
            memmove(sums + g * row, first, row * sizeof(double));
        }
    }
    for (size_t runs = j->repeats, half; runs > 1; runs = half) {
        half = ceil_ratio(runs, 2);
        fa_table->vectors[FA_F64].accumulate(sums + half * period, sums, (runs - half) * period);
    }
    for (size_t channel = 0; channel < j->shape.channels; channel++)
        result[channel] = sum_of(sums + channel * inner, inner);
}

static void finish(const job *j, double *sums, double *result) {
    const fa_environment environment = fa_enter();
    const size_t count = j->shape.outer * j->strips;
    if (!j->in_runs)
        finish_rows(j, sums, result);
    else
        for (size_t channel = 0; channel < j->shape.channels; channel++)
            result[channel] = sum_of(sums + channel * count, count);
    fa_leave(environment);
}

/* How the work is divided: by the shape, never by the number of threads. */
static void plan(job *j, const fa_channels *shape, int needed_again) {
    j->shape = *shape;
    if (shape->channels == 1) j->shape = (fa_channels){1, 1, shape->outer * shape->inner};
    j->in_runs = j->shape.channels == 1 || j->shape.inner >= SHORT;
    j->n = j->shape.outer * j->shape.channels * j->shape.inner;
    if (j->n == 0) return;
    if (j->in_runs) {
        j->strip = needed_again ? STRIP : LONG;
        j->strips = ceil_ratio(j->shape.inner, j->strip);
        j->units = j->shape.outer * j->shape.channels * j->strips;
        return;
    }
    const size_t period = j->shape.channels * j->shape.inner;
    const size_t whole = PIECE / min_size(PIECE, period & -period); /* the fewest runs that are whole pieces */
    j->repeats = period < STRIP ? min_size(STRIP / period, j->shape.outer) : 1;
    if (j->repeats > whole) j->repeats -= j->repeats % whole;
    j->row = j->repeats * period;
    j->strip = ceil_ratio(ceil_ratio(j->row, ceil_ratio(j->row, STRIP)), PIECE) * PIECE;
    j->bands = ceil_ratio(j->row, j->strip * BAND);
    const size_t rows = ceil_ratio(j->n, j->row);
    j->rows = FEWEST_ROWS;
    while (j->rows < MOST_ROWS && j->rows * j->rows < rows) j->rows *= 2;
    j->groups = ceil_ratio(rows, j->rows);
    j->units = j->groups * j->bands;
}

/* Elements of the memory for sums of one output. */
static size_t sum_count(const job *j) { return j->in_runs ? j->units : j->groups * j->row; }

#define LAY_OUT(type)                               \
    for (size_t c = 0; c < j->shape.channels; c++)  \
        for (size_t i = 0; i < j->shape.inner; i++) \
    ((type *)row)[c * j->shape.inner + i] = *(const type *)(values + (ptrdiff_t)c * step)

/* A value for each channel, or one that all share -> a value for each element of a row. */
static void lay_out(const job *j, const char *values, ptrdiff_t step, char *row) {
    const size_t cycle = j->shape.channels * j->shape.inner * j->item;
    if (j->item == sizeof(double))
        LAY_OUT(double);
    else
        LAY_OUT(float);
    for (size_t k = 1; k < j->repeats; k++) memcpy(row + k * cycle, row, cycle);
}

/* Lays parameters, if any of them varies, and the bias out in the memory from `next` on. */
static void lay_out_all(job *j, int vary, char *next) {
    for (int k = j->arrays; vary && k < j->inputs; k++, next += j->row * j->item) {
        lay_out(j, j->operands[k], j->steps[k], next);
        j->operands[k] = next;
        j->steps[k] = (ptrdiff_t)j->item;
    }
    if (!j->bias) return;
    lay_out(j, j->bias, (ptrdiff_t)j->item, next);
    j->bias = next;
}

int fa_run_channels(const fa_loop *loop, const fa_channels *shape, char *const *operands,
                    const ptrdiff_t *parameter_strides, const void *bias, double *const *sums) {
    const int parameters = loop->activation->parameter_count;
    job j = {.loop = loop, .vectors = &fa_table->vectors[loop->type], .bias = bias};
    j.inputs = loop->inputs, j.arrays = loop->inputs - parameters, j.outputs = loop->outputs;
    j.item = loop->type == FA_F64 ? sizeof(double) : sizeof(float);
    j.block = FA_BLOCK_BYTES / j.item;
    memcpy(j.operands, operands, (size_t)(j.inputs + j.outputs) * sizeof(char *));

    int vary = 0, unstored = 0;
    size_t wanted = 0;
    for (int k = 0; k < parameters; k++) vary |= (j.steps[j.arrays + k] = parameter_strides[k]) != 0;
    for (int k = 0; k < j.outputs; k++) unstored |= !j.operands[j.inputs + k];
    for (int k = 0; sums && k < j.outputs; k++) wanted += sums[k] != NULL;
    plan(&j, shape, bias || wanted || unstored);
    if (j.n == 0) {
        for (int k = 0; sums && k < j.outputs; k++)
            if (sums[k]) memset(sums[k], 0, shape->channels * sizeof(double));
        return 0;
    }

    const size_t laid_out = j.in_runs ? 0 : (size_t)(vary ? parameters : 0) + (bias != NULL);
    double *const memory = malloc(wanted * sum_count(&j) * sizeof(double) + laid_out * j.row * j.item + 1);
    if (!memory) return -1;
    double *next = memory;
    for (int k = 0; sums && k < j.outputs; k++) {
        if (!sums[k]) continue;
        j.sums[k] = next;
        next += sum_count(&j);
    }
    if (!j.in_runs) lay_out_all(&j, vary, (char *)next);

    j.parts = (int)min_size((size_t)fa_threads_for(loop, j.n), j.units);
    fa_parallel(j.parts, run_part, &j);
    for (int k = 0; k < j.outputs; k++)
        if (j.sums[k]) finish(&j, j.sums[k], sums[k]);
    free(memory);
    return 0;
}
