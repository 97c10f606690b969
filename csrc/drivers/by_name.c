/* The functions that fastact_functions.h declares for every activation by its name.
 * Made from functions.def and operations.def by generators/c_interface.py; changes here are lost. */
#include "kernels/loops.h"

static inline void run(int activation, fa_operation operation, fa_type type, const void *const *operands, size_t n) {
    fa_run_contiguous(fa_get_loop(fa_activation_at((size_t)activation), operation, type), (char *const *)operands, n);
}

void fa_relu_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_relu, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_relu_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_relu, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_relu_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_relu, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_relu_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_relu, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_relu_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_relu, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_relu_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_relu, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_relu_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_relu, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_relu_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_relu, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_relu6_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_relu6, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_relu6_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_relu6, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_relu6_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_relu6, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_relu6_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_relu6, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_relu6_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_relu6, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_relu6_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_relu6, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_relu6_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_relu6, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_relu6_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_relu6, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_leaky_relu_f32(const float *x, float negative_slope, float *y, size_t n) {
    run(FA_INDEX_leaky_relu, FA_FORWARD, FA_F32, (const void *const[]){x, &negative_slope, y}, n);
}

void fa_leaky_relu_f64(const double *x, double negative_slope, double *y, size_t n) {
    run(FA_INDEX_leaky_relu, FA_FORWARD, FA_F64, (const void *const[]){x, &negative_slope, y}, n);
}

void fa_leaky_relu_grad_f32(const float *x, float negative_slope, float *d, size_t n) {
    run(FA_INDEX_leaky_relu, FA_GRAD, FA_F32, (const void *const[]){x, &negative_slope, d}, n);
}

void fa_leaky_relu_grad_f64(const double *x, double negative_slope, double *d, size_t n) {
    run(FA_INDEX_leaky_relu, FA_GRAD, FA_F64, (const void *const[]){x, &negative_slope, d}, n);
}

void fa_leaky_relu_backward_f32(const float *dy, const float *x, float negative_slope, float *dx, size_t n) {
    run(FA_INDEX_leaky_relu, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &negative_slope, dx}, n);
}

void fa_leaky_relu_backward_f64(const double *dy, const double *x, double negative_slope, double *dx, size_t n) {
    run(FA_INDEX_leaky_relu, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &negative_slope, dx}, n);
}

void fa_leaky_relu_value_and_grad_f32(const float *x, float negative_slope, float *y, float *d, size_t n) {
    run(FA_INDEX_leaky_relu, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &negative_slope, y, d}, n);
}

void fa_leaky_relu_value_and_grad_f64(const double *x, double negative_slope, double *y, double *d, size_t n) {
    run(FA_INDEX_leaky_relu, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &negative_slope, y, d}, n);
}

void fa_leaky_relu_grad_negative_slope_f32(const float *x, float negative_slope, float *d, size_t n) {
    run(FA_INDEX_leaky_relu, FA_GRAD_P, FA_F32, (const void *const[]){x, &negative_slope, d}, n);
}

void fa_leaky_relu_grad_negative_slope_f64(const double *x, double negative_slope, double *d, size_t n) {
    run(FA_INDEX_leaky_relu, FA_GRAD_P, FA_F64, (const void *const[]){x, &negative_slope, d}, n);
}

void fa_hard_tanh_f32(const float *x, float min_val, float max_val, float *y, size_t n) {
    run(FA_INDEX_hard_tanh, FA_FORWARD, FA_F32, (const void *const[]){x, &min_val, &max_val, y}, n);
}

void fa_hard_tanh_f64(const double *x, double min_val, double max_val, double *y, size_t n) {
    run(FA_INDEX_hard_tanh, FA_FORWARD, FA_F64, (const void *const[]){x, &min_val, &max_val, y}, n);
}

void fa_hard_tanh_grad_f32(const float *x, float min_val, float max_val, float *d, size_t n) {
    run(FA_INDEX_hard_tanh, FA_GRAD, FA_F32, (const void *const[]){x, &min_val, &max_val, d}, n);
}

void fa_hard_tanh_grad_f64(const double *x, double min_val, double max_val, double *d, size_t n) {
    run(FA_INDEX_hard_tanh, FA_GRAD, FA_F64, (const void *const[]){x, &min_val, &max_val, d}, n);
}

void fa_hard_tanh_backward_f32(const float *dy, const float *x, float min_val, float max_val, float *dx, size_t n) {
    run(FA_INDEX_hard_tanh, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &min_val, &max_val, dx}, n);
}

void fa_hard_tanh_backward_f64(const double *dy, const double *x, double min_val, double max_val, double *dx,
                               size_t n) {
    run(FA_INDEX_hard_tanh, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &min_val, &max_val, dx}, n);
}

void fa_hard_tanh_value_and_grad_f32(const float *x, float min_val, float max_val, float *y, float *d, size_t n) {
    run(FA_INDEX_hard_tanh, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &min_val, &max_val, y, d}, n);
}

void fa_hard_tanh_value_and_grad_f64(const double *x, double min_val, double max_val, double *y, double *d, size_t n) {
    run(FA_INDEX_hard_tanh, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &min_val, &max_val, y, d}, n);
}

void fa_hard_tanh_grad_min_val_f32(const float *x, float min_val, float max_val, float *d, size_t n) {
    run(FA_INDEX_hard_tanh, FA_GRAD_P, FA_F32, (const void *const[]){x, &min_val, &max_val, d}, n);
}

void fa_hard_tanh_grad_min_val_f64(const double *x, double min_val, double max_val, double *d, size_t n) {
    run(FA_INDEX_hard_tanh, FA_GRAD_P, FA_F64, (const void *const[]){x, &min_val, &max_val, d}, n);
}

void fa_hard_tanh_grad_max_val_f32(const float *x, float min_val, float max_val, float *d, size_t n) {
    run(FA_INDEX_hard_tanh, FA_GRAD_Q, FA_F32, (const void *const[]){x, &min_val, &max_val, d}, n);
}

void fa_hard_tanh_grad_max_val_f64(const double *x, double min_val, double max_val, double *d, size_t n) {
    run(FA_INDEX_hard_tanh, FA_GRAD_Q, FA_F64, (const void *const[]){x, &min_val, &max_val, d}, n);
}

void fa_hard_sigmoid_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_hard_sigmoid, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_hard_sigmoid_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_hard_sigmoid, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_hard_sigmoid_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_hard_sigmoid, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_hard_sigmoid_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_hard_sigmoid, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_hard_sigmoid_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_hard_sigmoid, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_hard_sigmoid_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_hard_sigmoid, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_hard_sigmoid_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_hard_sigmoid, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_hard_sigmoid_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_hard_sigmoid, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_hard_swish_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_hard_swish, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_hard_swish_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_hard_swish, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_hard_swish_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_hard_swish, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_hard_swish_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_hard_swish, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_hard_swish_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_hard_swish, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_hard_swish_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_hard_swish, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_hard_swish_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_hard_swish, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_hard_swish_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_hard_swish, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_soft_shrink_f32(const float *x, float lambd, float *y, size_t n) {
    run(FA_INDEX_soft_shrink, FA_FORWARD, FA_F32, (const void *const[]){x, &lambd, y}, n);
}

void fa_soft_shrink_f64(const double *x, double lambd, double *y, size_t n) {
    run(FA_INDEX_soft_shrink, FA_FORWARD, FA_F64, (const void *const[]){x, &lambd, y}, n);
}

void fa_soft_shrink_grad_f32(const float *x, float lambd, float *d, size_t n) {
    run(FA_INDEX_soft_shrink, FA_GRAD, FA_F32, (const void *const[]){x, &lambd, d}, n);
}

void fa_soft_shrink_grad_f64(const double *x, double lambd, double *d, size_t n) {
    run(FA_INDEX_soft_shrink, FA_GRAD, FA_F64, (const void *const[]){x, &lambd, d}, n);
}

void fa_soft_shrink_backward_f32(const float *dy, const float *x, float lambd, float *dx, size_t n) {
    run(FA_INDEX_soft_shrink, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &lambd, dx}, n);
}

void fa_soft_shrink_backward_f64(const double *dy, const double *x, double lambd, double *dx, size_t n) {
    run(FA_INDEX_soft_shrink, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &lambd, dx}, n);
}

void fa_soft_shrink_value_and_grad_f32(const float *x, float lambd, float *y, float *d, size_t n) {
    run(FA_INDEX_soft_shrink, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &lambd, y, d}, n);
}

void fa_soft_shrink_value_and_grad_f64(const double *x, double lambd, double *y, double *d, size_t n) {
    run(FA_INDEX_soft_shrink, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &lambd, y, d}, n);
}

void fa_soft_shrink_grad_lambd_f32(const float *x, float lambd, float *d, size_t n) {
    run(FA_INDEX_soft_shrink, FA_GRAD_P, FA_F32, (const void *const[]){x, &lambd, d}, n);
}

void fa_soft_shrink_grad_lambd_f64(const double *x, double lambd, double *d, size_t n) {
    run(FA_INDEX_soft_shrink, FA_GRAD_P, FA_F64, (const void *const[]){x, &lambd, d}, n);
}

void fa_hard_shrink_f32(const float *x, float lambd, float *y, size_t n) {
    run(FA_INDEX_hard_shrink, FA_FORWARD, FA_F32, (const void *const[]){x, &lambd, y}, n);
}

void fa_hard_shrink_f64(const double *x, double lambd, double *y, size_t n) {
    run(FA_INDEX_hard_shrink, FA_FORWARD, FA_F64, (const void *const[]){x, &lambd, y}, n);
}

void fa_hard_shrink_grad_f32(const float *x, float lambd, float *d, size_t n) {
    run(FA_INDEX_hard_shrink, FA_GRAD, FA_F32, (const void *const[]){x, &lambd, d}, n);
}

void fa_hard_shrink_grad_f64(const double *x, double lambd, double *d, size_t n) {
    run(FA_INDEX_hard_shrink, FA_GRAD, FA_F64, (const void *const[]){x, &lambd, d}, n);
}

void fa_hard_shrink_backward_f32(const float *dy, const float *x, float lambd, float *dx, size_t n) {
    run(FA_INDEX_hard_shrink, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &lambd, dx}, n);
}

void fa_hard_shrink_backward_f64(const double *dy, const double *x, double lambd, double *dx, size_t n) {
    run(FA_INDEX_hard_shrink, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &lambd, dx}, n);
}

void fa_hard_shrink_value_and_grad_f32(const float *x, float lambd, float *y, float *d, size_t n) {
    run(FA_INDEX_hard_shrink, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &lambd, y, d}, n);
}

void fa_hard_shrink_value_and_grad_f64(const double *x, double lambd, double *y, double *d, size_t n) {
    run(FA_INDEX_hard_shrink, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &lambd, y, d}, n);
}

void fa_hard_shrink_grad_lambd_f32(const float *x, float lambd, float *d, size_t n) {
    run(FA_INDEX_hard_shrink, FA_GRAD_P, FA_F32, (const void *const[]){x, &lambd, d}, n);
}

void fa_hard_shrink_grad_lambd_f64(const double *x, double lambd, double *d, size_t n) {
    run(FA_INDEX_hard_shrink, FA_GRAD_P, FA_F64, (const void *const[]){x, &lambd, d}, n);
}

void fa_threshold_f32(const float *x, float threshold, float value, float *y, size_t n) {
    run(FA_INDEX_threshold, FA_FORWARD, FA_F32, (const void *const[]){x, &threshold, &value, y}, n);
}

void fa_threshold_f64(const double *x, double threshold, double value, double *y, size_t n) {
    run(FA_INDEX_threshold, FA_FORWARD, FA_F64, (const void *const[]){x, &threshold, &value, y}, n);
}

void fa_threshold_grad_f32(const float *x, float threshold, float value, float *d, size_t n) {
    run(FA_INDEX_threshold, FA_GRAD, FA_F32, (const void *const[]){x, &threshold, &value, d}, n);
}

void fa_threshold_grad_f64(const double *x, double threshold, double value, double *d, size_t n) {
    run(FA_INDEX_threshold, FA_GRAD, FA_F64, (const void *const[]){x, &threshold, &value, d}, n);
}

void fa_threshold_backward_f32(const float *dy, const float *x, float threshold, float value, float *dx, size_t n) {
    run(FA_INDEX_threshold, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &threshold, &value, dx}, n);
}

void fa_threshold_backward_f64(const double *dy, const double *x, double threshold, double value, double *dx,
                               size_t n) {
    run(FA_INDEX_threshold, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &threshold, &value, dx}, n);
}

void fa_threshold_value_and_grad_f32(const float *x, float threshold, float value, float *y, float *d, size_t n) {
    run(FA_INDEX_threshold, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &threshold, &value, y, d}, n);
}

void fa_threshold_value_and_grad_f64(const double *x, double threshold, double value, double *y, double *d, size_t n) {
    run(FA_INDEX_threshold, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &threshold, &value, y, d}, n);
}

void fa_threshold_grad_threshold_f32(const float *x, float threshold, float value, float *d, size_t n) {
    run(FA_INDEX_threshold, FA_GRAD_P, FA_F32, (const void *const[]){x, &threshold, &value, d}, n);
}

void fa_threshold_grad_threshold_f64(const double *x, double threshold, double value, double *d, size_t n) {
    run(FA_INDEX_threshold, FA_GRAD_P, FA_F64, (const void *const[]){x, &threshold, &value, d}, n);
}

void fa_threshold_grad_value_f32(const float *x, float threshold, float value, float *d, size_t n) {
    run(FA_INDEX_threshold, FA_GRAD_Q, FA_F32, (const void *const[]){x, &threshold, &value, d}, n);
}

void fa_threshold_grad_value_f64(const double *x, double threshold, double value, double *d, size_t n) {
    run(FA_INDEX_threshold, FA_GRAD_Q, FA_F64, (const void *const[]){x, &threshold, &value, d}, n);
}

void fa_sigmoid_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_sigmoid, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_sigmoid_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_sigmoid, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_sigmoid_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_sigmoid, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_sigmoid_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_sigmoid, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_sigmoid_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_sigmoid, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_sigmoid_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_sigmoid, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_sigmoid_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_sigmoid, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_sigmoid_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_sigmoid, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_sigmoid_backward_from_output_f32(const float *dy, const float *y, float *dx, size_t n) {
    run(FA_INDEX_sigmoid, FA_BACKWARD_FROM_OUTPUT, FA_F32, (const void *const[]){dy, y, dx}, n);
}

void fa_sigmoid_backward_from_output_f64(const double *dy, const double *y, double *dx, size_t n) {
    run(FA_INDEX_sigmoid, FA_BACKWARD_FROM_OUTPUT, FA_F64, (const void *const[]){dy, y, dx}, n);
}

void fa_silu_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_silu, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_silu_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_silu, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_silu_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_silu, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_silu_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_silu, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_silu_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_silu, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_silu_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_silu, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_silu_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_silu, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_silu_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_silu, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_swish_f32(const float *x, float beta, float *y, size_t n) {
    run(FA_INDEX_swish, FA_FORWARD, FA_F32, (const void *const[]){x, &beta, y}, n);
}

void fa_swish_f64(const double *x, double beta, double *y, size_t n) {
    run(FA_INDEX_swish, FA_FORWARD, FA_F64, (const void *const[]){x, &beta, y}, n);
}

void fa_swish_grad_f32(const float *x, float beta, float *d, size_t n) {
    run(FA_INDEX_swish, FA_GRAD, FA_F32, (const void *const[]){x, &beta, d}, n);
}

void fa_swish_grad_f64(const double *x, double beta, double *d, size_t n) {
    run(FA_INDEX_swish, FA_GRAD, FA_F64, (const void *const[]){x, &beta, d}, n);
}

void fa_swish_backward_f32(const float *dy, const float *x, float beta, float *dx, size_t n) {
    run(FA_INDEX_swish, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &beta, dx}, n);
}

void fa_swish_backward_f64(const double *dy, const double *x, double beta, double *dx, size_t n) {
    run(FA_INDEX_swish, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &beta, dx}, n);
}

void fa_swish_value_and_grad_f32(const float *x, float beta, float *y, float *d, size_t n) {
    run(FA_INDEX_swish, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &beta, y, d}, n);
}

void fa_swish_value_and_grad_f64(const double *x, double beta, double *y, double *d, size_t n) {
    run(FA_INDEX_swish, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &beta, y, d}, n);
}

void fa_swish_grad_beta_f32(const float *x, float beta, float *d, size_t n) {
    run(FA_INDEX_swish, FA_GRAD_P, FA_F32, (const void *const[]){x, &beta, d}, n);
}

void fa_swish_grad_beta_f64(const double *x, double beta, double *d, size_t n) {
    run(FA_INDEX_swish, FA_GRAD_P, FA_F64, (const void *const[]){x, &beta, d}, n);
}

void fa_log_sigmoid_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_log_sigmoid_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_log_sigmoid_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_log_sigmoid_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_log_sigmoid_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_log_sigmoid_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_log_sigmoid_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_log_sigmoid_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_log_sigmoid_backward_from_output_f32(const float *dy, const float *y, float *dx, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_BACKWARD_FROM_OUTPUT, FA_F32, (const void *const[]){dy, y, dx}, n);
}

void fa_log_sigmoid_backward_from_output_f64(const double *dy, const double *y, double *dx, size_t n) {
    run(FA_INDEX_log_sigmoid, FA_BACKWARD_FROM_OUTPUT, FA_F64, (const void *const[]){dy, y, dx}, n);
}

void fa_softplus_f32(const float *x, float beta, float *y, size_t n) {
    run(FA_INDEX_softplus, FA_FORWARD, FA_F32, (const void *const[]){x, &beta, y}, n);
}

void fa_softplus_f64(const double *x, double beta, double *y, size_t n) {
    run(FA_INDEX_softplus, FA_FORWARD, FA_F64, (const void *const[]){x, &beta, y}, n);
}

void fa_softplus_grad_f32(const float *x, float beta, float *d, size_t n) {
    run(FA_INDEX_softplus, FA_GRAD, FA_F32, (const void *const[]){x, &beta, d}, n);
}

void fa_softplus_grad_f64(const double *x, double beta, double *d, size_t n) {
    run(FA_INDEX_softplus, FA_GRAD, FA_F64, (const void *const[]){x, &beta, d}, n);
}

void fa_softplus_backward_f32(const float *dy, const float *x, float beta, float *dx, size_t n) {
    run(FA_INDEX_softplus, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &beta, dx}, n);
}

void fa_softplus_backward_f64(const double *dy, const double *x, double beta, double *dx, size_t n) {
    run(FA_INDEX_softplus, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &beta, dx}, n);
}

void fa_softplus_value_and_grad_f32(const float *x, float beta, float *y, float *d, size_t n) {
    run(FA_INDEX_softplus, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &beta, y, d}, n);
}

void fa_softplus_value_and_grad_f64(const double *x, double beta, double *y, double *d, size_t n) {
    run(FA_INDEX_softplus, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &beta, y, d}, n);
}

void fa_softplus_grad_beta_f32(const float *x, float beta, float *d, size_t n) {
    run(FA_INDEX_softplus, FA_GRAD_P, FA_F32, (const void *const[]){x, &beta, d}, n);
}

void fa_softplus_grad_beta_f64(const double *x, double beta, double *d, size_t n) {
    run(FA_INDEX_softplus, FA_GRAD_P, FA_F64, (const void *const[]){x, &beta, d}, n);
}

void fa_softplus_backward_from_output_f32(const float *dy, const float *y, float beta, float *dx, size_t n) {
    run(FA_INDEX_softplus, FA_BACKWARD_FROM_OUTPUT, FA_F32, (const void *const[]){dy, y, &beta, dx}, n);
}

void fa_softplus_backward_from_output_f64(const double *dy, const double *y, double beta, double *dx, size_t n) {
    run(FA_INDEX_softplus, FA_BACKWARD_FROM_OUTPUT, FA_F64, (const void *const[]){dy, y, &beta, dx}, n);
}

void fa_mish_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_mish, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_mish_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_mish, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_mish_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_mish, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_mish_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_mish, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_mish_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_mish, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_mish_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_mish, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_mish_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_mish, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_mish_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_mish, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_elu_f32(const float *x, float alpha, float *y, size_t n) {
    run(FA_INDEX_elu, FA_FORWARD, FA_F32, (const void *const[]){x, &alpha, y}, n);
}

void fa_elu_f64(const double *x, double alpha, double *y, size_t n) {
    run(FA_INDEX_elu, FA_FORWARD, FA_F64, (const void *const[]){x, &alpha, y}, n);
}

void fa_elu_grad_f32(const float *x, float alpha, float *d, size_t n) {
    run(FA_INDEX_elu, FA_GRAD, FA_F32, (const void *const[]){x, &alpha, d}, n);
}

void fa_elu_grad_f64(const double *x, double alpha, double *d, size_t n) {
    run(FA_INDEX_elu, FA_GRAD, FA_F64, (const void *const[]){x, &alpha, d}, n);
}

void fa_elu_backward_f32(const float *dy, const float *x, float alpha, float *dx, size_t n) {
    run(FA_INDEX_elu, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &alpha, dx}, n);
}

void fa_elu_backward_f64(const double *dy, const double *x, double alpha, double *dx, size_t n) {
    run(FA_INDEX_elu, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &alpha, dx}, n);
}

void fa_elu_value_and_grad_f32(const float *x, float alpha, float *y, float *d, size_t n) {
    run(FA_INDEX_elu, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &alpha, y, d}, n);
}

void fa_elu_value_and_grad_f64(const double *x, double alpha, double *y, double *d, size_t n) {
    run(FA_INDEX_elu, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &alpha, y, d}, n);
}

void fa_elu_grad_alpha_f32(const float *x, float alpha, float *d, size_t n) {
    run(FA_INDEX_elu, FA_GRAD_P, FA_F32, (const void *const[]){x, &alpha, d}, n);
}

void fa_elu_grad_alpha_f64(const double *x, double alpha, double *d, size_t n) {
    run(FA_INDEX_elu, FA_GRAD_P, FA_F64, (const void *const[]){x, &alpha, d}, n);
}

void fa_elu_backward_from_output_f32(const float *dy, const float *y, float alpha, float *dx, size_t n) {
    run(FA_INDEX_elu, FA_BACKWARD_FROM_OUTPUT, FA_F32, (const void *const[]){dy, y, &alpha, dx}, n);
}

void fa_elu_backward_from_output_f64(const double *dy, const double *y, double alpha, double *dx, size_t n) {
    run(FA_INDEX_elu, FA_BACKWARD_FROM_OUTPUT, FA_F64, (const void *const[]){dy, y, &alpha, dx}, n);
}

void fa_selu_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_selu, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_selu_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_selu, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_selu_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_selu, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_selu_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_selu, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_selu_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_selu, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_selu_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_selu, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_selu_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_selu, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_selu_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_selu, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_selu_backward_from_output_f32(const float *dy, const float *y, float *dx, size_t n) {
    run(FA_INDEX_selu, FA_BACKWARD_FROM_OUTPUT, FA_F32, (const void *const[]){dy, y, dx}, n);
}

void fa_selu_backward_from_output_f64(const double *dy, const double *y, double *dx, size_t n) {
    run(FA_INDEX_selu, FA_BACKWARD_FROM_OUTPUT, FA_F64, (const void *const[]){dy, y, dx}, n);
}

void fa_celu_f32(const float *x, float alpha, float *y, size_t n) {
    run(FA_INDEX_celu, FA_FORWARD, FA_F32, (const void *const[]){x, &alpha, y}, n);
}

void fa_celu_f64(const double *x, double alpha, double *y, size_t n) {
    run(FA_INDEX_celu, FA_FORWARD, FA_F64, (const void *const[]){x, &alpha, y}, n);
}

void fa_celu_grad_f32(const float *x, float alpha, float *d, size_t n) {
    run(FA_INDEX_celu, FA_GRAD, FA_F32, (const void *const[]){x, &alpha, d}, n);
}

void fa_celu_grad_f64(const double *x, double alpha, double *d, size_t n) {
    run(FA_INDEX_celu, FA_GRAD, FA_F64, (const void *const[]){x, &alpha, d}, n);
}

void fa_celu_backward_f32(const float *dy, const float *x, float alpha, float *dx, size_t n) {
    run(FA_INDEX_celu, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, &alpha, dx}, n);
}

void fa_celu_backward_f64(const double *dy, const double *x, double alpha, double *dx, size_t n) {
    run(FA_INDEX_celu, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, &alpha, dx}, n);
}

void fa_celu_value_and_grad_f32(const float *x, float alpha, float *y, float *d, size_t n) {
    run(FA_INDEX_celu, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, &alpha, y, d}, n);
}

void fa_celu_value_and_grad_f64(const double *x, double alpha, double *y, double *d, size_t n) {
    run(FA_INDEX_celu, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, &alpha, y, d}, n);
}

void fa_celu_grad_alpha_f32(const float *x, float alpha, float *d, size_t n) {
    run(FA_INDEX_celu, FA_GRAD_P, FA_F32, (const void *const[]){x, &alpha, d}, n);
}

void fa_celu_grad_alpha_f64(const double *x, double alpha, double *d, size_t n) {
    run(FA_INDEX_celu, FA_GRAD_P, FA_F64, (const void *const[]){x, &alpha, d}, n);
}

void fa_celu_backward_from_output_f32(const float *dy, const float *y, float alpha, float *dx, size_t n) {
    run(FA_INDEX_celu, FA_BACKWARD_FROM_OUTPUT, FA_F32, (const void *const[]){dy, y, &alpha, dx}, n);
}

void fa_celu_backward_from_output_f64(const double *dy, const double *y, double alpha, double *dx, size_t n) {
    run(FA_INDEX_celu, FA_BACKWARD_FROM_OUTPUT, FA_F64, (const void *const[]){dy, y, &alpha, dx}, n);
}

void fa_tanh_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_tanh, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_tanh_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_tanh, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_tanh_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_tanh, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_tanh_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_tanh, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_tanh_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_tanh, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_tanh_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_tanh, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_tanh_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_tanh, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_tanh_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_tanh, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_tanh_backward_from_output_f32(const float *dy, const float *y, float *dx, size_t n) {
    run(FA_INDEX_tanh, FA_BACKWARD_FROM_OUTPUT, FA_F32, (const void *const[]){dy, y, dx}, n);
}

void fa_tanh_backward_from_output_f64(const double *dy, const double *y, double *dx, size_t n) {
    run(FA_INDEX_tanh, FA_BACKWARD_FROM_OUTPUT, FA_F64, (const void *const[]){dy, y, dx}, n);
}

void fa_tanh_shrink_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_tanh_shrink, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_tanh_shrink_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_tanh_shrink, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_tanh_shrink_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_tanh_shrink, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_tanh_shrink_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_tanh_shrink, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_tanh_shrink_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_tanh_shrink, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_tanh_shrink_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_tanh_shrink, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_tanh_shrink_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_tanh_shrink, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_tanh_shrink_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_tanh_shrink, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_softsign_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_softsign, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_softsign_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_softsign, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_softsign_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_softsign, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_softsign_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_softsign, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_softsign_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_softsign, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_softsign_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_softsign, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_softsign_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_softsign, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_softsign_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_softsign, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_gelu_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_gelu, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_gelu_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_gelu, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_gelu_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_gelu, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_gelu_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_gelu, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_gelu_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_gelu, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_gelu_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_gelu, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_gelu_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_gelu, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_gelu_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_gelu, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_gelu_tanh_f32(const float *x, float *y, size_t n) {
    run(FA_INDEX_gelu_tanh, FA_FORWARD, FA_F32, (const void *const[]){x, y}, n);
}

void fa_gelu_tanh_f64(const double *x, double *y, size_t n) {
    run(FA_INDEX_gelu_tanh, FA_FORWARD, FA_F64, (const void *const[]){x, y}, n);
}

void fa_gelu_tanh_grad_f32(const float *x, float *d, size_t n) {
    run(FA_INDEX_gelu_tanh, FA_GRAD, FA_F32, (const void *const[]){x, d}, n);
}

void fa_gelu_tanh_grad_f64(const double *x, double *d, size_t n) {
    run(FA_INDEX_gelu_tanh, FA_GRAD, FA_F64, (const void *const[]){x, d}, n);
}

void fa_gelu_tanh_backward_f32(const float *dy, const float *x, float *dx, size_t n) {
    run(FA_INDEX_gelu_tanh, FA_BACKWARD, FA_F32, (const void *const[]){dy, x, dx}, n);
}

void fa_gelu_tanh_backward_f64(const double *dy, const double *x, double *dx, size_t n) {
    run(FA_INDEX_gelu_tanh, FA_BACKWARD, FA_F64, (const void *const[]){dy, x, dx}, n);
}

void fa_gelu_tanh_value_and_grad_f32(const float *x, float *y, float *d, size_t n) {
    run(FA_INDEX_gelu_tanh, FA_VALUE_AND_GRAD, FA_F32, (const void *const[]){x, y, d}, n);
}

void fa_gelu_tanh_value_and_grad_f64(const double *x, double *y, double *d, size_t n) {
    run(FA_INDEX_gelu_tanh, FA_VALUE_AND_GRAD, FA_F64, (const void *const[]){x, y, d}, n);
}

void fa_glu_f32(const float *gate, const float *up, float *y, size_t n) {
    run(FA_INDEX_glu, FA_FORWARD, FA_F32, (const void *const[]){gate, up, y}, n);
}

void fa_glu_f64(const double *gate, const double *up, double *y, size_t n) {
    run(FA_INDEX_glu, FA_FORWARD, FA_F64, (const void *const[]){gate, up, y}, n);
}

void fa_glu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup, size_t n) {
    run(FA_INDEX_glu, FA_BACKWARD, FA_F32, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_glu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup, size_t n) {
    run(FA_INDEX_glu, FA_BACKWARD, FA_F64, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_reglu_f32(const float *gate, const float *up, float *y, size_t n) {
    run(FA_INDEX_reglu, FA_FORWARD, FA_F32, (const void *const[]){gate, up, y}, n);
}

void fa_reglu_f64(const double *gate, const double *up, double *y, size_t n) {
    run(FA_INDEX_reglu, FA_FORWARD, FA_F64, (const void *const[]){gate, up, y}, n);
}

void fa_reglu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup, size_t n) {
    run(FA_INDEX_reglu, FA_BACKWARD, FA_F32, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_reglu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                           size_t n) {
    run(FA_INDEX_reglu, FA_BACKWARD, FA_F64, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_geglu_f32(const float *gate, const float *up, float *y, size_t n) {
    run(FA_INDEX_geglu, FA_FORWARD, FA_F32, (const void *const[]){gate, up, y}, n);
}

void fa_geglu_f64(const double *gate, const double *up, double *y, size_t n) {
    run(FA_INDEX_geglu, FA_FORWARD, FA_F64, (const void *const[]){gate, up, y}, n);
}

void fa_geglu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup, size_t n) {
    run(FA_INDEX_geglu, FA_BACKWARD, FA_F32, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_geglu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                           size_t n) {
    run(FA_INDEX_geglu, FA_BACKWARD, FA_F64, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_swiglu_f32(const float *gate, const float *up, float *y, size_t n) {
    run(FA_INDEX_swiglu, FA_FORWARD, FA_F32, (const void *const[]){gate, up, y}, n);
}

void fa_swiglu_f64(const double *gate, const double *up, double *y, size_t n) {
    run(FA_INDEX_swiglu, FA_FORWARD, FA_F64, (const void *const[]){gate, up, y}, n);
}

void fa_swiglu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup, size_t n) {
    run(FA_INDEX_swiglu, FA_BACKWARD, FA_F32, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_swiglu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                            size_t n) {
    run(FA_INDEX_swiglu, FA_BACKWARD, FA_F64, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_mish_glu_f32(const float *gate, const float *up, float *y, size_t n) {
    run(FA_INDEX_mish_glu, FA_FORWARD, FA_F32, (const void *const[]){gate, up, y}, n);
}

void fa_mish_glu_f64(const double *gate, const double *up, double *y, size_t n) {
    run(FA_INDEX_mish_glu, FA_FORWARD, FA_F64, (const void *const[]){gate, up, y}, n);
}

void fa_mish_glu_backward_f32(const float *dy, const float *gate, const float *up, float *dgate, float *dup, size_t n) {
    run(FA_INDEX_mish_glu, FA_BACKWARD, FA_F32, (const void *const[]){dy, gate, up, dgate, dup}, n);
}

void fa_mish_glu_backward_f64(const double *dy, const double *gate, const double *up, double *dgate, double *dup,
                              size_t n) {
    run(FA_INDEX_mish_glu, FA_BACKWARD, FA_F64, (const void *const[]){dy, gate, up, dgate, dup}, n);
}
