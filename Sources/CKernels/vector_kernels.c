#include "VectorKernels.h"

#include "KernelDispatch.h"

enum { FLOATS_PER_CACHE_LINE = 16 };

static inline __attribute__((always_inline)) float dot(const float *a, const float *b, size_t dimension) {
    // Float addition may be reordered here and only here: without that the sum is one serial chain.
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
    for (size_t i = 0; i < dimension; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static inline __attribute__((always_inline)) void prefetch_row(const float *row, size_t dimension) {
    for (size_t i = 0; i < dimension; i += FLOATS_PER_CACHE_LINE) {
        __builtin_prefetch(row + i, 0, 3);
    }
}

LK_DISPATCH
float lk_inner_product(const float *a, const float *b, size_t dimension) {
    return dot(a, b, dimension);
}

LK_DISPATCH
void lk_inner_products_of_rows(const float *query, const float *matrix, size_t stride, size_t dimension,
                                      const uint32_t *rows, size_t count, float *scores) {
    // Rows of a graph search lie anywhere, so the next one is fetched while this one is summed.
    if (count > 0) {
        prefetch_row(matrix + rows[0] * stride, dimension);
    }
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count) {
            prefetch_row(matrix + rows[i + 1] * stride, dimension);
        }
        scores[i] = dot(query, matrix + rows[i] * stride, dimension);
    }
}

LK_DISPATCH
void lk_inner_products_of_range(const float *query, const float *matrix, size_t stride, size_t dimension,
                                       size_t count, float *scores) {
    for (size_t i = 0; i < count; i++) {
        scores[i] = dot(query, matrix + i * stride, dimension);
    }
}

LK_DISPATCH
bool lk_any_inner_product_above(const float *query, const float *matrix, size_t stride, size_t dimension,
                                       const uint32_t *rows, size_t count, float threshold) {
    for (size_t i = 0; i < count; i++) {
        if (dot(query, matrix + rows[i] * stride, dimension) > threshold) {
            return true;
        }
    }
    return false;
}
