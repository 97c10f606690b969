/* fastact: neural-network activation functions and their derivatives over arrays.
 *
 * Every function is safe to call from several threads at once, except fa_select_isa and fa_set_num_threads, which
 * must not run beside a computation. Floating-point status and control of the calling thread are left as found.
 */
#ifndef FASTACT_H
#define FASTACT_H

#include <stddef.h>

#define FA_VERSION "0.1.0"

#if defined(__GNUC__)
#define FA_API __attribute__((visibility("default")))
#else
#define FA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define FA_MAX_PARAMETERS 2
#define FA_MAX_OPERANDS 5

typedef enum { FA_F32, FA_F64, FA_F16, FA_TYPE_COUNT } fa_type;

/* What is computed, and its operands in order; p stands for the activation's parameters, if any. */
typedef enum {
    FA_FORWARD,        /* x, p -> f(x) */
    FA_GRAD,           /* x, p -> f'(x) */
    FA_BACKWARD,       /* dy, x, p -> dy * f'(x) */
    FA_VALUE_AND_GRAD, /* x, p -> f(x), f'(x) */
    FA_GRAD_P,         /* x, p -> derivative by the first parameter */
    FA_GRAD_Q,         /* x, p -> derivative by the second parameter */
    FA_OPERATION_COUNT
} fa_operation;

typedef struct {
    const char *name;
    double value; /* default; NaN: the parameter has to be given */
} fa_parameter;

typedef struct {
    const char *name;
    int parameter_count;
    fa_parameter parameters[FA_MAX_PARAMETERS];
} fa_activation;

/* One operation of one activation in one type: what a caller resolves once and runs often. */
typedef struct fa_loop fa_loop;

FA_API const char *fa_version(void); /* FA_VERSION of the library that runs */

FA_API size_t fa_activation_count(void);
FA_API const fa_activation *fa_activation_at(size_t index);
FA_API const fa_activation *fa_find(const char *name); /* NULL: no such activation */

/* NULL where the activation has no such parameter. The loop lives as long as the program. */
FA_API const fa_loop *fa_get_loop(const fa_activation *activation, fa_operation operation, fa_type type);
FA_API int fa_loop_inputs(const fa_loop *loop); /* arrays first, parameters last */
FA_API int fa_loop_outputs(const fa_loop *loop);
FA_API double fa_loop_bound(const fa_loop *loop); /* largest error in ULP on the ISA in use */

/* Computes n elements. operands: inputs, then outputs; strides in bytes, 0 for a value that all elements share.
 * An output may be an input (same address and stride); any other overlap is undefined.
 * fa_run stays on the calling thread; fa_run_parallel splits contiguous work that is large enough. */
FA_API void fa_run(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n);
FA_API void fa_run_parallel(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n);

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

/* b is for the backward reductions; others ignore it. Runs on as many threads as that is worth. 0, or -1: there is not
 * enough memory for a copy of a few columns, and out is undefined. */
FA_API int fa_reduce(fa_reduction reduction, fa_type type, const void *a, const void *b, void *out, size_t outer,
                     size_t length, size_t inner);

/* The nearest float, whatever the rounding mode; no flag is raised. */
FA_API float fa_nearest_float(double x);

/* Instruction sets: "baseline", "avx2", "avx512", "neon". The best runnable one is in use unless one is selected. */
FA_API const char *fa_isa(void);
FA_API int fa_select_isa(const char *name);       /* 0, or -1: unknown or not runnable here (nothing changes) */
FA_API const char *fa_runnable_isa(size_t index); /* best first; NULL after the last */

/* Threads. fa_threads_for: how many the given work is worth, at most fa_get_num_threads, 1 inside a parallel region.
 * fa_parallel calls body(context, part) for every part in [0, parts), one thread each. */
FA_API int fa_get_num_threads(void);
FA_API void fa_set_num_threads(int count); /* count >= 1 */
FA_API int fa_default_num_threads(const char **bad_variable); /* names a malformed environment variable, else NULL */
FA_API int fa_has_openmp(void);
FA_API int fa_threads_for(const fa_loop *loop, size_t n);
FA_API void fa_parallel(int parts, void (*body)(void *context, int part), void *context);

/* Every activation by name, over n contiguous elements in float (f32) and double (f64), on as many threads as that is
 * worth. Inputs come first, then parameters, then outputs, which may be inputs:
 *
 *   void fa_silu_f32(const float *x, float *y, size_t n);
 *   void fa_silu_grad_f32(const float *x, float *d, size_t n);
 *   void fa_silu_backward_f32(const float *dy, const float *x, float *dx, size_t n);
 *   void fa_silu_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
 *   void fa_swish_f32(const float *x, float beta, float *y, size_t n);
 *   void fa_swish_grad_beta_f32(const float *x, float beta, float *d, size_t n);
 */
#define FA_DECLARE_(name, type, real, ...)                                                                  \
    FA_API void fa_##name##_##type(const real *x, __VA_ARGS__ real *y, size_t n);                           \
    FA_API void fa_##name##_grad_##type(const real *x, __VA_ARGS__ real *d, size_t n);                      \
    FA_API void fa_##name##_backward_##type(const real *dy, const real *x, __VA_ARGS__ real *dx, size_t n); \
    FA_API void fa_##name##_value_and_grad_##type(const real *x, __VA_ARGS__ real *y, real *d, size_t n);
#define FA_DECLARE_BY_(name, parameter, type, real, ...) \
    FA_API void fa_##name##_grad_##parameter##_##type(const real *x, __VA_ARGS__ real *d, size_t n);

#define FA_DECLARE_0_(name, type, real) FA_DECLARE_(name, type, real, )
#define FA_DECLARE_1_(name, p, type, real)  \
    FA_DECLARE_(name, type, real, real p, ) \
    FA_DECLARE_BY_(name, p, type, real, real p, )
#define FA_DECLARE_2_(name, p, q, type, real)             \
    FA_DECLARE_(name, type, real, real p, real q, )       \
    FA_DECLARE_BY_(name, p, type, real, real p, real q, ) \
    FA_DECLARE_BY_(name, q, type, real, real p, real q, )

#define ACTIVATION_0(name, ...) FA_DECLARE_0_(name, f32, float) FA_DECLARE_0_(name, f64, double)
#define ACTIVATION_1(name, usual, cost, value, grad, p, ...) \
    FA_DECLARE_1_(name, p, f32, float) FA_DECLARE_1_(name, p, f64, double)
#define ACTIVATION_2(name, usual, cost, value, grad, p, p_default, by_p, q, ...) \
    FA_DECLARE_2_(name, p, q, f32, float) FA_DECLARE_2_(name, p, q, f64, double)
#include "functions.def"

#ifdef __cplusplus
}
#endif
#endif
