#include "ResamplingKernels.h"

#include <string.h>

#include "KernelDispatch.h"

#define INLINE inline __attribute__((always_inline))

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static INLINE uint8_t rounded(int32_t sum, int32_t precision) {
    sum >>= precision;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/// Transposes 16 × 16 bytes by four rounds of interleaving row i with row i + 8.
static INLINE void transpose(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride) {
    bytes16 rows[16], mixed[16];
    for (int i = 0; i < 16; i++) memcpy(&rows[i], source + i * source_stride, 16);
#pragma clang loop unroll(full)
    for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 8; i++) {
            mixed[2 * i] = __builtin_shufflevector(rows[i], rows[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22,
                                                   7, 23);
            mixed[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
                                                       29, 14, 30, 15, 31);
        }
        memcpy(rows, mixed, sizeof rows);
    }
    for (int i = 0; i < 16; i++) memcpy(target + i * target_stride, &rows[i], 16);
}

LK_DISPATCH
void lk_lay_on_side(const uint8_t *source, ptrdiff_t source_stride, ptrdiff_t rows, ptrdiff_t columns, uint8_t *target) {
    ptrdiff_t column = 0;
    if (rows == lk_block_rows)
        for (; column + 16 <= columns; column += 16) transpose(source + column, source_stride, target + column * 16, 16);
    for (; column < columns; column += 16) {
        uint8_t square[16 * 16] = {0};
        ptrdiff_t width = columns - column < 16 ? columns - column : 16;
        for (ptrdiff_t row = 0; row < rows; row++)
            memcpy(square + row * 16, source + row * source_stride + column, (size_t)width);
        transpose(square, 16, target + column * 16, 16);
    }
}

LK_DISPATCH
void lk_stand_up(const uint8_t *source, ptrdiff_t rows, ptrdiff_t columns, uint8_t *target, ptrdiff_t target_stride) {
    for (ptrdiff_t column = 0; column < columns; column += 16) {
        uint8_t square[16 * 16];
        ptrdiff_t width = columns - column < 16 ? columns - column : 16;
        transpose(source + column * 16, 16, square, 16);
        for (ptrdiff_t row = 0; row < rows; row++)
            memcpy(target + row * target_stride + column, square + row * 16, (size_t)width);
    }
}

LK_DISPATCH
void lk_resample_across(const uint8_t *source, ptrdiff_t channels, const struct lk_window *windows, ptrdiff_t count,
                        const int32_t *weights, int32_t precision, uint8_t *target) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const struct lk_window window = windows[i];
        for (ptrdiff_t channel = 0; channel < channels; channel++, target += 16) {
            const uint8_t *samples = source + (window.first * channels + channel) * 16;
            int32_t sums[16];
            for (int row = 0; row < 16; row++) sums[row] = 1 << (precision - 1);
            for (ptrdiff_t tap = 0; tap < window.count; tap++, samples += channels * 16) {
                int32_t weight = weights[window.weight_offset + tap];
                for (int row = 0; row < 16; row++) sums[row] += samples[row] * weight;
            }
            for (int row = 0; row < 16; row++) target[row] = rounded(sums[row], precision);
        }
    }
}

LK_DISPATCH
void lk_resample_down(const uint8_t *const *rows, const int32_t *weights, ptrdiff_t taps, ptrdiff_t count,
                      int32_t precision, uint8_t *target) {
    enum { width = 64 };
    ptrdiff_t start = 0;
    for (; start + width <= count; start += width) {
        int32_t sums[width];
        for (int i = 0; i < width; i++) sums[i] = 1 << (precision - 1);
        for (ptrdiff_t tap = 0; tap < taps; tap++) {
            const uint8_t *row = rows[tap] + start;
            int32_t weight = weights[tap];
            for (int i = 0; i < width; i++) sums[i] += row[i] * weight;
        }
        for (int i = 0; i < width; i++) target[start + i] = rounded(sums[i], precision);
    }
    for (; start < count; start++) {
        int32_t sum = 1 << (precision - 1);
        for (ptrdiff_t tap = 0; tap < taps; tap++) sum += rows[tap][start] * weights[tap];
        target[start] = rounded(sum, precision);
    }
}
