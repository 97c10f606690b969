/* The loops of one ISA and one type. Each activation is one function that returns a point: the value and every
 * derivative. A loop stores what its operation needs and the compiler drops the rest, so a formula is written once and
 * all operations agree to the last bit. The derivative from the output y is a function of its own, <name>_from_output.
 */
#include "real.h"
#include "vecmath.h"

typedef struct {
    real value, grad, by_p, by_q;
} F(point);
#define POINT(...) ((F(point)){__VA_ARGS__})

/* The last argument of an activation, usual: x is finite and |x| at most the limit in functions.def, so that what only
 * larger x need can be left out. ANY_RANGE: there is nothing to leave out. */
#define ANY_RANGE __attribute__((unused)) int usual

#include "activations/piecewise.h"
#include "activations/logistic.h"
#include "activations/exponential.h"
#include "activations/hyperbolic.h"
#include "activations/gaussian.h"

enum { F(block) = FA_BLOCK_BYTES / sizeof(real) };

/* Negative unless |x| <= limit, for NaN too: a difference of bits. */
FA_INLINE integer F(room)(real limit, real x) { return F(bits)(limit) - F(bits)(F(absolute)(x)); }

/* Whether |x| <= limit for all. */
FA_INLINE int F(all_within)(real limit, const real *x, size_t blocks) {
    const size_t n = blocks * F(block);
    integer signs = 0;
    for (size_t i = 0; i != n; i++) signs |= F(room)(limit, x[i]);
    return signs >= 0;
}

/* at: index of x among the operands; arrays: how many arrays stand there, x and, in a gated pair, up; count: number of
 * parameters; limit: see USUAL in functions.def; compute: an expression in x[i], p, q and usual; outputs: how many;
 * store: one in out, result, dy and up. An output may be an input, so all inputs are read before one is written.
 *
 * For the default parameters, which the compiler folds into the formulas, a scalar kernel has two ways. _speculative
 * leaves out what only larger x need, finds out as it goes whether there are any, and stops before a span where there
 * are. From there on, or everywhere if an output replaces an input, _checked looks at a span first, and leaves out as
 * much where it can. The results are the same. Both are functions of their own lest the constants of one take registers
 * from the other; loops end at k == n and not at k >= n, or GCC no longer sees that n is a multiple of its vectors. */
#define LOOP(name, operation, at, arrays, count, p_default, q_default, limit, compute, outputs, store)           \
    FA_INLINE int F(name##_##operation)(void *const *operands, size_t first, size_t blocks, int array, real p0,  \
                                        real q0, int usual, int watch) {                                         \
        const real *const dys = operands[0], *const x = operands[at], *const ups = operands[at + arrays - 1];    \
        const real *const ps = array ? operands[at + arrays] : x;                                                \
        const real *const qs = array ? operands[at + arrays + count - 1] : x;                                    \
        real *const out = operands[at + arrays + count];                                                         \
        const size_t n = blocks * F(block);                                                                      \
        integer signs = 0;                                                                                       \
        FA_ROLLED                                                                                                \
        for (size_t k = 0; k != n; k++) {                                                                        \
            const size_t i = first * F(block) + k;                                                               \
            const real dy = dys[i], up = ups[i], p = array ? ps[i] : p0, q = array ? qs[i] : q0;                 \
            if (watch) signs |= F(room)(limit, x[i]);                                                            \
            const F(point) result = compute;                                                                     \
            (void)dy, (void)up, (void)p, (void)q, (void)usual;                                                   \
            store;                                                                                               \
        }                                                                                                        \
        return signs >= 0;                                                                                       \
    }                                                                                                            \
    FA_NOINLINE size_t F(name##_##operation##_speculative)(void *const *operands, size_t first, size_t blocks) { \
        size_t done = 0;                                                                                         \
        for (size_t now; done < blocks; done += now) {                                                           \
            now = min_size(blocks - done, SPAN_BLOCKS);                                                          \
            if (!F(name##_##operation)(operands, first + done, now, 0, p_default, q_default, 1, 1)) break;       \
        }                                                                                                        \
        return done;                                                                                             \
    }                                                                                                            \
    FA_NOINLINE void F(name##_##operation##_checked)(void *const *operands, size_t first, size_t blocks) {       \
        for (size_t done = 0, now; done < blocks; done += now) {                                                 \
            now = min_size(blocks - done, LOOK_BLOCKS);                                                          \
            if (F(all_within)(limit, (const real *)operands[at] + (first + done) * F(block), now))               \
                F(name##_##operation)(operands, first + done, now, 0, p_default, q_default, 1, 0);               \
            else                                                                                                 \
                F(name##_##operation)(operands, first + done, now, 0, p_default, q_default, 0, 0);               \
        }                                                                                                        \
    }                                                                                                            \
    static void F(name##_##operation##_scalar)(void *const *operands, size_t blocks) {                           \
        const real p = count > 0 ? *(const real *)operands[at + arrays] : p_default;                             \
        const real q = count > 1 ? *(const real *)operands[at + arrays + 1] : q_default;                         \
        if (!(p == p_default && q == q_default))                                                                 \
            F(name##_##operation)(operands, 0, blocks, 0, p, q, 0, 0);                                           \
        else if (limit == 0)                                                                                     \
            F(name##_##operation)(operands, 0, blocks, 0, p_default, q_default, 0, 0);                           \
        else if (replaces_input(operands, at + arrays, count, outputs))                                          \
            F(name##_##operation##_checked)(operands, 0, blocks);                                                \
        else                                                                                                     \
            for (size_t first = 0, now;; first += now) {                                                         \
                first += F(name##_##operation##_speculative)(operands, first, blocks - first);                   \
                if (first == blocks) return;                                                                     \
                now = min_size(blocks - first, CHECKED_BLOCKS);                                                  \
                F(name##_##operation##_checked)(operands, first, now);                                           \
            }                                                                                                    \
    }                                                                                                            \
    static void F(name##_##operation##_array)(void *const *operands, size_t blocks) {                            \
        if (count > 0)                                                                                           \
            F(name##_##operation)(operands, 0, blocks, 1, 0, 0, 0, 0);                                           \
        else                                                                                                     \
            F(name##_##operation##_scalar)(operands, blocks);                                                    \
    }

#define OUTPUT(k) ((real *)operands[k])
#define COMMON(name, count, p, q, compute)                                                          \
    LOOP(name, forward, 0, 1, count, p, q, F(usual_##name), compute, 1, out[i] = result.value)      \
    LOOP(name, grad, 0, 1, count, p, q, F(usual_##name), compute, 1, out[i] = result.grad)          \
    LOOP(name, backward, 1, 1, count, p, q, F(usual_##name), compute, 1, out[i] = dy * result.grad) \
    LOOP(name, value_and_grad, 0, 1, count, p, q, F(usual_##name), compute, 2,                      \
         (out[i] = result.value, OUTPUT(2 + count)[i] = result.grad))
#define BACKWARD_PARAMETERS(name, count, p, q, compute, store)                              \
    LOOP(name, backward_parameters, 1, 1, count, p, q, F(usual_##name), compute, 1 + count, \
         (out[i] = dy * result.grad, store))
#define BY_PARAMETER(name, which, count, p, q, compute) \
    LOOP(name, grad_##which, 0, 1, count, p, q, F(usual_##name), compute, 1, out[i] = result.by_##which)

#define FROM_OUTPUT(name, count, p, compute) \
    LOOP(name, backward_from_output, 1, 1, count, p, (real)0, 0, POINT(.grad = compute), 1, out[i] = dy * result.grad)

#define USUAL(f32, f64) (FA_REAL == 32 ? (real)f32 : (real)f64)
#define ACTIVATION_0(name, limit, ...)         \
    static const real F(usual_##name) = limit; \
    COMMON(name, 0, (real)0, (real)0, F(name)(x[i], usual))
#define ACTIVATION_1(name, limit, cost, ulp, ulp_grad, p_name, p_default, ulp_p)   \
    static const real F(usual_##name) = limit;                                     \
    __attribute__((unused)) static const real F(default_##name) = (real)p_default; \
    COMMON(name, 1, (real)p_default, (real)0, F(name)(x[i], p, usual))             \
    BY_PARAMETER(name, p, 1, (real)p_default, (real)0, F(name)(x[i], p, usual))    \
    BACKWARD_PARAMETERS(name, 1, (real)p_default, (real)0, F(name)(x[i], p, usual), OUTPUT(4)[i] = dy * result.by_p)
#define ACTIVATION_2(name, limit, cost, ulp, ulp_grad, p_name, p_default, ulp_p, q_name, q_default, ulp_q) \
    static const real F(usual_##name) = limit;                                                             \
    COMMON(name, 2, (real)p_default, (real)q_default, F(name)(x[i], p, q, usual))                          \
    BY_PARAMETER(name, p, 2, (real)p_default, (real)q_default, F(name)(x[i], p, q, usual))                 \
    BY_PARAMETER(name, q, 2, (real)p_default, (real)q_default, F(name)(x[i], p, q, usual))                 \
    BACKWARD_PARAMETERS(name, 2, (real)p_default, (real)q_default, F(name)(x[i], p, q, usual),             \
                        (OUTPUT(5)[i] = dy * result.by_p, OUTPUT(6)[i] = dy * result.by_q))
#define GATED(name, f, ...)                                                                                        \
    LOOP(name, forward, 0, 2, 0, (real)0, (real)0, F(usual_##f), F(f)(x[i], usual), 1, out[i] = result.value * up) \
    LOOP(name, backward, 1, 2, 0, (real)0, (real)0, F(usual_##f), F(f)(x[i], usual), 2,                            \
         (out[i] = dy * up * result.grad, OUTPUT(4)[i] = dy * result.value))
#define FROM_OUTPUT_0(name, ...) FROM_OUTPUT(name, 0, (real)0, F(name##_from_output)(x[i]))
#define FROM_OUTPUT_1(name, ...) FROM_OUTPUT(name, 1, F(default_##name), F(name##_from_output)(x[i], p))
#include "functions.def"
#include "softmax.inc.h"

#include "sums.h"

#undef LOOP
#undef OUTPUT
#undef COMMON
#undef BY_PARAMETER
#undef BACKWARD_PARAMETERS
#undef FROM_OUTPUT
#undef POINT
#undef ANY_RANGE
#undef USUAL
