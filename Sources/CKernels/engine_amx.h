// The engine's products in bfloat16 with AMX: a tile register holds 16 rows of 64 bytes, and one instruction multiplies
// 16 positions × 32 elements by 32 elements × 16 columns. Filters and rounding are those of engine_bfloat16.h.
//
// Packed weights are blocks of 32 elements × 16 columns, pairs of elements side by side as the instruction wants them: for
// each 16 columns all depth. Four tiles of sums (32 positions × 32 columns), two of inputs and two of weights are used.
//
// A tile always has 16 rows: the last ones of a product may lie beyond its positions, so what it reads must be followed
// by memory for 31 more of them. What they sum up to is not stored.

enum { amx_depth = 32, amx_rows = 16, amx_columns = 16 };

struct amx_configuration {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_per_row[16];
    uint8_t rows[16];
};

static void begin_amx(void) {
    struct amx_configuration configuration = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        configuration.bytes_per_row[tile] = 64;
        configuration.rows[tile] = amx_rows;
    }
    _tile_loadconfig(&configuration);
}

static void end_amx(void) { _tile_release(); }

/// Whether the processor has it, and the system lets this process use it: Linux wants to be asked (arch_prctl(2)).
static bool may_use_amx(void) {
    enum { request_permission = 0x1023, tile_data = 18 };
    if (!__builtin_cpu_supports("amx-tile") || !__builtin_cpu_supports("amx-bf16")) return false;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

/// Writes the sums of one tile, `rows` of them, that stand in `sums`.
static INLINE void amx_finish(const struct lk_product *p, enum epilogue epilogue, const float *sums, ptrdiff_t rows,
                              ptrdiff_t position, ptrdiff_t column) {
    if (epilogue == RELU6_SUM) {
        __m512 bias = _mm512_loadu_ps(p->bias + column), total = _mm512_loadu_ps(p->output + column);
        for (ptrdiff_t i = 0; i < rows; i++)
            total += (__m512)relu6_avx512bf16((vector_avx512bf16)(_mm512_load_ps(sums + i * amx_columns) + bias));
        _mm512_storeu_ps(p->output + column, total);
        return;
    }
    const vector_avx512bf16 bias = p->bias ? load_avx512bf16(p->bias + column) : (vector_avx512bf16){0};
    struct output_position target = output_position(p, position, column);
    if (epilogue == RELU6) {
        for (ptrdiff_t i = 0; i < rows; i++, next_position(p, &target))
            store_avx512bf16(target.output, relu6_avx512bf16(load_avx512bf16(sums + i * amx_columns) + bias));
        return;
    }
    for (ptrdiff_t i = 0; i < rows; i++, next_position(p, &target)) {
        vector_avx512bf16 value = load_avx512bf16(sums + i * amx_columns) + bias;
        if (p->addend) value += load_avx512bf16(p->addend + (position + i) * p->addend_stride + column);
        store_avx512bf16(target.output, value);
    }
}

/// 32 positions by one or two times 16 columns.
static INLINE void amx_tile(const struct lk_product *p, enum epilogue epilogue, ptrdiff_t position, ptrdiff_t column,
                            bool two_rows, bool two_columns, const uint16_t *weights, ptrdiff_t weights_stride) {
    _tile_zero(0);
    if (two_columns) _tile_zero(1);
    if (two_rows) _tile_zero(2);
    if (two_rows && two_columns) _tile_zero(3);
    const uint16_t *segment = (const uint16_t *)p->input + position * p->input_stride;
    const size_t stride = (size_t)p->input_stride * 2;
    for (ptrdiff_t s = 0; s < p->segment_count; s++, segment += p->segment_stride) {
        for (ptrdiff_t k = 0; k < p->depth; k += amx_depth, weights += amx_depth * amx_columns) {
            _tile_loadd(6, weights, 64);
            _tile_loadd(4, segment + k, stride);
            _tile_dpbf16ps(0, 4, 6);
            if (two_columns) {
                _tile_loadd(7, weights + weights_stride, 64);
                _tile_dpbf16ps(1, 4, 7);
            }
            if (two_rows) {
                _tile_loadd(5, segment + amx_rows * p->input_stride + k, stride);
                _tile_dpbf16ps(2, 5, 6);
                if (two_columns) _tile_dpbf16ps(3, 5, 7);
            }
        }
    }
    float sums[4][amx_rows * amx_columns] __attribute__((aligned(64)));
    ptrdiff_t rows = p->positions - position;
    _tile_stored(0, sums[0], 64);
    if (two_columns) _tile_stored(1, sums[1], 64);
    if (two_rows) _tile_stored(2, sums[2], 64);
    if (two_rows && two_columns) _tile_stored(3, sums[3], 64);
    ptrdiff_t first = rows < amx_rows ? rows : amx_rows;
    ptrdiff_t second = rows - first < amx_rows ? rows - first : amx_rows;
    amx_finish(p, epilogue, sums[0], first, position, column);
    if (two_columns) amx_finish(p, epilogue, sums[1], first, position, column + amx_columns);
    if (two_rows) amx_finish(p, epilogue, sums[2], second, position + amx_rows, column);
    if (two_rows && two_columns)
        amx_finish(p, epilogue, sums[3], second, position + amx_rows, column + amx_columns);
}

static INLINE void amx_product(const struct lk_product *p, enum epilogue epilogue) {
    const ptrdiff_t block = p->segment_count * round_up(p->depth, amx_depth) * amx_columns;
    const uint16_t *weights = p->weights;
    for (ptrdiff_t column = 0; column < p->columns; column += 2 * amx_columns, weights += 2 * block) {
        bool two_columns = column + amx_columns < p->columns;
        for (ptrdiff_t position = 0; position < p->positions; position += 2 * amx_rows) {
            bool two_rows = position + amx_rows < p->positions;
            if (two_rows && two_columns) amx_tile(p, epilogue, position, column, true, true, weights, block);
            else if (two_rows) amx_tile(p, epilogue, position, column, true, false, weights, block);
            else if (two_columns) amx_tile(p, epilogue, position, column, false, true, weights, block);
            else amx_tile(p, epilogue, position, column, false, false, weights, block);
        }
    }
}

static void multiply_relu6_amx(const struct lk_product *p) { amx_product(p, RELU6); }
static void multiply_add_amx(const struct lk_product *p) { amx_product(p, ADD); }
static void multiply_relu6_sum_amx(const struct lk_product *p) { amx_product(p, RELU6_SUM); }

static size_t packed_count_amx(ptrdiff_t segment_count, ptrdiff_t depth, ptrdiff_t columns) {
    return (size_t)(segment_count * round_up(depth, amx_depth) * columns);
}

static void pack_amx(const float *weights, ptrdiff_t column_stride, ptrdiff_t depth_stride, ptrdiff_t segment_count,
                     ptrdiff_t depth, ptrdiff_t filled_columns, ptrdiff_t columns, void *packed) {
    const ptrdiff_t padded = round_up(depth, amx_depth);
    uint16_t *target = packed;
    memset(target, 0, packed_count_amx(segment_count, depth, columns) * sizeof *target);
    for (ptrdiff_t column = 0; column < columns; column += amx_columns)
        for (ptrdiff_t s = 0; s < segment_count; s++, target += padded * amx_columns)
            for (ptrdiff_t c = column; c < column + amx_columns && c < filled_columns; c++) {
                const float *source = weights + c * column_stride + s * depth * depth_stride;
                for (ptrdiff_t k = 0; k < depth; k++)
                    target[(k / 2 * amx_columns + c - column) * 2 + k % 2] = bfloat16(source[k * depth_stride]);
            }
}

static const struct lk_engine_kernels kernels_amx = {
    .name = "amx",
    .precision = "bfloat16",
    .lanes = amx_columns,
    .depth_unit = amx_depth,
    .spare_positions = 2 * amx_rows - 1,
    .element_bytes = 2,
    .begin = begin_amx,
    .end = end_amx,
    .multiply_relu6 = multiply_relu6_amx,
    .multiply_add = multiply_add_amx,
    .multiply_relu6_sum = multiply_relu6_sum_amx,
    .depthwise_relu6 = depthwise_relu6_avx512bf16,
    .narrow = narrow_avx512bf16,
    .packed_count = packed_count_amx,
    .pack = pack_amx,
};
