#ifndef LOOKALIKE_CODE_KERNELS_H
#define LOOKALIKE_CODE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Comparing quantised vectors: the inner loop of every nearest-neighbour search.
//
// A component is a 16-bit fixed-point number, high · 256 + low, with one scale per vector. The high bytes, the vector's
// *code*, lie in the graph's records and are all that a walk reads; the low bytes lie apart and refine the candidates
// that are left at its end. Codes are stored with 128 added, as bytes 1…255: the fastest instructions there are for this
// multiply unsigned by signed.

/// Where records lie, and where in a record its code's scale. A record begins on a 64-byte boundary with its code, the
/// scale and the offset (two floats) stand at `scale_position`, and there are at least `dimension` bytes, rounded up to
/// 64, in it: a kernel may read so far and finds zeros in the query for what is not code.
struct lk_records {
    const uint8_t *base;
    size_t stride;
    size_t dimension;
    size_t scale_position;
};

/// The code of one vector, ready to be compared with many. The score of a record is
/// scale · record.scale · Σ codes[i] · (record.code[i] − 128) + record.offset + offset.
struct lk_code_query {
    const int8_t *codes;  ///< on a 64-byte boundary, zeros up to a multiple of 64
    float scale;
    float offset;
    int32_t correction;  ///< 128 · Σ codes[i]
};

/// A record and its score.
struct lk_scored_slot {
    float score;
    uint32_t slot;
};

/// One version of the kernels, for one instruction set.
struct lk_code_kernels {
    const char *name;

    /// Scores the listed records, the neighbours of a graph node say, and keeps those that score more than
    /// `threshold`, in their order. `kept` has room for `count`. Returns how many were kept.
    size_t (*score)(const struct lk_code_query *query, const struct lk_records *records, const uint32_t *slots,
                    size_t count, float threshold, struct lk_scored_slot *kept);

    /// Whether one of the listed records scores more than `threshold`; stops soon after the first.
    bool (*any_above)(const struct lk_code_query *query, const struct lk_records *records, const uint32_t *slots,
                      size_t count, float threshold);
};

/// How many versions this machine can run; at least 1. The first is the fastest, the last the portable one.
size_t lk_code_kernels_count(void);

/// A version that this machine can run.
const struct lk_code_kernels *lk_code_kernels_at(size_t index);

/// Copies a stored code into a query's codes (`dimension` of them) and returns its correction.
int32_t lk_code_unbias(const uint8_t *code, size_t dimension, int8_t *codes);

/// Quantises a vector to 16 bits per component: vector[i] ≈ scale / 256 · ((high[i] − 128) · 256 + low[i]).
/// Returns the scale, 0 for a vector of zeros.
float lk_quantize(const float *vector, size_t dimension, uint8_t *high, int8_t *low);

/// The reverse, up to rounding.
void lk_dequantize(const uint8_t *high, const int8_t *low, float scale, size_t dimension, float *vector);

/// Inner product of a float vector and a 16-bit one, and squared Euclidean distance of the two.
float lk_fixed_point_inner_product(const float *query, const uint8_t *high, const int8_t *low, float scale,
                                   size_t dimension);
float lk_fixed_point_squared_distance(const float *query, const uint8_t *high, const int8_t *low, float scale,
                                      size_t dimension);

/// Copies the links of a list up to the first free place (all bits set), leaving out slots whose mark is `epoch`, and
/// marks them. Returns how many were copied.
///
/// Whether a link was visited cannot be predicted, so there is no branch on it.
static inline size_t lk_take_unvisited(const uint32_t *links, size_t width, uint8_t *marks, uint8_t epoch,
                                       uint32_t *taken) {
    size_t count = 0;
    for (size_t place = 0; place < width; place++) {
        uint32_t link = __atomic_load_n(links + place, __ATOMIC_ACQUIRE);
        if (link == UINT32_MAX) break;
        taken[count] = link;
        count += marks[link] != epoch;
        marks[link] = epoch;
    }
    return count;
}

/// In slots ordered by score, best first: how many score at least `score`.
///
/// Where a newcomer belongs cannot be predicted, so there is no branch on it; Swift's optimiser puts one in.
static inline size_t lk_rank(const struct lk_scored_slot *slots, size_t count, float score) {
    const struct lk_scored_slot *first = slots;
    while (count > 1) {
        size_t half = count / 2;
        size_t step = first[half - 1].score >= score ? half : 0;
        __asm__("" : "+r"(step));
        first += step;
        count -= half;
    }
    return (size_t)(first - slots) + (count == 1 && first->score >= score);
}

/// Asks for the cache lines of `count` bytes at `address`, which will be read soon. Swift has no spelling for it.
static inline void lk_prefetch(const void *address, size_t count) {
    for (size_t offset = 0; offset < count; offset += 64) {
        __builtin_prefetch((const char *)address + offset, 0, 3);
    }
}

/// Asks for the codes behind the links of a list that will be followed soon, but for those marked with `epoch`.
static inline void lk_prefetch_unvisited(const uint32_t *links, size_t width, const uint8_t *marks, uint8_t epoch,
                                         const struct lk_records *records) {
    for (size_t place = 0; place < width; place++) {
        uint32_t link = __atomic_load_n(links + place, __ATOMIC_ACQUIRE);
        if (link == UINT32_MAX) break;
        if (marks[link] != epoch) {
            lk_prefetch(records->base + link * records->stride, records->scale_position + 8);
        }
    }
}

#endif
