#include "NetworkKernels.h"

#include "KernelDispatch.h"

// Sums may be reordered and multiply-adds fused: the golden tests bound what that costs.
#pragma clang fp reassociate(on) contract(fast)

// Channels held in registers at a time: four 512-bit accumulators, enough to hide the latency of an FMA.
enum { channel_block = 64 };

// Output channels of a full convolution at a time: all 32 of the network's first layer.
enum { convolution_block = 32 };

static inline float relu6(float value) {
    value = value < 0 ? 0 : value;
    return value > 6 ? 6 : value;
}

/// The taps of a kernel that fall inside the input when it stands at `origin`: [first, past_last).
static inline void clip_taps(ptrdiff_t origin, ptrdiff_t kernel_size, ptrdiff_t extent, ptrdiff_t *first,
                             ptrdiff_t *past_last) {
    *first = origin < 0 ? -origin : 0;
    *past_last = origin + kernel_size > extent ? extent - origin : kernel_size;
}

/// One output pixel, `count` output channels of it; `count` is a compile-time constant on the hot path, so that the sums
/// stay in registers.
__attribute__((always_inline)) static inline void convolution_pixel(const struct lk_convolution_geometry *g,
                                                                    ptrdiff_t input_channels,
                                                                    ptrdiff_t output_channels, const float *input,
                                                                    const float *weights, const float *bias,
                                                                    ptrdiff_t origin_y, ptrdiff_t origin_x,
                                                                    float *output, ptrdiff_t count) {
    ptrdiff_t first_ky, last_ky, first_kx, last_kx;
    clip_taps(origin_y, g->kernel_size, g->input_height, &first_ky, &last_ky);
    clip_taps(origin_x, g->kernel_size, g->input_width, &first_kx, &last_kx);
    float sums[convolution_block];
    for (ptrdiff_t o = 0; o < count; o++) sums[o] = bias[o];
    for (ptrdiff_t ky = first_ky; ky < last_ky; ky++) {
        for (ptrdiff_t kx = first_kx; kx < last_kx; kx++) {
            const float *pixel = input + ((origin_y + ky) * g->input_width + origin_x + kx) * input_channels;
            const float *tap = weights + (ky * g->kernel_size + kx) * input_channels * output_channels;
            for (ptrdiff_t i = 0; i < input_channels; i++, tap += output_channels)
                for (ptrdiff_t o = 0; o < count; o++) sums[o] += pixel[i] * tap[o];
        }
    }
    for (ptrdiff_t o = 0; o < count; o++) output[o] = relu6(sums[o]);
}

LK_DISPATCH
void lk_convolution_relu6(const struct lk_convolution_geometry *g, ptrdiff_t input_channels, ptrdiff_t output_channels,
                          const float *input, const float *weights, const float *bias, float *output) {
    for (ptrdiff_t y = 0; y < g->output_height; y++) {
        for (ptrdiff_t x = 0; x < g->output_width; x++) {
            ptrdiff_t origin_y = y * g->stride - g->padding_top, origin_x = x * g->stride - g->padding_left;
            ptrdiff_t o = 0;
            for (; o + convolution_block <= output_channels; o += convolution_block)
                convolution_pixel(g, input_channels, output_channels, input, weights + o, bias + o, origin_y, origin_x,
                                  output + o, convolution_block);
            if (o < output_channels)
                convolution_pixel(g, input_channels, output_channels, input, weights + o, bias + o, origin_y, origin_x,
                                  output + o, output_channels - o);
            output += output_channels;
        }
    }
}

/// One output pixel, `count` channels of it; `count` is a compile-time constant on the hot path.
__attribute__((always_inline)) static inline void depthwise_pixel(const struct lk_convolution_geometry *g,
                                                                  ptrdiff_t channels, const float *input,
                                                                  const float *weights, const float *bias,
                                                                  ptrdiff_t origin_y, ptrdiff_t origin_x, float *output,
                                                                  ptrdiff_t count) {
    ptrdiff_t first_ky, last_ky, first_kx, last_kx;
    clip_taps(origin_y, g->kernel_size, g->input_height, &first_ky, &last_ky);
    clip_taps(origin_x, g->kernel_size, g->input_width, &first_kx, &last_kx);
    float sums[channel_block];
    for (ptrdiff_t c = 0; c < count; c++) sums[c] = bias[c];
    for (ptrdiff_t ky = first_ky; ky < last_ky; ky++) {
        for (ptrdiff_t kx = first_kx; kx < last_kx; kx++) {
            const float *pixel = input + ((origin_y + ky) * g->input_width + origin_x + kx) * channels;
            const float *tap = weights + (ky * g->kernel_size + kx) * channels;
            for (ptrdiff_t c = 0; c < count; c++) sums[c] += pixel[c] * tap[c];
        }
    }
    for (ptrdiff_t c = 0; c < count; c++) output[c] = relu6(sums[c]);
}

LK_DISPATCH
void lk_depthwise_convolution_relu6(const struct lk_convolution_geometry *g, ptrdiff_t channels, const float *input,
                                    const float *weights, const float *bias, float *output) {
    for (ptrdiff_t y = 0; y < g->output_height; y++) {
        for (ptrdiff_t x = 0; x < g->output_width; x++) {
            ptrdiff_t origin_y = y * g->stride - g->padding_top, origin_x = x * g->stride - g->padding_left;
            ptrdiff_t c = 0;
            for (; c + channel_block <= channels; c += channel_block)
                depthwise_pixel(g, channels, input + c, weights + c, bias + c, origin_y, origin_x, output + c,
                                channel_block);
            for (; c + 16 <= channels; c += 16)
                depthwise_pixel(g, channels, input + c, weights + c, bias + c, origin_y, origin_x, output + c, 16);
            if (c < channels)
                depthwise_pixel(g, channels, input + c, weights + c, bias + c, origin_y, origin_x, output + c,
                                channels - c);
            output += channels;
        }
    }
}

LK_DISPATCH
void lk_add_bias_relu6(float *values, ptrdiff_t rows, ptrdiff_t channels, const float *bias) {
    for (ptrdiff_t r = 0; r < rows; r++, values += channels)
        for (ptrdiff_t c = 0; c < channels; c++) values[c] = relu6(values[c] + bias[c]);
}

LK_DISPATCH
void lk_add_bias_residual(float *values, ptrdiff_t rows, ptrdiff_t channels, const float *bias, const float *residual) {
    for (ptrdiff_t r = 0; r < rows; r++, values += channels) {
        if (residual == NULL) {
            for (ptrdiff_t c = 0; c < channels; c++) values[c] += bias[c];
        } else {
            for (ptrdiff_t c = 0; c < channels; c++) values[c] += bias[c] + residual[c];
            residual += channels;
        }
    }
}

LK_DISPATCH
void lk_sum_rows(const float *values, ptrdiff_t rows, ptrdiff_t channels, const float *weights, float *sums) {
    for (ptrdiff_t c = 0; c < channels; c++) sums[c] = 0;
    for (ptrdiff_t r = 0; r < rows; r++, values += channels)
        for (ptrdiff_t c = 0; c < channels; c++) sums[c] += weights[r] * values[c];
}

LK_DISPATCH
void lk_matrix_vector(const float *matrix, ptrdiff_t rows, ptrdiff_t columns, const float *vector, float *product) {
    for (ptrdiff_t r = 0; r < rows; r++, matrix += columns) {
        float sum = 0;
        for (ptrdiff_t c = 0; c < columns; c++) sum += matrix[c] * vector[c];
        product[r] = sum;
    }
}

LK_DISPATCH
void lk_scale_bytes(const uint8_t *bytes, ptrdiff_t start, ptrdiff_t count, ptrdiff_t channels, const float *scale,
                    const float *shift, float *values) {
    bytes += start;
    // Three channels and the vector's lanes meet again after 48 values: no index is computed in the loop over those.
    enum { period = 48 };
    ptrdiff_t i = 0;
    if (channels == 3) {
        float scales[period], shifts[period];
        for (ptrdiff_t j = 0; j < period; j++) scales[j] = scale[j % 3], shifts[j] = shift[j % 3];
        for (; i + period <= count; i += period)
            for (ptrdiff_t j = 0; j < period; j++) values[i + j] = (float)bytes[i + j] * scales[j] + shifts[j];
    }
    for (; i < count; i++) values[i] = (float)bytes[i] * scale[i % channels] + shift[i % channels];
}
