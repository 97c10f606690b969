/* A helper thread that finds itself on the calling thread's processor leaves it, whatever its number. Every thread is on
 * processor HERE of a machine of MACHINE processors. Exit status 1 if anything is wrong.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "fastact.h"
#include "many_processors.h"

enum { HERE = 2000 };

static atomic_int moves;

int sched_getcpu(void) { return HERE; }

int sched_setaffinity(pid_t process, size_t size, const cpu_set_t *mask) {
    CHECK(process == 0 && 8 * size >= MACHINE);
    CHECK(!CPU_ISSET_S(HERE, size, mask) && CPU_COUNT_S(size, mask) == GRANTED - 1);
    atomic_fetch_add(&moves, 1);
    return 0;
}

static void mark(void *context, int part) { ((int *)context)[part]++; }

int main(void) {
    int marks[2] = {0};
    fa_set_num_threads(2);
    for (int call = 1; call <= 3; call++) { /* the stub forgets what was set, as if others had set it back */
        fa_parallel(2, mark, marks);
        CHECK(marks[0] == call && marks[1] == call && moves == call);
    }
    printf("passed\n");
    return EXIT_SUCCESS;
}
