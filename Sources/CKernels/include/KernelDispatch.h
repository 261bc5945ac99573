#ifndef LOOKALIKE_KERNEL_DISPATCH_H
#define LOOKALIKE_KERNEL_DISPATCH_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LK_THREAD_SANITIZED 1
#endif
#endif

/// Compiles a function once per instruction set and lets the loader pick one for the processor, so that one binary starts
/// anywhere and is fast everywhere. Measured as fast as hand-written intrinsics for the loops kept in this target.
///
/// Elsewhere than on x86-64 Linux there is one version (NEON on arm64). So there is under the thread sanitizer, whose
/// runtime is not up yet when the loader asks which version to take.
#if defined(__x86_64__) && defined(__linux__) && !defined(LK_THREAD_SANITIZED)
#define LK_DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LK_DISPATCH
#endif

#endif
