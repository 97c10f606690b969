/* Arrays with parameters and a bias for each channel, and sums over all elements of a channel.
 *
 * Strips of contiguous elements are computed one at a time, and what is to be summed is added up while it is in the
 * first-level cache. Where a channel's elements stand in long runs, a strip is part of one run and has one value of each
 * parameter. Where runs are short, a strip is part of a row: a parameter has a value for each element of it, and so have
 * sums. A row is one run of every channel or, where these are few elements, several: parameters are then laid out along
 * it once.
 *
 * Sums are those of strips, in groups, then those of groups and so on: how they are grouped depends on the shape alone.
 * At most 64 are added one by one on each level. Doubles so large that a sum of them may overflow have sums of their own,
 * of the numbers times 2^-64, so that a sum is finite wherever its exact value is.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "copies.h"
#include "kernels/loops.h"
#include "runtime/dispatch.h"
#include "runtime/fpenv.h"

/* pytest bench/bench_small_steps.py, with half and twice the STRIP_ELEMENTS here */
enum {
    STRIP_ELEMENTS = 512, /* elements: a strip of every operand fits into the first-level cache */
    LONG = 1 << 16, /* elements of a strip of which nothing is needed again */
    SHORT = 256, /* elements of a run: a kernel is not called for each that is shorter */
    NARROW = 256, /* elements of a row: of fewer, a row has several runs of each channel */
    WIDEST = 1 << 12, /* elements of a row that has several so as to be a multiple of ROUND_ELEMENTS */
    GROUP = 1 << 14, /* elements that are worth a row of sums */
    FEWEST_ROWS = 8, /* in a group */
    MOST_ROWS = 64,
    BAND_STRIPS = 8, /* strips side by side whose sums are in cache together */
    ROUND_ELEMENTS = 16, /* elements that a strip is a multiple of, where it may */
    FEW = 1 << 11, /* doubles that need no memory but the stack */
    MAX_OUTPUTS = 1 + FA_MAX_PARAMETERS
};

/* Sums of numbers that are not summable, times 2^-64, of strips or groups as in `job`; NULL: there are none so far. */
typedef struct {
    double *_Atomic sums[MAX_OUTPUTS];
    atomic_int failed;
} large_sums;

typedef struct {
    const fa_loop *loop;
    const fa_vectors *vectors;
    fa_kernel kernel;
    fa_channels shape;
    char *operands[FA_MAX_OPERANDS]; /* parameters and bias: for each channel, or along a strip */
    const char *bias;
    ptrdiff_t steps[FA_MAX_OPERANDS]; /* of parameters, from a channel or an element to the next */
    int in_runs, adds_bias, in_place, arrays, inputs, outputs, parts; /* adds_bias: the kernel does */
    size_t item, n; /* bytes of an element; elements */
    size_t units; /* of work, one after the other in memory */
    size_t strip; /* elements */
    size_t strips; /* in a run */
    size_t repeats, row; /* runs of each channel in a row; elements of a row */
    size_t height; /* rows in a strip */
    size_t bands, rows, groups; /* in a row; in a group; in all */
    double *sums[MAX_OUTPUTS]; /* of strips or groups; NULL: not wanted */
    large_sums *large;
} job;

/* What is needed for one strip only. */
typedef struct {
    _Alignas(64) double shifted[STRIP_ELEMENTS], unstored[MAX_OUTPUTS][STRIP_ELEMENTS], summable[STRIP_ELEMENTS],
        large[STRIP_ELEMENTS];
} workspace;

static size_t ceil_ratio(size_t a, size_t b) { return (a + b - 1) / b; }

/* Not whole blocks, or with a bias that the kernel does not add. */
static void run_shifted(const job *j, workspace *w, char **operands, const char *bias, size_t n) {
    ptrdiff_t strides[FA_MAX_OPERANDS];
    for (int k = 0; k < j->inputs + j->outputs; k++) strides[k] = (ptrdiff_t)j->item;
    for (int k = j->arrays; k < j->inputs; k++) strides[k] = j->in_runs ? 0 : j->steps[k];
    if (bias) {
        char **const x = &operands[j->arrays - 1];
        j->vectors->add_bias(*x, bias, j->in_runs, w->shifted, n);
        *x = (char *)w->shifted;
    }
    fa_run(j->loop, operands, strides, n);
}

/* Computes `n` elements from `start`, with the parameters at `at`, and says in outputs[..] where results are. Without
 * divisions: strips of the cheapest activations take as long as three. */
static void run_strip(const job *j, workspace *w, size_t start, size_t n, size_t at, const char **outputs) {
    char *operands[FA_MAX_OPERANDS + 1];
    const char *const bias = j->bias ? j->bias + at * j->item : NULL;
    const size_t bytes = n * j->item;
    const int whole = bytes % FA_BLOCK_BYTES == 0;
    int count = 0;
    for (int k = 0; k < j->arrays; k++) operands[count++] = j->operands[k] + start * j->item;
    if (j->adds_bias && whole) operands[count++] = (char *)bias;
    for (int k = j->arrays; k < j->inputs; k++) operands[count++] = j->operands[k] + (ptrdiff_t)at * j->steps[k];
    for (int k = 0; k < j->outputs; k++) {
        char *const output = j->operands[j->inputs + k];
        outputs[k] = operands[count++] = output ? output + start * j->item : (char *)w->unstored[k];
    }
    if (whole && (!bias || j->adds_bias)) /* run_part has set the environment for a kernel */
        j->kernel((void *const *)operands, bytes / FA_BLOCK_BYTES);
    else
        run_shifted(j, w, operands, bias, n);
}

/* Sums of one output: of how many a channel's is made, and of how many all are. */
static size_t sums_of_channel(const job *j) {
    return j->in_runs ? j->shape.outer * j->strips : j->groups * j->repeats * j->shape.inner;
}
static size_t sum_count(const job *j) { return j->in_runs ? j->units : j->groups * j->row; }

/* The sums of an output's large numbers, made by the first thread that has one. NULL: there is no memory. */
static double *large_sums_of(const job *j, int output) {
    double *_Atomic *const place = &j->large->sums[output];
    double *now = atomic_load(place);
    if (now) return now;
    double *const made = calloc(sum_count(j), sizeof(double));
    if (!made) {
        atomic_store(&j->large->failed, 1);
        return NULL;
    }
    if (atomic_compare_exchange_strong(place, &now, made)) return made;
    free(made);
    return now;
}

/* Splits a strip of doubles into the workspace. */
static void split(workspace *w, const double *values, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const int is_summable = fabs(values[i]) <= FA_SUMMABLE;
        w->summable[i] = is_summable ? values[i] : 0;
        w->large[i] = is_summable ? 0 : values[i] * 0x1p-64;
    }
}

/* Sums of strips stand together for each channel. */
static void run_in_run(const job *j, workspace *w, size_t unit) {
    const size_t run = unit / j->strips, first = unit % j->strips * j->strip;
    const size_t channel = run % j->shape.channels, outer = run / j->shape.channels;
    const size_t slot = (channel * j->shape.outer + outer) * j->strips + unit % j->strips;
    const size_t n = min_size(j->strip, j->shape.inner - first);
    const char *outputs[MAX_OUTPUTS];
    run_strip(j, w, run * j->shape.inner + first, n, channel, outputs);
    for (int k = 0; k < j->outputs; k++) {
        if (!j->sums[k]) continue;
        double *const sum = &j->sums[k][slot];
        *sum = j->vectors->total(outputs[k], n);
        if (j->item == sizeof(float) || fabs(*sum) <= FA_SUMMABLE) continue;
        double *const large = large_sums_of(j, k);
        if (!large) return;
        split(w, (const double *)outputs[k], n);
        *sum = j->vectors->total(w->summable, n);
        large[slot] = j->vectors->total(w->large, n);
    }
}

/* `rows` of `n` elements from `start`, which is `at` in its row; sums are added to sums[..][slot], those of large numbers
 * apart if `splits`. */
static void run_in_row(const job *j, workspace *w, size_t start, size_t rows, size_t n, size_t at, size_t slot,
                       int splits) {
    const char *outputs[MAX_OUTPUTS];
    run_strip(j, w, start, rows * n, at, outputs);
    for (int k = 0; k < j->outputs; k++) {
        if (!j->sums[k]) continue;
        const void *values = outputs[k];
        if (splits && !j->vectors->is_summable(values, rows * n)) {
            double *const large = large_sums_of(j, k);
            if (!large) return;
            split(w, values, rows * n);
            j->vectors->accumulate(w->large, large + slot, n, rows);
            values = w->summable;
        }
        j->vectors->accumulate(values, j->sums[k] + slot, n, rows);
    }
}

/* A group of rows has a row of sums. Returns 0 if they have to be taken again, split. */
static int run_group(const job *j, workspace *w, size_t unit, int splits) {
    const size_t group = unit / j->bands, first = unit % j->bands * j->strip * BAND_STRIPS;
    const size_t last = min_size(j->row, first + j->strip * BAND_STRIPS), sums = group * j->row;
    const size_t end = min_size(j->n, (group + 1) * j->rows * j->row), strip = j->height * j->row;
    size_t start = group * j->rows * j->row;
    for (int k = 0; k < j->outputs; k++)
        if (j->sums[k]) memset(j->sums[k] + sums + first, 0, (last - first) * sizeof(double));
    for (; j->height > 1 && start + strip <= end; start += strip)
        run_in_row(j, w, start, j->height, j->row, 0, sums, splits);
    for (; start < end; start += j->row)
        for (size_t at = first; at < last && start + at < end; at += j->strip) {
            const size_t n = min_size(min_size(j->strip, last - at), end - start - at);
            run_in_row(j, w, start + at, 1, n, at, sums + at, splits);
        }
    int summable = 1;
    if (splits || j->item == sizeof(float)) return summable;
    for (int k = 0; k < j->outputs; k++)
        if (j->sums[k]) summable &= fa_table->vectors[FA_F64].is_summable(j->sums[k] + sums + first, last - first);
    return summable;
}

/* To look for large numbers in every strip would take a sixth of the time of the cheapest activations: a group is computed
 * again where its sums show that there were some. Where the inputs would be gone by then, every strip is looked at. */
static void run_in_rows(const job *j, workspace *w, size_t unit) {
    if (!run_group(j, w, unit, j->in_place)) run_group(j, w, unit, 1);
}

static void run_part(void *context, int part, int worker) {
    const job *j = context;
    (void)worker;
    const fa_environment environment = fa_enter();
    const size_t parts = (size_t)j->parts, begin = j->units * (size_t)part / parts;
    const size_t end = j->units * ((size_t)part + 1) / parts;
    workspace w;
    for (size_t unit = begin; unit < end; unit++) (j->in_runs ? run_in_run : run_in_rows)(j, &w, unit);
    fa_leave(environment);
}

/* In place: strip by strip, until one is left. */
static double sum_of(double *values, size_t n) {
    while (n > 1) {
        const size_t strips = ceil_ratio(n, STRIP_ELEMENTS);
        for (size_t s = 0; s < strips; s++)
            values[s] = fa_table->vectors[FA_F64].total(values + s * STRIP_ELEMENTS,
                                                        min_size(STRIP_ELEMENTS, n - s * STRIP_ELEMENTS));
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
            const size_t others = min_size(MOST_ROWS, groups - g * MOST_ROWS) - 1;
            fa_table->vectors[FA_F64].accumulate(first + row, first, row, others);
            memmove(sums + g * row, first, row * sizeof(double));
        }
    }
    for (size_t runs = j->repeats, half; runs > 1; runs = half) {
        half = ceil_ratio(runs, 2);
        fa_table->vectors[FA_F64].accumulate(sums + half * period, sums, (runs - half) * period, 1);
    }
    if (inner == 1)
        memmove(result, sums, period * sizeof(double));
    else
        for (size_t channel = 0; channel < j->shape.channels; channel++)
            result[channel] = sum_of(sums + channel * inner, inner);
}

/* result may be where sums are. */
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

/* Adds the sums of large numbers to those of the others, which lose no more by the scale than a rounding of these. */
static void finish_large(const job *j, double *large, double *result) {
    finish(j, large, large);
    const fa_environment environment = fa_enter();
    for (size_t channel = 0; channel < j->shape.channels; channel++)
        if (large[channel] != 0) result[channel] = (result[channel] * 0x1p-64 + large[channel]) * 0x1p64;
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
        j->strip = needed_again ? STRIP_ELEMENTS : LONG;
        j->strips = ceil_ratio(j->shape.inner, j->strip);
        j->units = j->shape.outer * j->shape.channels * j->strips;
        return;
    }
    const size_t period = j->shape.channels * j->shape.inner;
    /* The fewest runs whose elements are a multiple of ROUND_ELEMENTS. */
    const size_t whole = ROUND_ELEMENTS / min_size(ROUND_ELEMENTS, period & -period);
    j->repeats = period < NARROW ? NARROW / period : 1;
    if (period * whole <= WIDEST) j->repeats = ceil_ratio(j->repeats, whole) * whole;
    j->repeats = min_size(j->repeats, j->shape.outer);
    j->row = j->repeats * period;
    j->strip = ceil_ratio(ceil_ratio(j->row, ceil_ratio(j->row, STRIP_ELEMENTS)), ROUND_ELEMENTS) * ROUND_ELEMENTS;
    j->bands = ceil_ratio(j->row, j->strip * BAND_STRIPS);
    j->height = 1;
    if (2 * j->row <= STRIP_ELEMENTS) j->height = min_size(STRIP_ELEMENTS / j->row, j->n / j->row);
    const size_t rows = ceil_ratio(j->n, j->row);
    j->rows = FEWEST_ROWS;
    while (j->rows < MOST_ROWS && (j->rows * j->row < GROUP || j->rows * j->rows < rows)) j->rows *= 2;
    j->groups = ceil_ratio(rows, j->rows);
    j->units = j->groups * j->bands;
}

/* item: bytes of an element, a constant. */
FA_INLINE void repeat_items(const job *j, size_t item, const char *values, ptrdiff_t step, char *row) {
    const size_t n = j->shape.inner;
    for (size_t c = 0; c < j->shape.channels; c++)
        copy_strided(item, row + c * n * item, (ptrdiff_t)item, values + (ptrdiff_t)c * step, 0, n);
}

/* A value for each channel, or one that all share -> a value for each element of a row, or of all in a strip. */
static void lay_out(const job *j, const char *values, ptrdiff_t step, char *row) {
    const size_t cycle = j->shape.channels * j->shape.inner * j->item;
    if (j->shape.inner == 1 && step == (ptrdiff_t)j->item)
        memcpy(row, values, cycle);
    else if (j->item == sizeof(double))
        repeat_items(j, sizeof(double), values, step, row);
    else
        repeat_items(j, sizeof(float), values, step, row);
    for (size_t k = 1; k < j->repeats * j->height; k++) memcpy(row + k * cycle, row, cycle);
}

/* Whether values for each channel are so already. */
static int is_laid_out(const job *j, ptrdiff_t step) {
    return j->shape.inner == 1 && j->repeats * j->height == 1 && step == (ptrdiff_t)j->item;
}

/* Lays parameters, if any of them varies, and the bias out in the memory from `next` on; returns how many bytes that
 * takes. next == NULL: does nothing else. */
static size_t lay_out_all(job *j, int vary, char *next) {
    const size_t size = j->height * j->row * j->item;
    size_t used = 0;
    for (int k = j->arrays; vary && k < j->inputs; k++) {
        if (is_laid_out(j, j->steps[k])) continue;
        if (next) {
            lay_out(j, j->operands[k], j->steps[k], next + used);
            j->operands[k] = next + used;
            j->steps[k] = (ptrdiff_t)j->item;
        }
        used += size;
    }
    if (!j->bias || is_laid_out(j, (ptrdiff_t)j->item)) return used;
    if (next) {
        lay_out(j, j->bias, (ptrdiff_t)j->item, next + used);
        j->bias = next + used;
    }
    return used + size;
}

int fa_run_channels(const fa_loop *loop, const fa_channels *shape, char *const *operands,
                    const ptrdiff_t *parameter_strides, const void *bias, double *const *sums) {
    if (!loop || loop->type == FA_F16) return -1;
    const int parameters = loop->activation->parameter_count;
    large_sums large = {0};
    job j = {.loop = loop, .vectors = &fa_table->vectors[loop->type], .bias = bias, .large = &large};
    j.inputs = loop->inputs, j.arrays = loop->inputs - parameters, j.outputs = loop->outputs;
    j.item = (size_t)item_size(loop->type);
    memcpy(j.operands, operands, (size_t)(j.inputs + j.outputs) * sizeof(char *));

    int vary = 0, unstored = 0;
    size_t wanted = 0;
    for (int k = 0; k < parameters; k++) vary |= (j.steps[j.arrays + k] = parameter_strides[k]) != 0;
    for (int k = 0; k < j.outputs; k++) unstored |= !j.operands[j.inputs + k];
    for (int k = 0; sums && k < j.outputs; k++) wanted += sums[k] != NULL;
    for (int i = 0; i < j.arrays; i++)
        for (int k = 0; k < j.outputs; k++) j.in_place |= j.operands[i] == j.operands[j.inputs + k];
    plan(&j, shape, bias || wanted || unstored);
    if (j.n == 0) {
        for (int k = 0; sums && k < j.outputs; k++)
            if (sums[k]) memset(sums[k], 0, shape->channels * sizeof(double));
        return 0;
    }
    j.kernel = vary && !j.in_runs ? loop->kernels.array : loop->kernels.scalar;
    j.adds_bias = bias && !j.in_runs && !vary && loop->kernels.biased;
    if (j.adds_bias) j.kernel = loop->kernels.biased;

    const int own_sums = wanted && sums_of_channel(&j) > 1;
    const size_t sum_size = own_sums ? sum_count(&j) * sizeof(double) : 0;
    const size_t size = wanted * sum_size + (j.in_runs ? 0 : lay_out_all(&j, vary, NULL));
    _Alignas(64) double few[FEW];
    char *const memory = size <= sizeof few ? (char *)few : malloc(size);
    if (!memory) return -1;
    char *next = memory;
    for (int k = 0; wanted && k < j.outputs; k++) {
        if (!sums[k]) continue;
        j.sums[k] = own_sums ? (double *)next : sums[k];
        next += sum_size;
    }
    if (!j.in_runs) lay_out_all(&j, vary, next);

    const int threads = fa_threads_now(loop, j.n);
    j.parts = fa_part_count(threads, j.units);
    fa_share(threads, j.parts, run_part, &j);
    for (int k = 0; k < j.outputs; k++) {
        double *const large_k = atomic_load(&large.sums[k]);
        if (own_sums && j.sums[k]) finish(&j, j.sums[k], sums[k]);
        if (large_k) finish_large(&j, large_k, sums[k]);
        free(large_k);
    }
    if (memory != (char *)few) free(memory);
    return atomic_load(&large.failed) ? -1 : 0;
}
