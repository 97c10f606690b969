/* What the programs that stop at the first mistake share. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Ends the process at once, be it in a thread of many or a child of fork. */
#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition); \
            _exit(EXIT_FAILURE);                                            \
        }                                                                   \
    } while (0)

#endif
