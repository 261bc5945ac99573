#ifndef LOOKALIKE_ENGINE_KERNELS_H
#define LOOKALIKE_ENGINE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// The inner loops of the fast network: products of a few positions by a panel of channels that stay in registers, and
// depthwise filters over rows that are still in cache. NeuralNetwork/Engine decides in which order they run.
//
// Maps are rows of positions, each a run of channels. What a product reads ("elements") are float32 or bfloat16, as the
// version says; everything that is added up, stored between expansion and filter, or handed to a caller is float32.

/// A product of `positions` rows of elements by a matrix of weights.
///
/// Row i, element s · depth + k of the left matrix is input[i · input_stride + s · segment_stride + k]: one segment for a
/// 1×1 convolution, one per kernel row for the first layer, whose taps in a row lie side by side.
struct lk_product {
    const void *input;
    ptrdiff_t input_stride;
    ptrdiff_t segment_count, segment_stride, depth;
    ptrdiff_t positions;
    /// Packed by `pack`.
    const void *weights;
    /// A multiple of the version's `lanes`.
    ptrdiff_t columns;
    /// Null, or one value per column.
    const float *bias;
    /// Null, or what is added to the product, `addend_stride` floats between positions.
    const float *addend;
    ptrdiff_t addend_stride;
    float *output;
    ptrdiff_t output_stride;
    /// After so many positions, `output` leaves out `row_gap` floats: the padding between two rows of a map.
    ptrdiff_t row_positions, row_gap;
};

/// A depthwise convolution along one row of output positions, with bias and ReLU6.
struct lk_depthwise_row {
    /// kernel_size rows of the input, each from the leftmost column that the first output position sees, zeros included.
    const float *const *rows;
    ptrdiff_t kernel_size, stride;
    ptrdiff_t positions;
    /// A multiple of the version's `lanes`; also the distance between positions, in input and output.
    ptrdiff_t channels;
    /// [kernel][kernel][channels]
    const float *weights;
    const float *bias;
    /// Elements.
    void *output;
};

/// One version of the kernels, for one instruction set and one precision of what products read.
struct lk_engine_kernels {
    const char *name;
    /// "float32" or "bfloat16".
    const char *precision;
    /// Channels of a map are handled, and stored, so many at a time.
    ptrdiff_t lanes;
    /// The depth of a segment is padded with zero weights to a multiple of this. A product reads so far, into the next
    /// position perhaps, so numbers must stand there.
    ptrdiff_t depth_unit;
    /// A product may read so many positions beyond its last.
    ptrdiff_t spare_positions;
    ptrdiff_t element_bytes;

    /// Come before the first and after the last product of a pass, on the thread that runs it.
    void (*begin)(void);
    void (*end)(void);
    /// output = ReLU6(input · weights + bias)
    void (*multiply_relu6)(const struct lk_product *product);
    /// output = input · weights + bias + addend; output and addend may be the same.
    void (*multiply_add)(const struct lk_product *product);
    /// output[column] += Σ over positions of ReLU6(input · weights + bias); output has one row.
    void (*multiply_relu6_sum)(const struct lk_product *product);
    void (*depthwise_relu6)(const struct lk_depthwise_row *row);
    /// Rounds float32 to elements.
    void (*narrow)(const float *values, ptrdiff_t count, void *elements);
    /// Elements that the packed form of a matrix takes.
    size_t (*packed_count)(ptrdiff_t segment_count, ptrdiff_t depth, ptrdiff_t columns);
    /// Packs weights[column · column_stride + (s · depth + k) · depth_stride] for `filled_columns`, and zeros beyond.
    void (*pack)(const float *weights, ptrdiff_t column_stride, ptrdiff_t depth_stride, ptrdiff_t segment_count,
                 ptrdiff_t depth, ptrdiff_t filled_columns, ptrdiff_t columns, void *packed);
};

/// How many versions this machine can run; at least 1.
size_t lk_engine_kernels_count(void);

/// A version that this machine can run: the fastest first, the portable one last.
const struct lk_engine_kernels *lk_engine_kernels_at(size_t index);

#endif
