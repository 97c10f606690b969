/* Exact results of every operation, in double or in the type of EXACT_LONG or EXACT_QUAD. Arguments are clamped where the
 * result is settled, for the vectors' sake: the library computes an argument that would over- or underflow one at a time.
 * exp(-600) times any float rounds to 0, and so does exp(-11000) times squares of any double. */
#include <string.h>

#include "exact.h"
#include "library.h"
#include "series.h"

/* Comparisons let NaN through. */
static inline real at_least(real low, real x) { return x < low ? low : x; }
static inline real at_most(real high, real x) { return x > high ? high : x; }
static inline real within(real limit, real x) { return at_most(limit, at_least(-limit, x)); }

#ifdef EXACT_WIDE
static const real exact_settled = 11000, exact_gaussian_settled = 100;
static const real large = REAL(1e309); /* beyond double, instead of infinity */
#else
/* Not constants to the compiler, which would split the loop's body at them and clamp after the library's function. */
double exact_settled = 600, exact_gaussian_settled = 20;
static const double large = 1e39; /* beyond float, instead of infinity */
#endif

/* Where the series are nearer than the formulas that cancel. */
#if defined(EXACT_QUAD)
static const real tanh_shrink_near = REAL(0x1p-6), celu_grad_alpha_near = REAL(0x1p-6);
#elif defined(EXACT_LONG)
static const real tanh_shrink_near = 0.125, celu_grad_alpha_near = 0.25;
#else
static const double tanh_shrink_near = 0.25, celu_grad_alpha_near = 0.5;
#endif

static inline real negative_part(real x) { return at_least(-exact_settled, at_most(0, x)); }

static inline real polynomial(real x, const real *coefficients, int count) {
    real sum = 0;
    for (int k = count - 1; k >= 0; k--) sum = sum * x + coefficients[k];
    return sum;
}
#define POLYNOMIAL(x, coefficients) polynomial(x, coefficients, sizeof(coefficients) / sizeof(*(coefficients)))

/* With 0 for 0 times infinity. */
static inline real scaled(real factor, real x) {
    const real product = factor * x;
    return ((x == 0) | (factor == 0)) ? 0 : product;
}

/* For a parameter that has to be positive, or 0 with the limit of positive ones. */
static inline real if_not_negative(real parameter, real y) { return parameter >= 0 ? y : NAN; }

/* `derivative`, but by its series about the root where that is near. Wider types leave enough of the difference of its
 * terms. */
#ifdef EXACT_WIDE
#define NEAR_ROOT(x, name, derivative) (derivative)
#else
#define NEAR_ROOT(x, name, derivative) \
    near_root(x, name##_root, POLYNOMIAL(FROM_ROOT(x, name), name##_slopes), derivative)
#define FROM_ROOT(x, name) (((x) - name##_root[0]) - name##_root[1])

static inline double near_root(double x, const double *root, double slope, double derivative) {
    const double d = (x - root[0]) - root[1];
    return fabs(d) < 0x1p-4 ? d * slope : derivative;
}
#endif

/* Piecewise linear */

static inline real exact_relu(real x) { return x > 0 ? x : 0; }
static inline real exact_relu_grad(real x) { return x > 0 ? 1 : 0; }

static inline real exact_relu6(real x) { return at_most(6, at_least(0, x)); }
static inline real exact_relu6_grad(real x) { return ((x > 0) & (x < 6)) ? 1 : 0; }

static inline real exact_leaky_relu(real x, real negative_slope) {
    const real below = scaled(negative_slope, x);
    return x > 0 ? x : below;
}
static inline real exact_leaky_relu_grad(real x, real negative_slope) { return x > 0 ? 1 : negative_slope; }
static inline real exact_leaky_relu_grad_negative_slope(real x, real negative_slope) {
    (void)negative_slope;
    return at_most(0, x);
}

static inline real exact_hard_tanh(real x, real min_val, real max_val) {
    return at_most(max_val, at_least(min_val, x));
}
static inline real exact_hard_tanh_grad(real x, real min_val, real max_val) {
    return ((x > min_val) & (x < max_val)) ? 1 : 0;
}
static inline real exact_hard_tanh_grad_min_val(real x, real min_val, real max_val) {
    return ((x <= min_val) & (min_val <= max_val)) ? 1 : 0;
}
static inline real exact_hard_tanh_grad_max_val(real x, real min_val, real max_val) {
    return at_least(min_val, x) >= max_val ? 1 : 0;
}

static inline real exact_hard_sigmoid(real x) { return at_most(6, at_least(0, x + 3)) / 6; }
static inline real exact_hard_sigmoid_grad(real x) { return fabs(x) < 3 ? REAL(1.0) / 6 : 0; }

static inline real exact_hard_swish(real x) { return at_least(-3, x) * exact_hard_sigmoid(x); }
static inline real exact_hard_swish_grad(real x) {
    const real slope = (2 * x + 3) / 6;
    return x <= -3 ? 0 : x >= 3 ? 1 : slope;
}

static inline real exact_soft_shrink(real x, real lambd) {
    return if_not_negative(lambd, x > lambd ? x - lambd : x < -lambd ? x + lambd : 0);
}
static inline real exact_soft_shrink_grad(real x, real lambd) {
    return if_not_negative(lambd, ((x > lambd) | (x < -lambd)) ? 1 : 0);
}
static inline real exact_soft_shrink_grad_lambd(real x, real lambd) {
    return if_not_negative(lambd, x > lambd ? -1 : x < -lambd ? 1 : 0);
}

static inline real exact_hard_shrink(real x, real lambd) { return fabs(x) <= lambd ? 0 : x; }
static inline real exact_hard_shrink_grad(real x, real lambd) { return fabs(x) <= lambd ? 0 : 1; }
static inline real exact_hard_shrink_grad_lambd(real x, real lambd) {
    (void)x, (void)lambd;
    return 0;
}

static inline real exact_threshold(real x, real threshold, real value) { return x > threshold ? x : value; }
static inline real exact_threshold_grad(real x, real threshold, real value) {
    (void)value;
    return x > threshold ? 1 : 0;
}
static inline real exact_threshold_grad_threshold(real x, real threshold, real value) {
    (void)x, (void)threshold, (void)value;
    return 0;
}
static inline real exact_threshold_grad_value(real x, real threshold, real value) {
    return 1 - exact_threshold_grad(x, threshold, value);
}

/* Logistic. exp_neg_abs(x) = exp(-|x|); s(x) s(-x) = e / (1 + e)^2. */

static inline real exp_neg_abs(real x) { return exp(-at_most(exact_settled, fabs(x))); }

static inline real exact_sigmoid(real x) {
    const real e = exp_neg_abs(x);
    return (x < 0 ? e : 1) / (1 + e);
}
static inline real exact_sigmoid_grad(real x) {
    const real e = exp_neg_abs(x);
    return e / ((1 + e) * (1 + e));
}

static inline real exact_sigmoid_from_output(real y) { return y - y * y; } /* the square of a float is exact */

static inline real exact_swish(real x, real beta) {
    const real z = scaled(beta, x), factor = exact_sigmoid(z);
    return z < 0 ? within(large, x) * factor : x * factor;
}
/* s(z) + w s(z) s(-z): the derivative of x s(z), w = x dz/dx. For z < 0 the two cancel at the root alone. */
static inline real gate_grad(real z, real w) {
    const real e = exp_neg_abs(z), left = e * (1 + e + w), right = 1 + e + w * e;
    return (z < 0 ? left : right) / ((1 + e) * (1 + e));
}
static inline real exact_silu_grad(real x) { return NEAR_ROOT(x, silu, gate_grad(x, within(exact_settled, x))); }
static inline real exact_silu(real x) { return exact_swish(x, 1); }

static inline real exact_swish_grad(real x, real beta) { return exact_silu_grad(scaled(beta, x)); }
static inline real exact_swish_grad_beta(real x, real beta) {
    const real finite = within(large, x);
    return finite * finite * exact_sigmoid_grad(scaled(beta, x));
}

static inline real exact_softplus(real x, real beta) {
    const real z = scaled(beta, x), bend = log1p(exp_neg_abs(z)) / beta;
    return (z > 0 ? x : 0) + bend;
}
static inline real exact_softplus_grad(real x, real beta) { return exact_sigmoid(scaled(beta, x)); }
/* (z s(z) - log(1 + exp(z))) / beta^2 is even in z; at -|z| nothing cancels. */
static inline real exact_softplus_grad_beta(real x, real beta) {
    const real z = scaled(beta, x), e = exp_neg_abs(z), a = at_most(exact_settled, fabs(z));
    return -(a * e / (1 + e) + log1p(e)) / (beta * beta);
}

static inline real exact_log_sigmoid(real x) { return -exact_softplus(-x, 1); }
static inline real exact_log_sigmoid_grad(real x) { return exact_sigmoid(-x); }

static inline real exact_softplus_from_output(real y, real beta) {
    const real z = y == 0 ? scaled(beta, y) : beta * y;
    return -expm1(negative_part(-z));
}
static inline real exact_log_sigmoid_from_output(real y) { return exact_softplus_from_output(-y, 1); }

static inline real exact_mish(real x) {
    const real finite = at_least(-exact_settled, x);
    return finite * tanh(exact_softplus(finite, 1));
}
static inline real exact_mish_grad(real x) {
    const real finite = within(exact_settled, x), t = tanh(exact_softplus(finite, 1));
    return NEAR_ROOT(x, mish, t + finite * exact_sigmoid(finite) * (1 - t * t));
}

/* Exponential */

static inline real exact_elu(real x, real alpha) {
    const real curve = alpha * expm1(negative_part(x));
    return x < 0 ? curve : x;
}
static inline real exact_elu_grad(real x, real alpha) {
    const real curve = alpha * exp(negative_part(x));
    return x > 0 ? 1 : curve;
}
static inline real exact_elu_grad_alpha(real x, real alpha) {
    (void)alpha;
    return expm1(negative_part(x));
}

static inline real exact_elu_from_output(real y, real alpha) { return y > 0 ? 1 : y + alpha; }

static const real selu_alpha = REAL(1.6732632423543772848170429916717),
                  selu_scale = REAL(1.0507009873554804934193349852946);
static inline real exact_selu(real x) { return selu_scale * exact_elu(x, selu_alpha); }
static inline real exact_selu_grad(real x) { return selu_scale * exact_elu_grad(x, selu_alpha); }

static inline real exact_selu_from_output(real y) { return y > 0 ? selu_scale : (y + selu_limit[0]) + selu_limit[1]; }

static inline real exact_celu(real x, real alpha) {
    const real curve = alpha * expm1(negative_part(x / alpha));
    return if_not_negative(alpha, ((x < 0) & (alpha <= large)) ? curve : x);
}
static inline real exact_celu_grad(real x, real alpha) {
    const real curve = exp(negative_part(x / alpha));
    return if_not_negative(alpha, x < 0 ? curve : 1);
}
static inline real exact_celu_from_output(real y, real alpha) {
    return if_not_negative(alpha, ((y > 0) | (alpha > large)) ? 1 : (y + alpha) / alpha);
}
static inline real exact_celu_grad_alpha(real x, real alpha) {
    const real z = negative_part(x / alpha), far = expm1(z) - z * exp(z);
    const real near = z * z * POLYNOMIAL(z, celu_grad_alpha_series);
    return if_not_negative(alpha, x >= 0 ? 0 : z > -celu_grad_alpha_near ? near : far);
}

/* Hyperbolic */

static inline real exact_tanh(real x) { return tanh(x); }
static inline real exact_tanh_grad(real x) { return 4 * exact_sigmoid_grad(2 * x); }

static inline real exact_tanh_from_output(real y) { return 1 - y * y; }

static inline real exact_tanh_shrink(real x) {
    const real near = x * x * x * POLYNOMIAL(x * x, tanh_shrink_series), far = x - tanh(x);
    return fabs(x) < tanh_shrink_near ? near : far;
}
static inline real exact_tanh_shrink_grad(real x) { return tanh(x) * tanh(x); }

static inline real exact_softsign(real x) {
    const real finite = within(large, x);
    return finite / (1 + fabs(finite));
}
static inline real exact_softsign_grad(real x) { return 1 / ((1 + fabs(x)) * (1 + fabs(x))); }

/* Gaussian */

static inline real normal_cdf(real x) { return REAL(0.5) * erfc(REAL(-0.707106781186547524400844362104849039) * x); }

static inline real exact_gelu(real x) {
    return at_least(-exact_gaussian_settled, x) * normal_cdf(within(exact_gaussian_settled, x));
}
static inline real exact_gelu_grad(real x) {
    const real finite = within(exact_gaussian_settled, x);
    const real density = REAL(0.398942280401432677939946059934381868) * exp(REAL(-0.5) * finite * finite);
    return NEAR_ROOT(x, gelu, normal_cdf(finite) + finite * density);
}

/* (1 + tanh(u)) / 2 is the sigmoid of 2u = k (x + c x^3). */
static const real gelu_tanh_k = REAL(1.59576912160573071175978423973752747), gelu_tanh_c = REAL(0.044715);
static inline real exact_gelu_tanh(real x) {
    const real finite = within(exact_gaussian_settled, x),
               z = gelu_tanh_k * finite * (1 + gelu_tanh_c * finite * finite);
    return at_least(-exact_gaussian_settled, x) * exact_sigmoid(z);
}
static inline real exact_gelu_tanh_grad(real x) {
    const real finite = within(exact_gaussian_settled, x),
               z = gelu_tanh_k * finite * (1 + gelu_tanh_c * finite * finite);
    const real slope = gelu_tanh_k * (1 + 3 * gelu_tanh_c * finite * finite);
    return NEAR_ROOT(x, gelu_tanh, gate_grad(z, finite * slope));
}

#ifndef EXACT_FORMULAS /* the rest is of no use to proofs, which include this file for other types */

#ifdef EXACT_WIDE
typedef double input;
typedef exact_words output;
typedef exact_wide_loop loop;
#ifdef EXACT_QUAD
#define FIND exact_find_quad
#else
#define FIND exact_find_long
#endif
static inline exact_words put_out(real exact) {
    const double high = (double)exact;
    return (exact_words){high, fabs(high) < INFINITY ? (double)((exact - high) * REAL(0x1p53)) : 0};
}
#else
typedef float input;
typedef double output;
typedef exact_loop loop;
#define FIND exact_find
static inline double put_out(double exact) { return exact; }
#endif

/* A loop for every operation of every row of the table: a row without its functions does not compile. */

#define LOOP(name, ...)                                                                                               \
    FA_CLONES static void name##_loop(const input *restrict x, size_t n, double p, double q, output *restrict want) { \
        (void)p, (void)q;                                                                                             \
        for (size_t i = 0; i < n; i++) {                                                                              \
            const real at = x[i], exact = exact_##name(__VA_ARGS__);                                                  \
            want[i] = put_out(((at == at) & (p == p) & (q == q)) ? exact : NAN);                                      \
        }                                                                                                             \
    }
#define ACTIVATION_0(name, ...) LOOP(name, at) LOOP(name##_grad, at)
#define ACTIVATION_1(name, limits, cost, value, grad, p_name, ...) \
    LOOP(name, at, p) LOOP(name##_grad, at, p) LOOP(name##_grad_##p_name, at, p)
#define ACTIVATION_2(name, limits, cost, value, grad, p_name, p_default, by_p, q_name, ...) \
    LOOP(name, at, p, q)                                                                    \
    LOOP(name##_grad, at, p, q) LOOP(name##_grad_##p_name, at, p, q) LOOP(name##_grad_##q_name, at, p, q)
#define FROM_OUTPUT_0(name, ...) LOOP(name##_from_output, at)
#define FROM_OUTPUT_1(name, ...) LOOP(name##_from_output, at, p)
#include "functions.def"

static const struct {
    const char *name;
    loop *loops[FA_OPERATION_COUNT];
} rows[] = {
#define ACTIVATION_0(name, ...) {#name, {[FA_FORWARD] = name##_loop, [FA_GRAD] = name##_grad_loop}},
#define ACTIVATION_1(name, limits, cost, value, grad, p_name, ...) \
    {#name, {[FA_FORWARD] = name##_loop, [FA_GRAD] = name##_grad_loop, [FA_GRAD_P] = name##_grad_##p_name##_loop}},
#define ACTIVATION_2(name, limits, cost, value, grad, p_name, p_default, by_p, q_name, ...) \
    {#name,                                                                                 \
     {[FA_FORWARD] = name##_loop,                                                           \
      [FA_GRAD] = name##_grad_loop,                                                         \
      [FA_GRAD_P] = name##_grad_##p_name##_loop,                                            \
      [FA_GRAD_Q] = name##_grad_##q_name##_loop}},
#define FROM_OUTPUT_0(name, ...) {#name, {[FA_BACKWARD_FROM_OUTPUT] = name##_from_output_loop}},
#define FROM_OUTPUT_1 FROM_OUTPUT_0
#include "functions.def"
};

loop *FIND(const char *name, fa_operation operation) {
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].loops[operation] && strcmp(rows[i].name, name) == 0) return rows[i].loops[operation];
    return NULL;
}

#endif
