/* The loops of one ISA and one type. Each activation is one function that returns a point: the value and every
 * derivative. A loop stores what its operation needs and the compiler drops the rest, so a formula is written once and
 * all operations agree to the last bit.
 */
#include "real.h"
#include "vecmath.h"

typedef struct {
    real value, grad, by_p, by_q;
} F(point);
#define POINT(...) ((F(point)){__VA_ARGS__})

#include "activations/piecewise.h"
#include "activations/logistic.h"
#include "activations/exponential.h"
#include "activations/hyperbolic.h"
#include "activations/gaussian.h"

/* at: index of x among the operands; count: number of parameters; compute, store: expressions in x[i], p and q, out. */
#define LOOP(name, operation, at, count, compute, store)                                                  \
    FA_INLINE void F(name##_##operation)(void *const *operands, size_t blocks, int array) {               \
        const real *const dy = operands[0], *const x = operands[at];                                      \
        const real *const ps = count > 0 ? operands[at + 1] : x, *const qs = count > 1 ? operands[at + 2] : x; \
        real *const out = operands[at + 1 + count];                                                       \
        const real p0 = *ps, q0 = *qs;                                                                    \
        const size_t n = blocks * (FA_BLOCK_BYTES / sizeof(real));                                        \
        (void)dy, (void)p0, (void)q0;                                                                     \
        FA_INDEPENDENT                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                  \
            const real p = array ? ps[i] : p0, q = array ? qs[i] : q0;                                    \
            const F(point) result = compute;                                                              \
            (void)p, (void)q;                                                                             \
            store;                                                                                        \
        }                                                                                                 \
    }                                                                                                     \
    static void F(name##_##operation##_scalar)(void *const *operands, size_t blocks) {                    \
        F(name##_##operation)(operands, blocks, 0);                                                       \
    }                                                                                                     \
    static void F(name##_##operation##_array)(void *const *operands, size_t blocks) {                     \
        F(name##_##operation)(operands, blocks, count > 0);                                               \
    }

#define SECOND_OUTPUT(count) ((real *)operands[2 + count])
#define COMMON(name, count, compute)                                                                      \
    LOOP(name, forward, 0, count, compute, out[i] = result.value)                                           \
    LOOP(name, grad, 0, count, compute, out[i] = result.grad)                                               \
    LOOP(name, backward, 1, count, compute, out[i] = dy[i] * result.grad)                                   \
    LOOP(name, value_and_grad, 0, count, compute, (out[i] = result.value, SECOND_OUTPUT(count)[i] = result.grad))

#define ACTIVATION_0(name, ...) COMMON(name, 0, F(name)(x[i]))
#define ACTIVATION_1(name, ...)                                                                           \
    COMMON(name, 1, F(name)(x[i], p))                                                                     \
    LOOP(name, grad_p, 0, 1, F(name)(x[i], p), out[i] = result.by_p)
#define ACTIVATION_2(name, ...)                                                                           \
    COMMON(name, 2, F(name)(x[i], p, q))                                                                  \
    LOOP(name, grad_p, 0, 2, F(name)(x[i], p, q), out[i] = result.by_p)                                   \
    LOOP(name, grad_q, 0, 2, F(name)(x[i], p, q), out[i] = result.by_q)
#include "functions.def"

#undef LOOP
#undef SECOND_OUTPUT
#undef COMMON
#undef POINT
