#ifndef LOOKALIKE_NETWORK_KERNELS_H
#define LOOKALIKE_NETWORK_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Loops of the neural network that are not matrix products. Feature maps are dense float32 in height, width, channel
// order (NHWC with N = 1). Each has a scalar twin in Tests/NeuralNetworkTests that it must agree with.

/// Sizes of a spatial convolution. `padding_top` and `padding_left` count the implicit zero rows and columns before
/// the first; those after the last follow from the output size.
struct lk_convolution_geometry {
    ptrdiff_t input_height, input_width;
    ptrdiff_t output_height, output_width;
    ptrdiff_t kernel_size, stride;
    ptrdiff_t padding_top, padding_left;
};

/// values[i] = bytes[start + i] · scale[i mod channels] + shift[i mod channels], for `count` values.
void lk_scale_bytes(const uint8_t *bytes, ptrdiff_t start, ptrdiff_t count, ptrdiff_t channels, const float *scale,
                    const float *shift, float *values);

/// Full convolution followed by bias and ReLU6.
/// `weights` is [kernel][kernel][input_channels][output_channels].
void lk_convolution_relu6(const struct lk_convolution_geometry *geometry, ptrdiff_t input_channels,
                          ptrdiff_t output_channels, const float *input, const float *weights, const float *bias,
                          float *output);

/// Depthwise convolution (one filter per channel) followed by bias and ReLU6. `weights` is [kernel][kernel][channels].
void lk_depthwise_convolution_relu6(const struct lk_convolution_geometry *geometry, ptrdiff_t channels,
                                    const float *input, const float *weights, const float *bias, float *output);

/// values[r][c] = min(max(values[r][c] + bias[c], 0), 6)
void lk_add_bias_relu6(float *values, ptrdiff_t rows, ptrdiff_t channels, const float *bias);

/// values[r][c] += bias[c] (+ residual[r][c] unless `residual` is null)
void lk_add_bias_residual(float *values, ptrdiff_t rows, ptrdiff_t channels, const float *bias, const float *residual);

/// product[r] = the sum over c of matrix[r][c] · vector[c]
void lk_matrix_vector(const float *matrix, ptrdiff_t rows, ptrdiff_t columns, const float *vector, float *product);

/// sums[c] = the sum over rows of weights[r] · values[r][c]
void lk_sum_rows(const float *values, ptrdiff_t rows, ptrdiff_t channels, const float *weights, float *sums);

#endif
