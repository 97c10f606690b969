/* The loops of one ISA. kernels_<isa>.c opens a target region, defines FA_ISA (its name) and FA_HAS_FMA, and includes
 * this file, which expands functions.def into a table of loops over whole blocks, fa_table__<isa>.
 */
#define FA_NOINLINE static __attribute__((noinline, unused))
#define FA_UNUSED static __attribute__((unused))
#define FA_JOIN_(a, b) a##b
#define FA_JOIN(a, b) FA_JOIN_(a, b)
#define FA_STRING_(a) #a
#define FA_STRING(a) FA_STRING_(a)

#if defined(__clang__)
#define FA_UNROLL _Pragma("clang loop unroll(full)")
#define FA_ROLLED _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#else
#define FA_UNROLL _Pragma("GCC unroll 32")
/* Iterations are independent, and the loop is not unrolled ahead of vectorisation: GCC makes scalars or much code of
 * short ones. */
#define FA_ROLLED _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
/* Passes of GCC that make branches of selects, so that loops are no longer vectorised or compute more. Jump threading
 * merges a select in a select into one with more cases. Partial redundancy elimination computes what follows a select
 * with a constant side, such as a clamp, for that constant too, and selects again. Path splitting copies the store
 * after a select to both sides. */
#pragma GCC optimize("no-thread-jumps", "no-tree-pre", "no-split-paths")
#endif

/* Blocks per batch of the speculative path, blocks per range check, and how many blocks are checked after a batch that had
 * an x out of range. Larger batches waste more work on an outlier; smaller ones check more often:
 * python -m fastact bench --function sigmoid gelu gelu_tanh --sizes 16384 --threads 1, with 4 to 64. */
enum { SPECULATION_BLOCKS = 16, CHECK_BLOCKS = 8, CHECKED_BLOCKS = 256 };

/* What parameters are: constants that the compiler folds into the formulas; other values that all elements share; arrays. */
enum { DEFAULTS, OTHERS, ARRAYS, KIND_COUNT };

/* Whether an output is one of the inputs, which are followed by `skipped` parameters. */
FA_INLINE int replaces_input(void *const *operands, int inputs, int skipped, int outputs) {
    int same = 0;
    for (int i = 0; i < inputs; i++)
        for (int k = 0; k < outputs; k++) same |= operands[i] == operands[inputs + skipped + k];
    return same;
}

#define FA_REAL 32
#include "kernels_of_type.inc.h"
#undef FA_REAL
#define FA_REAL 64
#include "kernels_of_type.inc.h"
#undef FA_REAL

#include "conversions.h"
#include "stream.h"

#define FIELD(name, operation, loop, type) .loop = name##_##operation##_##loop##_##type
#define SCALAR(name, operation)                                                        \
    {                                                                                  \
        {FIELD(name, operation, scalar, f32)}, { FIELD(name, operation, scalar, f64) } \
    }
#define BIASED(name, operation)                                                       \
    {                                                                                 \
        {FIELD(name, operation, scalar, f32), FIELD(name, operation, biased, f32)}, { \
            FIELD(name, operation, scalar, f64), FIELD(name, operation, biased, f64)  \
        }                                                                             \
    }
#define ARRAY(name, operation)                                                       \
    {                                                                                \
        {FIELD(name, operation, scalar, f32), FIELD(name, operation, array, f32)}, { \
            FIELD(name, operation, scalar, f64), FIELD(name, operation, array, f64)  \
        }                                                                            \
    }
#define ALL(name, operation)                                                         \
    {                                                                                \
        {FIELD(name, operation, scalar, f32), FIELD(name, operation, array, f32),    \
         FIELD(name, operation, biased, f32)},                                       \
        {                                                                            \
            FIELD(name, operation, scalar, f64), FIELD(name, operation, array, f64), \
                FIELD(name, operation, biased, f64)                                  \
        }                                                                            \
    }
#define ACTIVATION_0(name, ...)                                  \
    [FA_INDEX_##name] = {[FA_FORWARD] = BIASED(name, forward),   \
                         [FA_GRAD] = SCALAR(name, grad),         \
                         [FA_BACKWARD] = BIASED(name, backward), \
                         [FA_VALUE_AND_GRAD] = SCALAR(name, value_and_grad)},
#define PARAMETRIC(name)                                                                                   \
    [FA_FORWARD] = ALL(name, forward), [FA_GRAD] = ARRAY(name, grad), [FA_BACKWARD] = ALL(name, backward), \
    [FA_VALUE_AND_GRAD] = ARRAY(name, value_and_grad), [FA_GRAD_P] = ARRAY(name, grad_p),                  \
    [FA_BACKWARD_PARAMETERS] = ARRAY(name, backward_parameters)
#define ACTIVATION_1(name, ...) [FA_INDEX_##name] = {PARAMETRIC(name)},
#define ACTIVATION_2(name, ...) [FA_INDEX_##name] = {PARAMETRIC(name), [FA_GRAD_Q] = ARRAY(name, grad_q)},
#define GATED(name, ...) \
    [FA_INDEX_##name] = {[FA_FORWARD] = SCALAR(name, forward), [FA_BACKWARD] = SCALAR(name, backward)},
#define ADDED_0(name, index, operation, ...) [FA_INDEX_##name][FA_##index] = SCALAR(name, operation),
#define ADDED_1(name, index, operation, ...) [FA_INDEX_##name][FA_##index] = ARRAY(name, operation),

#define REDUCTION(name)                                                                \
    {                                                                                  \
        {name##_rows_f32, name##_columns_f32}, { name##_rows_f64, name##_columns_f64 } \
    }

const fa_isa_table FA_JOIN(fa_table__, FA_ISA) = {
    .name = FA_STRING(FA_ISA),
    .has_fma = FA_HAS_FMA,
    .kernels =
        {
#include "functions.def"
        },
    .vectors = {{total_f32, accumulate_f32, is_summable_f32, add_bias_f32},
                {total_f64, accumulate_f64, is_summable_f64, add_bias_f64}},
    .reductions = {[FA_SOFTMAX] = REDUCTION(softmax),
                   [FA_LOG_SOFTMAX] = REDUCTION(log_softmax),
                   [FA_LOGSUMEXP] = REDUCTION(logsumexp),
                   [FA_SOFTMAX_BACKWARD] = REDUCTION(softmax_backward),
                   [FA_LOG_SOFTMAX_BACKWARD] = REDUCTION(log_softmax_backward)},
    .half_to_float = half_to_float,
    .float_to_half = float_to_half,
    .double_to_float = double_to_float,
#if defined(FA_STREAM)
    .stream_blocks = stream_blocks,
#endif
};
