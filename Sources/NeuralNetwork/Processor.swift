internal import CKernels

/// Tells what the kernels run on.
public enum Processor {
    /// The instruction set that the kernels chose on this machine, such as `x86-64-v4` (AVX-512) or
    /// `x86-64-v3` (AVX2).
    public static var kernelInstructionSet: String { String(cString: lk_instruction_set()) }
}
