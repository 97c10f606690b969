/* fastact: neural-network activation functions and their derivatives over arrays, for C11 and C++11.
 *
 *   fa_silu_f32(x, y, n);            by name, over contiguous arrays: fastact_functions.h has all of them
 *   fa_run(loop, operands, ...);     by the table, for every operation, type and stride
 *
 * Operands: every pointer to elements is aligned as its type asks. An output may be an input, of the same address and
 * stride; any other overlap with an output is undefined. With n = 0 nothing is read or written, and they may be NULL.
 *
 * Threads: every function may run beside every other, but for fa_select_isa and fa_set_num_threads, which change what
 * all share and must run alone. Of callers at the same time, one uses more than its own thread. A child of fork begins
 * with one thread, and may set more.
 *
 * Floating-point environment: rounding mode, flush to zero, traps and flags of the caller change no result and are left
 * as found.
 *
 * Failure: what can fail says how in its comment. Whatever else breaks its comment is undefined.
 */
#ifndef FA_FASTACT_H
#define FA_FASTACT_H

#include <stddef.h>

#define FA_VERSION "0.1.0"

#ifndef FA_API /* for what is to read the declarations and knows no attributes, define it as nothing */
#if defined(__GNUC__)
#define FA_API __attribute__((visibility("default")))
#else
#define FA_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

FA_API const char *fa_version(void); /* FA_VERSION of the library that runs */

/* The table */

#define FA_MAX_PARAMETERS 2
#define FA_MAX_OPERANDS 7

typedef enum {
    FA_F32, /* float */
    FA_F64, /* double */
    FA_F16, /* IEEE 754 binary16 in 2 bytes; computed in float and rounded once more */
    FA_TYPE_COUNT
} fa_type;

#include "fastact_functions.h" /* fa_operation, and every activation by name */

typedef struct {
    const char *name;
    double value; /* the default; NaN: there is none */
} fa_parameter;

/* Its operations are those for which fa_get_loop gives a loop. */
typedef struct {
    const char *name;
    int parameter_count;
    fa_parameter parameters[FA_MAX_PARAMETERS];
    const char *gate; /* of a gated pair: the activation that is its f; NULL for the others */
} fa_activation;

FA_API size_t fa_activation_count(void); /* gated pairs included */
FA_API const fa_activation *fa_activation_at(size_t index); /* NULL: index is not below the count */
FA_API const fa_activation *fa_find(const char *name);      /* NULL: there is none of this name */

/* The largest error on the instruction set in use, in ULP: the spacing of the type's numbers at the exact result. For
 * FA_BACKWARD, FA_VALUE_AND_GRAD and FA_BACKWARD_PARAMETERS it is that of f'(x), for FA_BACKWARD_FROM_OUTPUT that of
 * f'(x) at the x that has exactly the y given, and for FA_F16 that before the last rounding. It holds for parameters of
 * ordinary size. Near a root r of f', where |x - r| < |r| / 8 and |f'(x)| < 2^-6, the error is absolute instead: at
 * most 2^-27 in float, 2^-56 in double. NaN: there is no such operation. */
FA_API double fa_error_bound(const fa_activation *activation, fa_operation operation, fa_type type);

/* Loops: one operation of one activation in one type each, to be got once and run often. */

typedef struct fa_loop fa_loop;

/* NULL: activation is NULL, or there is no such operation. A loop is never freed, and follows fa_select_isa. */
FA_API const fa_loop *fa_get_loop(const fa_activation *activation, fa_operation operation, fa_type type);
FA_API int fa_loop_inputs(const fa_loop *loop); /* arrays first, parameters last */
FA_API int fa_loop_outputs(const fa_loop *loop);

/* Computes n elements. operands: inputs, then outputs; strides: bytes from one element to the next, of any sign, 0 for
 * an input whose one value all elements share, as a parameter's usually is.
 * fa_run stays on the calling thread; fa_run_threads splits work that is large enough among at most num_threads >= 1
 * threads, and fa_run_parallel among fa_get_num_threads(). The bits are the same. */
FA_API void fa_run(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n);
FA_API void fa_run_parallel(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n);
FA_API void fa_run_threads(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n,
                           int num_threads);
/* fa_run_parallel for contiguous arrays, with one value of each parameter. */
FA_API void fa_run_contiguous(const fa_loop *loop, char *const *operands, size_t n);

/* Softmax and its like: reductions over one axis of contiguous arrays in C order, seen as outer x length x inner and
 * reduced over length. out has the shape of a, and may be a or b; that of FA_LOGSUMEXP is outer x inner, and is neither.
 * The result of a row depends on its entries and their order alone. */
typedef enum {
    FA_SOFTMAX,              /* a: x -> e^x / sum e^x */
    FA_LOG_SOFTMAX,          /* a: x -> x - log sum e^x */
    FA_LOGSUMEXP,            /* a: x -> log sum e^x */
    FA_SOFTMAX_BACKWARD,     /* a: dy, b: y = softmax(x) -> dx */
    FA_LOG_SOFTMAX_BACKWARD, /* a: dy, b: y = log_softmax(x) -> dx */
    FA_REDUCTION_COUNT
} fa_reduction;

/* b is for the backward reductions; others ignore it. Runs on as many threads as that is worth. If outer, length or inner
 * is 0, nothing is read or written; with length 0 the logarithm of an empty sum, -infinity, is the caller's to store.
 * 0, or -1: there is no such reduction or type, or no memory for a copy of a few columns, and out is undefined. */
FA_API int fa_reduce(fa_reduction reduction, fa_type type, const void *a, const void *b, void *out, size_t outer,
                     size_t length, size_t inner);

/* Arrays that are outer x channels x inner elements in C order, float or double, with parameters and a bias of their own
 * for each channel, in one pass and on as many threads as that is worth.
 *
 * operands: as in fa_run; arrays are contiguous, and an output that is NULL is not stored. parameter_strides: bytes from
 * a channel's value of a parameter to the next one's, 0 for a value that all share. bias: a value for each channel, which
 * is added to x first; NULL: none. sums: for every output NULL, or where to put its sums over each channel; NULL: none
 * are wanted. They are taken in double precision, in an order that depends on the shape alone, and are finite wherever
 * the exact sum is.
 *
 * 0, or -1: there is no memory, and what was written does not count; or loop is NULL or of FA_F16, and nothing was
 * written. */
typedef struct {
    size_t outer, channels, inner;
} fa_channels;

FA_API int fa_run_channels(const fa_loop *loop, const fa_channels *shape, char *const *operands,
                           const ptrdiff_t *parameter_strides, const void *bias, double *const *sums);

/* Instruction sets: "baseline", "avx2", "avx512", "neon". The best runnable one is in use from the start. The
 * environment is not read here, as the Python module reads FASTACT_ISA; a program that wants the same calls
 * fa_select_isa(getenv("FASTACT_ISA")) and looks at the result. */
FA_API const char *fa_isa(void);
FA_API const char *fa_runnable_isa(size_t index); /* best first; NULL after the last */
/* NULL selects the best. 0, or -1: unknown or not runnable here, and nothing changes. */
FA_API int fa_select_isa(const char *name);

/* Threads */

FA_API int fa_has_openmp(void);      /* 0: everything stays on the calling thread */
/* The most that one call may use: the default, until it is set. A lower limit that omp_set_num_threads, and so
 * threadpoolctl, sets for the calling thread is kept as well. */
FA_API int fa_get_num_threads(void);
FA_API int fa_set_num_threads(int count); /* 0, or -1: count is below 1, and nothing changes */

/* FASTACT_NUM_THREADS, else OMP_NUM_THREADS, else the processors that this process may use. If the first variable that
 * is set is malformed: the processors, and its name in *bad_variable, else NULL there. bad_variable may be NULL. */
FA_API int fa_default_num_threads(const char **bad_variable);

/* How many threads n elements are worth: at most fa_get_num_threads, and 1 inside an OpenMP parallel region. */
FA_API int fa_threads_for(const fa_loop *loop, size_t n);

/* The same for a call that is about to be made: fewer where threads would have to be woken for little work, or lately
 * came too late. */
FA_API int fa_threads_now(const fa_loop *loop, size_t n);

/* Calls body(context, part) for every part in [0, parts). Each may run on a thread of its own; the calling thread takes
 * all parts that no other has started. body must return normally. */
FA_API void fa_parallel(int parts, void (*body)(void *context, int part), void *context);

/* The same for more parts than threads, at most `threads`. worker: the number of the thread, from 0, the calling one, to
 * threads - 1. */
FA_API void fa_share(int threads, int parts, void (*body)(void *context, int part, int worker), void *context);

/* Into how many parts to divide so many units of work for fa_share: 1 for one thread. */
FA_API int fa_part_count(int threads, size_t units);

/* Memory for large results: as malloc and free, but buffers of FA_POOLED bytes and more are kept for a second after they
 * are freed, up to a limit in bytes (0: none), so that the next one of that size meets no page faults. What is smaller,
 * malloc keeps by itself. */
enum { FA_POOLED = 1 << 22 };
FA_API void *fa_pool_allocate(size_t size);
FA_API void fa_pool_free(void *memory);
FA_API size_t fa_pool_size_of(void *memory); /* what was asked for */
FA_API size_t fa_get_pool_limit(void);
FA_API void fa_set_pool_limit(size_t bytes);

/* The nearest float, whatever the rounding mode; no flag is raised. For parameters that come as double, and for sums. */
FA_API float fa_nearest_float(double x);
FA_API void fa_nearest_floats(const double *x, float *y, size_t n);

#ifdef __cplusplus
}
#endif
#endif
