#ifndef LOOKALIKE_VECTOR_KERNELS_H
#define LOOKALIKE_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Inner products of one vector with many rows of a matrix: the inner loop of every nearest-neighbour search.
//
// A matrix is `rows` of `dimension` floats, the first floats of two neighbouring rows lying `stride` floats apart.
// Any dimension and any alignment is allowed; rows on 64-byte boundaries are fastest. Each function adds in the
// same order on one machine, so that one pair of vectors has one score whichever function computed it. The order
// differs between instruction sets, hence the last bits of a score may.

/// The inner product of two vectors.
float lk_inner_product(const float *a, const float *b, size_t dimension);

/// Scores the rows listed in `rows`, the neighbours of a graph node say: scores[i] = query · matrix[rows[i]].
void lk_inner_products_of_rows(const float *query, const float *matrix, size_t stride, size_t dimension,
                                      const uint32_t *rows, size_t count, float *scores);

/// Scores `count` rows lying one after the other, beginning at `matrix`.
void lk_inner_products_of_range(const float *query, const float *matrix, size_t stride, size_t dimension,
                                       size_t count, float *scores);

/// Whether one of the listed rows has an inner product with the query greater than `threshold`; stops at the first.
bool lk_any_inner_product_above(const float *query, const float *matrix, size_t stride, size_t dimension,
                                       const uint32_t *rows, size_t count, float threshold);

/// Asks for the cache line at `address`, which will be read soon. Swift has no spelling for it.
static inline void lk_prefetch(const void *address) {
    __builtin_prefetch(address, 0, 3);
}

#endif
