/* fastact: neural-network activation functions and their derivatives over arrays.
 *
 * Every function is safe to call from several threads at once, except fa_select_isa and fa_set_num_threads, which
 * must not run beside a computation. Floating-point status and control of the calling thread are left as found.
 */
#ifndef FASTACT_H
#define FASTACT_H

#include <stddef.h>

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

size_t fa_activation_count(void);
const fa_activation *fa_activation_at(size_t index);
const fa_activation *fa_find(const char *name); /* NULL: no such activation */

/* NULL where the activation has no such parameter. The loop lives as long as the program. */
const fa_loop *fa_get_loop(const fa_activation *activation, fa_operation operation, fa_type type);
int fa_loop_inputs(const fa_loop *loop);  /* arrays first, parameters last */
int fa_loop_outputs(const fa_loop *loop);
double fa_loop_bound(const fa_loop *loop); /* largest error in ULP on the ISA in use */

/* Computes n elements. operands: inputs, then outputs; strides in bytes, 0 for a value that all elements share.
 * An output may be an input (same address and stride); any other overlap is undefined.
 * fa_run stays on the calling thread; fa_run_parallel splits contiguous work that is large enough. */
void fa_run(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n);
void fa_run_parallel(const fa_loop *loop, char *const *operands, const ptrdiff_t *strides, size_t n);

/* The nearest float, whatever the rounding mode; no flag is raised. */
float fa_nearest_float(double x);

/* Instruction sets: "baseline", "avx2", "avx512", "neon". The best runnable one is in use unless one is selected. */
const char *fa_isa(void);
int fa_select_isa(const char *name);      /* 0, or -1: unknown or not runnable here (nothing changes) */
const char *fa_runnable_isa(size_t index); /* best first; NULL after the last */

/* Threads. fa_threads_for: how many the given work is worth, at most fa_get_num_threads, 1 inside a parallel region.
 * fa_parallel calls body(context, part) for every part in [0, parts), one thread each. */
int fa_get_num_threads(void);
void fa_set_num_threads(int count); /* count >= 1 */
int fa_default_num_threads(const char **bad_variable); /* names a malformed environment variable, else NULL */
int fa_has_openmp(void);
int fa_threads_for(const fa_loop *loop, size_t n);
void fa_parallel(int parts, void (*body)(void *context, int part), void *context);

#ifdef __cplusplus
}
#endif
#endif
