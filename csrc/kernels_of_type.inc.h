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

/* at: index of x among the operands; count: number of parameters; compute, store: expressions in x[i], p and q, out.
 * A scalar kernel has a copy of its loop for the default parameters, which the compiler folds into the formulas. */
#define LOOP(name, operation, at, count, p_default, q_default, compute, store)                                \
    FA_INLINE void F(name##_##operation)(void *const *operands, size_t blocks, int array, real p0, real q0) { \
        const real *const dy = operands[0], *const x = operands[at];                                          \
        const real *const ps = array ? operands[at + 1] : x, *const qs = array ? operands[at + count] : x;    \
        real *const out = operands[at + 1 + count];                                                           \
        const size_t n = blocks * (FA_BLOCK_BYTES / sizeof(real));                                            \
        (void)dy;                                                                                             \
        FA_INDEPENDENT                                                                                        \
        for (size_t i = 0; i < n; i++) {                                                                      \
            const real p = array ? ps[i] : p0, q = array ? qs[i] : q0;                                        \
            const F(point) result = compute;                                                                  \
            (void)p, (void)q;                                                                                 \
            store;                                                                                            \
        }                                                                                                     \
    }                                                                                                         \
    static void F(name##_##operation##_scalar)(void *const *operands, size_t blocks) {                        \
        const real p = count > 0 ? *(const real *)operands[at + 1] : p_default;                               \
        const real q = count > 1 ? *(const real *)operands[at + count] : q_default;                           \
        if (p == p_default && q == q_default)                                                                 \
            F(name##_##operation)(operands, blocks, 0, p_default, q_default);                                 \
        else                                                                                                  \
            F(name##_##operation)(operands, blocks, 0, p, q);                                                 \
    }                                                                                                         \
    static void F(name##_##operation##_array)(void *const *operands, size_t blocks) {                         \
        F(name##_##operation)(operands, blocks, count > 0, 0, 0);                                             \
    }

#define SECOND_OUTPUT(count) ((real *)operands[2 + count])
#define COMMON(name, count, p, q, compute)                                      \
    LOOP(name, forward, 0, count, p, q, compute, out[i] = result.value)         \
    LOOP(name, grad, 0, count, p, q, compute, out[i] = result.grad)             \
    LOOP(name, backward, 1, count, p, q, compute, out[i] = dy[i] * result.grad) \
    LOOP(name, value_and_grad, 0, count, p, q, compute, (out[i] = result.value, SECOND_OUTPUT(count)[i] = result.grad))

#define ACTIVATION_0(name, ...) COMMON(name, 0, (real)0, (real)0, F(name)(x[i]))
#define ACTIVATION_1(name, cost, ulp, ulp_grad, p_name, p_default, ulp_p) \
    COMMON(name, 1, (real)p_default, (real)0, F(name)(x[i], p))           \
    LOOP(name, grad_p, 0, 1, (real)p_default, (real)0, F(name)(x[i], p), out[i] = result.by_p)
#define ACTIVATION_2(name, cost, ulp, ulp_grad, p_name, p_default, ulp_p, q_name, q_default, ulp_q)       \
    COMMON(name, 2, (real)p_default, (real)q_default, F(name)(x[i], p, q))                                \
    LOOP(name, grad_p, 0, 2, (real)p_default, (real)q_default, F(name)(x[i], p, q), out[i] = result.by_p) \
    LOOP(name, grad_q, 0, 2, (real)p_default, (real)q_default, F(name)(x[i], p, q), out[i] = result.by_q)
#include "functions.def"

#undef LOOP
#undef SECOND_OUTPUT
#undef COMMON
#undef POINT
