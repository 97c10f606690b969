/* What the core does when memory or threads are not to be had: every allocation of every entry point fails in turn.
 *
 * Link with --wrap for every function that is wrapped here. Exit status 1 if anything is wrong.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "fastact.h"

static long until_failure = -1; /* allocations that succeed before those that fail; -1: all succeed */
static long failures, held;

static int fails(void) {
    if (until_failure < 0) return 0;
    if (until_failure > 0) return until_failure--, 0;
    return failures++, 1;
}

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
void __real_free(void *);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *a, void *(*start)(void *), void *argument);
void __wrap_free(void *memory);

static void *counted(void *memory) {
    held += memory != NULL;
    return memory;
}
void *__wrap_malloc(size_t size) { return fails() ? NULL : counted(__real_malloc(size)); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : counted(__real_calloc(count, size)); }
void __wrap_free(void *memory) {
    held -= memory != NULL;
    __real_free(memory);
}
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
    return fails() ? MAP_FAILED : __real_mmap(at, size, protection, flags, file, offset);
}
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    return fails() ? EAGAIN : __real_pthread_create(thread, attributes, start, argument);
}

enum { N = 1 << 16, CHANNELS = 2053 }; /* so many that what is kept for each does not fit onto the stack */
static float x[N], dy[N], y[N], expected[N];
static unsigned short halves[N], halves_y[N];
static double sums[2][CHANNELS];

/* Every entry point that allocates: 0, or -1 as its comment says. */

static int rows_short(void) { return fa_reduce(FA_SOFTMAX, FA_F32, x, x, y, N / 7, 7, 1); }
static int columns_and_rest(void) { return fa_reduce(FA_LOG_SOFTMAX, FA_F32, x, x, y, 3, 51, 403); }
static int gradient(void) { return fa_reduce(FA_SOFTMAX_BACKWARD, FA_F32, dy, x, y, N / 21, 7, 3); }
static int total(void) { return fa_reduce(FA_LOGSUMEXP, FA_F32, x, x, y, 5, 9, 11); }
static int in_halves(void) { return fa_reduce(FA_SOFTMAX, FA_F16, halves, halves, halves_y, N / 70, 70, 1); }

static int channels_of(fa_operation operation, size_t outer, size_t count, size_t inner, int biased) {
    static float slopes[CHANNELS];
    const fa_loop *loop = fa_get_loop(fa_find("leaky_relu"), operation, FA_F32);
    const fa_channels shape = {outer, count, inner};
    char *forward[] = {(char *)x, (char *)slopes, (char *)y};
    char *backward[] = {(char *)dy, (char *)x, (char *)slopes, (char *)y, NULL};
    double *wanted[] = {NULL, sums[0]};
    const ptrdiff_t stride = sizeof *slopes;
    for (int c = 0; c < CHANNELS; c++) slopes[c] = (float)c / CHANNELS;
    if (operation == FA_FORWARD) return fa_run_channels(loop, &shape, forward, &stride, biased ? dy : NULL, NULL);
    return fa_run_channels(loop, &shape, backward, &stride, NULL, wanted);
}
static int channels(fa_operation operation, size_t outer, int biased) {
    return channels_of(operation, outer, CHANNELS, N / CHANNELS / outer, biased);
}
static int channels_in_rows(void) { return channels(FA_FORWARD, 10, 0); }
static int channels_with_bias(void) { return channels(FA_FORWARD, 10, 1); }
static int channels_with_sums(void) { return channels(FA_BACKWARD_PARAMETERS, 2, 0); }

static const struct {
    int (*run)(void);
    int writes_nothing; /* when it fails */
} entries[] = {{rows_short, 0}, {columns_and_rest, 0}, {gradient, 0},           {total, 0},
               {in_halves, 1},  {channels_in_rows, 1}, {channels_with_bias, 1}, {channels_with_sums, 1}};

static int is_untouched(const void *memory, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (((const char *)memory)[i] != 7) return 0;
    return 1;
}

/* Fails each of its allocations in turn, until it succeeds. */
static void test_entry(int (*run)(void), int writes_nothing) {
    memset(y, 7, sizeof y);
    CHECK(run() == 0);
    memcpy(expected, y, sizeof y);
    const long before = held;
    long k = 0;
    for (int result = -1; result; k++) {
        memset(y, 7, sizeof y);
        memset(halves_y, 7, sizeof halves_y);
        memset(sums, 7, sizeof sums);
        until_failure = k;
        failures = 0;
        result = run();
        until_failure = -1;
        CHECK(held == before);
        CHECK(result == (failures ? -1 : 0));
        if (result && writes_nothing)
            CHECK(is_untouched(y, sizeof y) && is_untouched(halves_y, sizeof halves_y) &&
                  is_untouched(sums, sizeof sums));
    }
    CHECK(k > 1);
    memset(y, 7, sizeof y);
    CHECK(run() == 0 && memcmp(y, expected, sizeof y) == 0);
}

/* Few channels need none: 64 rows of 256, a channel in runs, and narrow rows. */
static void test_small_channels(void) {
    until_failure = 0;
    failures = 0;
    for (int biased = 0; biased < 2; biased++) {
        CHECK(channels_of(FA_FORWARD, 64, 256, 1, biased) == 0);
        CHECK(channels_of(FA_FORWARD, 4, 16, 1024, biased) == 0);
    }
    CHECK(channels_of(FA_BACKWARD_PARAMETERS, 64, 256, 1, 0) == 0);
    CHECK(channels_of(FA_BACKWARD_PARAMETERS, 1, 1, N, 0) == 0);
    CHECK(channels_of(FA_BACKWARD_PARAMETERS, 100, 5, 7, 0) == 0);
    CHECK(failures == 0);
    until_failure = -1;
}

/* NULL if there is no memory; what is freed goes back to the system if there is no thread to look after it. */
static void test_pool(void) {
    for (size_t size = 1; size <= 2 * FA_POOLED; size *= 2) {
        until_failure = 0;
        CHECK(!fa_pool_allocate(size));
        until_failure = -1;
    }
    char *const first = fa_pool_allocate(FA_POOLED);
    CHECK(first);
    memset(first, 1, FA_POOLED);
    until_failure = 0; /* no thread */
    fa_pool_free(first);
    CHECK(!fa_pool_allocate(FA_POOLED));
    until_failure = -1;
    char *const again = fa_pool_allocate(FA_POOLED);
    CHECK(again);
    fa_pool_free(again);
    until_failure = 0; /* what is kept needs no memory */
    char *const kept = fa_pool_allocate(FA_POOLED);
    until_failure = -1;
    CHECK(kept == again);
    fa_pool_free(kept);
}

int main(void) {
    fa_set_num_threads(1);
    for (int i = 0; i < N; i++) {
        x[i] = (float)(i * 7 % 2001 - 1000) / 100;
        dy[i] = (float)(i % 19) / 19;
        halves[i] = (unsigned short)(0x3000 + i % 4096);
    }
    for (size_t k = 0; k < sizeof entries / sizeof *entries; k++) test_entry(entries[k].run, entries[k].writes_nothing);
    test_small_channels();
    test_pool();
    printf("passed\n");
    return EXIT_SUCCESS;
}
