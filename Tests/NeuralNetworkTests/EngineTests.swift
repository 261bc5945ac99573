import CKernels
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import NeuralNetwork

/// Holds the engine to the forward pass that one can read, on every version of the kernels that this machine runs.
@Suite("The engine computes what the readable network computes")
struct EngineTests {
    private static let weights = Result {
        let path = defaultModel.appending("weights.safetensors")
        return try WeightsFile(contents: Data(try bytes(of: path)))
    }

    /// A picture with edges and slopes, another for each seed.
    private static func picture(_ height: Int, _ width: Int, seed: UInt64 = 1) -> FeatureMap {
        var chance = SeededGenerator(seed: seed)
        let shape = FeatureShape(height: height, width: width, channels: 3)
        let noise = chance.values(shape.valueCount)
        let values = noise.indices.map { index in
            let (row, column) = (index / 3 / width, index / 3 % width)
            let slope = Float((row * 3 + column * (index % 3 + 1)) % 97) / 48.5 - 1
            return 0.8 * slope + 0.2 * noise[index]
        }
        return FeatureMap(shape: shape, values: values)
    }

    @Test(
        "every block's output is the network's, whatever the picture's size",
        arguments: EngineKernels.all.map(\.description),
        [(224, 224, Pooling.average), (96, 128, .centerWeighted), (65, 33, .centerWeighted)]
    )
    func blocks(kernels description: String, size: (height: Int, width: Int, pooling: Pooling)) throws {
        let kernels = try #require(EngineKernels.all.first { $0.description == description })
        let weights = try Self.weights.get()
        let network = try EfficientNetLite(weights: weights, pooling: size.pooling)
        let image = Self.picture(size.height, size.width)
        var expected: [[Float]] = []
        var activations = EfficientNetLite.Workspace()
        let pooled = network.features(of: image, workspace: &activations) { stage, map in
            if case .block = stage { expected.append(map.values) }
        }
        let engine = try InferenceEngine(
            weights: weights,
            height: size.height,
            width: size.width,
            pooling: size.pooling,
            kernels: kernels
        )
        var workspace = engine.makeWorkspace()
        var seen = 0
        // Errors of rounding to 8 bits of significand add up over 16 blocks; those of float32 are 65,536 times smaller.
        let allowed: Float = kernels.precision == .float32 ? 1e-5 : 0.05
        let features = engine.features(of: image, workspace: &workspace) { block, output in
            let deviation = relativeDeviation(output().values, expected[block])
            #expect(deviation <= allowed, "block \(block) deviates by \(deviation)")
            seen += 1
        }
        #expect(seen == 16)
        #expect(relativeDeviation(features, pooled) <= allowed)
        #expect(cosineSimilarity(features, pooled) >= (kernels.precision == .float32 ? 0.999_999_9 : 0.9995))
    }

    @Test(
        "a workspace that has run before gives the same features",
        arguments: EngineKernels.all.map(\.description)
    )
    func reuse(kernels description: String) throws {
        let kernels = try #require(EngineKernels.all.first { $0.description == description })
        let engine = try InferenceEngine(
            weights: try Self.weights.get(),
            height: 96,
            width: 96,
            kernels: kernels
        )
        var workspace = engine.makeWorkspace()
        let fresh = engine.features(of: Self.picture(96, 96), workspace: &workspace)
        _ = engine.features(of: Self.picture(96, 96, seed: 2), workspace: &workspace)
        #expect(engine.features(of: Self.picture(96, 96), workspace: &workspace) == fresh)
    }

    @Test(
        "a product is the sum it stands for, with every ending",
        arguments: EngineKernels.all.map(\.description)
    )
    func products(kernels description: String) throws {
        let kernels = try #require(EngineKernels.all.first { $0.description == description })
        var chance = SeededGenerator(seed: 3)
        for (positions, segments, depth, columns) in [
            (1, 1, 1, 1), (7, 1, 24, 16), (13, 1, 40, 48), (15, 3, 9, 32), (33, 1, 112, 80), (49, 1, 96, 192),
            (65, 1, 320, 20), (31, 2, 17, 5),
        ] {
            let product = RandomProduct(
                positions: positions,
                segments: segments,
                depth: depth,
                columns: columns,
                kernels: kernels,
                chance: &chance
            )
            for ending in RandomProduct.Ending.allCases {
                let deviation = product.largestDeviation(ending)
                #expect(
                    deviation < 1e-4,
                    "\(positions)×\(segments)·\(depth)×\(columns), \(ending): \(deviation)"
                )
            }
        }
    }
}

/// A product of random numbers that the kernels' precision holds exactly, and what it should be.
private struct RandomProduct {
    enum Ending: CaseIterable { case relu6, add, addInPlace, relu6Sum }

    let positions: Int, segments: Int, depth: Int, columns: Int
    let kernels: EngineKernels
    let rowLength: Int
    let input: [Float]
    let weights: [Float]
    let bias: [Float]
    let addend: [Float]
    let padded: Int

    init(
        positions: Int,
        segments: Int,
        depth: Int,
        columns: Int,
        kernels: EngineKernels,
        chance: inout SeededGenerator
    ) {
        (self.positions, self.segments, self.depth, self.columns) = (positions, segments, depth, columns)
        self.kernels = kernels
        rowLength = depth + 3
        padded = columns.roundedUp(to: kernels.lanes)
        // Multiples of 1/64 up to 1: 7 bits, so that nothing is rounded on the way in.
        func exact(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float(Int.random(in: -64...64, using: &chance)) / 64 }
        }
        input = exact((positions + segments) * rowLength)
        weights = exact(columns * segments * depth)
        bias = exact(padded)
        addend = exact(positions * padded)
    }

    /// The difference to plain loops. A segment is the row of the next position; every third position begins a row of
    /// the output, two floats after the last.
    func largestDeviation(_ ending: Ending) -> Float {
        let table = kernels.functions.table.pointee
        let matrix = PackedMatrix(
            weights[...],
            columnStride: segments * depth,
            depthStride: 1,
            segmentCount: segments,
            depth: depth,
            columns: columns,
            kernels: kernels
        )
        let spare = (kernels.sparePositions + segments + 1) * rowLength + kernels.depthUnit
        let elements = AlignedFloats(capacity: input.count + spare)
        let roomy = input + [Float](repeating: 0, count: spare)
        table.narrow(roomy, roomy.count, elements.base)
        let (rowPositions, gap) = ending == .relu6 ? (3, 2) : (positions, 0)
        var output = [Float](repeating: 9, count: positions * padded + (positions / rowPositions + 1) * gap)
        if ending == .addInPlace { output.replaceSubrange(0..<addend.count, with: addend) }
        if ending == .relu6Sum { output = [Float](repeating: 0, count: padded) }
        output.withUnsafeMutableBufferPointer { output in
            addend.withUnsafeBufferPointer { addend in
                bias.withUnsafeBufferPointer { bias in
                    let added: UnsafePointer<Float>? =
                        switch ending {
                        case .add: addend.baseAddress
                        case .addInPlace: UnsafePointer(output.baseAddress!)
                        case .relu6, .relu6Sum: nil
                        }
                    var product = lk_product(
                        input: elements.base,
                        input_stride: rowLength,
                        segment_count: segments,
                        segment_stride: rowLength,
                        depth: depth,
                        positions: positions,
                        weights: matrix.base,
                        columns: padded,
                        bias: bias.baseAddress,
                        addend: added,
                        addend_stride: padded,
                        output: output.baseAddress,
                        output_stride: padded,
                        row_positions: rowPositions,
                        row_gap: gap
                    )
                    table.begin()
                    switch ending {
                    case .relu6: table.multiply_relu6(&product)
                    case .add, .addInPlace: table.multiply_add(&product)
                    case .relu6Sum: table.multiply_relu6_sum(&product)
                    }
                    table.end()
                }
            }
        }
        return deviation(of: output, ending, rowPositions: rowPositions, gap: gap)
    }

    private func deviation(of output: [Float], _ ending: Ending, rowPositions: Int, gap: Int) -> Float {
        var largest: Float = 0
        for column in 0..<columns {
            var total: Float = 0
            for position in 0..<positions {
                var sum = bias[column]
                for segment in 0..<segments {
                    for k in 0..<depth {
                        sum +=
                            input[(position + segment) * rowLength + k]
                            * weights[(column * segments + segment) * depth + k]
                    }
                }
                let place = position * padded + position / rowPositions * gap + column
                switch ending {
                case .relu6: largest = max(largest, abs(output[place] - min(max(sum, 0), 6)))
                case .add, .addInPlace:
                    largest = max(largest, abs(output[place] - sum - addend[position * padded + column]))
                case .relu6Sum: total += min(max(sum, 0), 6)
                }
            }
            if ending == .relu6Sum { largest = max(largest, abs(output[column] - total)) }
        }
        // What lies between two rows stays as it was.
        for row in 0..<(gap == 0 ? 0 : (positions - 1) / rowPositions) {
            let start = (row + 1) * (rowPositions * padded + gap) - gap
            for place in start..<start + gap { largest = max(largest, abs(output[place] - 9)) }
        }
        return largest
    }
}

/// The largest difference, relative to the largest value.
private func relativeDeviation(_ values: [Float], _ expected: [Float]) -> Float {
    guard values.count == expected.count else { return .infinity }
    let largest = expected.map(abs).max() ?? 1
    return (zip(values, expected).map { abs($0 - $1) }.max() ?? 0) / largest
}
