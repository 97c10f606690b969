/* The formulas of exact.c a third time, in quadruple precision. */
#include "exact.h"

#ifdef EXACT_HAS_QUAD
#define EXACT_QUAD
#include "exact.c"
#else
exact_wide_loop *exact_find_quad(const char *name, fa_operation operation) {
    (void)name, (void)operation;
    return NULL;
}
#endif
