import Foundation
import ImageEmbedding
import SystemPackage
import TestSupport
import Testing

@Suite("A model is used only when it is what its manifest says")
struct EmbeddingModelTests {
    private static let original = defaultModel

    @Test("the model that comes with the program loads, and its identity carries its name")
    func loads() throws {
        let model = try EmbeddingModel(folder: Self.original)
        #expect(model.identity.hasPrefix(model.manifest.name + ":"))
        #expect(model.dimension == model.manifest.embedding.dimension)
    }

    @Test("a folder without a manifest is named")
    func missing() throws {
        let folder = try TemporaryFolder()
        #expect {
            try EmbeddingModel(folder: folder.path)
        } throws: { error in
            if case ModelError.unreadable(let path, _) = error {
                path.hasSuffix("manifest.json")
            } else {
                false
            }
        }
    }

    @Test("weights with one flipped bit are refused")
    func damagedWeights() throws {
        let folder = try TemporaryFolder()
        var weights = try bytes(of: Self.original.appending("weights.safetensors"))
        weights[weights.count / 2] ^= 1
        try folder.write(weights, to: "weights.safetensors")
        try folder.write(try bytes(of: Self.original.appending("manifest.json")), to: "manifest.json")
        #expect {
            try EmbeddingModel(folder: folder.path)
        } throws: { error in
            if case ModelError.wrongWeights = error { true } else { false }
        }
    }

    @Test(
        "a manifest that asks for something unknown is refused, naming the field",
        arguments: [
            (#""formatVersion": 1"#, #""formatVersion": 2"#, "format version"),
            (#""architecture": "efficientnet-lite0""#, #""architecture": "resnet50""#, "architecture"),
            (#""pooling": "center-weighted""#, #""pooling": "gem""#, "pooling"),
            (#""channelOrder": "RGB""#, #""channelOrder": "BGR""#, "channel order"),
            (#""metric": "cosine""#, #""metric": "euclidean""#, "metric"),
            (#""normalized": true"#, #""normalized": false"#, "normalized"),
            (#""probe": ["#, #""probe": [0.5,"#, "probe"),
            (#""shorterSide": 256"#, #""shorterSide": 100"#, "input size"),
            (#""shorterSide": 256"#, #""shorterSide": 1000000"#, "input size"),
            (#""file": "weights.safetensors""#, #""file": "../weights.safetensors""#, "weights file"),
        ]
    )
    func unsupported(original: String, changed: String, field: String) throws {
        let manifest = String(
            decoding: try bytes(of: Self.original.appending("manifest.json")),
            as: UTF8.self
        )
        try #require(manifest.contains(original))
        let folder = try TemporaryFolder()
        try folder.write(Array(manifest.replacing(original, with: changed).utf8), to: "manifest.json")
        #expect {
            try EmbeddingModel(folder: folder.path)
        } throws: { error in
            if case ModelError.unsupported(field, _, _) = error { true } else { false }
        }
    }

    @Test(
        "a manifest that is not JSON, or lacks a field, says so",
        arguments: ["", "{", "[]", #"{"formatVersion": 1}"#]
    )
    func malformed(text: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(Array(text.utf8), to: "manifest.json")
        #expect {
            try EmbeddingModel(folder: folder.path)
        } throws: { error in
            if case ModelError.malformedManifest = error { true } else { false }
        }
    }

    @Test("another input size or mean makes another identity; another name of the licence does not")
    func identity() throws {
        let model = try EmbeddingModel(folder: Self.original)
        func identity(replacing original: String, with changed: String) throws -> String {
            let manifest = String(
                decoding: try bytes(of: Self.original.appending("manifest.json")),
                as: UTF8.self
            )
            try #require(manifest.contains(original))
            let folder = try TemporaryFolder()
            try folder.write(Array(manifest.replacing(original, with: changed).utf8), to: "manifest.json")
            try FileManager.default.createSymbolicLink(
                atPath: try folder("weights.safetensors").string,
                withDestinationPath: Self.original.appending("weights.safetensors").string
            )
            return try EmbeddingModel(folder: folder.path).identity
        }
        #expect(
            try identity(replacing: #""shorterSide": 256"#, with: #""shorterSide": 288"#) != model.identity
        )
        #expect(
            try identity(replacing: #""licence": "Apache-2.0""#, with: #""licence": "Apache 2.0""#)
                == model.identity
        )
    }
}
