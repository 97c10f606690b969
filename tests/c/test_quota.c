/* Prints the default number of threads of a process to which the machine leaves ENOUGH processors, and control groups
 * what is in the files that FA_CONTROL_GROUPS and FA_OWN_GROUPS say.
 */
#define _GNU_SOURCE
#include <sched.h>
#undef CPU_COUNT
#define CPU_COUNT(mask) ENOUGH

#include "thread_count.c"

int main(void) {
    printf("%d\n", fa_default_num_threads(NULL));
    return 0;
}
