import CKernels

/// The comparison of codes, for one instruction set of the processor.
struct CodeKernels: Sendable {
    typealias Score =
        @convention(c) (
            UnsafePointer<lk_code_query>?, UnsafePointer<lk_records>?, UnsafePointer<UInt32>?, Int, Float,
            UnsafeMutablePointer<lk_scored_slot>?
        ) -> Int
    typealias AnyAbove =
        @convention(c) (
            UnsafePointer<lk_code_query>?, UnsafePointer<lk_records>?, UnsafePointer<UInt32>?, Int, Float
        ) -> Bool

    let name: String
    let score: Score
    let anyAbove: AnyAbove

    /// All that this machine can run, the fastest first.
    static let all: [CodeKernels] = (0..<lk_code_kernels_count()).map { index in
        let version = lk_code_kernels_at(index)!.pointee
        return CodeKernels(
            name: String(cString: version.name),
            score: version.score,
            anyAbove: version.any_above
        )
    }

    static let best = all[0]
}
