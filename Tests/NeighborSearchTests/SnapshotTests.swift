import SystemPackage
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("index file")
struct SnapshotTests {
    private static let identity = SnapshotIdentity(model: "lite0-ä", catalogSequence: -7)

    /// An index with a few removed items, so that the file has free slots.
    private func sampleIndex(count: Int = 90, dimension: Int = 11) throws -> HNSWIndex {
        let index = try makeIndex(
            clusteredVectors(count, dimension: dimension, seed: 31),
            parameters: HNSWParameters(connectivity: 4, constructionBeamWidth: 20, beamWidth: 12, seed: 9)
        )
        for key in stride(from: 3, to: count, by: 13) {
            index.remove(key: UInt64(key))
        }
        return index
    }

    private func answers(_ index: HNSWIndex) throws -> [[Neighbor]] {
        try clusteredVectors(6, dimension: index.dimension, seed: 32).flatMap { query in
            [
                try index.graphNearest(to: query, count: 10, beamWidth: 12).neighbors,
                try index.exactNearest(to: query, count: 10).neighbors,
            ]
        }
    }

    @Test("a loaded index answers as the saved one, says what it was made from, and saves to the same bytes")
    func roundTrip() throws {
        try withTemporaryDirectory { directory in
            let index = try sampleIndex()
            try index.save(to: directory.appending("a"), identity: Self.identity)
            let loaded = try HNSWIndex.load(from: directory.appending("a"))
            #expect(loaded.identity == Self.identity)
            #expect(loaded.index.parameters == index.parameters)
            #expect(loaded.index.count == index.count)
            #expect(try answers(loaded.index) == answers(index))
            try loaded.index.checkInvariants()
            try loaded.index.save(to: directory.appending("b"), identity: Self.identity)
            #expect(try bytes(of: directory.appending("a")) == bytes(of: directory.appending("b")))
        }
    }

    @Test("an empty index, and one whose items were all removed, can be saved and loaded")
    func emptyRoundTrip() throws {
        try withTemporaryDirectory { directory in
            let emptied = HNSWIndex(dimension: 3)
            try emptied.insert(key: 4, vector: [0, 1, 0])
            emptied.remove(key: 4)
            for index in [HNSWIndex(dimension: 3), emptied] {
                try index.save(to: directory.appending("e"), identity: Self.identity)
                let loaded = try HNSWIndex.load(from: directory.appending("e")).index
                #expect(loaded.count == 0)
                try loaded.insert(key: 1, vector: [1, 0, 0])
                #expect(try loaded.nearest(to: [1, 0, 0], count: 1).neighbors.map(\.key) == [1])
            }
        }
    }

    @Test("changing a loaded index goes as changing the original, and leaves the file alone")
    func loadedIndexCanChange() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("a")
            let original = try sampleIndex()
            try original.save(to: path, identity: Self.identity)
            let saved = try bytes(of: path)
            let loaded = try HNSWIndex.load(from: path).index
            let more = clusteredVectors(40, dimension: 11, seed: 33)
            for index in [original, loaded] {
                for key in 20..<30 {
                    index.remove(key: UInt64(key))
                }
                for (key, vector) in more.enumerated() {
                    try index.insert(key: UInt64(1000 + key), vector: vector)
                }
                try index.checkInvariants()
            }
            #expect(try answers(loaded) == answers(original))
            #expect(try bytes(of: path) == saved)
            try loaded.save(to: path, identity: Self.identity)
            #expect(try answers(HNSWIndex.load(from: path).index) == answers(original))
        }
    }

    @Test("saving over a file keeps it for those who have it loaded, and leaves nothing else behind")
    func savingReplaces() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("a")
            try sampleIndex(count: 30).save(to: path, identity: Self.identity)
            let old = try HNSWIndex.load(from: path).index
            let before = try answers(old)
            try sampleIndex(count: 60).save(to: path, identity: Self.identity)
            #expect(try answers(old) == before)
            #expect(try fileNames(in: directory) == ["a"])
        }
    }

    @Test("a save that fails says why, and leaves no temporary file and the old file as it was")
    func failedSave() throws {
        try withTemporaryDirectory { directory in
            let index = try sampleIndex(count: 20)
            let missing = directory.appending("missing/a")
            #expect(throws: SnapshotError.self) { try index.save(to: missing, identity: Self.identity) }
            try makeDirectory(directory.appending("taken"))
            #expect(throws: SnapshotError.self) {
                try index.save(to: directory.appending("taken"), identity: Self.identity)
            }
            let long = SnapshotIdentity(model: String(repeating: "x", count: 385), catalogSequence: 0)
            #expect(throws: SnapshotError.modelTooLong(byteCount: 385, allowed: 384)) {
                try index.save(to: directory.appending("a"), identity: long)
            }
            #expect(try fileNames(in: directory) == ["taken"])
        }
    }

    @Test("a missing file, a directory and an empty file are refused")
    func refusesNonFiles() throws {
        try withTemporaryDirectory { directory in
            #expect(
                throws: SnapshotError.cannotRead(
                    path: directory.appending("x"),
                    step: "open",
                    reason: .noSuchFileOrDirectory
                )
            ) {
                try HNSWIndex.load(from: directory.appending("x"))
            }
            #expect(throws: SnapshotError.self) { try HNSWIndex.load(from: directory) }
            try writeFile([], to: directory.appending("empty"))
            #expect(throws: SnapshotError.lengthMismatch(found: 0, expected: 1024)) {
                try HNSWIndex.load(from: directory.appending("empty"))
            }
        }
    }
}
