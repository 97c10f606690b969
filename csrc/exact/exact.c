/* Exact results of every operation. Arguments are clamped where the result is settled, for the vectors' sake: the
 * library computes an argument that would over- or underflow one at a time. exp(-600) times any float rounds to 0. */
#include <string.h>

#include "exact.h"
#include "library.h"
#include "series.h"

/* Comparisons let NaN through. */
static inline double at_least(double low, double x) { return x < low ? low : x; }
static inline double at_most(double high, double x) { return x > high ? high : x; }
static inline double within(double limit, double x) { return at_most(limit, at_least(-limit, x)); }

/* Not constants to the compiler, which would split the loop's body at them and clamp after the library's function. */
double exact_settled = 600, exact_gaussian_settled = 20;
static const double large = 1e39; /* beyond float, instead of infinity */

static inline double negative_part(double x) { return at_least(-exact_settled, at_most(0, x)); }

static inline double polynomial(double x, const double *coefficients, int count) {
    double sum = 0;
    for (int k = count - 1; k >= 0; k--) sum = sum * x + coefficients[k];
    return sum;
}
#define POLYNOMIAL(x, coefficients) polynomial(x, coefficients, sizeof(coefficients) / sizeof(*(coefficients)))

/* `derivative`, but by its series about the root where that is near. */
#define NEAR_ROOT(x, name, derivative) \
    near_root(x, name##_root, POLYNOMIAL(FROM_ROOT(x, name), name##_slopes), derivative)
#define FROM_ROOT(x, name) (((x) - name##_root[0]) - name##_root[1])

static inline double near_root(double x, const double *root, double slope, double derivative) {
    const double d = (x - root[0]) - root[1];
    return fabs(d) < 0x1p-4 ? d * slope : derivative;
}

/* Piecewise linear */

static inline double exact_relu(double x) { return x > 0 ? x : 0; }
static inline double exact_relu_grad(double x) { return x > 0 ? 1 : 0; }

static inline double exact_relu6(double x) { return at_most(6, at_least(0, x)); }
static inline double exact_relu6_grad(double x) { return ((x > 0) & (x < 6)) ? 1 : 0; }

static inline double exact_leaky_relu(double x, double negative_slope) {
    const double below = negative_slope == 0 ? 0 : negative_slope * x; /* 0 at -infinity too */
    return x > 0 ? x : below;
}
static inline double exact_leaky_relu_grad(double x, double negative_slope) { return x > 0 ? 1 : negative_slope; }
static inline double exact_leaky_relu_grad_negative_slope(double x, double negative_slope) {
    (void)negative_slope;
    return at_most(0, x);
}

static inline double exact_hard_tanh(double x, double min_val, double max_val) {
    return at_most(max_val, at_least(min_val, x));
}
static inline double exact_hard_tanh_grad(double x, double min_val, double max_val) {
    return ((x > min_val) & (x < max_val)) ? 1 : 0;
}
static inline double exact_hard_tanh_grad_min_val(double x, double min_val, double max_val) {
    return ((x <= min_val) & (min_val < max_val)) ? 1 : 0;
}
static inline double exact_hard_tanh_grad_max_val(double x, double min_val, double max_val) {
    return at_least(min_val, x) >= max_val ? 1 : 0;
}

static inline double exact_hard_sigmoid(double x) { return at_most(6, at_least(0, x + 3)) / 6; }
static inline double exact_hard_sigmoid_grad(double x) { return fabs(x) < 3 ? 1.0 / 6 : 0; }

static inline double exact_hard_swish(double x) { return at_least(-3, x) * exact_hard_sigmoid(x); }
static inline double exact_hard_swish_grad(double x) {
    const double slope = (2 * x + 3) / 6;
    return x <= -3 ? 0 : x >= 3 ? 1 : slope;
}

static inline double exact_soft_shrink(double x, double lambd) {
    return x > lambd ? x - lambd : x < -lambd ? x + lambd : 0;
}
static inline double exact_soft_shrink_grad(double x, double lambd) { return ((x > lambd) | (x < -lambd)) ? 1 : 0; }
static inline double exact_soft_shrink_grad_lambd(double x, double lambd) {
    return x > lambd ? -1 : x < -lambd ? 1 : 0;
}

static inline double exact_hard_shrink(double x, double lambd) { return ((x > lambd) | (x < -lambd)) ? x : 0; }
static inline double exact_hard_shrink_grad(double x, double lambd) { return ((x > lambd) | (x < -lambd)) ? 1 : 0; }
static inline double exact_hard_shrink_grad_lambd(double x, double lambd) {
    (void)x, (void)lambd;
    return 0;
}

static inline double exact_threshold(double x, double threshold, double value) { return x > threshold ? x : value; }
static inline double exact_threshold_grad(double x, double threshold, double value) {
    (void)value;
    return x > threshold ? 1 : 0;
}
static inline double exact_threshold_grad_threshold(double x, double threshold, double value) {
    (void)x, (void)threshold, (void)value;
    return 0;
}
static inline double exact_threshold_grad_value(double x, double threshold, double value) {
    return 1 - exact_threshold_grad(x, threshold, value);
}

/* Logistic. fading(x) = exp(-|x|); s(x) s(-x) = e / (1 + e)^2. */

static inline double fading(double x) { return exp(-at_most(exact_settled, fabs(x))); }

static inline double exact_sigmoid(double x) {
    const double e = fading(x);
    return (x < 0 ? e : 1) / (1 + e);
}
static inline double exact_sigmoid_grad(double x) {
    const double e = fading(x);
    return e / ((1 + e) * (1 + e));
}

static inline double exact_sigmoid_from_output(double y) { return y - y * y; } /* the square of a float is exact */

static inline double exact_swish(double x, double beta) {
    const double factor = exact_sigmoid(beta * x);
    return beta * x < 0 ? within(large, x) * factor : x * factor;
}
/* s(z) + w s(z) s(-z): the derivative of x s(z), w = x dz/dx. For z < 0 the two cancel at the root alone. */
static inline double gate_grad(double z, double w) {
    const double e = fading(z), left = e * (1 + e + w), right = 1 + e + w * e;
    return (z < 0 ? left : right) / ((1 + e) * (1 + e));
}
static inline double exact_silu_grad(double x) { return NEAR_ROOT(x, silu, gate_grad(x, within(exact_settled, x))); }
static inline double exact_silu(double x) { return exact_swish(x, 1); }

static inline double exact_swish_grad(double x, double beta) { return exact_silu_grad(beta * x); }
static inline double exact_swish_grad_beta(double x, double beta) {
    const double finite = within(large, x);
    return finite * finite * exact_sigmoid_grad(beta * x);
}

static inline double exact_softplus(double x, double beta) {
    const double bend = log1p(fading(beta * x)) / beta;
    return (beta * x > 0 ? x : 0) + bend;
}
static inline double exact_softplus_grad(double x, double beta) { return exact_sigmoid(beta * x); }
/* (z s(z) - log(1 + exp(z))) / beta^2 is even in z; at -|z| nothing cancels. */
static inline double exact_softplus_grad_beta(double x, double beta) {
    const double e = fading(beta * x), a = at_most(exact_settled, fabs(beta * x));
    return -(a * e / (1 + e) + log1p(e)) / (beta * beta);
}

static inline double exact_log_sigmoid(double x) { return -exact_softplus(-x, 1); }
static inline double exact_log_sigmoid_grad(double x) { return exact_sigmoid(-x); }

static inline double exact_softplus_from_output(double y, double beta) { return -expm1(negative_part(-beta * y)); }
static inline double exact_log_sigmoid_from_output(double y) { return exact_softplus_from_output(-y, 1); }

static inline double exact_mish(double x) {
    const double finite = at_least(-exact_settled, x);
    return finite * tanh(exact_softplus(finite, 1));
}
static inline double exact_mish_grad(double x) {
    const double finite = within(exact_settled, x), t = tanh(exact_softplus(finite, 1));
    return NEAR_ROOT(x, mish, t + finite * exact_sigmoid(finite) * (1 - t * t));
}

/* Exponential */

static inline double exact_elu(double x, double alpha) {
    const double curve = alpha * expm1(negative_part(x));
    return x > 0 ? x : curve;
}
static inline double exact_elu_grad(double x, double alpha) {
    const double curve = alpha * exp(negative_part(x));
    return x > 0 ? 1 : curve;
}
static inline double exact_elu_grad_alpha(double x, double alpha) {
    (void)alpha;
    return expm1(negative_part(x));
}

static inline double exact_elu_from_output(double y, double alpha) { return y > 0 ? 1 : y + alpha; }

static const double selu_alpha = 1.6732632423543772848170429916717, selu_scale = 1.0507009873554804934193349852946;
static inline double exact_selu(double x) { return selu_scale * exact_elu(x, selu_alpha); }
static inline double exact_selu_grad(double x) { return selu_scale * exact_elu_grad(x, selu_alpha); }

static inline double exact_selu_from_output(double y) {
    return y > 0 ? selu_scale : (y + selu_limit[0]) + selu_limit[1];
}

static inline double exact_celu(double x, double alpha) {
    const double curve = alpha * expm1(negative_part(x / alpha));
    return x < 0 ? curve : x;
}
static inline double exact_celu_grad(double x, double alpha) {
    const double curve = exp(negative_part(x / alpha));
    return x < 0 ? curve : 1;
}
static inline double exact_celu_from_output(double y, double alpha) { return y > 0 ? 1 : (y + alpha) / alpha; }
static inline double exact_celu_grad_alpha(double x, double alpha) {
    const double z = negative_part(x / alpha), far = expm1(z) - z * exp(z);
    const double near = z * z * POLYNOMIAL(z, celu_grad_alpha_series);
    return x >= 0 ? 0 : z > -0.5 ? near : far;
}

/* Hyperbolic */

static inline double exact_tanh(double x) { return tanh(x); }
static inline double exact_tanh_grad(double x) { return 4 * exact_sigmoid_grad(2 * x); }

static inline double exact_tanh_from_output(double y) { return 1 - y * y; }

static inline double exact_tanh_shrink(double x) {
    const double near = x * x * x * POLYNOMIAL(x * x, tanh_shrink_series), far = x - tanh(x);
    return fabs(x) < 0.25 ? near : far;
}
static inline double exact_tanh_shrink_grad(double x) { return tanh(x) * tanh(x); }

static inline double exact_softsign(double x) {
    const double finite = within(large, x);
    return finite / (1 + fabs(finite));
}
static inline double exact_softsign_grad(double x) { return 1 / ((1 + fabs(x)) * (1 + fabs(x))); }

/* Gaussian */

static inline double normal_cdf(double x) { return 0.5 * erfc(-0.70710678118654752440 * x); }

static inline double exact_gelu(double x) {
    return at_least(-exact_gaussian_settled, x) * normal_cdf(within(exact_gaussian_settled, x));
}
static inline double exact_gelu_grad(double x) {
    const double finite = within(exact_gaussian_settled, x);
    const double density = 0.39894228040143267794 * exp(-0.5 * finite * finite);
    return NEAR_ROOT(x, gelu, normal_cdf(finite) + finite * density);
}

/* (1 + tanh(u)) / 2 is the sigmoid of 2u = k (x + c x^3). */
static const double gelu_tanh_k = 1.5957691216057307117597842397375, gelu_tanh_c = 0.044715;
static inline double exact_gelu_tanh(double x) {
    const double finite = within(exact_gaussian_settled, x),
                 z = gelu_tanh_k * finite * (1 + gelu_tanh_c * finite * finite);
    return at_least(-exact_gaussian_settled, x) * exact_sigmoid(z);
}
static inline double exact_gelu_tanh_grad(double x) {
    const double finite = within(exact_gaussian_settled, x),
                 z = gelu_tanh_k * finite * (1 + gelu_tanh_c * finite * finite);
    const double slope = gelu_tanh_k * (1 + 3 * gelu_tanh_c * finite * finite);
    return NEAR_ROOT(x, gelu_tanh, gate_grad(z, finite * slope));
}

/* A loop for every operation of every row of the table: a row without its functions does not compile. */

#define LOOP(name, ...)                                                                                               \
    FA_CLONES static void name##_loop(const float *restrict x, size_t n, double p, double q, double *restrict want) { \
        (void)p, (void)q;                                                                                             \
        for (size_t i = 0; i < n; i++) {                                                                              \
            const double at = x[i], exact = exact_##name(__VA_ARGS__);                                                \
            want[i] = at == at ? exact : at;                                                                          \
        }                                                                                                             \
    }
#define ACTIVATION_0(name, ...) LOOP(name, at) LOOP(name##_grad, at)
#define ACTIVATION_1(name, usual, cost, value, grad, p_name, ...) \
    LOOP(name, at, p) LOOP(name##_grad, at, p) LOOP(name##_grad_##p_name, at, p)
#define ACTIVATION_2(name, usual, cost, value, grad, p_name, p_default, by_p, q_name, ...) \
    LOOP(name, at, p, q)                                                                   \
    LOOP(name##_grad, at, p, q) LOOP(name##_grad_##p_name, at, p, q) LOOP(name##_grad_##q_name, at, p, q)
#define FROM_OUTPUT_0(name, ...) LOOP(name##_from_output, at)
#define FROM_OUTPUT_1(name, ...) LOOP(name##_from_output, at, p)
#include "functions.def"

static const struct {
    const char *name;
    exact_loop *loops[EXACT_OPERATION_COUNT];
} rows[] = {
#define ACTIVATION_0(name, ...) {#name, {name##_loop, name##_grad_loop}},
#define ACTIVATION_1(name, usual, cost, value, grad, p_name, ...) \
    {#name, {name##_loop, name##_grad_loop, [EXACT_GRAD_P] = name##_grad_##p_name##_loop}},
#define ACTIVATION_2(name, usual, cost, value, grad, p_name, p_default, by_p, q_name, ...) \
    {#name, {name##_loop, name##_grad_loop, [EXACT_GRAD_P] = name##_grad_##p_name##_loop, name##_grad_##q_name##_loop}},
#define FROM_OUTPUT_0(name, ...) {#name, {[EXACT_FROM_OUTPUT] = name##_from_output_loop}},
#define FROM_OUTPUT_1 FROM_OUTPUT_0
#include "functions.def"
};

exact_loop *exact_find(const char *name, exact_operation operation) {
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].loops[operation] && strcmp(rows[i].name, name) == 0) return rows[i].loops[operation];
    return NULL;
}
