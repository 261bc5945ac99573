#include "CodeKernels.h"

#include "KernelDispatch.h"

#if defined(__x86_64__) && !defined(LK_THREAD_SANITIZED)
#define LK_X86 1
#include <immintrin.h>
#endif

typedef const struct lk_code_query *query_t;
typedef const struct lk_records *records_t;

static inline __attribute__((always_inline)) const uint8_t *record(records_t records, uint32_t slot) {
    return records->base + slot * records->stride;
}

static inline __attribute__((always_inline)) float score(query_t query, records_t records, const uint8_t *row,
                                                         int32_t product) {
    const float *scale = (const float *)(row + records->scale_position);
    return query->scale * scale[0] * (float)(product - query->correction) + scale[1] + query->offset;
}

// Records of a graph walk lie anywhere, and a miss takes longer than all the arithmetic of one. Asking for every line of
// the list before the first is read lets the misses overlap.
static inline __attribute__((always_inline)) void prefetch(records_t records, const uint32_t *slots, size_t count) {
    size_t length = records->scale_position + 8;
    for (size_t i = 0; i < count; i++) {
        lk_prefetch(record(records, slots[i]), length);
    }
}

// Each instruction set has a function `product` of its own; the two loops around it are the same for all. `product`
// comes in a second form that takes four records at once, where that is faster.
#define DEFINE_KERNELS(suffix, attributes)                                                                            \
    attributes static size_t score_##suffix(query_t query, records_t records, const uint32_t *slots, size_t count,    \
                                            float threshold, struct lk_scored_slot *kept) {                           \
        prefetch(records, slots, count);                                                                              \
        size_t kept_count = 0;                                                                                        \
        size_t i = 0;                                                                                                 \
        for (; i + 4 <= count; i += 4) {                                                                              \
            const uint8_t *rows[4];                                                                                   \
            int32_t products[4];                                                                                      \
            for (int j = 0; j < 4; j++) rows[j] = record(records, slots[i + j]);                                      \
            product4_##suffix(query->codes, rows, records->dimension, products);                                      \
            for (int j = 0; j < 4; j++) {                                                                             \
                float value = score(query, records, rows[j], products[j]);                                            \
                kept[kept_count] = (struct lk_scored_slot){value, slots[i + j]};                                      \
                kept_count += value > threshold;                                                                      \
            }                                                                                                         \
        }                                                                                                             \
        for (; i < count; i++) {                                                                                      \
            const uint8_t *row = record(records, slots[i]);                                                           \
            float value = score(query, records, row, product_##suffix(query->codes, row, records->dimension));        \
            kept[kept_count] = (struct lk_scored_slot){value, slots[i]};                                              \
            kept_count += value > threshold;                                                                          \
        }                                                                                                             \
        return kept_count;                                                                                            \
    }                                                                                                                 \
    attributes static bool any_above_##suffix(query_t query, records_t records, const uint32_t *slots, size_t count,  \
                                              float threshold) {                                                      \
        for (size_t i = 0; i < count; i++) {                                                                          \
            const uint8_t *row = record(records, slots[i]);                                                           \
            int32_t product = product_##suffix(query->codes, row, records->dimension);                                \
            if (score(query, records, row, product) > threshold) return true;                                         \
        }                                                                                                             \
        return false;                                                                                                 \
    }

// Portable: the truth that the others are held to. Reads `dimension` bytes and no more.

static inline __attribute__((always_inline)) int32_t product_portable(const int8_t *codes, const uint8_t *row,
                                                                      size_t dimension) {
    int32_t sum = 0;
    for (size_t i = 0; i < dimension; i++) {
        sum += (int32_t)codes[i] * (int32_t)row[i];
    }
    return sum;
}

static inline __attribute__((always_inline)) void product4_portable(const int8_t *codes, const uint8_t *const rows[4],
                                                                    size_t dimension, int32_t products[4]) {
    for (int j = 0; j < 4; j++) products[j] = product_portable(codes, rows[j], dimension);
}

DEFINE_KERNELS(portable, )

#if LK_X86

#define AVX2 __attribute__((target("avx2")))
#define AVX512VNNI __attribute__((target("avx512f,avx512vnni")))

// AVX2 has an instruction for bytes too, but it saturates at 16 bits; so bytes are widened first.

AVX2 static inline int32_t sum_avx2(__m256i values) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(1, 0, 3, 2)));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm_cvtsi128_si32(sum);
}

AVX2 static inline int32_t product_avx2(const int8_t *codes, const uint8_t *row, size_t dimension) {
    __m256i sum = _mm256_setzero_si256();
    for (size_t i = 0; i < dimension; i += 16) {
        __m256i a = _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)(codes + i)));
        __m256i b = _mm256_cvtepu8_epi16(_mm_load_si128((const __m128i *)(row + i)));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
    }
    return sum_avx2(sum);
}

AVX2 static inline void product4_avx2(const int8_t *codes, const uint8_t *const rows[4], size_t dimension,
                                      int32_t products[4]) {
    for (int j = 0; j < 4; j++) products[j] = product_avx2(codes, rows[j], dimension);
}

DEFINE_KERNELS(avx2, AVX2)

AVX512VNNI static inline __m512i dot_line(__m512i sum, const int8_t *codes, const uint8_t *row) {
    return _mm512_dpbusd_epi32(sum, _mm512_load_si512(row), _mm512_load_si512(codes));
}

AVX512VNNI static inline __m128i fold(__m512i sum) {
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

AVX512VNNI static inline int32_t product_avx512vnni(const int8_t *codes, const uint8_t *row, size_t dimension) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < dimension; i += 64) {
        sum = dot_line(sum, codes + i, row + i);
    }
    __m128i quarter = fold(sum);
    quarter = _mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, _MM_SHUFFLE(1, 0, 3, 2)));
    quarter = _mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm_cvtsi128_si32(quarter);
}

AVX512VNNI static inline void product4_avx512vnni(const int8_t *codes, const uint8_t *const rows[4], size_t dimension,
                                                  int32_t products[4]) {
    __m512i sums[4];
    for (int j = 0; j < 4; j++) sums[j] = _mm512_setzero_si512();
    for (size_t i = 0; i < dimension; i += 64) {
        for (int j = 0; j < 4; j++) sums[j] = dot_line(sums[j], codes + i, rows[j] + i);
    }
    // Transposes while it adds up: lane j of the result is the sum of all lanes of sums[j].
    __m128i a = fold(sums[0]), b = fold(sums[1]), c = fold(sums[2]), d = fold(sums[3]);
    __m128i ab = _mm_hadd_epi32(a, b), cd = _mm_hadd_epi32(c, d);
    _mm_storeu_si128((__m128i *)products, _mm_hadd_epi32(ab, cd));
}

DEFINE_KERNELS(avx512vnni, AVX512VNNI)

#endif

#define KERNELS(suffix) {#suffix, score_##suffix, any_above_##suffix}

static const struct lk_code_kernels versions[] = {
#if LK_X86
    KERNELS(avx512vnni),
    KERNELS(avx2),
#endif
    KERNELS(portable),
};

enum { VERSION_COUNT = sizeof versions / sizeof versions[0] };

static size_t first_version(void) {
#if LK_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni")) return 0;
    if (__builtin_cpu_supports("avx2")) return 1;
    return 2;
#else
    return 0;
#endif
}

size_t lk_code_kernels_count(void) {
    return VERSION_COUNT - first_version();
}

const struct lk_code_kernels *lk_code_kernels_at(size_t index) {
    return &versions[first_version() + index];
}

LK_DISPATCH
int32_t lk_code_unbias(const uint8_t *code, size_t dimension, int8_t *codes) {
    int32_t sum = 0;
    for (size_t i = 0; i < dimension; i++) {
        int8_t value = (int8_t)(code[i] ^ 0x80);
        codes[i] = value;
        sum += value;
    }
    return 128 * sum;
}

// 127 · 256: the highest high byte is 127 and the lowest −127 when the low byte is rounded to nearest.
static const float largest = 32512;

LK_DISPATCH
float lk_quantize(const float *vector, size_t dimension, uint8_t *high, int8_t *low) {
    float peak = 0;
    for (size_t i = 0; i < dimension; i++) {
        float magnitude = __builtin_fabsf(vector[i]);
        peak = magnitude > peak ? magnitude : peak;
    }
    // Below this the reciprocal overflows; such a vector is zero for every purpose here.
    int is_zero = peak < 1e-30f;
    float factor = is_zero ? 0 : largest / peak;
    for (size_t i = 0; i < dimension; i++) {
        float scaled = vector[i] * factor;
        int32_t value = (int32_t)(scaled + (scaled < 0 ? -0.5f : 0.5f));
        int32_t upper = (value + 128) >> 8;
        high[i] = (uint8_t)(upper + 128);
        low[i] = (int8_t)(value - upper * 256);
    }
    return is_zero ? 0 : peak / 127;
}

static inline __attribute__((always_inline)) float fixed_point(uint8_t high, int8_t low) {
    return (float)(((int32_t)high - 128) * 256 + (int32_t)low);
}

LK_DISPATCH
void lk_dequantize(const uint8_t *high, const int8_t *low, float scale, size_t dimension, float *vector) {
    float unit = scale / 256;
    for (size_t i = 0; i < dimension; i++) {
        vector[i] = unit * fixed_point(high[i], low[i]);
    }
}

LK_DISPATCH
float lk_fixed_point_inner_product(const float *query, const uint8_t *high, const int8_t *low, float scale,
                                   size_t dimension) {
    // Float addition may be reordered here and below: without that the sum is one serial chain.
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
    for (size_t i = 0; i < dimension; i++) {
        sum += query[i] * fixed_point(high[i], low[i]);
    }
    return sum * (scale / 256);
}

LK_DISPATCH
float lk_fixed_point_squared_distance(const float *query, const uint8_t *high, const int8_t *low, float scale,
                                      size_t dimension) {
#pragma clang fp reassociate(on) contract(fast)
    float unit = scale / 256;
    float sum = 0;
    for (size_t i = 0; i < dimension; i++) {
        float difference = query[i] - unit * fixed_point(high[i], low[i]);
        sum += difference * difference;
    }
    return sum;
}
