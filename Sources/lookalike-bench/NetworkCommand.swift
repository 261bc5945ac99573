import ArgumentParser
import Foundation
import ImageDecoding
import ImageEmbedding
import NeuralNetwork
import SystemPackage

/// `lookalike-bench network`: the network on one thread, one picture at a time.
struct NetworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network",
        abstract: "Time the network on one thread, one picture at a time."
    )

    @Argument(help: "Folder of pictures.", completion: .directory)
    var folder: String

    @Option(help: "Folder of the model.", completion: .directory)
    var model: String

    @Option(help: "How many pictures to take from the folder.")
    var pictures = 64

    @Option(help: "How often to embed all of them.")
    var rounds = 5

    @Option(
        help:
            "Folder for pixels.u8 (network input, H×W×3 each) and embeddings.f32, for the peers to compare with."
    )
    var dump: String?

    func run() throws {
        let model = try EmbeddingModel(folder: FilePath(self.model))
        let embedder = ImageEmbedder(model: model)
        let decoder = ImageDecoder()
        let images = try lookalike_bench.pictures(below: folder, count: pictures).map {
            try decoder.thumbnail(of: .file($0), size: embedder.thumbnailSize).pixels
        }
        let embeddings = images.map(embedder.embed)
        if let dump { try write(images, embeddings, model.manifest.input, to: dump) }

        var milliseconds: [Double] = []
        let embedding = measure {
            for _ in 0..<rounds {
                for image in images {
                    let start = ContinuousClock.now
                    _ = embedder.embed(image)
                    milliseconds.append((ContinuousClock.now - start) / .milliseconds(1))
                }
            }
        }
        try writeJSON(
            Report(
                instructionSet: Processor.kernelInstructionSet,
                matrixLibrary: "\(MatrixLibrary.configuration), kernels for \(MatrixLibrary.coreType)",
                pictures: images.count,
                rounds: rounds,
                embed: embedding.cost,
                embedLatency: Latencies(milliseconds: milliseconds),
                networkOnly: try timeNetwork(model.manifest.input, weights: model.manifest.weights.file)
            )
        )
    }

    /// Times the forward pass alone: no cropping, no normalising of pixels, no projection.
    private func timeNetwork(_ input: ModelManifest.Input, weights: String) throws -> Cost {
        let contents = try Data(contentsOf: URL(filePath: model).appending(path: weights))
        let network = try EfficientNetLite(weights: try WeightsFile(contents: contents))
        let shape = FeatureShape(height: input.height, width: input.width, channels: 3)
        let values = (0..<shape.valueCount).map { Float($0 * 7919 % 255) / 128 - 1 }
        let image = FeatureMap(shape: shape, values: values)
        var workspace = EfficientNetLite.Workspace()
        _ = network.features(of: image, workspace: &workspace)
        return measure {
            for _ in 0..<rounds * pictures { _ = network.features(of: image, workspace: &workspace) }
        }
        .cost
    }

    private func write(
        _ images: [PixelImage],
        _ embeddings: [[Float]],
        _ input: ModelManifest.Input,
        to folder: String
    ) throws {
        var pixels = RawFile()
        for image in images {
            let left = (image.width - input.width) / 2
            let top = (image.height - input.height) / 2
            for row in top..<top + input.height {
                let start = (row * image.width + left) * 3
                pixels.append(image.pixels[start..<start + input.width * 3])
            }
        }
        try pixels.write(to: folder + "/pixels.u8")
        var vectors = RawFile()
        for embedding in embeddings { vectors.append(embedding) }
        try vectors.write(to: folder + "/embeddings.f32")
    }

    private struct Report: Encodable {
        let instructionSet: String
        let matrixLibrary: String
        let pictures: Int
        let rounds: Int
        /// Crop, normalise, network, projection, unit length, for `pictures` × `rounds` pictures.
        let embed: Cost
        let embedLatency: Latencies
        /// The forward pass alone, as many times.
        let networkOnly: Cost
    }
}
