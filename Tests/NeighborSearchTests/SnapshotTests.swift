import SystemPackage
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("index file")
struct SnapshotTests {
    private static let identity = IndexFileBytes.identity
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// An index with a few removed items, whose nodes are still passed through.
    private func sampleIndex(_ metric: Metric = .cosine, count: Int = 90, dimension: Int = 11) throws
        -> HNSWIndex
    {
        let index = try makeIndex(
            clusteredVectors(count, dimension: dimension, metric: metric, seed: 31),
            metric: metric,
            parameters: HNSWParameters(connectivity: 4, constructionBeamWidth: 20, beamWidth: 12, seed: 9)
        )
        for key in stride(from: 3, to: count, by: 13) {
            try index.remove(key: UInt64(key))
        }
        return index
    }

    private func answers(_ index: HNSWIndex) throws -> [[Neighbor]] {
        try clusteredVectors(6, dimension: index.dimension, seed: 32).flatMap { query in
            [
                try index.graphNearest(to: query, count: 10, beamWidth: 12).neighbors,
                try index.nearest(to: query, count: 10).neighbors,
                try index.exactNearest(to: query, count: 10).neighbors,
            ]
        }
    }

    @Test(
        "a loaded index gives the same answers, bit by bit, says what it was made from, and saves to the same bytes",
        arguments: Metric.allCases,
        [1, 31, 32, 33, 90, 200]
    )
    func roundTrip(metric: Metric, count: Int) throws {
        let index = try sampleIndex(metric, count: count)
        try index.save(to: folder("a"), identity: Self.identity)
        let loaded = try HNSWIndex.load(from: folder("a"))
        #expect(loaded.identity == Self.identity)
        #expect(loaded.index.parameters == index.parameters && loaded.index.metric == metric)
        #expect(loaded.index.dimension == index.dimension && loaded.index.count == index.count)
        #expect(try answers(loaded.index) == answers(index))
        for key in 0..<UInt64(count) {
            #expect(try loaded.index.vector(forKey: key) == index.vector(forKey: key))
        }
        try loaded.index.verify()
        try loaded.index.checkInvariants()
        try loaded.index.save(to: folder("b"), identity: Self.identity)
        #expect(try bytes(of: folder("a")) == bytes(of: folder("b")))
        // The same file again, and the same queries again: the same answers.
        #expect(try answers(HNSWIndex.load(from: folder("b")).index) == answers(index))
    }

    @Test(
        "an index copied into memory is that of the mapped file, bit by bit, and needs the file no more",
        arguments: Metric.allCases,
        [1, 33, 200]
    )
    func residency(metric: Metric, count: Int) throws {
        let index = try sampleIndex(metric, count: count)
        try index.save(to: folder("a"), identity: Self.identity)
        let saved = try bytes(of: folder("a"))
        let loaded = try HNSWIndex.load(from: folder("a"), residency: .memory)
        try folder.write(saved.map { ~$0 }, to: "a")
        #expect(loaded.identity == Self.identity)
        #expect(loaded.index.graph.inspector?.isComplete == true)
        #expect(try answers(loaded.index) == answers(index))
        try loaded.index.verify()
        try loaded.index.save(to: folder("b"), identity: Self.identity)
        #expect(try bytes(of: folder("b")) == saved)
        for (key, vector) in clusteredVectors(40, dimension: 11, metric: metric, seed: 34).enumerated() {
            try loaded.index.insert(key: UInt64(500 + key), vector: vector)
        }
        try loaded.index.checkInvariants()
    }

    @Test("a file holds live items only, numbered breadth first from the entry point")
    func numbering() throws {
        let index = try sampleIndex(count: 200)
        try index.save(to: folder("a"), identity: Self.identity)
        let graph = try HNSWIndex.load(from: folder("a")).index.graph
        #expect(graph.slotCount == index.count && graph.entryPoint == 0)
        var seen: UInt32 = 0
        for slot in 0..<UInt32(graph.slotCount) {
            for link in 0..<graph.unsafeHandle.linkCount(of: slot, atLayer: 0) {
                let target = graph.unsafeHandle.links(of: slot, atLayer: 0)[link]
                #expect(target <= seen + 1, "what is met first has the next number")
                seen = max(seen, target)
            }
        }
        #expect(seen == UInt32(graph.slotCount) - 1)
    }

    @Test(
        "an empty index, and one whose items were all removed, can be saved, loaded and filled",
        arguments: Metric.allCases
    )
    func emptyRoundTrip(metric: Metric) throws {
        let emptied = HNSWIndex(dimension: 3, metric: metric)
        try emptied.insert(key: 4, vector: [0, 1, 0])
        try emptied.remove(key: 4)
        for index in [HNSWIndex(dimension: 3, metric: metric), emptied] {
            try index.save(to: folder("e"), identity: Self.identity)
            let copied = try HNSWIndex.load(from: folder("e"), residency: .memory).index
            #expect(try copied.nearest(to: [1, 0, 0], count: 1).neighbors.isEmpty)
            let loaded = try HNSWIndex.load(from: folder("e")).index
            #expect(loaded.count == 0)
            #expect(try loaded.nearest(to: [1, 0, 0], count: 1).neighbors.isEmpty)
            #expect(try loaded.exactNearest(to: [1, 0, 0], count: 1).neighbors.isEmpty)
            try loaded.verify()
            #expect(try loaded.remove(key: 1) == false)
            for key in UInt64(0)..<100 {
                try loaded.insert(key: key, vector: normalized([1, 0, Float(key)]))
            }
            try loaded.checkInvariants()
            #expect(try loaded.nearest(to: [1, 0, 0], count: 1).neighbors.map(\.key) == [0])
        }
    }

    @Test(
        "changing a loaded index goes as changing the original, and leaves the file alone",
        arguments: Metric.allCases
    )
    func loadedIndexCanChange(metric: Metric) throws {
        let original = try sampleIndex(metric)
        try original.save(to: folder("a"), identity: Self.identity)
        let saved = try bytes(of: folder("a"))
        let loaded = try HNSWIndex.load(from: folder("a")).index
        let more = clusteredVectors(140, dimension: 11, metric: metric, seed: 33)
        for index in [original, loaded] {
            for key in 20..<60 {
                try index.remove(key: UInt64(key))
                try index.checkInvariants()
            }
            for (key, vector) in more.enumerated() {
                try index.insert(key: UInt64(1000 + key), vector: vector)
            }
            try index.checkInvariants()
        }
        for query in more.prefix(10) {
            let answer = try loaded.exactNearest(to: query, count: 300).neighbors
            #expect(try answer == original.exactNearest(to: query, count: 300).neighbors)
        }
        #expect(try bytes(of: folder("a")) == saved)
        try loaded.save(to: folder("a"), identity: Self.identity)
        #expect(try answers(HNSWIndex.load(from: folder("a")).index) == answers(loaded))
    }

    @Test("saving over a file keeps it for those who have it loaded, and leaves nothing else behind")
    func savingReplaces() throws {
        try sampleIndex(count: 30).save(to: folder("a"), identity: Self.identity)
        let old = try HNSWIndex.load(from: folder("a")).index
        let before = try answers(HNSWIndex.load(from: folder("a")).index)
        try sampleIndex(count: 60).save(to: folder("a"), identity: Self.identity)
        #expect(try answers(old) == before)
        #expect(try fileNames(in: folder.path) == ["a"])
    }

    @Test("a save that fails says why, and leaves no temporary file and the old file as it was")
    func failedSave() throws {
        let index = try sampleIndex(count: 20)
        let missing = folder.path.appending("missing/a")
        #expect(throws: SnapshotError.self) { try index.save(to: missing, identity: Self.identity) }
        try makeDirectory(folder("taken"))
        #expect(throws: SnapshotError.self) { try index.save(to: folder("taken"), identity: Self.identity) }
        let long = SnapshotIdentity(model: String(repeating: "x", count: 385), catalogSequence: 0)
        #expect(throws: SnapshotError.modelTooLong(byteCount: 385, allowed: 384)) {
            try index.save(to: folder("a"), identity: long)
        }
        #expect(try fileNames(in: folder.path) == ["taken"])
    }

    @Test("a missing file, a directory and an empty file are refused")
    func refusesNonFiles() throws {
        let missing = try folder("x")
        #expect(
            throws: SnapshotError.cannotRead(path: missing, step: "open", reason: .noSuchFileOrDirectory)
        ) {
            try HNSWIndex.load(from: missing)
        }
        #expect(throws: SnapshotError.self) { try HNSWIndex.load(from: folder.path) }
        let empty = try folder.write([], to: "empty")
        #expect(throws: SnapshotError.lengthMismatch(found: 0, expected: 1024)) {
            try HNSWIndex.load(from: empty)
        }
    }
}
