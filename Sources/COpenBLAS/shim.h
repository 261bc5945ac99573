// The system's OpenBLAS, which pkg-config finds; cblas.h also declares openblas_set_num_threads and its kin.
#include <cblas.h>
