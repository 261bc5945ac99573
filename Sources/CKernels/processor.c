#include "Processor.h"

#include "KernelDispatch.h"

const char *lk_instruction_set(void) {
#if defined(__x86_64__) && defined(__linux__) && !defined(LK_THREAD_SANITIZED)
    // The same test that the dispatch of LK_DISPATCH makes when the program is loaded.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
    if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
    return "x86-64";
#else
    return "portable";
#endif
}
