/* The pool of large buffers under several threads that change its limit and fork: nobody's buffer is another's, no child
 * hangs, and what is kept goes back to the system. Links with csrc/runtime/pool.c alone. Exit status 1 if anything is wrong.
 *
 *   test_pool buffers forks
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "fastact.h"

enum { THREADS = 4, HELD = 3, SECONDS = 60, LIMIT = 1 << 28 };

static size_t draw(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*state >> 33);
}

/* Its owner's mark at both ends. */
static void mark(char *buffer, size_t size, uint64_t owner) {
    *(volatile uint64_t *)buffer = owner;
    buffer[size - 1] = (char)owner;
}

static int is_marked(const char *buffer, size_t size, uint64_t owner) {
    return *(const volatile uint64_t *)buffer == owner && buffer[size - 1] == (char)owner;
}

static void use_buffers(size_t count, uint64_t seed) {
    uint64_t state = seed;
    char *held[HELD] = {0};
    for (size_t i = 0; i < count + HELD; i++) {
        char **const at = &held[i % HELD];
        if (*at) CHECK(is_marked(*at, fa_pool_size_of(*at), seed));
        fa_pool_free(*at);
        *at = NULL;
        if (i >= count) continue;
        const size_t size = FA_POOLED - 1000 + draw(&state) % (4 * FA_POOLED);
        *at = fa_pool_allocate(size);
        CHECK(*at && (uintptr_t)*at % sizeof(double) == 0 && fa_pool_size_of(*at) == size);
        mark(*at, size, seed);
    }
}

static size_t buffers;

static void *hammer(void *seed) {
    use_buffers(buffers, (uint64_t)(uintptr_t)seed);
    return NULL;
}

static void *change_limit(void *unused) {
    for (size_t i = 0; i < buffers; i++) fa_set_pool_limit(i % 3 * (LIMIT / 8));
    return unused;
}

static int status_of(pid_t child) {
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

static void test_threads(int forks) {
    pthread_t threads[THREADS + 1];
    for (int k = 0; k < THREADS; k++) CHECK(pthread_create(&threads[k], NULL, hammer, (void *)(uintptr_t)(k + 1)) == 0);
    CHECK(pthread_create(&threads[THREADS], NULL, change_limit, NULL) == 0);
    for (int k = 0; k < forks; k++) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(SECONDS);
            use_buffers(10, THREADS + 1);
            _exit(EXIT_SUCCESS);
        }
        CHECK(status_of(child) == 0);
    }
    for (int k = 0; k <= THREADS; k++) CHECK(pthread_join(threads[k], NULL) == 0);
}

static int is_mapped(const char *buffer) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    return msync((void *)((uintptr_t)buffer / page * page), page, MS_ASYNC) == 0 || errno != ENOMEM;
}

/* Also in a child, which has no use for it. The thread that does it leaves signals to the program. */
static void test_release(int forks) {
    fa_set_pool_limit(LIMIT);
    char *const buffer = fa_pool_allocate(FA_POOLED);
    fa_pool_free(buffer);
    CHECK(is_mapped(buffer));
    if (forks > 0) {
        const pid_t child = fork();
        if (child == 0) _exit(is_mapped(buffer));
        CHECK(status_of(child) == 0);
    }
    sigset_t set;
    int signal = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(kill(getpid(), SIGUSR1) == 0 && sigwait(&set, &signal) == 0 && signal == SIGUSR1);
    for (int tenths = 0; is_mapped(buffer) && tenths < 10 * SECONDS; tenths++)
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    CHECK(!is_mapped(buffer));
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    buffers = strtoul(argv[1], NULL, 10);
    const int forks = atoi(argv[2]);
    alarm(2 * SECONDS);
    CHECK(!fa_pool_allocate(SIZE_MAX) && !fa_pool_allocate(SIZE_MAX / 2) && !fa_pool_allocate(SIZE_MAX - 100));
    fa_pool_free(NULL);
    use_buffers(100, 1);
    test_threads(forks);
    test_release(forks);
    printf("passed\n");
    return EXIT_SUCCESS;
}
