// Depthwise filters of the engine; a part of engine_loops.h, which says what the names in capitals are.

/// `count` neighbouring outputs of one vector of channels: each input column is read once and used for all of them.
static INLINE void NAME(filter)(const struct lk_depthwise_row *r, ptrdiff_t size, ptrdiff_t stride, ptrdiff_t count,
                                ptrdiff_t position, ptrdiff_t channel) {
    const ptrdiff_t channels = r->channels;
    NAME(vector) sums[FILTER_COLUMNS];
    UNROLL
    for (ptrdiff_t x = 0; x < count; x++) sums[x] = NAME(load)(r->bias + channel);
    const float *weights = r->weights + channel;
    // One row at a time: all of a 5×5 filter would not fit into the registers.
#pragma clang loop unroll(disable)
    for (ptrdiff_t y = 0; y < size; y++, weights += size * channels) {
        const float *row = r->rows[y] + position * stride * channels + channel;
        NAME(vector) taps[5];
        UNROLL
        for (ptrdiff_t t = 0; t < size; t++) taps[t] = NAME(load)(weights + t * channels);
        UNROLL
        for (ptrdiff_t column = 0; column < (count - 1) * stride + size; column++) {
            NAME(vector) value = NAME(load)(row + column * channels);
            UNROLL
            for (ptrdiff_t x = 0; x < count; x++) {
                ptrdiff_t tap = column - x * stride;
                if (tap >= 0 && tap < size) sums[x] += value * taps[tap];
            }
        }
    }
    ELEMENT *output = (ELEMENT *)r->output + position * channels + channel;
    UNROLL
    for (ptrdiff_t x = 0; x < count; x++) STORE_ELEMENTS(output + x * channels, NAME(relu6)(sums[x]));
}

static INLINE void NAME(filter_row)(const struct lk_depthwise_row *r, ptrdiff_t size, ptrdiff_t stride) {
    for (ptrdiff_t channel = 0; channel < r->channels; channel += LANES) {
        ptrdiff_t position = 0;
        for (; position + FILTER_COLUMNS <= r->positions; position += FILTER_COLUMNS)
            NAME(filter)(r, size, stride, FILTER_COLUMNS, position, channel);
        for (; position < r->positions; position++) NAME(filter)(r, size, stride, 1, position, channel);
    }
}

static void NAME(depthwise_relu6)(const struct lk_depthwise_row *r) {
    if (r->kernel_size == 3 && r->stride == 1) NAME(filter_row)(r, 3, 1);
    else if (r->kernel_size == 3 && r->stride == 2) NAME(filter_row)(r, 3, 2);
    else if (r->kernel_size == 5 && r->stride == 1) NAME(filter_row)(r, 5, 1);
    else if (r->kernel_size == 5 && r->stride == 2) NAME(filter_row)(r, 5, 2);
    else __builtin_trap();
}

/// Rounds `count` floats, a multiple of LANES, to elements.
static void NAME(narrow)(const float *values, ptrdiff_t count, void *elements) {
    for (ptrdiff_t i = 0; i + LANES <= count; i += LANES)
        STORE_ELEMENTS((ELEMENT *)elements + i, NAME(load)(values + i));
    for (ptrdiff_t i = count / LANES * LANES; i < count; i++) ((ELEMENT *)elements)[i] = NARROW(values[i]);
}
