// The engine's kernels in float32; engine_loops.h says what else has to be defined.
#define ELEMENT float
#define DEPTH_UNIT 1
#define MULTIPLY_ADD(sum, weights, input) (sum) += NAME(load)(weights) * *(input)
#define STORE_ELEMENTS(address, value) NAME(store)(address, value)
#define NARROW(value) (value)
#define PRECISION_NAME "float32"
#include "engine_loops.h"
