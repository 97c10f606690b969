/* The formulas of all activations for one type, without the loops over them. */
#include "real.h"
#include "vecmath.h"

typedef struct {
    real value, grad, by_p, by_q;
} F(point);
#define POINT(...) ((F(point)){__VA_ARGS__})

/* The last argument of an activation, in_range: x is finite and |x| at most the limit in functions.def, as is |p x| for a
 * parameter p, so that what only larger x need can be left out. ANY_RANGE: there is nothing to leave out. */
#define ANY_RANGE __attribute__((unused)) int in_range

#include "activations/piecewise.h"
#include "activations/logistic.h"
#include "activations/exponential.h"
#include "activations/hyperbolic.h"
#include "activations/gaussian.h"
