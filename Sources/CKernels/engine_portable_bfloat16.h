// The engine's kernels in bfloat16 for processors without such instructions: slower than float32, but the same vectors
// as theirs, so that every machine can make and test them.
static INLINE float widened(uint16_t element) {
    uint32_t bits = (uint32_t)element << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef float float4 __attribute__((vector_size(16), aligned(4)));

static INLINE float4 widened4(const uint16_t *elements) {
    return (float4){widened(elements[0]), widened(elements[1]), widened(elements[2]), widened(elements[3])};
}

static INLINE void store_narrowed4(uint16_t *address, float4 values) {
    for (int i = 0; i < 4; i++) address[i] = bfloat16(values[i]);
}

#define NAME(x) x##_portable_bfloat16
#define LANES 4
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define TILE_CASES(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define KERNELS_NAME "portable"
#define ELEMENT uint16_t
#define DEPTH_UNIT 1
#define MULTIPLY_ADD(sum, weights, input) (sum) += widened4(weights) * widened(*(input))
#define STORE_ELEMENTS(address, value) store_narrowed4(address, value)
#define NARROW(value) bfloat16(value)
#define PRECISION_NAME "bfloat16"
#include "engine_loops.h"
