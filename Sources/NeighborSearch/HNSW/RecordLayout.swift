/// What lies where in the record of a node: everything that a walk reads of it, on cache lines of its own.
///
///     0               code       UInt8    per component
///     scalePosition   scale      Float    of the code
///     +4              offset     Float    added to a score: 0, or minus the squared length (Euclidean)
///     linksPosition   links      UInt32   at least 2M − 2 places, free ones last
///
/// Two places fewer than the paper's 2M: with M 24 and 256 components the record is then 448 bytes, seven cache
/// lines without a gap.
struct RecordLayout: Hashable, Sendable {
    let dimension: Int
    /// M.
    let connectivity: Int

    static let dimensionRange = 1...65_536

    /// Places for links on the bottom layer: 2M − 2, and what is left of the last cache line.
    var baseWidth: Int { (stride - linksPosition) / 4 }
    var scalePosition: Int { Self.roundUp(dimension, to: 4) }
    var linksPosition: Int { scalePosition + 8 }
    /// Bytes from one record to the next.
    var stride: Int { Self.roundUp(linksPosition + 4 * (2 * connectivity - 2), to: 64) }
    /// Bytes from one row of low bytes to the next.
    var lowStride: Int { Self.roundUp(dimension, to: 16) }

    static func roundUp(_ value: Int, to step: Int) -> Int { (value + step - 1) / step * step }
}
