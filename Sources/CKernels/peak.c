#include "Peak.h"

#include "KernelDispatch.h"

#pragma clang fp contract(fast)

// Sums that do not wait for each other: two instructions start in a cycle and each takes four.
enum { CHAINS = 12, UNROLLED = 8 };

// The optimiser must neither know the numbers nor find that nobody asks for the result.
static volatile float factor_source = 0.999f, addend_source = 0.001f, result_sink;

#define DEFINE_PEAK(NAME, LANES)                                                                                    \
    static void NAME(size_t rounds) {                                                                               \
        typedef float vector __attribute__((vector_size(LANES * sizeof(float))));                                   \
        vector factor = (vector){0} + factor_source, addend = (vector){0} + addend_source, sums[CHAINS];            \
        for (int chain = 0; chain < CHAINS; chain++)                                                                \
            sums[chain] = (vector){0} + (float)chain;                                                               \
        for (size_t round = 0; round < rounds; round++) {                                                           \
            _Pragma("clang loop unroll(full)") for (int step = 0; step < UNROLLED; step++) {                        \
                _Pragma("clang loop unroll(full)") for (int chain = 0; chain < CHAINS; chain++)                     \
                    sums[chain] = sums[chain] * factor + addend;                                                    \
            }                                                                                                       \
        }                                                                                                           \
        float result = 0;                                                                                           \
        for (int chain = 0; chain < CHAINS; chain++)                                                                \
            result += sums[chain][0];                                                                               \
        result_sink = result;                                                                                       \
    }

#if defined(__x86_64__) && defined(__linux__) && !defined(LK_THREAD_SANITIZED)

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
DEFINE_PEAK(peak_avx512, 16)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
DEFINE_PEAK(peak_avx2, 8)
#pragma clang attribute pop
DEFINE_PEAK(peak_portable, 4)

size_t lk_peak_lanes(void) {
    if (__builtin_cpu_supports("x86-64-v4"))
        return 16;
    return __builtin_cpu_supports("x86-64-v3") ? 8 : 4;
}

double lk_peak_multiply_adds(size_t rounds) {
    size_t lanes = lk_peak_lanes();
    (lanes == 16 ? peak_avx512 : lanes == 8 ? peak_avx2 : peak_portable)(rounds);
    return (double)rounds * CHAINS * UNROLLED * (double)lanes;
}

#else

DEFINE_PEAK(peak_portable, 4)

size_t lk_peak_lanes(void) { return 4; }

double lk_peak_multiply_adds(size_t rounds) {
    peak_portable(rounds);
    return (double)rounds * CHAINS * UNROLLED * 4;
}

#endif
