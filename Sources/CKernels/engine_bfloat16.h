// The engine's kernels in bfloat16 with AVX512_BF16: pairs of elements are multiplied and added up in float32.
static INLINE __m512 multiply_add_pairs(__m512 sum, const uint16_t *weights, const uint16_t *input) {
    int pair;
    memcpy(&pair, input, sizeof pair);
    return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_loadu_si512(weights), (__m512bh)_mm512_set1_epi32(pair));
}

static INLINE void store_bfloat16(uint16_t *address, __m512 value) {
    _mm256_storeu_si256((__m256i *)address, (__m256i)_mm512_cvtneps_pbh(value));
}

#define NAME(x) x##_avx512bf16
#define LANES 16
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define TILE_CASES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define KERNELS_NAME "avx512bf16"
#define ELEMENT uint16_t
#define DEPTH_UNIT 2
#define MULTIPLY_ADD(sum, weights, input) (sum) = (NAME(vector))multiply_add_pairs((__m512)(sum), weights, input)
#define STORE_ELEMENTS(address, value) store_bfloat16(address, (__m512)(value))
#define NARROW(value) bfloat16(value)
#define PRECISION_NAME "bfloat16"
#include "engine_loops.h"
