internal import CKernels

/// The inner loops of the engine, for one instruction set of the processor and one precision.
public struct EngineKernels: Sendable, CustomStringConvertible {
    /// The instruction set: `avx512`, `avx2`, `portable`, ….
    public let name: String
    /// What products read; sums are float32 always.
    public let precision: Precision
    let lanes: Int
    let depthUnit: Int
    let sparePositions: Int
    let elementBytes: Int
    let functions: Functions

    struct Functions: @unchecked Sendable {
        // Unchecked: a table of pointers to C functions, constant for the life of the program.
        let table: UnsafePointer<lk_engine_kernels>
    }

    /// All that this machine can run, the fastest first.
    public static let all: [EngineKernels] = (0..<lk_engine_kernels_count()).map { index in
        let table = lk_engine_kernels_at(index)!
        return EngineKernels(
            name: String(cString: table.pointee.name),
            precision: Precision(rawValue: String(cString: table.pointee.precision))!,
            lanes: table.pointee.lanes,
            depthUnit: table.pointee.depth_unit,
            sparePositions: table.pointee.spare_positions,
            elementBytes: table.pointee.element_bytes,
            functions: Functions(table: table)
        )
    }

    /// The fastest of all.
    public static var best: EngineKernels { all[0] }

    /// The fastest that keep `precision`; every processor has some.
    public static func best(_ precision: Precision) -> EngineKernels {
        all.first { $0.precision == precision }!
    }

    /// Expanded channels that a block handles together; every layer but three has a multiple of it.
    ///
    /// Measured with AVX-512: 48 make the projections' sums travel to memory and back too often (4 % slower), 144 fill
    /// the first-level cache (12 % slower).
    var panelWidth: Int { 96 }

    /// About so many positions are expanded and filtered before they are projected, for the same reason.
    var stripPositions: Int { precision == .float32 ? 56 : 112 }

    /// The instruction set and the precision, as in `avx512 float32`.
    public var description: String { "\(name) \(precision.rawValue)" }
}

/// Names the format of the activations and weights that are multiplied.
public enum Precision: String, Sendable, Codable, CaseIterable {
    /// IEEE 754 single precision: 24 bits of significand.
    case float32
    /// The upper half of a float32: 8 bits of significand, the same range.
    case bfloat16
}

extension Int {
    /// The next multiple of `unit` that is not smaller.
    func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
