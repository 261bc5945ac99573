#ifndef LOOKALIKE_RESAMPLING_KERNELS_H
#define LOOKALIKE_RESAMPLING_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// The loops of resizing. Sums are 32-bit fixed point with `precision` binary digits, rounded and clipped to 8 bits.
//
// Rows are resampled across sixteen at a time: turned on their side, a sample of all sixteen is one vector, and all are
// multiplied by the same weight.

enum { lk_block_rows = 16 };

/// The input samples that one output sample is made of, and where their weights begin.
struct lk_window {
    int32_t first, count, weight_offset;
};

/// Turns `rows` (at most 16) of `columns` bytes on their side: target[column · 16 + row]. `target` has room for `columns`
/// rounded up to 16; rows that are not there are unspecified.
void lk_lay_on_side(const uint8_t *source, ptrdiff_t source_stride, ptrdiff_t rows, ptrdiff_t columns, uint8_t *target);

/// The reverse. `source` has `columns` rounded up to 16.
void lk_stand_up(const uint8_t *source, ptrdiff_t rows, ptrdiff_t columns, uint8_t *target, ptrdiff_t target_stride);

/// Resamples sixteen rows of `channels` interleaved samples, all on their side, to `count` pixels.
void lk_resample_across(const uint8_t *source, ptrdiff_t channels, const struct lk_window *windows, ptrdiff_t count,
                        const int32_t *weights, int32_t precision, uint8_t *target);

/// target[i] = Σ rows[tap][i] · weights[tap]
void lk_resample_down(const uint8_t *const *rows, const int32_t *weights, ptrdiff_t taps, ptrdiff_t count,
                      int32_t precision, uint8_t *target);

#endif
