/* The formulas of exact.c a second time, in long double. */
#define EXACT_LONG
#include "exact.c"
