/* The operations, and every activation and gated pair by its name. A part of fastact.h, which includes it.
 * Made from functions.def and operations.def by generators/c_interface.py; changes here are lost. */
#ifndef FA_FUNCTIONS_H
#define FA_FUNCTIONS_H

/* What is computed, and its operands in order: inputs, then outputs. p stands for all parameters, if there are any. A
 * gated pair has two operations, with operands of their own. */
typedef enum {
    FA_FORWARD, /* x, p -> f(x); gate, up -> f(gate) * up */
    FA_GRAD, /* x, p -> f'(x) */
    FA_BACKWARD, /* dy, x, p -> dy * f'(x); dy, gate, up -> dy * up * f'(gate), dy * f(gate) */
    FA_VALUE_AND_GRAD, /* x, p -> f(x), f'(x) */
    FA_GRAD_P, /* x, p -> df/dp */
    FA_GRAD_Q, /* x, p -> df/dq */
    FA_BACKWARD_PARAMETERS, /* dy, x, p -> dy * f'(x), and dy * df/dp for each parameter */
    FA_BACKWARD_FROM_OUTPUT, /* dy, y, p -> dy * f'(x), where y = f(x) */
    FA_OPERATION_COUNT
} fa_operation;

/* Functions over n contiguous elements in float (f32) and double (f64), on as many threads as that is worth. Inputs
 * come first, then parameters, then outputs. Above each function stands what it stores. */

/* --- relu: Rectified linear unit.
 *
 *     relu(x) = max(x, 0)
 *     derivative: 1 for x > 0, else 0
 */

/* y = relu(x) */
FA_API void fa_relu_f32(const float *x, float *y, size_t n);
FA_API void fa_relu_f64(const double *x, double *y, size_t n);

/* d = relu'(x) */
FA_API void fa_relu_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_relu_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * relu'(x) */
FA_API void fa_relu_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_relu_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = relu(x); d = relu'(x) */
FA_API void fa_relu_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_relu_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- relu6: Rectified linear unit, bounded by 6.
 *
 *     relu6(x) = min(max(x, 0), 6)
 *     derivative: 1 for 0 < x < 6, else 0
 */

/* y = relu6(x) */
FA_API void fa_relu6_f32(const float *x, float *y, size_t n);
FA_API void fa_relu6_f64(const double *x, double *y, size_t n);

/* d = relu6'(x) */
FA_API void fa_relu6_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_relu6_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * relu6'(x) */
FA_API void fa_relu6_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_relu6_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = relu6(x); d = relu6'(x) */
FA_API void fa_relu6_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_relu6_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- leaky_relu: Rectified linear unit that lets negative numbers through with a small slope.
 *
 *     leaky_relu(x) = x if x > 0 else negative_slope * x
 *     derivative: 1 for x > 0, else negative_slope
 *     negative_slope: Slope for negative x; any real number.
 */

/* y = leaky_relu(x) */
FA_API void fa_leaky_relu_f32(const float *x, float negative_slope, float *y, size_t n);
FA_API void fa_leaky_relu_f64(const double *x, double negative_slope, double *y, size_t n);

/* d = leaky_relu'(x) */
FA_API void fa_leaky_relu_grad_f32(const float *x, float negative_slope, float *d, size_t n);
FA_API void fa_leaky_relu_grad_f64(const double *x, double negative_slope, double *d, size_t n);

/* dx = dy * leaky_relu'(x) */
FA_API void fa_leaky_relu_backward_f32(const float *dy, const float *x, float negative_slope, float *dx, size_t n);
FA_API void fa_leaky_relu_backward_f64(const double *dy, const double *x, double negative_slope, double *dx, size_t n);

/* y = leaky_relu(x); d = leaky_relu'(x) */
FA_API void fa_leaky_relu_value_and_grad_f32(const float *x, float negative_slope, float *y, float *d, size_t n);
FA_API void fa_leaky_relu_value_and_grad_f64(const double *x, double negative_slope, double *y, double *d, size_t n);

/* d = dleaky_relu/dnegative_slope */
FA_API void fa_leaky_relu_grad_negative_slope_f32(const float *x, float negative_slope, float *d, size_t n);
FA_API void fa_leaky_relu_grad_negative_slope_f64(const double *x, double negative_slope, double *d, size_t n);

/* --- hard_tanh: The identity, held between two limits.
 *
 *     hard_tanh(x) = min(max(x, min_val), max_val)
 *     derivative: 1 for min_val < x < max_val, else 0
 *     min_val: Lower limit.
 *     max_val: Upper limit; it wins where it is the smaller of the two.
 */

/* y = hard_tanh(x) */
FA_API void fa_hard_tanh_f32(const float *x, float min_val, float max_val, float *y, size_t n);
FA_API void fa_hard_tanh_f64(const double *x, double min_val, double max_val, double *y, size_t n);

/* d = hard_tanh'(x) */
FA_API void fa_hard_tanh_grad_f32(const float *x, float min_val, float max_val, float *d, size_t n);
FA_API void fa_hard_tanh_grad_f64(const double *x, double min_val, double max_val, double *d, size_t n);

/* dx = dy * hard_tanh'(x) */
FA_API void fa_hard_tanh_backward_f32(const float *dy, const float *x, float min_val, float max_val, float *dx,
                                      size_t n);
FA_API void fa_hard_tanh_backward_f64(const double *dy, const double *x, double min_val, double max_val, double *dx,
                                      size_t n);

/* y = hard_tanh(x); d = hard_tanh'(x) */
FA_API void fa_hard_tanh_value_and_grad_f32(const float *x, float min_val, float max_val, float *y, float *d, size_t n);
FA_API void fa_hard_tanh_value_and_grad_f64(const double *x, double min_val, double max_val, double *y, double *d,
                                            size_t n);

/* d = dhard_tanh/dmin_val */
FA_API void fa_hard_tanh_grad_min_val_f32(const float *x, float min_val, float max_val, float *d, size_t n);
FA_API void fa_hard_tanh_grad_min_val_f64(const double *x, double min_val, double max_val, double *d, size_t n);

/* d = dhard_tanh/dmax_val */
FA_API void fa_hard_tanh_grad_max_val_f32(const float *x, float min_val, float max_val, float *d, size_t n);
FA_API void fa_hard_tanh_grad_max_val_f64(const double *x, double min_val, double max_val, double *d, size_t n);

/* --- hard_sigmoid: Piecewise linear stand-in for the sigmoid.
 *
 *     hard_sigmoid(x) = min(max(x + 3, 0), 6) / 6
 *     derivative: 1/6 for -3 < x < 3, else 0
 */

/* y = hard_sigmoid(x) */
FA_API void fa_hard_sigmoid_f32(const float *x, float *y, size_t n);
FA_API void fa_hard_sigmoid_f64(const double *x, double *y, size_t n);

/* d = hard_sigmoid'(x) */
FA_API void fa_hard_sigmoid_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_hard_sigmoid_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * hard_sigmoid'(x) */
FA_API void fa_hard_sigmoid_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_hard_sigmoid_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = hard_sigmoid(x); d = hard_sigmoid'(x) */
FA_API void fa_hard_sigmoid_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_hard_sigmoid_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- hard_swish: Piecewise quadratic stand-in for SiLU: x times its hard sigmoid.
 *
 *     hard_swish(x) = x * min(max(x + 3, 0), 6) / 6
 *     derivative: 0 for x <= -3, 1 for x >= 3, else (2 x + 3) / 6
 */

/* y = hard_swish(x) */
FA_API void fa_hard_swish_f32(const float *x, float *y, size_t n);
FA_API void fa_hard_swish_f64(const double *x, double *y, size_t n);

/* d = hard_swish'(x) */
FA_API void fa_hard_swish_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_hard_swish_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * hard_swish'(x) */
FA_API void fa_hard_swish_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_hard_swish_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = hard_swish(x); d = hard_swish'(x) */
FA_API void fa_hard_swish_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_hard_swish_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- soft_shrink: Soft thresholding: moves x towards 0 by lambd, and to 0 what is closer.
 *
 *     soft_shrink(x) = x - lambd if x > lambd else x + lambd if x < -lambd else 0
 *     derivative: 1 for x > lambd or x < -lambd, else 0
 *     lambd: Threshold, and amount by which x moves; a negative one gives NaN.
 */

/* y = soft_shrink(x) */
FA_API void fa_soft_shrink_f32(const float *x, float lambd, float *y, size_t n);
FA_API void fa_soft_shrink_f64(const double *x, double lambd, double *y, size_t n);

/* d = soft_shrink'(x) */
FA_API void fa_soft_shrink_grad_f32(const float *x, float lambd, float *d, size_t n);
FA_API void fa_soft_shrink_grad_f64(const double *x, double lambd, double *d, size_t n);

/* dx = dy * soft_shrink'(x) */
FA_API void fa_soft_shrink_backward_f32(const float *dy, const float *x, float lambd, float *dx, size_t n);
FA_API void fa_soft_shrink_backward_f64(const double *dy, const double *x, double lambd, double *dx, size_t n);

/* y = soft_shrink(x); d = soft_shrink'(x) */
FA_API void fa_soft_shrink_value_and_grad_f32(const float *x, float lambd, float *y, float *d, size_t n);
FA_API void fa_soft_shrink_value_and_grad_f64(const double *x, double lambd, double *y, double *d, size_t n);

/* d = dsoft_shrink/dlambd */
FA_API void fa_soft_shrink_grad_lambd_f32(const float *x, float lambd, float *d, size_t n);
FA_API void fa_soft_shrink_grad_lambd_f64(const double *x, double lambd, double *d, size_t n);

/* --- hard_shrink: Hard thresholding: 0 where x is within lambd of 0, else x.
 *
 *     hard_shrink(x) = 0 if -lambd <= x <= lambd else x
 *     derivative: 0 for -lambd <= x <= lambd, else 1
 *     lambd: Threshold; no x is within a negative one.
 */

/* y = hard_shrink(x) */
FA_API void fa_hard_shrink_f32(const float *x, float lambd, float *y, size_t n);
FA_API void fa_hard_shrink_f64(const double *x, double lambd, double *y, size_t n);

/* d = hard_shrink'(x) */
FA_API void fa_hard_shrink_grad_f32(const float *x, float lambd, float *d, size_t n);
FA_API void fa_hard_shrink_grad_f64(const double *x, double lambd, double *d, size_t n);

/* dx = dy * hard_shrink'(x) */
FA_API void fa_hard_shrink_backward_f32(const float *dy, const float *x, float lambd, float *dx, size_t n);
FA_API void fa_hard_shrink_backward_f64(const double *dy, const double *x, double lambd, double *dx, size_t n);

/* y = hard_shrink(x); d = hard_shrink'(x) */
FA_API void fa_hard_shrink_value_and_grad_f32(const float *x, float lambd, float *y, float *d, size_t n);
FA_API void fa_hard_shrink_value_and_grad_f64(const double *x, double lambd, double *y, double *d, size_t n);

/* d = dhard_shrink/dlambd */
FA_API void fa_hard_shrink_grad_lambd_f32(const float *x, float lambd, float *d, size_t n);
FA_API void fa_hard_shrink_grad_lambd_f64(const double *x, double lambd, double *d, size_t n);

/* --- threshold: Replaces what does not exceed a threshold by a value.
 *
 *     threshold(x) = x if x > threshold else value
 *     derivative: 1 for x > threshold, else 0
 *     threshold: What x has to exceed.
 *     value: What takes the place of x otherwise.
 */

/* y = threshold(x) */
FA_API void fa_threshold_f32(const float *x, float threshold, float value, float *y, size_t n);
FA_API void fa_threshold_f64(const double *x, double threshold, double value, double *y, size_t n);

/* d = threshold'(x) */
FA_API void fa_threshold_grad_f32(const float *x, float threshold, float value, float *d, size_t n);
FA_API void fa_threshold_grad_f64(const double *x, double threshold, double value, double *d, size_t n);

/* dx = dy * threshold'(x) */
FA_API void fa_threshold_backward_f32(const float *dy, const float *x, float threshold, float value, float *dx,
                                      size_t n);
FA_API void fa_threshold_backward_f64(const double *dy, const double *x, double threshold, double value, double *dx,
                                      size_t n);

/* y = threshold(x); d = threshold'(x) */
FA_API void fa_threshold_value_and_grad_f32(const float *x, float threshold, float value, float *y, float *d, size_t n);
FA_API void fa_threshold_value_and_grad_f64(const double *x, double threshold, double value, double *y, double *d,
                                            size_t n);

/* d = dthreshold/dthreshold */
FA_API void fa_threshold_grad_threshold_f32(const float *x, float threshold, float value, float *d, size_t n);
FA_API void fa_threshold_grad_threshold_f64(const double *x, double threshold, double value, double *d, size_t n);

/* d = dthreshold/dvalue */
FA_API void fa_threshold_grad_value_f32(const float *x, float threshold, float value, float *d, size_t n);
FA_API void fa_threshold_grad_value_f64(const double *x, double threshold, double value, double *d, size_t n);

/* --- sigmoid: Logistic function.
 *
 *     sigmoid(x) = 1 / (1 + exp(-x))
 *     derivative: exp(-x) / (1 + exp(-x))^2
 */

/* y = sigmoid(x) */
FA_API void fa_sigmoid_f32(const float *x, float *y, size_t n);
FA_API void fa_sigmoid_f64(const double *x, double *y, size_t n);

/* d = sigmoid'(x) */
FA_API void fa_sigmoid_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_sigmoid_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * sigmoid'(x) */
FA_API void fa_sigmoid_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_sigmoid_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = sigmoid(x); d = sigmoid'(x) */
FA_API void fa_sigmoid_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_sigmoid_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* dx = dy * sigmoid'(x), where y = sigmoid(x) */
FA_API void fa_sigmoid_backward_from_output_f32(const float *dy, const float *y, float *dx, size_t n);
FA_API void fa_sigmoid_backward_from_output_f64(const double *dy, const double *y, double *dx, size_t n);

/* --- silu: Sigmoid linear unit; its minimum is about -0.2785 at x = -1.2785.
 *
 *     silu(x) = x / (1 + exp(-x))
 *     derivative: s(x) + x s(x) s(-x), with s = sigmoid
 */

/* y = silu(x) */
FA_API void fa_silu_f32(const float *x, float *y, size_t n);
FA_API void fa_silu_f64(const double *x, double *y, size_t n);

/* d = silu'(x) */
FA_API void fa_silu_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_silu_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * silu'(x) */
FA_API void fa_silu_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_silu_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = silu(x); d = silu'(x) */
FA_API void fa_silu_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_silu_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- swish: SiLU with a parameter: between x / 2 (beta = 0) and relu (beta large).
 *
 *     swish(x) = x / (1 + exp(-beta * x))
 *     derivative: s(z) + z s(z) s(-z), with z = beta x and s = sigmoid
 *     beta: Steepness of the sigmoid; any real number, and an infinite one gives the limit.
 */

/* y = swish(x) */
FA_API void fa_swish_f32(const float *x, float beta, float *y, size_t n);
FA_API void fa_swish_f64(const double *x, double beta, double *y, size_t n);

/* d = swish'(x) */
FA_API void fa_swish_grad_f32(const float *x, float beta, float *d, size_t n);
FA_API void fa_swish_grad_f64(const double *x, double beta, double *d, size_t n);

/* dx = dy * swish'(x) */
FA_API void fa_swish_backward_f32(const float *dy, const float *x, float beta, float *dx, size_t n);
FA_API void fa_swish_backward_f64(const double *dy, const double *x, double beta, double *dx, size_t n);

/* y = swish(x); d = swish'(x) */
FA_API void fa_swish_value_and_grad_f32(const float *x, float beta, float *y, float *d, size_t n);
FA_API void fa_swish_value_and_grad_f64(const double *x, double beta, double *y, double *d, size_t n);

/* d = dswish/dbeta */
FA_API void fa_swish_grad_beta_f32(const float *x, float beta, float *d, size_t n);
FA_API void fa_swish_grad_beta_f64(const double *x, double beta, double *d, size_t n);

/* --- log_sigmoid: Logarithm of the sigmoid.
 *
 *     log_sigmoid(x) = -log(1 + exp(-x))
 *     derivative: 1 / (1 + exp(x))
 */

/* y = log_sigmoid(x) */
FA_API void fa_log_sigmoid_f32(const float *x, float *y, size_t n);
FA_API void fa_log_sigmoid_f64(const double *x, double *y, size_t n);

/* d = log_sigmoid'(x) */
FA_API void fa_log_sigmoid_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_log_sigmoid_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * log_sigmoid'(x) */
FA_API void fa_log_sigmoid_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_log_sigmoid_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = log_sigmoid(x); d = log_sigmoid'(x) */
FA_API void fa_log_sigmoid_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_log_sigmoid_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* dx = dy * log_sigmoid'(x), where y = log_sigmoid(x) */
FA_API void fa_log_sigmoid_backward_from_output_f32(const float *dy, const float *y, float *dx, size_t n);
FA_API void fa_log_sigmoid_backward_from_output_f64(const double *dy, const double *y, double *dx, size_t n);

/* --- softplus: Smooth relu; exact for every x, without a threshold beyond which it would return x.
 *
 *     softplus(x) = log(1 + exp(beta * x)) / beta
 *     derivative: 1 / (1 + exp(-beta x))
 *     beta: Sharpness of the bend; any real number. 0 gives infinity, and an infinite one the limit.
 */

/* y = softplus(x) */
FA_API void fa_softplus_f32(const float *x, float beta, float *y, size_t n);
FA_API void fa_softplus_f64(const double *x, double beta, double *y, size_t n);

/* d = softplus'(x) */
FA_API void fa_softplus_grad_f32(const float *x, float beta, float *d, size_t n);
FA_API void fa_softplus_grad_f64(const double *x, double beta, double *d, size_t n);

/* dx = dy * softplus'(x) */
FA_API void fa_softplus_backward_f32(const float *dy, const float *x, float beta, float *dx, size_t n);
FA_API void fa_softplus_backward_f64(const double *dy, const double *x, double beta, double *dx, size_t n);

/* y = softplus(x); d = softplus'(x) */
FA_API void fa_softplus_value_and_grad_f32(const float *x, float beta, float *y, float *d, size_t n);
FA_API void fa_softplus_value_and_grad_f64(const double *x, double beta, double *y, double *d, size_t n);

/* d = dsoftplus/dbeta */
FA_API void fa_softplus_grad_beta_f32(const float *x, float beta, float *d, size_t n);
FA_API void fa_softplus_grad_beta_f64(const double *x, double beta, double *d, size_t n);

/* dx = dy * softplus'(x), where y = softplus(x) */
FA_API void fa_softplus_backward_from_output_f32(const float *dy, const float *y, float beta, float *dx, size_t n);
FA_API void fa_softplus_backward_from_output_f64(const double *dy, const double *y, double beta, double *dx, size_t n);

/* --- mish: x times the hyperbolic tangent of its softplus.
 *
 *     mish(x) = x * tanh(log(1 + exp(x)))
 *     derivative: t + x s(x) (1 - t^2), with t = tanh(log(1 + exp(x))) and s = sigmoid
 */

/* y = mish(x) */
FA_API void fa_mish_f32(const float *x, float *y, size_t n);
FA_API void fa_mish_f64(const double *x, double *y, size_t n);

/* d = mish'(x) */
FA_API void fa_mish_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_mish_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * mish'(x) */
FA_API void fa_mish_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_mish_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = mish(x); d = mish'(x) */
FA_API void fa_mish_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_mish_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- elu: Exponential linear unit.
 *
 *     elu(x) = x if x > 0 else alpha * (exp(x) - 1)
 *     derivative: 1 for x > 0, else alpha exp(x)
 *     alpha: Minus the limit at -infinity; any real number.
 */

/* y = elu(x) */
FA_API void fa_elu_f32(const float *x, float alpha, float *y, size_t n);
FA_API void fa_elu_f64(const double *x, double alpha, double *y, size_t n);

/* d = elu'(x) */
FA_API void fa_elu_grad_f32(const float *x, float alpha, float *d, size_t n);
FA_API void fa_elu_grad_f64(const double *x, double alpha, double *d, size_t n);

/* dx = dy * elu'(x) */
FA_API void fa_elu_backward_f32(const float *dy, const float *x, float alpha, float *dx, size_t n);
FA_API void fa_elu_backward_f64(const double *dy, const double *x, double alpha, double *dx, size_t n);

/* y = elu(x); d = elu'(x) */
FA_API void fa_elu_value_and_grad_f32(const float *x, float alpha, float *y, float *d, size_t n);
FA_API void fa_elu_value_and_grad_f64(const double *x, double alpha, double *y, double *d, size_t n);

/* d = delu/dalpha */
FA_API void fa_elu_grad_alpha_f32(const float *x, float alpha, float *d, size_t n);
FA_API void fa_elu_grad_alpha_f64(const double *x, double alpha, double *d, size_t n);

/* dx = dy * elu'(x), where y = elu(x) */
FA_API void fa_elu_backward_from_output_f32(const float *dy, const float *y, float alpha, float *dx, size_t n);
FA_API void fa_elu_backward_from_output_f64(const double *dy, const double *y, double alpha, double *dx, size_t n);

/* --- selu: Scaled exponential linear unit.
 *
 *     selu(x) = 1.0507009873554804934193349852946 * (x if x > 0 else 1.6732632423543772848170429916717 * (exp(x) - 1))
 *     derivative: scale for x > 0, else scale alpha exp(x), with scale = 1.0507... and alpha = 1.6732...
 */

/* y = selu(x) */
FA_API void fa_selu_f32(const float *x, float *y, size_t n);
FA_API void fa_selu_f64(const double *x, double *y, size_t n);

/* d = selu'(x) */
FA_API void fa_selu_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_selu_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * selu'(x) */
FA_API void fa_selu_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_selu_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = selu(x); d = selu'(x) */
FA_API void fa_selu_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_selu_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* dx = dy * selu'(x), where y = selu(x) */
FA_API void fa_selu_backward_from_output_f32(const float *dy, const float *y, float *dx, size_t n);
FA_API void fa_selu_backward_from_output_f64(const double *dy, const double *y, double *dx, size_t n);

/* --- celu: Continuously differentiable exponential linear unit.
 *
 *     celu(x) = x if x > 0 else alpha * (exp(x / alpha) - 1)
 *     derivative: 1 for x > 0, else exp(x / alpha)
 *     alpha: Minus the limit at -infinity, and the length over which it is approached. It has to be positive; 0 gives
 *         the limit, relu, and a negative one NaN.
 */

/* y = celu(x) */
FA_API void fa_celu_f32(const float *x, float alpha, float *y, size_t n);
FA_API void fa_celu_f64(const double *x, double alpha, double *y, size_t n);

/* d = celu'(x) */
FA_API void fa_celu_grad_f32(const float *x, float alpha, float *d, size_t n);
FA_API void fa_celu_grad_f64(const double *x, double alpha, double *d, size_t n);

/* dx = dy * celu'(x) */
FA_API void fa_celu_backward_f32(const float *dy, const float *x, float alpha, float *dx, size_t n);
FA_API void fa_celu_backward_f64(const double *dy, const double *x, double alpha, double *dx, size_t n);

/* y = celu(x); d = celu'(x) */
FA_API void fa_celu_value_and_grad_f32(const float *x, float alpha, float *y, float *d, size_t n);
FA_API void fa_celu_value_and_grad_f64(const double *x, double alpha, double *y, double *d, size_t n);

/* d = dcelu/dalpha */
FA_API void fa_celu_grad_alpha_f32(const float *x, float alpha, float *d, size_t n);
FA_API void fa_celu_grad_alpha_f64(const double *x, double alpha, double *d, size_t n);

/* dx = dy * celu'(x), where y = celu(x) */
FA_API void fa_celu_backward_from_output_f32(const float *dy, const float *y, float alpha, float *dx, size_t n);
FA_API void fa_celu_backward_from_output_f64(const double *dy, const double *y, double alpha, double *dx, size_t n);

/* --- tanh: Hyperbolic tangent.
 *
 *     tanh(x) = tanh(x)
 *     derivative: 1 / cosh(x)^2
 */

/* y = tanh(x) */
FA_API void fa_tanh_f32(const float *x, float *y, size_t n);
FA_API void fa_tanh_f64(const double *x, double *y, size_t n);

/* d = tanh'(x) */
FA_API void fa_tanh_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_tanh_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * tanh'(x) */
FA_API void fa_tanh_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_tanh_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = tanh(x); d = tanh'(x) */
FA_API void fa_tanh_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_tanh_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* dx = dy * tanh'(x), where y = tanh(x) */
FA_API void fa_tanh_backward_from_output_f32(const float *dy, const float *y, float *dx, size_t n);
FA_API void fa_tanh_backward_from_output_f64(const double *dy, const double *y, double *dx, size_t n);

/* --- tanh_shrink: x less its hyperbolic tangent.
 *
 *     tanh_shrink(x) = x - tanh(x)
 *     derivative: tanh(x)^2
 */

/* y = tanh_shrink(x) */
FA_API void fa_tanh_shrink_f32(const float *x, float *y, size_t n);
FA_API void fa_tanh_shrink_f64(const double *x, double *y, size_t n);

/* d = tanh_shrink'(x) */
FA_API void fa_tanh_shrink_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_tanh_shrink_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * tanh_shrink'(x) */
FA_API void fa_tanh_shrink_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_tanh_shrink_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = tanh_shrink(x); d = tanh_shrink'(x) */
FA_API void fa_tanh_shrink_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_tanh_shrink_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- softsign: x over one more than its size.
 *
 *     softsign(x) = x / (1 + abs(x))
 *     derivative: 1 / (1 + |x|)^2
 */

/* y = softsign(x) */
FA_API void fa_softsign_f32(const float *x, float *y, size_t n);
FA_API void fa_softsign_f64(const double *x, double *y, size_t n);

/* d = softsign'(x) */
FA_API void fa_softsign_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_softsign_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * softsign'(x) */
FA_API void fa_softsign_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_softsign_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = softsign(x); d = softsign'(x) */
FA_API void fa_softsign_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_softsign_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- gelu: Gaussian error linear unit, exact.
 *
 *     gelu(x) = x * (1 + erf(x / sqrt(2))) / 2
 *     derivative: Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi), with Phi(x) = (1 + erf(x / sqrt(2))) / 2
 */

/* y = gelu(x) */
FA_API void fa_gelu_f32(const float *x, float *y, size_t n);
FA_API void fa_gelu_f64(const double *x, double *y, size_t n);

/* d = gelu'(x) */
FA_API void fa_gelu_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_gelu_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * gelu'(x) */
FA_API void fa_gelu_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_gelu_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = gelu(x); d = gelu'(x) */
FA_API void fa_gelu_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_gelu_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- gelu_tanh: Gaussian error linear unit, in its approximation by tanh.
 *
 *     gelu_tanh(x) = x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2
 *     derivative: (1 + tanh(u)) / 2 + x u' / (2 cosh(u)^2), with u = sqrt(2 / pi) (x + 0.044715 x^3) and u' = sqrt(2 /
 *         pi) (1 + 0.134145 x^2)
 */

/* y = gelu_tanh(x) */
FA_API void fa_gelu_tanh_f32(const float *x, float *y, size_t n);
FA_API void fa_gelu_tanh_f64(const double *x, double *y, size_t n);

/* d = gelu_tanh'(x) */
FA_API void fa_gelu_tanh_grad_f32(const float *x, float *d, size_t n);
FA_API void fa_gelu_tanh_grad_f64(const double *x, double *d, size_t n);

/* dx = dy * gelu_tanh'(x) */
FA_API void fa_gelu_tanh_backward_f32(const float *dy, const float *x, float *dx, size_t n);
FA_API void fa_gelu_tanh_backward_f64(const double *dy, const double *x, double *dx, size_t n);

/* y = gelu_tanh(x); d = gelu_tanh'(x) */
FA_API void fa_gelu_tanh_value_and_grad_f32(const float *x, float *y, float *d, size_t n);
FA_API void fa_gelu_tanh_value_and_grad_f64(const double *x, double *y, double *d, size_t n);

/* --- glu: Gated linear unit.
 *
 *     glu(gate, up) = sigmoid(gate) * up
 *     derivative: up * sigmoid'(gate) by gate, sigmoid(gate) by up
 */

/* y = sigmoid(gate) * up */
FA_API void fa_glu_f32(const float *gate, const float *up, float *y, size_t n);
FA_API void fa_glu_f64(const double *gate, const double *up, double *y, size_t n);

/* dgate = dy * up * sigmoid'(gate); dup = dy * sigmoid(gate) */
FA_API void fa_glu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup,
                                size_t n);
FA_API void fa_glu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                                size_t n);

/* --- reglu: Gated linear unit whose gate is rectified.
 *
 *     reglu(gate, up) = relu(gate) * up
 *     derivative: up * relu'(gate) by gate, relu(gate) by up
 */

/* y = relu(gate) * up */
FA_API void fa_reglu_f32(const float *gate, const float *up, float *y, size_t n);
FA_API void fa_reglu_f64(const double *gate, const double *up, double *y, size_t n);

/* dgate = dy * up * relu'(gate); dup = dy * relu(gate) */
FA_API void fa_reglu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup,
                                  size_t n);
FA_API void fa_reglu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                                  size_t n);

/* --- geglu: Gated linear unit whose gate goes through GELU.
 *
 *     geglu(gate, up) = gelu(gate) * up
 *     derivative: up * gelu'(gate) by gate, gelu(gate) by up
 */

/* y = gelu(gate) * up */
FA_API void fa_geglu_f32(const float *gate, const float *up, float *y, size_t n);
FA_API void fa_geglu_f64(const double *gate, const double *up, double *y, size_t n);

/* dgate = dy * up * gelu'(gate); dup = dy * gelu(gate) */
FA_API void fa_geglu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup,
                                  size_t n);
FA_API void fa_geglu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                                  size_t n);

/* --- swiglu: Gated linear unit whose gate goes through SiLU.
 *
 *     swiglu(gate, up) = silu(gate) * up
 *     derivative: up * silu'(gate) by gate, silu(gate) by up
 */

/* y = silu(gate) * up */
FA_API void fa_swiglu_f32(const float *gate, const float *up, float *y, size_t n);
FA_API void fa_swiglu_f64(const double *gate, const double *up, double *y, size_t n);

/* dgate = dy * up * silu'(gate); dup = dy * silu(gate) */
FA_API void fa_swiglu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup,
                                   size_t n);
FA_API void fa_swiglu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                                   size_t n);

/* --- mish_glu: Gated linear unit whose gate goes through Mish.
 *
 *     mish_glu(gate, up) = mish(gate) * up
 *     derivative: up * mish'(gate) by gate, mish(gate) by up
 */

/* y = mish(gate) * up */
FA_API void fa_mish_glu_f32(const float *gate, const float *up, float *y, size_t n);
FA_API void fa_mish_glu_f64(const double *gate, const double *up, double *y, size_t n);

/* dgate = dy * up * mish'(gate); dup = dy * mish(gate) */
FA_API void fa_mish_glu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup,
                                     size_t n);
FA_API void fa_mish_glu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                                     size_t n);
#endif
