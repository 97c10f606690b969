/* sched_getaffinity of a machine whose kernel has masks of MACHINE bits, of which the first GRANTED are set. */
#include <errno.h>
#include <sched.h>

int sched_getaffinity(pid_t process, size_t size, cpu_set_t *mask) {
    (void)process;
    if (8 * size < MACHINE) {
        errno = EINVAL;
        return -1;
    }
    CPU_ZERO_S(size, mask);
    for (size_t k = 0; k < GRANTED; k++) CPU_SET_S(k, size, mask);
    return 0;
}
