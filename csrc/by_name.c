/* The functions that fastact.h declares for every activation by its name. */
#include "loops.h"

static const fa_loop *find(int activation, fa_operation operation, fa_type type) {
    return fa_get_loop(fa_activation_at((size_t)activation), operation, type);
}

#define RUN(name, operation, TYPE, ...) \
    fa_run_contiguous(find(FA_INDEX_##name, operation, FA_##TYPE), (char *const *)(const void *const[]){__VA_ARGS__}, n)

/* parameters: the formal ones; the actual ones follow. Both end in a comma unless they are empty. */
#define NONE
#define ONE(real, p) real p,
#define TWO(real, p, q) real p, real q,
#define TO_ONE(p) &p,
#define TO_TWO(p, q) &p, &q,

#define DEFINE(name, type, TYPE, real, parameters, given)                                                             \
    void fa_##name##_##type(const real *x, parameters real *y, size_t n) { RUN(name, FA_FORWARD, TYPE, x, given y); } \
    void fa_##name##_grad_##type(const real *x, parameters real *d, size_t n) {                                       \
        RUN(name, FA_GRAD, TYPE, x, given d);                                                                         \
    }                                                                                                                 \
    void fa_##name##_backward_##type(const real *dy, const real *x, parameters real *dx, size_t n) {                  \
        RUN(name, FA_BACKWARD, TYPE, dy, x, given dx);                                                                \
    }                                                                                                                 \
    void fa_##name##_value_and_grad_##type(const real *x, parameters real *y, real *d, size_t n) {                    \
        RUN(name, FA_VALUE_AND_GRAD, TYPE, x, given y, d);                                                            \
    }
#define DEFINE_BY(name, parameter, operation, type, TYPE, real, parameters, given)            \
    void fa_##name##_grad_##parameter##_##type(const real *x, parameters real *d, size_t n) { \
        RUN(name, operation, TYPE, x, given d);                                               \
    }

#define DEFINE_1(name, p, type, TYPE, real)                 \
    DEFINE(name, type, TYPE, real, ONE(real, p), TO_ONE(p)) \
    DEFINE_BY(name, p, FA_GRAD_P, type, TYPE, real, ONE(real, p), TO_ONE(p))
#define DEFINE_2(name, p, q, type, TYPE, real)                                     \
    DEFINE(name, type, TYPE, real, TWO(real, p, q), TO_TWO(p, q))                  \
    DEFINE_BY(name, p, FA_GRAD_P, type, TYPE, real, TWO(real, p, q), TO_TWO(p, q)) \
    DEFINE_BY(name, q, FA_GRAD_Q, type, TYPE, real, TWO(real, p, q), TO_TWO(p, q))

#define DEFINE_GATED(name, type, TYPE, real)                                                                   \
    void fa_##name##_##type(const real *gate, const real *up, real *y, size_t n) {                             \
        RUN(name, FA_FORWARD, TYPE, gate, up, y);                                                              \
    }                                                                                                          \
    void fa_##name##_backward_##type(const real *dy, const real *gate, const real *up, real *dgate, real *dup, \
                                     size_t n) {                                                               \
        RUN(name, FA_BACKWARD, TYPE, dy, gate, up, dgate, dup);                                                \
    }
#define DEFINE_FROM_OUTPUT(name, type, TYPE, real, parameters, given)                                            \
    void fa_##name##_backward_from_output_##type(const real *dy, const real *y, parameters real *dx, size_t n) { \
        RUN(name, FA_BACKWARD_FROM_OUTPUT, TYPE, dy, y, given dx);                                               \
    }

#define ACTIVATION_0(name, ...) DEFINE(name, f32, F32, float, NONE, NONE) DEFINE(name, f64, F64, double, NONE, NONE)
#define ACTIVATION_1(name, usual, cost, value, grad, p, ...) \
    DEFINE_1(name, p, f32, F32, float) DEFINE_1(name, p, f64, F64, double)
#define ACTIVATION_2(name, usual, cost, value, grad, p, p_default, by_p, q, ...) \
    DEFINE_2(name, p, q, f32, F32, float) DEFINE_2(name, p, q, f64, F64, double)
#define GATED(name, ...) DEFINE_GATED(name, f32, F32, float) DEFINE_GATED(name, f64, F64, double)
#define FROM_OUTPUT_0(name, ...)                          \
    DEFINE_FROM_OUTPUT(name, f32, F32, float, NONE, NONE) \
    DEFINE_FROM_OUTPUT(name, f64, F64, double, NONE, NONE)
#define FROM_OUTPUT_1(name, ...)                                        \
    DEFINE_FROM_OUTPUT(name, f32, F32, float, ONE(float, p), TO_ONE(p)) \
    DEFINE_FROM_OUTPUT(name, f64, F64, double, ONE(double, p), TO_ONE(p))
#include "functions.def"
