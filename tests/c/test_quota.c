/* Prints the default number of threads of a process to which a machine of MACHINE processors leaves GRANTED, and control
 * groups what is in the files that FA_CONTROL_GROUPS and FA_OWN_GROUPS say.
 */
#define _GNU_SOURCE
#include "many_processors.h"
#include "runtime/thread_count.c"

int main(void) {
    printf("%d\n", fa_default_num_threads(NULL));
    return 0;
}
