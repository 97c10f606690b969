/* How many threads to use: as set, else FASTACT_NUM_THREADS, else OMP_NUM_THREADS, else the processors that the affinity
 * mask and the control group's quota leave to this process. An OpenMP runtime that is to bind its threads binds the one
 * that loads it, too, whose mask then says nothing about the process; the runtime knows what it was before. */
#if defined(__linux__)
#define _GNU_SOURCE
#include "affinity.h"
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/loops.h"

#ifdef _OPENMP
#include <omp.h>
#endif

int fa_has_openmp(void) {
#ifdef _OPENMP
    return 1;
#else
    return 0;
#endif
}

/* The positive number that an environment variable begins with, up to its end or a comma; 0 if unset or empty, -1 if it
 * is anything else. */
static int count_in(const char *variable) {
    const char *text = getenv(variable);
    if (!text || !*text) return 0;
    char *end;
    const long count = strtol(text, &end, 10);
    while (*end == ' ') end++;
    return end != text && (*end == '\0' || *end == ',') && count > 0 && count <= INT_MAX ? (int)count : -1;
}

#if defined(__linux__)
static int threads_are_bound(void) {
    static const char *const variables[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *const text = getenv(variables[i]);
        if (text && *text) return 1;
    }
    return 0;
}

/* The processors that OpenMP found when it was loaded; 0 without OpenMP. */
static int openmp_processors(void) {
#ifdef _OPENMP
    return omp_get_num_procs();
#else
    return 0;
#endif
}
#endif

static int processors(void) {
#if defined(__linux__)
    size_t size;
    cpu_set_t *const mask = fa_read_affinity(&size);
    if (mask) {
        const int own = CPU_COUNT_S(size, mask);
        CPU_FREE(mask);
        return threads_are_bound() ? max_int(own, openmp_processors()) : own;
    }
#endif
#if defined(__unix__) || defined(__APPLE__)
    const long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
#else
    const int count = count_in("NUMBER_OF_PROCESSORS");
    return count > 0 ? count : 1;
#endif
}

#if defined(__linux__)
#ifndef FA_CONTROL_GROUPS /* a test has files of its own */
#define FA_CONTROL_GROUPS "/sys/fs/cgroup"
#define FA_OWN_GROUPS "/proc/self/cgroup"
#endif

/* Reads up to two numbers from a file and returns how many; "max" is no number. */
static int read_numbers(const char *folder, const char *path, const char *file, long long numbers[2]) {
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s%s/%s", folder, path, file) >= (int)sizeof name) return 0;
    FILE *stream = fopen(name, "r");
    if (!stream) return 0;
    const int count = fscanf(stream, "%lld %lld", &numbers[0], &numbers[1]);
    fclose(stream);
    return count < 0 ? 0 : count;
}

static int rounded_up(long long quota, long long period) {
    const long long count = (quota - 1) / period + 1;
    return count < INT_MAX ? (int)count : INT_MAX;
}

/* Processors that the quota of one control group grants; INT_MAX where it sets none. */
static int group_quota(const char *path) {
    long long numbers[2], period[2];
    if (read_numbers(FA_CONTROL_GROUPS, path, "cpu.max", numbers) == 2 && numbers[0] > 0 && numbers[1] > 0)
        return rounded_up(numbers[0], numbers[1]);
    if (read_numbers(FA_CONTROL_GROUPS "/cpu", path, "cpu.cfs_quota_us", numbers) == 1 && numbers[0] > 0 &&
        read_numbers(FA_CONTROL_GROUPS "/cpu", path, "cpu.cfs_period_us", period) == 1 && period[0] > 0)
        return rounded_up(numbers[0], period[0]);
    return INT_MAX;
}

/* Whether a word is in a list with commas. */
static int lists(const char *list, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0')) return 1;
    return 0;
}

/* The least quota of this process's control group and all above it. */
static int quota(void) {
    int least = group_quota("");
    FILE *stream = fopen(FA_OWN_GROUPS, "r");
    if (!stream) return least;
    char line[PATH_MAX];
    while (fgets(line, sizeof line, stream)) {
        /* hierarchy:controllers:path, with no controllers in version 2 */
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path) continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (controllers[1] && !lists(controllers + 1, "cpu")) continue;
        while (*path == '/') {
            least = min_int(least, group_quota(path));
            *strrchr(path, '/') = '\0';
        }
    }
    fclose(stream);
    return least;
}
#else
static int quota(void) { return INT_MAX; }
#endif

int fa_default_num_threads(const char **bad_variable) {
    static const char *const variables[] = {"FASTACT_NUM_THREADS", "OMP_NUM_THREADS"};
    const char *ignored;
    if (!bad_variable) bad_variable = &ignored;
    *bad_variable = NULL;
    for (int i = 0; i < 2; i++) {
        const int count = count_in(variables[i]);
        if (count > 0) return count;
        if (count < 0) {
            *bad_variable = variables[i];
            break;
        }
    }
    return min_int(processors(), quota());
}

static atomic_int thread_count; /* 0: not asked for yet */

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
