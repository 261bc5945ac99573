internal import CKernels

/// Describes a feature map: `height` × `width` positions with `channels` values each.
public struct FeatureShape: Hashable, Sendable, CustomStringConvertible {
    /// Rows.
    public let height: Int
    /// Columns.
    public let width: Int
    /// Values at each position.
    public let channels: Int

    /// Creates a shape; every extent is at least 1.
    public init(height: Int, width: Int, channels: Int) {
        precondition(
            height > 0 && width > 0 && channels > 0,
            "a feature map of \(height)×\(width)×\(channels) holds nothing"
        )
        self.height = height
        self.width = width
        self.channels = channels
    }

    /// The number of positions, `height · width`: the rows of the matrix a pointwise convolution multiplies.
    public var positionCount: Int { height * width }

    /// The number of values, `height · width · channels`.
    public var valueCount: Int { positionCount * channels }

    /// The extents, as in `7×7×320`.
    public var description: String { "\(height)×\(width)×\(channels)" }
}

/// Holds the activations of one picture between two layers: float32 in height, width, channel order.
///
/// The storage is kept when the shape changes, so that a forward pass allocates nothing once it has run. A
/// feature map has one owner; layers read one and write another.
public struct FeatureMap: ~Copyable, Sendable {
    /// The extents of the values held now.
    public private(set) var shape: FeatureShape
    private var storage: AlignedFloats

    /// Creates a map of zeros.
    public init(shape: FeatureShape) {
        self.shape = shape
        storage = AlignedFloats(capacity: shape.valueCount)
    }

    /// Creates a map from `values` in height, width, channel order; there must be `shape.valueCount` of them.
    public init(shape: FeatureShape, values: [Float]) {
        precondition(
            values.count == shape.valueCount,
            "\(values.count) values cannot fill a feature map of \(shape)"
        )
        self.init(shape: shape)
        withUnsafeMutableValues { target in
            for index in values.indices { target[index] = values[index] }
        }
    }

    /// Takes on `shape`; the values are unspecified until they are written.
    ///
    /// Allocates only when no earlier shape was as large.
    public mutating func reshape(to shape: FeatureShape) {
        if shape.valueCount > storage.capacity { storage = AlignedFloats(capacity: shape.valueCount) }
        self.shape = shape
    }

    /// The values, copied out in height, width, channel order.
    public var values: [Float] {
        withUnsafeValues { Array($0) }
    }

    /// Writes value · scale + shift of some pixels' bytes, channel by channel, into a row of the map.
    ///
    /// - Parameters:
    ///   - row: The map's row; all of it is written.
    ///   - bytes: Pixels with as many channels as the map has.
    ///   - start: Where in `bytes` the row begins.
    ///   - scale: One factor per channel.
    ///   - shift: One summand per channel.
    public mutating func setRow(
        _ row: Int,
        fromBytes bytes: [UInt8],
        startingAt start: Int,
        scale: [Float],
        shift: [Float]
    ) {
        let (shape, count) = (shape, shape.width * shape.channels)
        precondition((0..<shape.height).contains(row), "row \(row) of \(shape)")
        precondition(
            start >= 0 && start + count <= bytes.count,
            "\(count) bytes at \(start) of \(bytes.count)"
        )
        precondition(
            scale.count == shape.channels && shift.count == shape.channels,
            "\(scale.count) scales and \(shift.count) shifts for \(shape.channels) channels"
        )
        withUnsafeMutableValues { values in
            lk_scale_bytes(
                bytes,
                start,
                count,
                shape.channels,
                scale,
                shift,
                values.baseAddress! + row * count
            )
        }
    }

    func withUnsafeValues<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        try body(UnsafeBufferPointer(start: storage.base, count: shape.valueCount))
    }

    mutating func withUnsafeMutableValues<Result>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        try body(UnsafeMutableBufferPointer(start: storage.base, count: shape.valueCount))
    }
}
