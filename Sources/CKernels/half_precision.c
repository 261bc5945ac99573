#include "HalfPrecision.h"

#include <string.h>

#include "KernelDispatch.h"

static inline float float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

LK_DISPATCH
void lk_widen_halves(const uint16_t *halves, ptrdiff_t count, float *floats) {
    // Exponent and mantissa move to their place in a float32; multiplying by 2^112 then mends the exponent's bias, and
    // turns binary16 subnormals into normal numbers on the way. What was infinite or NaN lands at 2^16 or above.
    const float rebias = float_from_bits(0x77800000u);
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t half = halves[i];
        float magnitude = float_from_bits((half & 0x7fffu) << 13) * rebias;
        uint32_t bits = bits_of_float(magnitude);
        bits |= magnitude >= 65536.0f ? 0x7f800000u : 0;
        floats[i] = float_from_bits(bits | (half & 0x8000u) << 16);
    }
}
