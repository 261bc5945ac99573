import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import NeuralNetwork

/// Compares the forward pass with activations that the original PyTorch network, batch norms unfolded, gave
/// for the same photographs (tools/training/make_golden.py).
@Suite("The network agrees with PyTorch")
struct GoldenStagesTests {
    private static let network = Result {
        let weights = try weightsFile(
            at: defaultModel.appending("weights.safetensors")
        )
        let shape = try #require(weights.shape(of: "projection.weight"))
        return (
            try EfficientNetLite(weights: weights, pooling: .centerWeighted),
            try LinearProjection(
                weights: weights,
                name: "projection.weight",
                inputCount: shape[1],
                outputCount: shape[0]
            )
        )
    }

    @Test("every stage is within a thousandth of the original", arguments: [1, 2])
    func stages(photograph: Int) throws {
        let (network, projection) = try Self.network.get()
        let golden = try GoldenStages(photograph: photograph)
        var workspace = EfficientNetLite.Workspace()
        var observed: [String: [Float]] = [:]
        let pooled = network.features(of: try golden.input(), workspace: &workspace) { stage, activations in
            // The fixtures keep every 97th value of a feature map.
            let values = activations.values
            observed[stage.description] = stride(from: 0, to: values.count, by: 97).map { values[$0] }
        }
        observed["pooled"] = pooled
        observed["projected"] = projection(pooled)

        let stages = ["stem"] + (0...15).map { "blocks.\($0)" } + ["head", "pooled", "projected"]
        #expect(Set(observed.keys) == Set(stages))
        for stage in stages {
            let values = try #require(observed[stage])
            let deviation = try golden.deviation(of: values, at: stage)
            #expect(deviation <= 1e-3, "stage \(stage) deviates by \(deviation)")
        }
    }

    @Test("the embedding points where the original's does", arguments: [1, 2])
    func embedding(photograph: Int) throws {
        let (network, projection) = try Self.network.get()
        let golden = try GoldenStages(photograph: photograph)
        var workspace = EfficientNetLite.Workspace()
        let projected = projection(network.features(of: try golden.input(), workspace: &workspace))
        let cosine = cosineSimilarity(projected, try golden.values(of: "embedding"))
        #expect(cosine >= 0.9999)
    }

    @Test("a workspace that has run before gives the same features")
    func reuse() throws {
        let (network, _) = try Self.network.get()
        let first = try GoldenStages(photograph: 1).input()
        let second = try GoldenStages(photograph: 2).input()
        var used = EfficientNetLite.Workspace()
        let fresh = network.features(of: first, workspace: &used)
        _ = network.features(of: second, workspace: &used)
        #expect(network.features(of: first, workspace: &used) == fresh)
    }
}

private func weightsFile(at path: FilePath) throws -> WeightsFile {
    try WeightsFile(contents: Data(try bytes(of: path)))
}

/// One fixture: an input and the values of every stage.
private struct GoldenStages {
    private let file: WeightsFile

    init(photograph: Int) throws {
        file = try weightsFile(
            at: repository.appending(
                "Tests/NeuralNetworkTests/Fixtures/golden-stages-\(photograph).safetensors"
            )
        )
    }

    func input() throws -> FeatureMap {
        let pixels = try file.byteTensor("input", shape: [224, 224, 3])
        return FeatureMap(
            shape: FeatureShape(height: 224, width: 224, channels: 3),
            values: pixels.map { (Float($0) - 127) / 128 }
        )
    }

    func values(of stage: String) throws -> [Float] {
        try file.tensor(stage, shape: try #require(file.shape(of: stage)))
    }

    /// The largest difference, relative to the largest value of the stage.
    func deviation(of values: [Float], at stage: String) throws -> Float {
        let expected = try self.values(of: stage)
        try #require(values.count == expected.count)
        let largest = try #require(expected.map(abs).max())
        return try #require(zip(values, expected).map { abs($0 - $1) }.max()) / largest
    }
}
