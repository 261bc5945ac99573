internal import CKernels

/// Maps a feature vector to an embedding by one matrix, without bias.
public struct LinearProjection: Sendable {
    /// Values of the vector that goes in.
    public let inputCount: Int
    /// Values of the vector that comes out.
    public let outputCount: Int
    /// [output][input]
    private let matrix: [Float]

    /// Takes tensor `name`, of shape [`outputCount`, `inputCount`], from `weights`.
    ///
    /// - Throws: ``WeightsError`` when the tensor is missing or has another shape.
    public init(
        weights: borrowing WeightsFile,
        name: String,
        inputCount: Int,
        outputCount: Int
    ) throws(WeightsError) {
        self.inputCount = inputCount
        self.outputCount = outputCount
        matrix = try weights.tensor(name, shape: [outputCount, inputCount])
    }

    /// Returns matrix · `features`.
    public func callAsFunction(_ features: [Float]) -> [Float] {
        precondition(features.count == inputCount, "\(features.count) features for \(inputCount) columns")
        return [Float](unsafeUninitializedCapacity: outputCount) { output, count in
            lk_matrix_vector(matrix, outputCount, inputCount, features, output.baseAddress)
            count = outputCount
        }
    }
}
