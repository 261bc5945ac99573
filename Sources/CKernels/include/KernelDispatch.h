#ifndef LOOKALIKE_KERNEL_DISPATCH_H
#define LOOKALIKE_KERNEL_DISPATCH_H

/// Compiles a function once per instruction set and picks one when the program is loaded, so that one binary starts
/// anywhere and is fast everywhere. Measured as fast as hand-written intrinsics for the loops kept in this target.
#if defined(__x86_64__) && defined(__linux__)
#define LK_DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LK_DISPATCH
#endif

#endif
