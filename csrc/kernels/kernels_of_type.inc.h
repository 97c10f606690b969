/* The loops of one ISA and one type. Each activation is one function that returns a point: the value and every
 * derivative. A loop stores what its operation needs and the compiler drops the rest, so a formula is written once and
 * all operations agree to the last bit. The derivative from the output y is a function of its own, <name>_from_output.
 */
#include "formulas.inc.h"

enum { F(block) = FA_BLOCK_BYTES / sizeof(real) };

/* Accumulates, from 0, whether |x| <= limit for all of several x (not for NaN): the largest bits of an |x| or, where
 * there is no integer maximum, a word whose sign says that one was larger. */
#define FA_HAS_LARGEST (FA_REAL == 32 && FA_HAS_FMA)
FA_INLINE integer F(seen)(integer before, real limit, real x) {
    const integer size = F(bits)(F(absolute)(x));
    return FA_HAS_LARGEST ? (before > size ? before : size) : before | (F(bits)(limit) - size);
}
FA_INLINE int F(fits)(integer seen, real limit) { return FA_HAS_LARGEST ? seen <= F(bits)(limit) : seen >= 0; }

/* The largest |x| for which |x| and |p x| are at most the limit. For an infinite p or NaN, which no x fits, the number
 * whose bits are -1: below all |x|, and so little that the difference in `seen` does not overflow. */
FA_INLINE real F(limit_with)(real limit, real p) {
    const real size = F(absolute)(p), roundings = FA_REAL == 32 ? 0x1p-22f : (real)0x1p-51; /* and more */
    const real quotient = size > 1 ? (limit - limit * roundings) / size : limit;
    return size <= F(largest) ? quotient : F(from_bits)(-1);
}

/* x or p x, whichever is larger; NaN if either is. */
FA_INLINE real F(larger)(real x, real p) { return x * F(at_least)(1, F(absolute)(p)); }

/* Whether all x are in range. p: the parameter of each, or x where they are none. */
FA_INLINE int F(all_in_range)(real limit, const real *x, const real *bias, const real *p, size_t blocks) {
    const size_t n = blocks * F(block);
    integer seen = 0;
    for (size_t i = 0; i != n; i++) {
        const real sum = bias ? x[i] + bias[i] : x[i];
        seen = F(seen)(seen, limit, p ? F(larger)(sum, p[i]) : sum);
    }
    return F(fits)(seen, limit);
}

/* x, but NaN where a parameter is, which then gives NaN whatever the formula. */
FA_INLINE real F(known)(real x, int count, real p, real q) {
    const real by_p = count > 0 ? F(unless_nan)(p, x) : x;
    return count > 1 ? F(unless_nan)(q, by_p) : by_p;
}

/* The results where a parameter that all elements share is NaN. */
FA_NOINLINE void F(fill_with_nan)(void *const *outputs, int count, size_t blocks) {
    for (int k = 0; k < count; k++)
        for (size_t i = 0; i != blocks * F(block); i++) ((real *)outputs[k])[i] = (real)__builtin_nan("");
}

/* What functions.def says of an activation. limits: the largest |x| in range, by kind; 0: nothing is left out. */
typedef struct {
    int parameters;
    real p, q; /* defaults */
    real limits[KIND_COUNT];
    int is_of_quotient; /* whether the limit with OTHERS is one of |x / p| */
} F(definition);

/* A loop: what it computes for each element, and what its operands are. The functions below are inlined with a constant
 * in its place, which the compiler folds: no member is read while a kernel runs. */
typedef struct {
    F(point) (*compute)(real x, real p, real q, int in_range);
    const F(definition) * activation;
    fa_operation operation;
    int arrays; /* x and, in a gated pair, up */
    int kind;
    int biased; /* whether a bias, an array, stands between the arrays and the parameters, and is added to x */
} F(loop);

FA_INLINE const fa_operation_row *F(operation)(const F(loop) * loop) {
    return fa_row(loop->arrays > 1, loop->operation);
}

/* Where operands stand: dy, if there is one, x and up, a bias, parameters, outputs. */
FA_INLINE int F(bias_at)(const F(loop) * loop) { return F(operation)(loop)->input_count; }

FA_INLINE int F(x_at)(const F(loop) * loop) { return F(bias_at)(loop) - loop->arrays; }

FA_INLINE int F(parameters_at)(const F(loop) * loop) { return F(bias_at)(loop) + loop->biased; }

FA_INLINE int F(outputs_at)(const F(loop) * loop) { return F(parameters_at)(loop) + loop->activation->parameters; }

FA_INLINE int F(output_count)(const F(loop) * loop) {
    return fa_output_count(F(operation)(loop), loop->activation->parameters);
}

/* The largest |x| in range: a derivative from the output leaves nothing out. */
FA_INLINE real F(limit)(const F(loop) * loop) {
    return loop->operation == FA_BACKWARD_FROM_OUTPUT ? 0 : loop->activation->limits[loop->kind];
}

/* With the parameter that all share. Where a p that divides x is so small or large that formulas scale it, none are
 * in range. */
FA_INLINE real F(limit_of)(const F(loop) * loop, real p) {
    const int scaled = p < F(divisor_small) || p > F(divisor_large);
    const real inverse = scaled ? F(largest) * 2 : 1 / p;
    if (loop->kind != OTHERS) return F(limit)(loop);
    return F(limit_with)(F(limit)(loop), loop->activation->is_of_quotient ? inverse : p);
}

FA_INLINE real *F(output)(void *const *outputs, int k) { return outputs[k]; }

/* What the operation gives, of the result of a formula. */
FA_INLINE void F(store)(const F(loop) * loop, F(point) result, real dy, real up, void *const *outputs, size_t i) {
    const int gated = loop->arrays > 1;
    real *const out = F(output)(outputs, 0);
    switch (loop->operation) {
    case FA_FORWARD: out[i] = gated ? result.value * up : result.value; return;
    case FA_GRAD: out[i] = result.grad; return;
    case FA_GRAD_P: out[i] = result.by_p; return;
    case FA_GRAD_Q: out[i] = result.by_q; return;
    case FA_VALUE_AND_GRAD:
        out[i] = result.value;
        F(output)(outputs, 1)[i] = result.grad;
        return;
    case FA_BACKWARD_PARAMETERS:
        out[i] = dy * result.grad;
        F(output)(outputs, 1)[i] = dy * result.by_p;
        if (loop->activation->parameters > 1) F(output)(outputs, 2)[i] = dy * result.by_q;
        return;
    default: /* FA_BACKWARD, FA_BACKWARD_FROM_OUTPUT */
        out[i] = gated ? dy * up * result.grad : dy * result.grad;
        if (gated) F(output)(outputs, 1)[i] = dy * result.value;
    }
}

/* Computes `blocks` blocks from `first`. p and q: the parameters, unless they are arrays. check_range: whether to find
 * out if all x were in range, which is returned. An output may be an input, so all inputs of an element are read before
 * one is written. */
FA_INLINE int F(run)(const F(loop) * loop, void *const *operands, size_t first, size_t blocks, real p, real q,
                     int in_range, int check_range) {
    const F(definition) *const activation = loop->activation;
    const int count = activation->parameters, is_array = loop->kind == ARRAYS, is_default = loop->kind == DEFAULTS;
    void *const *const arrays = operands + F(x_at)(loop);
    void *const *const parameters = operands + F(parameters_at)(loop);
    const real *const dys = operands[0], *const xs = arrays[0], *const ups = arrays[loop->arrays - 1];
    const real *const bias = loop->biased ? arrays[loop->arrays] : xs;
    const real *const ps = is_array ? parameters[0] : xs, *const qs = is_array ? parameters[count - 1] : xs;
    const real shared_p = is_default ? activation->p : p, shared_q = is_default ? activation->q : q;
    const real limit = F(limit_of)(loop, p);
    const size_t n = blocks * F(block);
    integer seen = 0;
    FA_ROLLED
    for (size_t k = 0; k != n; k++) {
        const size_t i = first * F(block) + k;
        const real dy = dys[i], up = ups[i], own_p = is_array ? ps[i] : shared_p, own_q = is_array ? qs[i] : shared_q;
        const real sum = loop->biased ? xs[i] + bias[i] : xs[i];
        const real x = is_array ? F(known)(sum, count, own_p, own_q) : sum;
        if (check_range) seen = F(seen)(seen, limit, is_array ? F(larger)(x, own_p) : x);
        F(store)(loop, loop->compute(x, own_p, own_q, in_range), dy, up, parameters + count, i);
    }
    return F(fits)(seen, limit);
}

/* Where there is a limit, a loop has two ways. The speculative one leaves out what only larger x need, finds out as it
 * goes whether there are any, and stops before a batch that has some. From there on, or everywhere if an output
 * replaces an input, the checked one tests CHECK_BLOCKS blocks before it computes them, and leaves out as much where it
 * can. The results are the same. Both are functions of their own, so that the constants of one take no registers from
 * the other. Loops end at k == n and not at k >= n; otherwise GCC does not see that n is a multiple of its vectors. */
typedef struct {
    const F(loop) * loop;
    size_t (*speculative)(void *const *operands, size_t first, size_t blocks, real p, real q); /* how many are done */
    void (*checked)(void *const *operands, size_t first, size_t blocks, real p, real q);
} F(ways);

FA_INLINE size_t F(speculative)(const F(loop) * loop, void *const *operands, size_t first, size_t blocks, real p,
                                real q) {
    size_t done = 0;
    for (size_t now; done < blocks; done += now) {
        now = min_size(blocks - done, SPECULATION_BLOCKS);
        if (!F(run)(loop, operands, first + done, now, p, q, 1, 1)) break;
    }
    return done;
}

FA_INLINE void F(checked)(const F(loop) * loop, void *const *operands, size_t first, size_t blocks, real p, real q) {
    const int at = F(x_at)(loop);
    const real limit = F(limit_of)(loop, p);
    for (size_t done = 0, now; done < blocks; done += now) {
        now = min_size(blocks - done, CHECK_BLOCKS);
        const size_t i = (first + done) * F(block);
        const real *const x = (const real *)operands[at] + i,
                          *const next = (const real *)operands[F(bias_at)(loop)] + i;
        if (F(all_in_range)(limit, x, loop->biased ? next : NULL, loop->kind == ARRAYS ? next : NULL, now))
            F(run)(loop, operands, first + done, now, p, q, 1, 0);
        else
            F(run)(loop, operands, first + done, now, p, q, 0, 0);
    }
}

FA_INLINE void F(run_ways)(const F(ways) * ways, void *const *operands, size_t blocks, real p, real q) {
    const F(loop) *const loop = ways->loop;
    const int inputs = F(bias_at)(loop);
    if (F(limit)(loop) == 0)
        F(run)(loop, operands, 0, blocks, p, q, 0, 0);
    else if (replaces_input(operands, inputs, F(outputs_at)(loop) - inputs, F(output_count)(loop)))
        ways->checked(operands, 0, blocks, p, q);
    else
        for (size_t first = 0, now;; first += now) {
            first += ways->speculative(operands, first, blocks - first, p, q);
            if (first == blocks) return;
            now = min_size(blocks - first, CHECKED_BLOCKS);
            ways->checked(operands, first, now, p, q);
        }
}

/* One value of each parameter. A loop of its own for the defaults, which the compiler folds into the formulas, is worth
 * its code for a bias only where there is a limit. */
FA_INLINE void F(run_one_value)(const F(ways) * with_defaults, const F(ways) * with_others, void *const *operands,
                                size_t blocks) {
    const F(loop) *const loop = with_defaults->loop;
    const F(definition) *const activation = loop->activation;
    const int count = activation->parameters;
    void *const *const parameters = operands + F(parameters_at)(loop);
    const real p = count > 0 ? *(const real *)parameters[0] : activation->p;
    const real q = count > 1 ? *(const real *)parameters[1] : activation->q;
    const int folded = !loop->biased || count == 0 || F(limit)(loop) != 0;
    if (count > 0 && (p != p || (count > 1 && q != q)))
        F(fill_with_nan)(parameters + count, F(output_count)(loop), blocks);
    else if (folded && p == activation->p && q == activation->q)
        F(run_ways)(with_defaults, operands, blocks, p, q);
    else
        F(run_ways)(with_others, operands, blocks, p, q);
}

/* The loops of an operation, which are the functions above for constants. Whatever can be written as a function stands
 * there, where a debugger steps through it. */
#define WAYS(stem, ...)                                                                                            \
    static const F(loop) F(stem##_loop) = {__VA_ARGS__};                                                           \
    FA_NOINLINE size_t F(stem##_speculative)(void *const *operands, size_t first, size_t blocks, real p, real q) { \
        return F(speculative)(&F(stem##_loop), operands, first, blocks, p, q);                                     \
    }                                                                                                              \
    FA_NOINLINE void F(stem##_checked)(void *const *operands, size_t first, size_t blocks, real p, real q) {       \
        F(checked)(&F(stem##_loop), operands, first, blocks, p, q);                                                \
    }                                                                                                              \
    static const F(ways) F(stem##_ways) = {&F(stem##_loop), F(stem##_speculative), F(stem##_checked)};
#define ONE_VALUE(kernel, biased, ...)                                                          \
    WAYS(kernel##_default, __VA_ARGS__, DEFAULTS, biased)                                       \
    WAYS(kernel##_other, __VA_ARGS__, OTHERS, biased)                                           \
    FA_UNUSED void F(kernel)(void *const *operands, size_t blocks) {                            \
        F(run_one_value)(&F(kernel##_default_ways), &F(kernel##_other_ways), operands, blocks); \
    }
#define LOOPS(operation, ...)                                                   \
    ONE_VALUE(operation##_scalar, 0, __VA_ARGS__)                               \
    ONE_VALUE(operation##_biased, 1, __VA_ARGS__)                               \
    WAYS(operation##_array, __VA_ARGS__, ARRAYS, 0)                             \
    FA_UNUSED void F(operation##_array)(void *const *operands, size_t blocks) { \
        F(run_ways)(&F(operation##_array_ways), operands, blocks, 0, 0);        \
    }
#define ACTIVATION_LOOPS(name, operation, index) \
    LOOPS(name##_##operation, F(name##_formula), &F(name##_definition), index, 1)
#define GATED_LOOPS(name, f, operation, index) LOOPS(name##_##operation, F(f##_formula), &F(f##_definition), index, 2)

/* A formula with the arguments of every other, so that a loop can name it. */
#define FORMULA(name, ...)                                                       \
    FA_INLINE F(point) F(name##_formula)(real x, real p, real q, int in_range) { \
        (void)p, (void)q, (void)in_range;                                        \
        return __VA_ARGS__;                                                      \
    }
#define LIMITS(f32, f64) \
    .limits = {[DEFAULTS] = BY_TYPE(f32, f64), [OTHERS] = BY_TYPE(f32, f64), [ARRAYS] = BY_TYPE(f32, f64)}
#define LIMITS_OF_QUOTIENT(f32, f64) \
    .limits = {[DEFAULTS] = BY_TYPE(f32, f64), [OTHERS] = BY_TYPE(f32, f64)}, .is_of_quotient = 1
#define BY_TYPE(f32, f64) (FA_REAL == 32 ? (real)f32 : (real)f64)

#define COMMON(name)                              \
    ACTIVATION_LOOPS(name, forward, FA_FORWARD)   \
    ACTIVATION_LOOPS(name, grad, FA_GRAD)         \
    ACTIVATION_LOOPS(name, backward, FA_BACKWARD) \
    ACTIVATION_LOOPS(name, value_and_grad, FA_VALUE_AND_GRAD)
#define PARAMETRIC(name)                      \
    COMMON(name)                              \
    ACTIVATION_LOOPS(name, grad_p, FA_GRAD_P) \
    ACTIVATION_LOOPS(name, backward_parameters, FA_BACKWARD_PARAMETERS)

#define ACTIVATION_0(name, limits, ...)                                  \
    static const F(definition) F(name##_definition) = {0, 0, 0, limits}; \
    FORMULA(name, F(name)(x, in_range))                                  \
    COMMON(name)
#define ACTIVATION_1(name, limits, cost, ulp, ulp_grad, p_name, p_default, ulp_p)      \
    static const F(definition) F(name##_definition) = {1, (real)p_default, 0, limits}; \
    FORMULA(name, F(name)(x, p, in_range))                                             \
    PARAMETRIC(name)
#define ACTIVATION_2(name, limits, cost, ulp, ulp_grad, p_name, p_default, ulp_p, q_name, q_default, ulp_q) \
    static const F(definition) F(name##_definition) = {2, (real)p_default, (real)q_default, limits};        \
    FORMULA(name, F(name)(x, p, q, in_range))                                                               \
    PARAMETRIC(name)                                                                                        \
    ACTIVATION_LOOPS(name, grad_q, FA_GRAD_Q)
#define GATED(name, f, ...)                   \
    GATED_LOOPS(name, f, forward, FA_FORWARD) \
    GATED_LOOPS(name, f, backward, FA_BACKWARD)
#define FROM_OUTPUT(name, ...)                                                     \
    FORMULA(name##_from_output, POINT(.grad = F(name##_from_output)(__VA_ARGS__))) \
    LOOPS(name##_backward_from_output, F(name##_from_output_formula), &F(name##_definition), FA_BACKWARD_FROM_OUTPUT, 1)
#define FROM_OUTPUT_0(name, ...) FROM_OUTPUT(name, x)
#define FROM_OUTPUT_1(name, ...) FROM_OUTPUT(name, x, p)
#include "functions.def"
#include "softmax.inc.h"

#include "sums.h"

#undef WAYS
#undef ONE_VALUE
#undef LOOPS
#undef ACTIVATION_LOOPS
#undef GATED_LOOPS
#undef FORMULA
#undef COMMON
#undef PARAMETRIC
#undef FROM_OUTPUT
#undef POINT
#undef ANY_RANGE
#undef FA_HAS_LARGEST
#undef LIMITS
#undef LIMITS_OF_QUOTIENT
#undef BY_TYPE
