#ifndef LOOKALIKE_PEAK_H
#define LOOKALIKE_PEAK_H

#include <stddef.h>

/// Does nothing but fused multiply-adds of float32 in registers, as wide as the processor has them: what its arithmetic
/// is capable of, for measurements to be held against. Returns how many multiply-adds it did, 12 · 8 · lanes each round.
double lk_peak_multiply_adds(size_t rounds);

/// Lanes of the vectors that `lk_peak_multiply_adds` uses on this processor.
size_t lk_peak_lanes(void);

#endif
