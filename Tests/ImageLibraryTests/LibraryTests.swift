import Catalog
import Foundation
import GRDB
import NeighborSearch
import SystemPackage
import TestSupport
import Testing

@testable import ImageLibrary

@Suite("A library's index follows its catalog, whatever happened to the snapshot")
struct LibraryTests {
    private let folder: TemporaryFolder
    private let directory: LibraryDirectory
    private let model = (identity: "test:1", dimension: 8)
    private let vectors: [[Float]]

    init() throws {
        folder = try TemporaryFolder()
        directory = LibraryDirectory(path: try folder("library"))
        var random = SeededGenerator(seed: 7)
        vectors = (0..<60).map { _ in random.unitVector(8) }
    }

    @Test("a snapshot is loaded and answers as before")
    func snapshot() throws {
        let before = try answers(try filled(saving: true))
        let library = try Library(directory: directory, model: model, access: .reading)
        #expect(library.index.snapshotState == .loaded)
        #expect(try answers(library) == before)
    }

    @Test("without a snapshot, as after a kill, the index is rebuilt from the catalog")
    func missingSnapshot() throws {
        let before = try answers(try filled(saving: false))
        let library = try Library(directory: directory, model: model, access: .reading)
        #expect(library.index.snapshotState == .missing)
        #expect(try answers(library) == before)
    }

    @Test("a snapshot older than the catalog is caught up, additions and deletions alike")
    func staleSnapshot() throws {
        try filled(saving: true)
        try Library.changeCatalog(in: directory) { catalog in
            _ = try catalog.forget(at: "/photos/3.jpg")
            try record([vectors[0].reversed()], into: catalog, startingAt: 100)
        }
        let library = try Library(directory: directory, model: model, access: .reading)
        #expect(library.index.snapshotState == .loaded)
        #expect(library.index.count == 60)
        let added = try #require(try library.index.vector(of: 61))
        // Components come back rounded to 16 bits.
        #expect(zip(added, vectors[0].reversed()).allSatisfy { abs($0 - $1) < 1 / 64_000 })
        #expect(try library.index.vector(of: 4) == nil)
    }

    @Test("a damaged, a foreign and a too new snapshot are set aside, and the answers stay right")
    func rejectedSnapshots() throws {
        let before = try answers(try filled(saving: true))
        let snapshot = directory.snapshot(model: model.identity)
        let good = try bytes(of: snapshot)

        func expectRejection() throws {
            let library = try Library(directory: directory, model: model, access: .reading)
            #expect(try answers(library) == before)
            // Damage among the vectors is noticed by the first search that reads them, not when opening.
            guard case .rejected = library.index.snapshotState else {
                Issue.record("the snapshot was \(library.index.snapshotState)")
                return
            }
        }
        func write(_ bytes: some Collection<UInt8>) throws {
            try Data(bytes).write(to: URL(filePath: snapshot.string))
        }

        for place in [good.count / 2, 2 * 4096 + 5] {
            var flipped = good
            flipped[place] ^= 4
            try write(flipped)
            try expectRejection()
        }

        try write(good.prefix(good.count / 2))
        try expectRejection()

        try write([])
        try expectRejection()

        for identity in [
            SnapshotIdentity(model: "other:1", catalogSequence: 1),
            SnapshotIdentity(model: model.identity, catalogSequence: 1_000_000),
        ] {
            let foreign = HNSWIndex(dimension: 8)
            try foreign.insert(key: 1, vector: vectors[5])
            try foreign.save(to: snapshot, identity: identity)
            try expectRejection()
        }
    }

    @Test("a snapshot that lacks images the catalog has, though it claims to be up to date, is found out")
    func lyingSnapshot() throws {
        let library = try filled(saving: true)
        let before = try answers(library)
        let lying = HNSWIndex(dimension: 8)
        try lying.insert(key: 1, vector: vectors[0])
        try lying.save(
            to: directory.snapshot(model: model.identity),
            identity: SnapshotIdentity(
                model: model.identity,
                catalogSequence: try library.catalog.latestChange()
            )
        )
        #expect(try answers(Library(directory: directory, model: model, access: .reading)) == before)
    }

    @Test("a damaged embedding costs its image alone, is counted, and the index is not built anew each time")
    func damagedEmbedding() throws {
        try filled(saving: false)
        try damage("UPDATE embedding SET vector = zeroblob(32) WHERE imageID = 5")
        let writer = try Library(directory: directory, model: model, access: .writing)
        #expect(writer.index.count == 59)
        #expect(writer.index.damagedCount == 1)
        #expect(try writer.index.vector(of: 5) == nil)
        try writer.index.save()
        let reader = try Library(directory: directory, model: model, access: .reading)
        #expect(reader.index.snapshotState == .loaded)
        #expect(reader.index.count == 59)
        #expect(reader.index.damagedCount == 1)
        try damage("DELETE FROM embedding WHERE imageID = 5")
        try reader.index.catchUp()
        #expect(reader.index.damagedCount == 0)
    }

    @Test("an embedding that was damaged after the index took it in is searched as it was")
    func damagedBehindTheSnapshot() throws {
        let before = try answers(try filled(saving: true))
        let journal = "CREATE TRIGGER embeddingUpdated AFTER UPDATE ON embedding BEGIN SELECT 1; END"
        try damage("DROP TRIGGER embeddingUpdated; \(journal); UPDATE embedding SET vector = zeroblob(32)")
        let reader = try Library(directory: directory, model: model, access: .reading)
        #expect(reader.index.snapshotState == .loaded)
        #expect(try answers(reader) == before)
    }

    @Test("an open reader finds what a writer commits afterwards")
    func liveReader() throws {
        let writer = try filled(saving: true)
        let reader = try Library(directory: directory, model: model, access: .reading)
        try record([vectors[0].reversed()], into: writer.catalog, startingAt: 100)
        try reader.index.catchUp()
        let answer = try reader.index.nearest(to: vectors[0].reversed(), count: 1)
        #expect(answer.neighbors.map(\.key) == [61])
    }

    @Test("there is one writer at a time, and the next gets in when the first has gone")
    func oneWriter() throws {
        var first: Library? = try filled(saving: false)
        #expect {
            try Library(directory: directory, model: model, access: .writing)
        } throws: { error in
            if case LibraryError.inUse(_, let holder) = error {
                holder.contains("\(ProcessInfo.processInfo.processIdentifier)")
            } else {
                false
            }
        }
        _ = try Library(directory: directory, model: model, access: .reading)
        #expect(first != nil)
        first = nil
        _ = try Library(directory: directory, model: model, access: .writing)
    }

    @Test("what a killed save has left behind goes when the next writer comes")
    func leftovers() throws {
        try filled(saving: true)
        let leftover = directory.indexDirectory.appending(".lookalike-index-123.tmp")
        try Data([1]).write(to: URL(filePath: leftover.string))
        _ = try Library(directory: directory, model: model, access: .writing)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.indexDirectory.string)
        #expect(names == [directory.snapshot(model: model.identity).lastComponent?.string])
    }

    @Test("reading where there is no library says how to make one, and makes none")
    func noLibrary() throws {
        let nowhere = LibraryDirectory(path: try folder("nowhere"))
        #expect(throws: LibraryError.notFound(path: nowhere.path.string)) {
            try Library(directory: nowhere, model: model, access: .reading)
        }
        #expect(!FileManager.default.fileExists(atPath: nowhere.path.string))
    }

    @Test("searching with another model than the library was indexed with is refused")
    func otherModel() throws {
        try filled(saving: false)
        #expect(throws: LibraryError.otherModel(wanted: "test:2", known: ["test:1"])) {
            try Library(directory: directory, model: ("test:2", 8), access: .reading)
        }
    }

    @Test("sampled images find themselves, and the check tries as many as it was asked to")
    func selfCheck() throws {
        let check = try filled(saving: false).index.checkThatImagesFindThemselves(sampleCount: 20)
        #expect(check == (found: 20, tried: 20))
    }

    @Test(
        "the standard place follows the XDG base directory specification",
        arguments: [
            (["HOME": "/home/ann"], "/home/ann/.local/share/lookalike"),
            (["HOME": "/home/ann", "XDG_DATA_HOME": "/data"], "/data/lookalike"),
            (["HOME": "/home/ann", "XDG_DATA_HOME": "relative"], "/home/ann/.local/share/lookalike"),
        ]
    )
    func standardPlace(environment: [String: String], expected: String) {
        #expect(LibraryDirectory.standard(environment: environment).path.string == expected)
    }

    // MARK: - Helpers

    @discardableResult
    private func filled(saving: Bool) throws -> Library {
        let library = try Library(directory: directory, model: model, access: .writing)
        try record(vectors, into: library.catalog, startingAt: 0)
        try library.index.catchUp()
        if saving { try library.index.save() }
        return library
    }

    private func record(_ vectors: [[Float]], into catalog: Catalog, startingAt first: Int) throws {
        let outcomes = vectors.enumerated().map { offset, vector in
            FileOutcome.embedded(
                path: FilePath("/photos/\(first + offset).jpg"),
                stamp: FileStamp(byteCount: 1, modifiedAtNanoseconds: 1, inode: 1),
                image: ImageDescription(
                    contentHash: Array(repeating: UInt8(first + offset), count: 32),
                    format: "jpeg",
                    width: 1,
                    height: 1,
                    byteCount: 1,
                    perceptualHash: 0
                ),
                embedding: NewEmbedding(vector: vector, precision: "float32")
            )
        }
        let modelID = try catalog.registerModel(identity: model.identity, dimension: model.dimension)
        try catalog.record(outcomes, model: modelID)
    }

    private func damage(_ statements: String) throws {
        try DatabaseQueue(path: directory.catalog.string).write { try $0.execute(sql: statements) }
    }

    private func answers(_ library: Library) throws -> [[UInt64]] {
        try vectors.prefix(10).map { try library.index.nearest(to: $0, count: 5).neighbors.map(\.key) }
    }
}
