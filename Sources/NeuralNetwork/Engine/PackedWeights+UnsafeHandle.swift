internal import CKernels

/// Holds a matrix in the order in which the kernels read it.
struct PackedMatrix: Sendable {
    /// Columns, padded to whole vectors.
    let columns: Int
    /// Segments of the left matrix' rows, and elements of one.
    let segmentCount: Int
    let depth: Int
    private let storage: SharedFloats

    /// Packs columns × (segments · depth) weights; element (column, k) is `weights[column * columnStride + k * depthStride]`.
    init(
        _ weights: ArraySlice<Float>,
        columnStride: Int,
        depthStride: Int,
        segmentCount: Int = 1,
        depth: Int,
        columns filledColumns: Int,
        kernels: EngineKernels
    ) {
        columns = filledColumns.roundedUp(to: kernels.lanes)
        self.segmentCount = segmentCount
        self.depth = depth
        let last = (filledColumns - 1) * columnStride + (segmentCount * depth - 1) * depthStride
        precondition(
            last < weights.count,
            "\(weights.count) weights for \(filledColumns)×\(segmentCount * depth)"
        )
        let table = kernels.functions.table.pointee
        let bytes = table.packed_count(segmentCount, depth, columns) * kernels.elementBytes
        storage = SharedFloats(capacity: bytes / MemoryLayout<Float>.stride)
        weights.withUnsafeBufferPointer {
            table.pack(
                $0.baseAddress,
                columnStride,
                depthStride,
                segmentCount,
                depth,
                filledColumns,
                columns,
                storage.base
            )
        }
    }

    var base: UnsafeRawPointer { UnsafeRawPointer(storage.base) }
}

/// Holds one value per channel, zeros up to whole vectors.
struct PaddedVector: Sendable {
    private let storage: SharedFloats

    init(_ values: ArraySlice<Float>, kernels: EngineKernels) {
        storage = SharedFloats(capacity: values.count.roundedUp(to: kernels.lanes))
        for (index, value) in values.enumerated() { storage.base[index] = value }
    }

    var base: UnsafePointer<Float> { UnsafePointer(storage.base) }
}

/// Holds the filters of a range of channels, [kernel][kernel][channels], zeros up to whole vectors.
struct PackedFilters: Sendable {
    private let storage: SharedFloats

    /// `weights` are [kernel][kernel][channels of the layer].
    init(_ weights: [Float], channels: Range<Int>, of layerChannels: Int, kernels: EngineKernels) {
        let width = channels.count.roundedUp(to: kernels.lanes)
        let taps = weights.count / layerChannels
        storage = SharedFloats(capacity: taps * width)
        for tap in 0..<taps {
            for channel in channels {
                storage.base[tap * width + channel - channels.lowerBound] =
                    weights[tap * layerChannels + channel]
            }
        }
    }

    var base: UnsafePointer<Float> { UnsafePointer(storage.base) }
}

/// Owns aligned memory that is written once, before it is shared.
private final class SharedFloats: Sendable {
    private let memory: AlignedFloats

    init(capacity: Int) { memory = AlignedFloats(capacity: capacity) }

    var base: UnsafeMutablePointer<Float> { memory.base }
}
