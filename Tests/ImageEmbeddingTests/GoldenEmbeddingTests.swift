import Foundation
import ImageEmbedding
import NeuralNetwork
import SystemPackage
import TestSupport
import Testing

@testable import ImageDecoding

/// Compares embeddings, from the JPEG's bytes to the unit vector, with those that Pillow and the original
/// PyTorch network gave for the same files (tools/training/make_golden.py).
@Suite("Embeddings agree with the reference, from the file's bytes on")
struct GoldenEmbeddingTests {
    private static let embedder = Result {
        ImageEmbedder(model: try model(EngineKernels.best(.float32)))
    }

    private static func model(_ kernels: EngineKernels) throws -> EmbeddingModel {
        try EmbeddingModel(folder: defaultModel, kernels: kernels)
    }

    private static let fixtures = repository.appending("Tests/ImageEmbeddingTests/Fixtures")

    @Test(
        "each golden photograph's embedding has a cosine of at least 0.999 to the reference, by every kernel",
        arguments: EngineKernels.all.map(\.description)
    )
    func goldenPhotographs(kernels description: String) throws {
        let golden = try weightsFile(at: Self.fixtures.appending("golden-embeddings.safetensors"))
        let kernels = try #require(EngineKernels.all.first { $0.description == description })
        let embedder = ImageEmbedder(model: try Self.model(kernels))
        #expect(golden.names.count >= 8)
        for name in golden.names {
            let decoded = try ImageDecoder().thumbnail(
                of: .file(samplePhotograph(name)),
                size: embedder.thumbnailSize
            )
            let reference = try golden.tensor(name, shape: [embedder.model.dimension])
            let cosine = cosineSimilarity(embedder.embed(decoded.pixels), reference)
            #expect(cosine >= 0.999, "\(name): \(cosine)")
        }
    }

    @Test(
        "every model that comes with the program gives the vector its manifest foretells, by every kernel",
        arguments: ["lookalike-base", "lookalike-small", "efficientnet-lite0"],
        EngineKernels.all.map(\.description)
    )
    func probes(name: String, kernels description: String) throws {
        let kernels = try #require(EngineKernels.all.first { $0.description == description })
        let folder = repository.appending("Models").appending(name)
        let embedder = ImageEmbedder(model: try EmbeddingModel(folder: folder, kernels: kernels))
        #expect(embedder.model.manifest.name == name)
        let similarity = embedder.probeSimilarity()
        #expect(similarity >= embedder.leastProbeSimilarity, "\(similarity)")
    }

    @Test("the pixels that reach the network are the reference's to within one step on average")
    func preprocessedPixels() throws {
        let golden = try weightsFile(at: Self.fixtures.appending("golden-preprocessed.safetensors"))
        let embedder = try Self.embedder.get()
        let input = embedder.model.manifest.input
        for name in golden.names {
            let decoded = try ImageDecoder().thumbnail(
                of: .file(samplePhotograph(name)),
                size: embedder.thumbnailSize
            )
            let reference = try golden.byteTensor(name, shape: [input.height, input.width, 3])
            let image = decoded.pixels
            let (left, top) = ((image.width - input.width) / 2, (image.height - input.height) / 2)
            var difference = 0
            for row in 0..<input.height {
                for offset in 0..<input.width * 3 {
                    let ours = image.pixels[((top + row) * image.width + left) * 3 + offset]
                    difference += abs(Int(ours) - Int(reference[row * input.width * 3 + offset]))
                }
            }
            let mean = Double(difference) / Double(reference.count)
            #expect(mean <= 1, "\(name): mean difference \(mean)")
        }
    }

    @Test(
        "shrinking in the JPEG decoder turns an embedding by a cosine of 0.99 at most",
        arguments: [780, 1100, 1700]
    )
    func shrinkingOnLoad(shorterSide: Int) throws {
        let embedder = try Self.embedder.get()
        let decoder = ImageDecoder()
        for name in ["windmills/linda-dark.jpg", "windmills/chesterton.jpg", "hoofed-animals/moose.jpg"] {
            let large = try decoder.thumbnail(
                of: .file(samplePhotograph(name)),
                size: .shorterSide(shorterSide)
            )
            let bytes = try large.pixels.jpegData(quality: 92)
            let fast = try decoder.thumbnail(of: .bytes(bytes), size: embedder.thumbnailSize).pixels
            let opened = try decoder.open(bytes, format: .jpeg)
            let exact = try #require(
                decoder.decode(
                    bytes,
                    opened: opened,
                    width: fast.width,
                    height: fast.height,
                    shrinkingOnLoad: false
                )
            )
            #expect(fast != exact, "the decoder was asked to shrink")
            let cosine = cosineSimilarity(embedder.embed(fast), embedder.embed(exact))
            #expect(cosine >= 0.99, "\(name) at \(shorterSide): \(cosine)")
        }
    }

    @Test("the probe in the manifest is what this machine computes too")
    func probe() throws {
        #expect(try Self.embedder.get().probeSimilarity() > 0.99999)
    }

    @Test("vectors have length 1 and the manifest's dimension")
    func unitLength() throws {
        let embedder = try Self.embedder.get()
        for shade in [0, 127, 255] as [UInt8] {
            let side = embedder.model.manifest.input.shorterSide
            let pixels = [UInt8](repeating: shade, count: side * (side + 9) * 3)
            let vector = embedder.embed(PixelImage(width: side, height: side + 9, pixels: pixels))
            #expect(vector.count == embedder.model.manifest.embedding.dimension)
            #expect(abs(cosineSimilarity(vector, vector) - 1) < 1e-12)
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test("threads that embed at the same time get what each would get alone")
    func concurrency() async throws {
        let embedder = try Self.embedder.get()
        let names = ["windmills/linda-dark.jpg", "windmills/chesterton.jpg", "hoofed-animals/moose.jpg"]
        let images = try names.map {
            try ImageDecoder().thumbnail(of: .file(samplePhotograph($0)), size: embedder.thumbnailSize).pixels
        }
        let alone = images.map(embedder.embed)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for round in 0..<9 {
                let number = round % images.count
                group.addTask { embedder.embed(images[number]) == alone[number] }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }
}

private func weightsFile(at path: FilePath) throws -> WeightsFile {
    try WeightsFile(contents: Data(try bytes(of: path)))
}
