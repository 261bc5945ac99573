#ifndef LOOKALIKE_PROCESSOR_H
#define LOOKALIKE_PROCESSOR_H

/// The instruction set for which the kernels of this target run on this machine: "x86-64-v4", "x86-64-v3", "x86-64", or
/// "portable" where there is only one version of each.
const char *lk_instruction_set(void);

#endif
