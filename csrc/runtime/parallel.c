/* Helper threads, which OpenMP creates and binds.
 *
 * A call divides its work into more parts than it has threads. The calling thread takes one part after another, and so
 * does every helper thread that wakes up in time. The call waits for parts that a helper is working on, but never for a
 * helper that has not started. An OpenMP region per call cannot do that: it ends only when its last thread has run, so
 * beside threads that spin, as BLAS threads do after a product, it waits for a scheduler time slice. Measured for silu
 * of 131,072 float32 after a 512 x 512 product: 2,900 us with a region per call, 38 us here, 38 us on one thread. The
 * helpers are therefore the threads of one OpenMP region that stays open.
 *
 * Helpers sleep between calls. Only while calls follow each other closely do they poll for the next one, for a short
 * time, yielding the processor.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/loops.h"
#include "parallel.h"

#ifdef _OPENMP
#include "helper_affinity.h"
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#endif

typedef void fa_body(void *context, int part, int worker);

#ifdef _OPENMP

/* --- How many threads --- */

/* Estimated work, in picoseconds, that justifies a thread: with helpers that poll, and with helpers that have to be
 * woken, which takes 10 to 40 us. Two threads are used from twice this. Integers, because the caller's floating-point
 * flags must not be raised.
 * python -m fastact bench --function silu --sizes 2^14..2^20 --threads 1 2 --peers; the same with --between matmul in
 * place of --threads */
static const uint64_t work_per_thread = 8000000, work_per_woken_thread = 60000000;

/* Times in nanoseconds. Calls form a series if each starts at most SERIES_GAP after the expected end of the one before;
 * after SERIES_LENGTH of them, helpers poll for POLL_TIME after each call. */
enum { SERIES_GAP = 30000, SERIES_LENGTH = 4, POLL_TIME = 60000 };

/* Backoff. A stall is a wait of at least STALL for a helper's last part, because another thread or process had the
 * helper's processor. Calls then do without helpers for STALL_FACTOR times the stall, twice as long each time, at most
 * LONGEST_BACKOFF. If no helper started within LATE, they do without for LATE_BACKOFF. */
enum { STALL = 60000, STALL_FACTOR = 32, LONGEST_BACKOFF = 1000000000, LATE = 240000, LATE_BACKOFF = 2000000 };

/* Threads of a team for each processor: a runtime that cannot create as many as requested ends the process. */
enum { TEAM_FACTOR = 4, MOST_THREADS = 0x7fff };

/* FASTACT_WAIT_FOR_THREADS=1: every call waits for its helpers to start, for at most PATIENCE nanoseconds, and each
 * thread takes its own parts, as in an OpenMP region. For tests and comparison. */
static int waits;
enum { PATIENCE = 100000000 };

static int default_threads; /* omp_get_max_threads() as long as no caller sets another number */
static int most_threads; /* of one team */

/* What recent calls were like. Concurrent callers may overwrite each other's notes; only speed depends on them. */
static atomic_uint_least64_t last_start, last_work; /* ns */
static atomic_int series_length;
static atomic_int polling; /* number of helpers */
static atomic_uint_least64_t backoff_end, backoff_length, last_loss; /* ns */

static uint64_t get(const atomic_uint_least64_t *value) { return atomic_load_explicit(value, memory_order_relaxed); }
static void set(atomic_uint_least64_t *to, uint64_t value) { atomic_store_explicit(to, value, memory_order_relaxed); }
static int get_int(const atomic_int *value) { return atomic_load_explicit(value, memory_order_relaxed); }

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The most that OpenMP is to use in this thread, if a caller, such as threadpoolctl, has set less than the default. */
static int limit_set_by_others(void) {
    const int now = omp_get_max_threads();
    return now < default_threads ? now : INT_MAX;
}

static int threads_for(uint64_t work, int limit, uint64_t per_thread) {
    const uint64_t worthwhile = work / per_thread;
    limit = min_int(limit, min_int(most_threads, limit_set_by_others()));
    return worthwhile < (uint64_t)limit ? max_int((int)worthwhile, 1) : limit;
}

/* Notes the start of a call; returns whether helpers poll, or should from now on. */
static int is_in_series(uint64_t now, uint64_t work) {
    const int follows = now - get(&last_start) < 2 * get(&last_work) + SERIES_GAP;
    const int length = follows ? min_int(get_int(&series_length) + 1, SERIES_LENGTH) : 0;
    atomic_store_explicit(&series_length, length, memory_order_relaxed);
    set(&last_start, now);
    set(&last_work, work / 1000);
    return length == SERIES_LENGTH || get_int(&polling) > 0;
}

#endif

/* A call on a few elements comes through here, too: no division before the first return. */
static int is_small(uint64_t work, int limit) {
#ifdef _OPENMP
    return work < 2 * work_per_thread || limit < 2 || omp_in_parallel();
#else
    (void)work, (void)limit;
    return 1;
#endif
}

int fa_threads_for(const fa_loop *loop, size_t n) {
    const uint64_t work = (uint64_t)n * loop->cost;
    const int limit = fa_get_num_threads();
    if (is_small(work, limit)) return 1;
#ifdef _OPENMP
    return threads_for(work, limit, work_per_thread);
#else
    return 1;
#endif
}

int fa_threads_now_of(unsigned cost, size_t n, int limit) {
    const uint64_t work = (uint64_t)n * cost;
    if (is_small(work, limit)) return 1;
#ifdef _OPENMP
    if (waits) return threads_for(work, limit, work_per_thread);
    const uint64_t now = nanoseconds(), per_thread = is_in_series(now, work) ? work_per_thread : work_per_woken_thread;
    if (now < get(&backoff_end) && work / 1000 < STALL_FACTOR * get(&last_loss)) return 1;
    return work < 2 * per_thread ? 1 : threads_for(work, limit, per_thread);
#else
    return 1;
#endif
}

int fa_threads_now(const fa_loop *loop, size_t n) { return fa_threads_now_of(loop->cost, n, fa_get_num_threads()); }

/* --- Helpers --- */

#ifdef _OPENMP

enum { LINE = 64 }; /* bytes of a cache line; processors fetch two at a time */

/* Where a thread sleeps until it is woken. */
typedef struct {
    _Alignas(2 * LINE) pthread_mutex_t mutex;
    pthread_cond_t woken;
    atomic_int asleep;
} sleeper;

/* Parts [next, end), at first one worker's. Workers that have finished their own take from the others'. */
typedef struct {
    _Alignas(2 * LINE) atomic_int next;
    int end;
} range;

/* A team works on one job at a time. `state` packs the number of the job, its number of workers, whether it is open,
 * and how many helpers are inside, which they may enter only while it is open. Only helpers inside read the job's other
 * members. Workers are the calling thread, number 0, and helpers. */
typedef struct {
    _Alignas(2 * LINE) atomic_uint_least64_t state;
    _Alignas(2 * LINE) fa_body *body;
    void *context;
    int workers;
    int processor;       /* the calling thread's */
    atomic_int arrivals; /* helpers that entered this job */
    sleeper caller;
    int size; /* helpers */
    atomic_int ends;
    int released;      /* guarded by the mutex of the owner */
    sleeper *sleepers; /* of helpers; the last one is the owner's */
    range *ranges;     /* of workers */
} team;

#define ONE_INSIDE ((uint64_t)1)
#define INSIDE ((uint64_t)MOST_THREADS)
#define OPEN ((uint64_t)1 << 15)
#define WORKERS_SHIFT 16
#define JOB_SHIFT 32

static uint32_t job_of(uint64_t state) { return (uint32_t)(state >> JOB_SHIFT); }
static int workers_of(uint64_t state) { return (int)(state >> WORKERS_SHIFT & MOST_THREADS); }

static atomic_int in_use;  /* whether a calling thread has the team */
static team *current_team; /* accessed by that thread only */

/* The thread sets `asleep` and then checks its condition; a thread that wakes it sets the condition and then reads
 * `asleep`. */
static void wake(sleeper *s) {
    if (!atomic_load(&s->asleep)) return;
    pthread_mutex_lock(&s->mutex);
    pthread_mutex_unlock(&s->mutex);
    pthread_cond_signal(&s->woken);
}

/* Each woken helper wakes two more. */
static void wake_two(team *t, int first, int helpers) {
    for (int helper = first; helper < min_int(first + 2, helpers); helper++) wake(&t->sleepers[helper]);
}

/* Takes parts of the worker's own range, then of as many others. */
static void take_parts(team *t, int worker, int others) {
    for (int k = 0; k <= others; k++) {
        range *const r = &t->ranges[(worker + k) % t->workers];
        while (get_int(&r->next) < r->end) {
            const int part = atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed);
            if (part < r->end) t->body(t->context, part, worker);
        }
    }
}

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/* Whether there is a job other than `known` within 1 to 3 us. */
static int comes_soon(team *t, uint32_t known) {
    for (int k = 0; k < 64; k++) {
        if (job_of(get(&t->state)) != known) return 1;
        relax();
    }
    return 0;
}

static void poll_for_job(team *t, uint32_t known) {
    const uint64_t end = nanoseconds() + POLL_TIME;
    atomic_fetch_add_explicit(&polling, 1, memory_order_relaxed);
    while (!comes_soon(t, known) && nanoseconds() < end && !get_int(&t->ends)) sched_yield();
    atomic_fetch_sub_explicit(&polling, 1, memory_order_relaxed);
}

/* Waits for a job other than `known`, or the end of the team. */
static uint64_t wait_for_job(team *t, sleeper *own, uint32_t known) {
    uint64_t state;
    if (get_int(&series_length) == SERIES_LENGTH) poll_for_job(t, known);
    if (job_of(state = atomic_load(&t->state)) != known) return state;
    pthread_mutex_lock(&own->mutex);
    atomic_store(&own->asleep, 1);
    while (job_of(state = atomic_load(&t->state)) == known && !atomic_load(&t->ends))
        pthread_cond_wait(&own->woken, &own->mutex);
    atomic_store(&own->asleep, 0);
    pthread_mutex_unlock(&own->mutex);
    return state;
}

/* Enters the job if it is still open. */
static int enter(team *t, uint32_t job) {
    uint64_t state = atomic_load(&t->state);
    while (state & OPEN && job_of(state) == job)
        if (atomic_compare_exchange_weak(&t->state, &state, state + ONE_INSIDE)) return 1;
    return 0;
}

static void leave(team *t) {
    const uint64_t state = atomic_fetch_sub(&t->state, ONE_INSIDE);
    if (!(state & OPEN) && (state & INSIDE) == ONE_INSIDE) wake(&t->caller);
}

static void run_helper(team *t, int helper) {
    affinity own = own_affinity();
    uint32_t job = 0;
    while (!atomic_load(&t->ends)) {
        const uint64_t state = wait_for_job(t, &t->sleepers[helper], job);
        const int helpers = workers_of(state) - 1;
        job = job_of(state);
        if (state & OPEN) wake_two(t, 2 * helper + 2, helpers);
        if (helper >= helpers || !enter(t, job)) continue;
        atomic_fetch_add_explicit(&t->arrivals, 1, memory_order_relaxed);
        if (keeps_off(t->processor, &own) || waits) take_parts(t, 1 + helper, waits ? 0 : helpers);
        leave(t);
    }
    free_affinity(&own);
}

/* --- The team --- */

static void init_sleeper(sleeper *s) {
    *s = (sleeper){.asleep = 0};
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->woken, NULL);
}

static team *make_team(int helpers) {
    const size_t threads = (size_t)helpers + 1;
    team *const t = aligned_alloc(2 * LINE, sizeof(team) + threads * (sizeof(sleeper) + sizeof(range)));
    if (!t) return NULL;
    *t = (team){.size = helpers};
    t->sleepers = (sleeper *)(t + 1);
    t->ranges = (range *)(t->sleepers + threads);
    init_sleeper(&t->caller);
    for (size_t k = 0; k < threads; k++) init_sleeper(&t->sleepers[k]);
    return t;
}

/* Ends a team without a job. Its owner frees it as soon as it is released. */
static void end_team(team *t) {
    sleeper *const owner = &t->sleepers[t->size];
    atomic_store(&t->ends, 1);
    for (int k = 0; k < t->size; k++) wake(&t->sleepers[k]);
    pthread_mutex_lock(&owner->mutex);
    t->released = 1;
    pthread_cond_signal(&owner->woken);
    pthread_mutex_unlock(&owner->mutex);
}

/* The owner opens the region in which the other threads help, and sleeps in it. It is a thread of its own because a
 * runtime keeps the threads of a region for the thread that opened it: a child of fork that inherits this thread alone
 * would wait for the others. */
static void *own_team(void *argument) {
    team *const t = argument;
    sleeper *const owner = &t->sleepers[t->size];
#pragma omp parallel num_threads(t->size + 1)
    if (omp_get_thread_num() > 0) {
        run_helper(t, omp_get_thread_num() - 1);
    } else {
        pthread_mutex_lock(&owner->mutex);
        while (!t->released) pthread_cond_wait(&owner->woken, &owner->mutex);
        pthread_mutex_unlock(&owner->mutex);
    }
    free(t);
    return NULL;
}

/* Starts the owner, with all signals blocked: they are for the program's own threads. */
static int start(team *t) {
    pthread_t owner;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&owner, NULL, own_team, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? -1 : pthread_detach(owner);
}

/* The team, made larger if need be, for so many threads including the calling one; NULL: it cannot be had. */
static team *team_for(int threads) {
    if (current_team && current_team->size >= threads - 1) return current_team;
    if (current_team) end_team(current_team);
    current_team = make_team(max_int(threads, min_int(fa_get_num_threads(), most_threads)) - 1);
    if (current_team && start(current_team)) {
        free(current_team);
        current_team = NULL;
    }
    return current_team;
}

static void begin_child(void) {
    current_team = NULL; /* whose threads are the parent's */
    atomic_store(&in_use, 0);
    atomic_store(&polling, 0);
    set(&backoff_end, 0);
    fa_set_num_threads(1); /* a program that forks has as many processes as it has use for */
}

/* Ahead of main and of other constructors, which may compute. */
__attribute__((constructor(101))) static void begin(void) {
    default_threads = getenv("OMP_NUM_THREADS") ? omp_get_max_threads() : omp_get_num_procs();
    most_threads = min_int(TEAM_FACTOR * omp_get_num_procs(), MOST_THREADS);
    const char *const text = getenv("FASTACT_WAIT_FOR_THREADS");
    waits = text && strcmp(text, "1") == 0;
    pthread_atfork(NULL, NULL, begin_child);
}

/* --- A job --- */

static void open_job(team *t, int threads, int parts, fa_body *body, void *context) {
    const uint64_t job = job_of(get(&t->state)) + (uint64_t)1;
    t->body = body;
    t->context = context;
    t->workers = threads;
    t->processor = own_processor();
    atomic_store_explicit(&t->arrivals, 0, memory_order_relaxed);
    for (int k = 0; k < threads; k++) {
        t->ranges[k].end = (int)((int64_t)parts * (k + 1) / threads);
        atomic_store_explicit(&t->ranges[k].next, (int)((int64_t)parts * k / threads), memory_order_relaxed);
    }
    atomic_store(&t->state, job << JOB_SHIFT | (uint64_t)threads << WORKERS_SHIFT | OPEN);
    wake_two(t, 0, threads - 1);
}

/* Waits until no helper is inside. */
static void close_job(team *t) {
    const int spins = 2048, yield_after = 64; /* 50 to 100 us in all */
    sleeper *const own = &t->caller;
    if (!(atomic_fetch_and(&t->state, ~OPEN) & INSIDE)) return;
    for (int k = 1; k < spins; k++) {
        if (!(atomic_load(&t->state) & INSIDE)) return;
        relax();
        if (k % yield_after == 0) sched_yield();
    }
    pthread_mutex_lock(&own->mutex);
    atomic_store(&own->asleep, 1);
    while (atomic_load(&t->state) & INSIDE) pthread_cond_wait(&own->woken, &own->mutex);
    atomic_store(&own->asleep, 0);
    pthread_mutex_unlock(&own->mutex);
}

/* Waits for all helpers to start, and takes the parts of those that do not. */
static void await_helpers(team *t) {
    const uint64_t end = nanoseconds() + PATIENCE;
    while (get_int(&t->arrivals) < t->workers - 1 && nanoseconds() < end) sched_yield();
    take_parts(t, 0, t->workers - 1);
}

static void back_off(uint64_t now, uint64_t loss, uint64_t length) {
    set(&last_loss, loss);
    set(&backoff_length, length < LONGEST_BACKOFF ? length : LONGEST_BACKOFF);
    set(&backoff_end, now + get(&backoff_length));
}

/* Decides from how a job went whether the next ones use helpers. */
static void assess(const team *t, uint64_t start, uint64_t own_end) {
    const uint64_t end = nanoseconds(), waited = end - own_end, before = get(&backoff_length);
    if (waited > STALL && waited > (end - start) / 4)
        back_off(end, waited, 2 * before > STALL_FACTOR * waited ? 2 * before : STALL_FACTOR * waited);
    else if (get_int(&t->arrivals) == 0 && end - start > LATE)
        back_off(end, LATE_BACKOFF, LATE_BACKOFF);
    else
        set(&backoff_length, before / 2);
}

/* Whether the parts were done, with the help of the team. One calling thread at a time has it. */
static int share_with_helpers(int threads, int parts, fa_body *body, void *context) {
    if (atomic_exchange_explicit(&in_use, 1, memory_order_acquire)) return 0;
    team *const t = team_for(min_int(threads, most_threads));
    if (t) {
        const uint64_t start = nanoseconds();
        open_job(t, min_int(threads, t->size + 1), parts, body, context);
        take_parts(t, 0, waits ? 0 : t->workers - 1);
        if (waits) await_helpers(t);
        const uint64_t own_end = nanoseconds();
        close_job(t);
        assess(t, start, own_end);
    }
    atomic_store_explicit(&in_use, 0, memory_order_release);
    return t != NULL;
}

#endif

void fa_share(int threads, int parts, void (*body)(void *context, int part, int worker), void *context) {
#ifdef _OPENMP
    if (threads > 1 && parts > 1 && share_with_helpers(threads, parts, body, context)) return;
#endif
    (void)threads;
    for (int part = 0; part < parts; part++) body(context, part, 0);
}

typedef struct {
    void (*body)(void *context, int part);
    void *context;
} plain_body;

static void run_plain(void *context, int part, int worker) {
    const plain_body *plain = context;
    (void)worker;
    plain->body(plain->context, part);
}

void fa_parallel(int parts, void (*body)(void *context, int part), void *context) {
    plain_body plain = {body, context};
    fa_share(parts, parts, run_plain, &plain);
}

/* Parts for each thread: a helper that starts late still finds some, and the last ones are short. */
enum { PARTS = 8 };

int fa_part_count(int threads, size_t units) {
    const size_t parts = threads > 1 ? (size_t)threads * PARTS : 1;
    return (int)min_size(units, parts);
}
