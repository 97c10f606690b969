/* The parallel layer under several threads of the program, for a thread sanitizer: first calls at once, loops, reductions
 * and channels whose parts run on teams of changing size, each result against that of one thread. Arrays are strided, so
 * that what is stored is stored by code that can be instrumented without the kernels. Exit status 1 if anything is wrong.
 *
 *   test_parallel rounds
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "fastact.h"

enum { THREADS = 3, STEP = 2, MANY = 1 << 17, ROWS = 64, LENGTH = MANY / ROWS };

static const char *const names[] = {"gelu", "tanh", "log_sigmoid"}; /* without parameters */
enum { NAMES = sizeof names / sizeof *names };

static float x[STEP * MANY], loops[NAMES][STEP * MANY], reduced[MANY], biased[MANY];
static double sums[ROWS];
static int rounds, finished, known; /* known: what the results are to be compared with */
static pthread_barrier_t begin;

static void run_loop(int name, float *out) {
    char *const operands[] = {(char *)x, (char *)out};
    static const ptrdiff_t strides[] = {STEP * sizeof(float), STEP * sizeof(float)};
    fa_run_parallel(fa_get_loop(fa_find(names[name]), FA_FORWARD, FA_F32), operands, strides, MANY);
}

/* Over columns, which are copied; rows are the kernels' own. */
static void run_reduction(float *out) { CHECK(fa_reduce(FA_SOFTMAX, FA_F32, x, NULL, out, 1, LENGTH, ROWS) == 0); }

static void run_channels(float *out, double *totals) {
    const fa_channels shape = {1, ROWS, LENGTH};
    char *const operands[] = {(char *)x, (char *)out};
    double *const to[] = {totals};
    CHECK(fa_run_channels(fa_get_loop(fa_find("silu"), FA_FORWARD, FA_F32), &shape, operands, NULL, NULL, to) == 0);
}

static void mark(void *context, int part) { ((int *)context)[part]++; }

static void mark_as_worker(void *context, int part, int worker) {
    CHECK(worker >= 0 && worker < 3);
    mark(context, part);
}

static void *work(void *unused) {
    float *const out = fa_pool_allocate(STEP * MANY * sizeof(float));
    CHECK(out);
    pthread_barrier_wait(&begin);
    for (int round = 0; round < rounds; round++) {
        for (int name = 0; name < NAMES; name++) {
            memset(out, 0, STEP * MANY * sizeof(float));
            run_loop(name, out);
            CHECK(!known || memcmp(out, loops[name], sizeof loops[name]) == 0);
        }
        double totals[ROWS];
        int marks[5] = {0};
        run_reduction(out);
        CHECK(!known || memcmp(out, reduced, sizeof reduced) == 0);
        run_channels(out, totals);
        CHECK(!known || (memcmp(out, biased, sizeof biased) == 0 && memcmp(totals, sums, sizeof sums) == 0));
        fa_parallel(5, mark, marks);
        for (int part = 0; part < 5; part++) CHECK(marks[part] == 1);
        int shared[64] = {0};
        fa_share(3, 64, mark_as_worker, shared);
        for (int part = 0; part < 64; part++) CHECK(shared[part] == 1);
    }
    fa_pool_free(out);
    return unused;
}

static void *change_counts(void *unused) {
    pthread_barrier_wait(&begin);
    for (int count = 0; !__atomic_load_n(&finished, __ATOMIC_ACQUIRE); count++) {
        fa_set_num_threads(1 + count % 4);
        nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    return unused;
}

/* Lets the threads go at once, with another that changes counts beside them. */
static void run_threads(void) {
    pthread_t threads[THREADS + 1];
    finished = 0;
    CHECK(pthread_barrier_init(&begin, NULL, THREADS + 1) == 0);
    for (int k = 0; k < THREADS; k++) CHECK(pthread_create(&threads[k], NULL, work, NULL) == 0);
    CHECK(pthread_create(&threads[THREADS], NULL, change_counts, NULL) == 0);
    for (int k = 0; k < THREADS; k++) CHECK(pthread_join(threads[k], NULL) == 0);
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(threads[THREADS], NULL) == 0);
    CHECK(pthread_barrier_destroy(&begin) == 0);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    for (size_t i = 0; i < STEP * MANY; i++) x[i] = 16 * (float)i / (STEP * MANY) - 8;
    rounds = 1;
    run_threads(); /* whose first calls are the library's */
    fa_set_num_threads(1);
    for (int name = 0; name < NAMES; name++) run_loop(name, loops[name]);
    run_reduction(reduced);
    run_channels(biased, sums);
    known = 1;
    rounds = atoi(argv[1]);
    run_threads();
    printf("passed\n");
    return EXIT_SUCCESS;
}
