/* What there is to prove: every operation of the table with default parameters, and its formulas for a given x. */
#pragma once
#include "exact.hpp"
#include "kernels.hpp"

namespace proof {

struct Case {
    const char *name, *operation;
    double limit; /* the largest |x| for which kernels leave out what larger x need; 0: for none */
    double stated[2];
    double defaults[2]; /* of parameters */
    Number (*kernel[2])(Number x, const Number *p, int in_range); /* as in `stated`: without FMA, with FMA */
    Taylor (*exact)(Taylor x, const Taylor *p);
    int parameters; /* how many */
};

/* Of the derivative, with default parameters; NaN: there is none. */
inline double root_of(const Case &of) {
    static const struct {
        const char *name;
        double root;
    } roots[] = {{"hard_swish", -1.5},          {"silu", exact::silu_root[0]}, {"swish", exact::silu_root[0]},
                 {"mish", exact::mish_root[0]}, {"gelu", exact::gelu_root[0]}, {"gelu_tanh", exact::gelu_tanh_root[0]}};
    for (const auto &row : roots)
        if (strcmp(row.name, of.name) == 0 && strcmp(of.operation, "grad") == 0) return row.root;
    return NAN;
}

struct Stated {
    double of[2];
};

#define ULP(f32, f64, f32_plain, f64_plain) Stated({{f64_plain, f64}})
#define LIMITS(f32, f64) f64
#define LIMITS_OF_QUOTIENT(f32, f64) f64
#define REQUIRED 0.5 /* for a parameter without a default */
#define CASE(name, operation, limit, ulp, count, p_default, q_default, kernel_of_x, exact_of_x)                  \
    {name,                                                                                                       \
     operation,                                                                                                  \
     limit,                                                                                                      \
     {ulp.of[0], ulp.of[1]},                                                                                     \
     {p_default, q_default},                                                                                     \
     {[](Number x, const Number *p, int in_range) { return (void)p, (void)in_range, without_fma::kernel_of_x; }, \
      [](Number x, const Number *p, int in_range) { return (void)p, (void)in_range, with_fma::kernel_of_x; }},   \
     [](Taylor x, const Taylor *p) { return (void)p, exact::exact_of_x; },                                       \
     count},

inline Case cases[] = {
#define ACTIVATION_0(name, limit, cost, by_value, by_grad)                                           \
    CASE(#name, "forward", limit, by_value, 0, 0, 0, name##_f64(x, in_range).value, exact_##name(x)) \
    CASE(#name, "grad", limit, by_grad, 0, 0, 0, name##_f64(x, in_range).grad, exact_##name##_grad(x))
#define CASE_1(name, operation, limit, ulp, p_default, member, exactly) \
    CASE(#name, operation, limit, ulp, 1, p_default, 0, name##_f64(x, p[0], in_range).member, exactly(x, p[0]))
#define ACTIVATION_1(name, limit, cost, by_value, by_grad, p_name, p_default, ulp_p) \
    CASE_1(name, "forward", limit, by_value, p_default, value, exact_##name)         \
    CASE_1(name, "grad", limit, by_grad, p_default, grad, exact_##name##_grad)       \
    CASE_1(name, "grad_" #p_name, limit, ulp_p, p_default, by_p, exact_##name##_grad_##p_name)
#define CASE_2(name, operation, limit, ulp, p_default, q_default, member, exactly)                          \
    CASE(#name, operation, limit, ulp, 2, p_default, q_default, name##_f64(x, p[0], p[1], in_range).member, \
         exactly(x, p[0], p[1]))
#define ACTIVATION_2(name, limit, cost, by_value, by_grad, p_name, p_default, ulp_p, q_name, q_default, ulp_q) \
    CASE_2(name, "forward", limit, by_value, p_default, q_default, value, exact_##name)                        \
    CASE_2(name, "grad", limit, by_grad, p_default, q_default, grad, exact_##name##_grad)                      \
    CASE_2(name, "grad_" #p_name, limit, ulp_p, p_default, q_default, by_p, exact_##name##_grad_##p_name)      \
    CASE_2(name, "grad_" #q_name, limit, ulp_q, p_default, q_default, by_q, exact_##name##_grad_##q_name)
#define FROM_OUTPUT_0(name, cost, ulp) \
    CASE(#name, "backward_from_output", 0, ulp, 0, 0, 0, name##_from_output_f64(x), exact_##name##_from_output(x))
#define FROM_OUTPUT_1(name, cost, ulp)                                                    \
    CASE(#name, "backward_from_output", 0, ulp, 1, 1, 0, name##_from_output_f64(x, p[0]), \
         exact_##name##_from_output(x, p[0]))
#include "functions.def"
};

#undef CASE
#undef CASE_1
#undef CASE_2
#undef ULP
#undef LIMITS
#undef LIMITS_OF_QUOTIENT
#undef REQUIRED

} // namespace proof
