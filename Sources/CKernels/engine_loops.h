// The engine's kernels, written once for vectors of LANES floats. Included by engine_kernels.c once per instruction set
// and precision, with
//   NAME(x)       the name of a function of this version
//   LANES         floats of a vector register
//   TILE_ROWS     positions and
//   TILE_VECTORS  vectors of columns that a tile keeps in registers: TILE_ROWS · TILE_VECTORS sums, TILE_VECTORS weights
//                 and one input have to fit; TILE_CASES(X) expands to X(1) … X(TILE_ROWS)
//   ELEMENT       what products read, DEPTH_UNIT of them at a time
//   MULTIPLY_ADD  (sums, weights, input): DEPTH_UNIT rows of packed weights times as many inputs, added to the sums
//   STORE_ELEMENTS (address, vector of floats) rounds and stores, NARROW(float) rounds
//   KERNELS_NAME, PRECISION_NAME
//
// A tile is computed as updates of low rank: for each DEPTH_UNIT of depth one vector row of weights times one broadcast
// input per position (Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 2008, the
// innermost loop). Weights are packed so that this row is contiguous; inputs are so few that they stay in the first-level
// cache.

typedef float NAME(vector) __attribute__((vector_size(4 * LANES), aligned(4)));

static INLINE NAME(vector) NAME(load)(const float *address) { return *(const NAME(vector) *)address; }
static INLINE void NAME(store)(float *address, NAME(vector) value) { *(NAME(vector) *)address = value; }
static INLINE NAME(vector) NAME(relu6)(NAME(vector) value) {
    value = __builtin_elementwise_max(value, (NAME(vector)){0});
    return __builtin_elementwise_min(value, (NAME(vector)){0} + 6);
}

/// What a tile's sums begin with.
static INLINE NAME(vector) NAME(initial)(const struct lk_product *p, enum epilogue epilogue, ptrdiff_t position,
                                         ptrdiff_t column) {
    NAME(vector) value = p->bias ? NAME(load)(p->bias + column) : (NAME(vector)){0};
    if (epilogue == ADD && p->addend) value += NAME(load)(p->addend + position * p->addend_stride + column);
    return value;
}

/// `rows` positions by `vectors` vectors of columns, the first of which is `column`.
static INLINE void NAME(tile)(const struct lk_product *p, enum epilogue epilogue, ptrdiff_t rows, ptrdiff_t vectors,
                              ptrdiff_t position, ptrdiff_t column, const ELEMENT *weights) {
    NAME(vector) sums[TILE_ROWS][TILE_VECTORS];
    UNROLL
    for (ptrdiff_t i = 0; i < rows; i++)
        UNROLL
        for (ptrdiff_t j = 0; j < vectors; j++)
            sums[i][j] = NAME(initial)(p, epilogue, position + i, column + j * LANES);
    const ELEMENT *segment = (const ELEMENT *)p->input + position * p->input_stride;
    const ptrdiff_t stride = p->input_stride, depth = p->depth;
    for (ptrdiff_t s = 0; s < p->segment_count; s++, segment += p->segment_stride) {
        const ELEMENT *input = segment;
        for (ptrdiff_t k = 0; k < depth; k += DEPTH_UNIT, input += DEPTH_UNIT, weights += vectors * LANES * DEPTH_UNIT) {
            UNROLL
            for (ptrdiff_t i = 0; i < rows; i++)
                UNROLL
                for (ptrdiff_t j = 0; j < vectors; j++)
                    MULTIPLY_ADD(sums[i][j], weights + j * LANES * DEPTH_UNIT, input + i * stride);
        }
    }
    if (epilogue == RELU6_SUM) {
        UNROLL
        for (ptrdiff_t j = 0; j < vectors; j++) {
            NAME(vector) total = NAME(load)(p->output + column + j * LANES);
            UNROLL
            for (ptrdiff_t i = 0; i < rows; i++) total += NAME(relu6)(sums[i][j]);
            NAME(store)(p->output + column + j * LANES, total);
        }
        return;
    }
    struct output_position target = output_position(p, position, column);
    UNROLL
    for (ptrdiff_t i = 0; i < rows; i++, next_position(p, &target))
        UNROLL
        for (ptrdiff_t j = 0; j < vectors; j++)
            NAME(store)(target.output + j * LANES, epilogue == RELU6 ? NAME(relu6)(sums[i][j]) : sums[i][j]);
}

/// All positions by one panel of columns, in tiles as equal as can be.
static INLINE void NAME(panel)(const struct lk_product *p, enum epilogue epilogue, ptrdiff_t vectors, ptrdiff_t column,
                               const ELEMENT *weights) {
    ptrdiff_t left = p->positions, tiles = (left + TILE_ROWS - 1) / TILE_ROWS;
    for (ptrdiff_t position = 0; left > 0; tiles--) {
        ptrdiff_t rows = (left + tiles - 1) / tiles;
        switch (rows) {
#define ROWS(n) \
    case n: NAME(tile)(p, epilogue, n, vectors, position, column, weights); break;
            TILE_CASES(ROWS)
#undef ROWS
        }
        position += rows;
        left -= rows;
    }
}

static INLINE void NAME(product)(const struct lk_product *p, enum epilogue epilogue) {
    const ELEMENT *weights = p->weights;
    const ptrdiff_t depth = p->segment_count * round_up(p->depth, DEPTH_UNIT);
    for (ptrdiff_t column = 0; column < p->columns;) {
        ptrdiff_t vectors = panel_vectors((p->columns - column) / LANES, TILE_VECTORS);
        switch (vectors) {
            case 1: NAME(panel)(p, epilogue, 1, column, weights); break;
            case 2: NAME(panel)(p, epilogue, 2, column, weights); break;
#if TILE_VECTORS >= 3
            case 3: NAME(panel)(p, epilogue, 3, column, weights); break;
#endif
        }
        column += vectors * LANES;
        weights += vectors * LANES * depth;
    }
}

static void NAME(multiply_relu6)(const struct lk_product *p) { NAME(product)(p, RELU6); }
static void NAME(multiply_add)(const struct lk_product *p) { NAME(product)(p, ADD); }
static void NAME(multiply_relu6_sum)(const struct lk_product *p) { NAME(product)(p, RELU6_SUM); }

static size_t NAME(packed_count)(ptrdiff_t segment_count, ptrdiff_t depth, ptrdiff_t columns) {
    return (size_t)(segment_count * round_up(depth, DEPTH_UNIT) * columns);
}

static void NAME(pack)(const float *weights, ptrdiff_t column_stride, ptrdiff_t depth_stride, ptrdiff_t segment_count,
                       ptrdiff_t depth, ptrdiff_t filled_columns, ptrdiff_t columns, void *packed) {
    const ptrdiff_t padded = round_up(depth, DEPTH_UNIT);
    ELEMENT *target = packed;
    memset(target, 0, NAME(packed_count)(segment_count, depth, columns) * sizeof *target);
    for (ptrdiff_t column = 0, width; column < columns; column += width) {
        width = panel_vectors((columns - column) / LANES, TILE_VECTORS) * LANES;
        for (ptrdiff_t s = 0; s < segment_count; s++, target += padded * width)
            for (ptrdiff_t c = column; c < column + width && c < filled_columns; c++) {
                const float *source = weights + c * column_stride + s * depth * depth_stride;
                for (ptrdiff_t k = 0; k < depth; k++)
                    target[(k / DEPTH_UNIT * width + c - column) * DEPTH_UNIT + k % DEPTH_UNIT] =
                        NARROW(source[k * depth_stride]);
            }
    }
}

#include "engine_filters.h"

static const struct lk_engine_kernels NAME(kernels) = {
    .name = KERNELS_NAME,
    .precision = PRECISION_NAME,
    .lanes = LANES,
    .depth_unit = DEPTH_UNIT,
    .element_bytes = sizeof(ELEMENT),
    .begin = begin_nothing,
    .end = end_nothing,
    .multiply_relu6 = NAME(multiply_relu6),
    .multiply_add = NAME(multiply_add),
    .multiply_relu6_sum = NAME(multiply_relu6_sum),
    .depthwise_relu6 = NAME(depthwise_relu6),
    .narrow = NAME(narrow),
    .packed_count = NAME(packed_count),
    .pack = NAME(pack),
};

#undef NAME
#undef LANES
#undef TILE_ROWS
#undef TILE_VECTORS
#undef TILE_CASES
#undef ELEMENT
#undef DEPTH_UNIT
#undef MULTIPLY_ADD
#undef STORE_ELEMENTS
#undef NARROW
#undef KERNELS_NAME
#undef PRECISION_NAME
