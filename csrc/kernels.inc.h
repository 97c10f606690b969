/* The loops of one ISA. kernels_<isa>.c opens a target region, defines FA_ISA (its name) and FA_HAS_FMA, and includes
 * this file, which expands functions.def into a table of loops over whole blocks, fa_table__<isa>.
 */
#define FA_INLINE static inline __attribute__((always_inline))
#define FA_NOINLINE static __attribute__((noinline, unused))
#define FA_JOIN_(a, b) a##b
#define FA_JOIN(a, b) FA_JOIN_(a, b)
#define FA_STRING_(a) #a
#define FA_STRING(a) FA_STRING_(a)

#if defined(__clang__)
#define FA_UNROLL _Pragma("clang loop unroll(full)")
#define FA_ROLLED _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#else
#define FA_UNROLL _Pragma("GCC unroll 32")
/* Independent, and a loop still when the vectoriser comes: GCC unrolls short ones before, into scalars or much code. */
#define FA_ROLLED _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
/* Of a choice in a choice, GCC would make one with more cases. */
#pragma GCC optimize("no-thread-jumps")
#endif

/* Blocks that are computed as if all x were usual, blocks that are looked at first, and how many of these follow where
 * some x was not. Larger spans cost what a rare large x slows down, smaller ones the look:
 * python -m fastact bench --function sigmoid gelu gelu_tanh --sizes 16384 --threads 1, with 4 to 64. */
enum { SPAN_BLOCKS = 16, LOOK_BLOCKS = 8, CHECKED_BLOCKS = 256 };

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

#include "half.h"
#include "stream.h"

#define PAIR(name, operation)                                                \
    {                                                                        \
        {name##_##operation##_scalar_f32, name##_##operation##_array_f32}, { \
            name##_##operation##_scalar_f64, name##_##operation##_array_f64  \
        }                                                                    \
    }
#define COMMON(name)                                                                                        \
    [FA_FORWARD] = PAIR(name, forward), [FA_GRAD] = PAIR(name, grad), [FA_BACKWARD] = PAIR(name, backward), \
    [FA_VALUE_AND_GRAD] = PAIR(name, value_and_grad)
#define ACTIVATION_0(name, ...) [FA_INDEX_##name] = {COMMON(name)},
#define LEARNABLE(name) \
    COMMON(name), [FA_GRAD_P] = PAIR(name, grad_p), [FA_BACKWARD_PARAMETERS] = PAIR(name, backward_parameters)
#define ACTIVATION_1(name, ...) [FA_INDEX_##name] = {LEARNABLE(name)},
#define ACTIVATION_2(name, ...) [FA_INDEX_##name] = {LEARNABLE(name), [FA_GRAD_Q] = PAIR(name, grad_q)},
#define GATED(name, ...) [FA_INDEX_##name] = {[FA_FORWARD] = PAIR(name, forward), [FA_BACKWARD] = PAIR(name, backward)},
#define FROM_OUTPUT_0(name, ...) [FA_INDEX_##name][FA_BACKWARD_FROM_OUTPUT] = PAIR(name, backward_from_output),
#define FROM_OUTPUT_1 FROM_OUTPUT_0

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
    .vectors = {{total_f32, accumulate_f32, add_bias_f32}, {total_f64, accumulate_f64, add_bias_f64}},
    .reductions = {[FA_SOFTMAX] = REDUCTION(softmax),
                   [FA_LOG_SOFTMAX] = REDUCTION(log_softmax),
                   [FA_LOGSUMEXP] = REDUCTION(logsumexp),
                   [FA_SOFTMAX_BACKWARD] = REDUCTION(softmax_backward),
                   [FA_LOG_SOFTMAX_BACKWARD] = REDUCTION(log_softmax_backward)},
    .half_to_float = half_to_float,
    .float_to_half = float_to_half,
#if defined(FA_STREAM)
    .stream_blocks = stream_blocks,
#endif
};
