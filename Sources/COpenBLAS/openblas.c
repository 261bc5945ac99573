#include "COpenBLAS.h"

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>

static struct {
    __typeof__(cblas_sgemm) *sgemm;
    __typeof__(openblas_set_num_threads) *set_num_threads;
    __typeof__(openblas_get_config) *get_config;
    __typeof__(openblas_get_corename) *get_corename;
} blas;

static bool is_loaded;

static void load(void) {
#ifdef __APPLE__
    void *library = dlopen("libopenblas.dylib", RTLD_LAZY);
#else
    void *library = dlopen("libopenblas.so.0", RTLD_LAZY);
#endif
    if (!library) return;
    blas.sgemm = (__typeof__(blas.sgemm))dlsym(library, "cblas_sgemm");
    blas.set_num_threads = (__typeof__(blas.set_num_threads))dlsym(library, "openblas_set_num_threads");
    blas.get_config = (__typeof__(blas.get_config))dlsym(library, "openblas_get_config");
    blas.get_corename = (__typeof__(blas.get_corename))dlsym(library, "openblas_get_corename");
    is_loaded = blas.sgemm && blas.set_num_threads && blas.get_config && blas.get_corename;
    // One picture per core beats threads inside one product: 95 against 137 ms for eight pictures on two cores.
    if (is_loaded) blas.set_num_threads(1);
}

bool openblas_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return is_loaded;
}

const char *openblas_configuration(void) { return blas.get_config(); }

const char *openblas_core_type(void) { return blas.get_corename(); }

void openblas_multiply(const float *left, const float *right, bool transposed, ptrdiff_t rows, ptrdiff_t depth,
                       ptrdiff_t columns, float *product) {
    blas.sgemm(CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, (blasint)rows, (blasint)columns,
               (blasint)depth, 1, left, (blasint)depth, right, (blasint)(transposed ? depth : columns), 0, product,
               (blasint)columns);
}
