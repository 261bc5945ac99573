import Catalog
import Foundation
import ImageEmbedding
import SystemPackage
import TestSupport
import Testing

@testable import ImageLibrary
@testable import NeighborSearch

/// `lookalike audit` on a library big enough to be walked; its vectors stand for pictures that nobody has.
extension CommandTests {
    @Test("audit measures a sound graph, chooses a beam width on demand, and finds a sabotaged graph out")
    func audit() throws {
        let made = try LargeLibrary(in: library)
        let sound = try lookalike("audit", "--samples", "60", "--json")
        #expect(sound.code == 0, "\(sound.errors)")
        #expect(try stored(sound).walk > 0.95)
        #expect(try stored(sound).losses["deletions"] == 0)
        #expect(try sound.json["target"] == nil)
        #expect(try chosenBeamWidth() == nil)

        let tuned = try lookalike("audit", "--samples", "60", "--target", "0.97")
        #expect(tuned.code == 0, "\(tuned.errors)")
        let beamWidth = try #require(try chosenBeamWidth())
        #expect(tuned.output.contains("Beam width \(beamWidth) finds"))
        #expect(try lookalike("status").output.contains("beam width \(beamWidth), chosen for recall 0.970"))
        let after = try lookalike("audit", "--samples", "60", "--json")
        #expect(try after.json["beamWidth"] as? Int == beamWidth)
        #expect(try stored(after).walk >= 0.97)

        try made.sabotage()
        let sabotaged = try lookalike("audit", "--samples", "60", "--json")
        #expect(sabotaged.code == 1)
        #expect(sabotaged.errors.contains("delete the index folder"))
        #expect(try stored(sabotaged).losses["graph"]! > 0.5)
        #expect(abs(try stored(sabotaged).losses["quantisation"]!) < 0.05)

        let hopeless = try lookalike("audit", "--samples", "60", "--target", "0.95")
        #expect(hopeless.code == 1)
        #expect(hopeless.errors.contains("out of reach"))
        #expect(try chosenBeamWidth() == beamWidth)
    }

    @Test(
        "queries that bring a picture are logged for audits, those by number or with --no-query-log are not"
    )
    func queryLog() throws {
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let picture = samplePhotograph("hammers/claw-wooden-angled.jpg").string
        _ = try lookalike("search", picture, "--no-query-log")
        _ = try lookalike("search", "--id", "1")
        #expect(try lookalike("audit").output.contains("logged") == false)
        _ = try lookalike("search", picture)
        _ = try lookalike("search", "-", input: try bytes(of: FilePath(picture)))
        // So few pictures are compared one by one, whatever the beam width.
        let small = try lookalike("audit", "--target", "0.98")
        #expect(small.code == 0)
        #expect(small.output.contains("2 logged queries"))
        #expect(small.output.contains("no beam width to choose"))
        #expect(try chosenBeamWidth() == nil)
    }

    private func stored(_ audit: Finished) throws -> (walk: Double, losses: [String: Double]) {
        let parts = try audit.json["parts"] as? [[String: Any]]
        let walk = (parts?.first?["walk"] as? [String: Double])?["recall"]
        return (try #require(walk), try #require(parts?.first?["losses"] as? [String: Double]))
    }

    private func chosenBeamWidth() throws -> Int? {
        (try lookalike("status", "--json").json["beamWidth"] as? [String: Any])?["beamWidth"] as? Int
    }
}

/// A library of random vectors, with a snapshot.
private struct LargeLibrary {
    private let directory: LibraryDirectory
    private let model: EmbeddingModel
    private let index: HNSWIndex
    private let change: Int64

    init(in folder: String) throws {
        directory = LibraryDirectory(path: FilePath(folder))
        model = try EmbeddingModel(folder: defaultModel)
        let dimension = model.dimension
        var random = SeededGenerator(seed: 3)
        // Few directions of variation, as embeddings have: in 256 free ones everything is equally far.
        let directions = (0..<24).map { _ in random.unitVector(dimension) }
        let vectors = (0..<1700).map { _ -> [Float] in
            var sum = [Float](repeating: 0, count: dimension)
            for direction in directions {
                let weight = Float.random(in: -1...1, using: &random)
                for place in 0..<dimension { sum[place] += weight * direction[place] }
            }
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return sum.map { $0 / length }
        }
        try directory.create()
        let catalog = try Catalog(path: directory.catalog)
        let modelID = try catalog.registerModel(identity: model.identity, dimension: dimension)
        _ = try catalog.record(
            vectors.enumerated().map { Self.outcome($0, $1) },
            model: modelID
        )
        index = HNSWIndex(
            dimension: dimension,
            parameters: try HNSWParameters(connectivity: 8, constructionBeamWidth: 40)
        )
        var items: [(key: UInt64, vector: [Float])] = []
        change = try catalog.forEachChange(after: 0, model: modelID) { change in
            if let vector = change.vector { items.append((UInt64(change.imageID), vector)) }
        }
        try index.insert(items, threads: 2)
        try save()
    }

    private func save() throws {
        try index.save(
            to: directory.snapshot(model: model.identity),
            identity: SnapshotIdentity(model: model.identity, catalogSequence: change)
        )
    }

    /// Leaves the graph in one piece, seen from the entry point, and leads walks that begin elsewhere nowhere:
    /// of the links on the bottom layer those stay by which a breadth-first search meets a node first.
    func sabotage() throws {
        let graph = index.graph
        var isMet = Set([graph.entryPoint])
        var front = [graph.entryPoint]
        while !front.isEmpty {
            let slot = front.removeFirst()
            let links = graph.unsafeHandle.links(of: slot, atLayer: 0)
            let kept = (0..<graph.unsafeHandle.linkCount(of: slot, atLayer: 0)).map { links[$0] }
                .filter { isMet.insert($0).inserted }
            front += kept
            for place in 0..<graph.layout.baseWidth {
                links[place] = place < kept.count ? kept[place] : noSlot
            }
        }
        try save()
    }

    private static func outcome(_ number: Int, _ vector: [Float]) -> FileOutcome {
        .embedded(
            path: FilePath("/photos/\(number).jpg"),
            stamp: FileStamp(byteCount: 1, modifiedAtNanoseconds: 1, inode: 1),
            image: ImageDescription(
                contentHash: (0..<32).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 4))) },
                format: "jpeg",
                width: 1,
                height: 1,
                byteCount: 1,
                perceptualHash: 0
            ),
            embedding: NewEmbedding(vector: vector, precision: "float32")
        )
    }
}
