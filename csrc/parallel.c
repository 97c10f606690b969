/* Threads: the only file that knows OpenMP. */
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loops.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define HAS_FORK 1
#endif

static atomic_int thread_count; /* 0: not asked for yet */

int fa_has_openmp(void) {
#ifdef _OPENMP
    return 1;
#else
    return 0;
#endif
}

int fa_get_num_threads(void) {
    const int count = atomic_load_explicit(&thread_count, memory_order_relaxed);
    if (count == 0) fa_set_num_threads(fa_default_num_threads(NULL));
    return atomic_load_explicit(&thread_count, memory_order_relaxed);
}

int fa_set_num_threads(int count) {
    if (count < 1) return -1;
    atomic_store_explicit(&thread_count, count, memory_order_relaxed);
    return 0;
}

#ifdef _OPENMP

static int smaller(int a, int b) { return a < b ? a : b; }
static int larger(int a, int b) { return a > b ? a : b; }

/* Work worth a thread of its own, in estimated picoseconds: two threads win from twice this. Whole numbers, because the
 * caller's floating-point flags are not ours to raise.
 * python -m fastact bench --function silu --sizes 2^14..2^17 --threads 1 2 --peers */
static const uint64_t worthwhile = 8000000;

/* How much more it has to be where threads are made for each call: a team made and ended takes 100 microseconds. */
enum { NEW_TEAM = 16 };

/* Threads of a team for each processor: a runtime that cannot make as many as it is asked for ends the process. */
enum { CROWD = 4 };

static int usual_count;    /* of OpenMP's threads, until somebody sets another */
static int most_threads;   /* of one team */
static atomic_int at_work; /* threads of the regions of all callers */

/* Whether this is a child of fork that runs the program of its parent. A runtime keeps a team for each thread that
 * opened a region, whoever asked for it, and a child inherits that of the thread that forked, without its threads: it
 * would wait for them forever. A new thread has no team, so a child opens its regions on one. */
static atomic_int in_child;

#if HAS_FORK
/* One thread, since a program that forks has as many processes as it has use for. */
static void begin_child(void) {
    atomic_store_explicit(&in_child, 1, memory_order_relaxed);
    atomic_store_explicit(&at_work, 0, memory_order_relaxed);
    fa_set_num_threads(1);
}
#endif

/* Whether this process was forked before this library was loaded, and has not started another program since. */
static int was_forked(void) {
    unsigned flags = 0;
#if defined(__linux__)
    const unsigned forked_without_exec = 0x40; /* PF_FORKNOEXEC in the kernel's sched.h */
    char line[512];
    FILE *stream = fopen("/proc/self/stat", "r");
    if (!stream) return 0;
    const char *name_end = fgets(line, sizeof line, stream) ? strrchr(line, ')') : NULL;
    if (name_end) sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
    fclose(stream);
    flags &= forked_without_exec;
#endif
    return flags != 0;
}

/* Ahead of main and of other constructors, which may compute. */
__attribute__((constructor(101))) static void begin(void) {
    usual_count = getenv("OMP_NUM_THREADS") ? omp_get_max_threads() : omp_get_num_procs();
    most_threads = CROWD * omp_get_num_procs();
    atomic_store_explicit(&in_child, was_forked(), memory_order_relaxed);
#if HAS_FORK
    pthread_atfork(NULL, NULL, begin_child);
#endif
}

/* The most that OpenMP is to use in this thread, if somebody, such as threadpoolctl, has set less than is usual. */
static int limit_set_by_others(void) {
    const int now = omp_get_max_threads();
    return now < usual_count ? now : INT_MAX;
}

#endif

/* A call on a few elements comes through here, too: no division before the first return. */
static int threads_within(int limit, unsigned cost, size_t n) {
#ifdef _OPENMP
    const uint64_t work = (uint64_t)n * cost;
    if (work < 2 * worthwhile || limit < 2 || omp_in_parallel()) return 1;
    const int is_child = atomic_load_explicit(&in_child, memory_order_relaxed);
    const uint64_t parts = work / (is_child ? NEW_TEAM * worthwhile : worthwhile);
    limit = smaller(limit, smaller(most_threads, limit_set_by_others()));
    return parts < (uint64_t)limit ? larger((int)parts, 1) : limit;
#else
    (void)limit, (void)cost, (void)n;
    return 1;
#endif
}

int fa_threads_for_cost(unsigned cost, size_t n) { return threads_within(fa_get_num_threads(), cost, n); }
int fa_threads_for(const fa_loop *loop, size_t n) { return fa_threads_for_cost(loop->cost, n); }

typedef struct {
    int parts, threads;
    void (*body)(void *context, int part);
    void *context;
} region;

static void *run_region(void *argument) {
    const region *r = argument;
#ifdef _OPENMP
#pragma omp parallel for num_threads(r->threads) schedule(static, 1) if (r->threads > 1)
#endif
    for (int part = 0; part < r->parts; part++) r->body(r->context, part);
    return NULL;
}

#ifdef _OPENMP
/* A thread for each part, or one for all where other callers leave too few: many callers do not make more threads than
 * one would. Nothing in between, since a runtime ends threads and makes new ones where the size of a team changes. */
static int claim_threads(int parts) {
    const int wanted = smaller(parts, most_threads);
    const int others = atomic_fetch_add_explicit(&at_work, wanted, memory_order_relaxed);
    if (others <= larger(wanted, fa_get_num_threads()) - wanted) return wanted;
    atomic_fetch_sub_explicit(&at_work, wanted - 1, memory_order_relaxed);
    return 1;
}

/* Whether the region was run on a new thread. */
static int ran_on_new_thread(region *r) {
#if HAS_FORK
    pthread_t thread;
    if (atomic_load_explicit(&in_child, memory_order_relaxed)) {
        if (pthread_create(&thread, NULL, run_region, r) == 0) return pthread_join(thread, NULL) == 0;
        r->threads = 1;
    }
#endif
    return 0;
}
#endif

void fa_parallel(int parts, void (*body)(void *context, int part), void *context) {
    region r = {parts, 1, body, context};
#ifdef _OPENMP
    if (parts > 1) {
        const int claimed = r.threads = claim_threads(parts);
        if (claimed == 1 || !ran_on_new_thread(&r)) run_region(&r);
        atomic_fetch_sub_explicit(&at_work, claimed, memory_order_relaxed);
        return;
    }
#endif
    run_region(&r);
}

typedef struct {
    const fa_loop *loop;
    char *const *operands;
    const ptrdiff_t *strides;
    size_t n, chunk;
    int streams;
} split;

static void run_part(void *context, int part) {
    const split *s = context;
    const size_t begin = s->chunk * (size_t)part;
    if (begin >= s->n) return;
    char *operands[FA_MAX_OPERANDS];
    for (int k = 0; k < s->loop->inputs + s->loop->outputs; k++)
        operands[k] = s->operands[k] + (ptrdiff_t)begin * s->strides[k];
    const size_t left = s->n - begin;
    fa_run_part(s->loop, operands, s->strides, left < s->chunk ? left : s->chunk, s->streams);
}

void fa_run_threads(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n, int num_threads) {
    const size_t parts = (size_t)threads_within(num_threads, loop->cost, n);
    if (parts < 2) {
        fa_run(loop, operands, strides, n);
        return;
    }
    const size_t page = 4096 / sizeof(float); /* elements: parts start on a page of their own */
    const int streams = fa_streams(loop, operands, strides, n);
    split context = {loop, operands, strides, n, (n / parts / page + 1) * page, streams};
    fa_parallel((int)parts, run_part, &context);
}

void fa_run_parallel(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n) {
    fa_run_threads(loop, operands, strides, n, fa_get_num_threads());
}
