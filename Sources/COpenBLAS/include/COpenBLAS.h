// The system's OpenBLAS, loaded when the first product is asked for.
//
// Only the readable forward pass multiplies with it, and `doctor` and the tests, which run that. Linked in, it costs every
// command 5 ms, and its threads, which it starts at once and never needs, keep a core busy for another 30.

#ifndef COPENBLAS_H
#define COPENBLAS_H

#include <stdbool.h>
#include <stddef.h>

/// Whether OpenBLAS is on this machine; loads it, and keeps every product on the thread that asks for it.
bool openblas_load(void);

/// The build options that OpenBLAS reports about itself, version first. Of a loaded library.
const char *openblas_configuration(void);

/// The processor family whose kernels OpenBLAS chose. Of a loaded library.
const char *openblas_core_type(void);

/// product[rows][columns] = left[rows][depth] · right[depth][columns], or · the transpose of right[columns][depth].
void openblas_multiply(const float *left, const float *right, bool transposed, ptrdiff_t rows, ptrdiff_t depth,
                       ptrdiff_t columns, float *product);

#endif
