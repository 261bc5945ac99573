#ifndef LOOKALIKE_HALF_PRECISION_H
#define LOOKALIKE_HALF_PRECISION_H

#include <stddef.h>
#include <stdint.h>

/// Widens IEEE 754 binary16 values, given as their bits, to float32. Exact for every input, subnormals included.
void lk_widen_halves(const uint16_t *halves, ptrdiff_t count, float *floats);

#endif
