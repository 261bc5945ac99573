#include "EngineKernels.h"

#include <stdbool.h>
#include <string.h>

#include "KernelDispatch.h"

#if defined(__x86_64__) && defined(__linux__) && !defined(LK_THREAD_SANITIZED)
#define LK_X86 1
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

// Sums may be reordered and multiply-adds fused: the tests bound what that costs.
#pragma clang fp reassociate(on) contract(fast)

#define INLINE inline __attribute__((always_inline))

// For loops over arrays that have to live in registers.
#define UNROLL _Pragma("clang loop unroll(full)")

enum epilogue { RELU6, ADD, RELU6_SUM };

// Neighbouring outputs of a depthwise filter that are computed together. Maps are 112, 56, 28, 14 and 7 columns wide.
enum { FILTER_COLUMNS = 7 };

/// How many vectors wide the next panel is when `left` are still to come and a tile has room for `most`: as few panels
/// as can be, and those as equal as can be.
static INLINE ptrdiff_t panel_vectors(ptrdiff_t left, ptrdiff_t most) {
    ptrdiff_t panels = (left + most - 1) / most;
    return (left + panels - 1) / panels;
}

static INLINE ptrdiff_t round_up(ptrdiff_t value, ptrdiff_t unit) { return (value + unit - 1) / unit * unit; }

/// Where the results of a position go, and its place in its row.
struct output_position {
    float *output;
    ptrdiff_t place;
};

static INLINE struct output_position output_position(const struct lk_product *p, ptrdiff_t position, ptrdiff_t column) {
    ptrdiff_t rows = position / p->row_positions;
    return (struct output_position){p->output + position * p->output_stride + rows * p->row_gap + column,
                                    position - rows * p->row_positions};
}

static INLINE void next_position(const struct lk_product *p, struct output_position *target) {
    target->output += p->output_stride;
    if (++target->place == p->row_positions) {
        target->place = 0;
        target->output += p->row_gap;
    }
}

static void begin_nothing(void) {}
static void end_nothing(void) {}

// Rounds to the nearest bfloat16, ties to even, as the instruction does; weights and sums are never NaN.
static INLINE uint16_t bfloat16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#ifdef LK_X86

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define NAME(x) x##_avx512
#define LANES 16
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define TILE_CASES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define KERNELS_NAME "avx512"
#include "engine_float32.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(x) x##_avx2
#define LANES 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define TILE_CASES(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define KERNELS_NAME "avx2"
#include "engine_float32.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), apply_to = function)
#include "engine_bfloat16.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16,amx-tile,amx-bf16"))), apply_to = function)
#include "engine_amx.h"
#pragma clang attribute pop

#endif

// NEON on arm64, SSE2 on other x86-64: 16 or 32 registers of four floats.
#define NAME(x) x##_portable
#define LANES 4
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define TILE_CASES(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define KERNELS_NAME "portable"
#include "engine_float32.h"

#include "engine_portable_bfloat16.h"

enum { most_versions = 6 };

static size_t versions(const struct lk_engine_kernels *found[most_versions]) {
    size_t count = 0;
#ifdef LK_X86
    __builtin_cpu_init();
    bool avx512 = __builtin_cpu_supports("x86-64-v4");
    bool pairs = avx512 && __builtin_cpu_supports("avx512bf16");
    // AMD multiplies pairs at twice the rate of float32, Intel at less than the same (Sapphire Rapids: 93 pictures/s
    // against 128) and has AMX instead.
    bool prefers_pairs = pairs && __builtin_cpu_is("amd");
    if (pairs && may_use_amx()) found[count++] = &kernels_amx;
    if (prefers_pairs) found[count++] = &kernels_avx512bf16;
    if (avx512) found[count++] = &kernels_avx512;
    if (__builtin_cpu_supports("x86-64-v3")) found[count++] = &kernels_avx2;
    if (pairs && !prefers_pairs) found[count++] = &kernels_avx512bf16;
#endif
    found[count++] = &kernels_portable;
    found[count++] = &kernels_portable_bfloat16;
    return count;
}

size_t lk_engine_kernels_count(void) {
    const struct lk_engine_kernels *found[most_versions];
    return versions(found);
}

const struct lk_engine_kernels *lk_engine_kernels_at(size_t index) {
    const struct lk_engine_kernels *found[most_versions];
    return index < versions(found) ? found[index] : NULL;
}
