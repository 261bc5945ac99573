import Foundation
import GRDB
import SystemPackage
import TestSupport
import Testing

@testable import Catalog

@Suite("The catalog keeps what it acknowledged")
struct CatalogTests {
    private let folder: TemporaryFolder
    private let catalog: Catalog
    private let model: ModelID

    init() throws {
        folder = try TemporaryFolder()
        catalog = try Catalog(path: try folder("catalog.sqlite"))
        model = try catalog.registerModel(identity: "test:1", dimension: 2)
    }

    // MARK: - Files and images

    @Test("a file that was embedded is known by path, with the stamp it had")
    func knownFile() throws {
        #expect(try catalog.knownFile(at: "/photos/a.jpg", model: model) == nil)
        try record([embedded("/photos/a.jpg", content: 1)])
        let known = try #require(try catalog.knownFile(at: "/photos/a.jpg", model: model))
        #expect(known.stamp == stamp)
        #expect(known.isEmbedded)
        #expect(known.refusal == nil)
        let other = try catalog.registerModel(identity: "test:2", dimension: 2)
        #expect(try catalog.knownFile(at: "/photos/a.jpg", model: other)?.isEmbedded == false)
    }

    @Test("two files with the same content are one image with two locations")
    func duplicates() throws {
        let recorded = try catalog.record(
            [embedded("/photos/b.jpg", content: 1), embedded("/photos/a.jpg", content: 1)],
            model: model
        )
        #expect(recorded.map(\.isNew) == [true, false])
        #expect(try catalog.counts().images == 1)
        let image = try #require(try catalog.embeddedImage(contentHash: hash(1), model: model))
        #expect(try catalog.image(image)?.locations.map(\.path) == ["/photos/a.jpg", "/photos/b.jpg"])
    }

    @Test("the catalog remembers in which precision each vector was made")
    func precisions() throws {
        #expect(try catalog.identitiesOfUsedModels().isEmpty)
        try record(
            [
                embedded("/photos/a.jpg", content: 1), embedded("/photos/b.jpg", content: 2),
                embedded("/photos/c.jpg", content: 3),
            ]
        )
        #expect(try catalog.models().first?.embeddingCounts == ["float32": 1, "bfloat16": 2])
        #expect(try catalog.models().first?.embeddingCount == 3)
        #expect(try catalog.identitiesOfUsedModels() == [try #require(try catalog.models().first).identity])
    }

    @Test("a file whose content changed belongs to the new image, and the old one is forgotten")
    func editedFile() throws {
        try record([embedded("/photos/a.jpg", content: 1)])
        try record([embedded("/photos/a.jpg", content: 2)])
        try catalog.forgetUnusedImages()
        #expect(try catalog.embeddedImage(contentHash: hash(1), model: model) == nil)
        let new = try #require(try catalog.embeddedImage(contentHash: hash(2), model: model))
        #expect(try catalog.image(new)?.locations.map(\.path) == ["/photos/a.jpg"])
        #expect(try catalog.embeddingCount(model: model) == 1)
    }

    @Test("a refused file is remembered with its reason, and forgets it when it becomes an image")
    func refusal() throws {
        let refusal = Refusal(reason: "truncated", message: "It ends too early.")
        try record([.refused(path: "/photos/a.jpg", stamp: stamp, refusal: refusal)])
        #expect(try catalog.knownFile(at: "/photos/a.jpg", model: model)?.refusal == refusal)
        #expect(try catalog.refusedFiles() == [RefusedFile(path: "/photos/a.jpg", refusal: refusal)])
        try record([embedded("/photos/a.jpg", content: 1)])
        #expect(try catalog.refusedFiles() == [])
    }

    @Test("names that are not UTF-8 come back byte for byte")
    func bytesInNames() throws {
        let name = FilePath.Component(bytes: [0x61, 0xFF, 0xFE, 0x62])
        let path = FilePath("/photos").appending(try #require(name))
        try record([embedded(path, content: 1)])
        #expect(try catalog.knownFile(at: path, model: model) != nil)
        let image = try #require(try catalog.embeddedImage(contentHash: hash(1), model: model))
        #expect(try catalog.image(image)?.locations.map(\.path) == [path])
        #expect(try catalog.markMissing(at: ["/photos"], except: [], seen: RowIDs()) == 1)
    }

    // MARK: - Missing files

    @Test("files that a complete walk has not seen are missing until they are seen again")
    func missing() throws {
        let photos: [FilePath] = ["/photos"]
        let files = try record([embedded("/photos/a.jpg", content: 1), embedded("/photos/b.jpg", content: 2)])
        var seen = RowIDs()
        for file in files { seen.insert(file.fileID) }
        #expect(try catalog.markMissing(at: photos, except: [], seen: seen) == 0)

        var seenAgain = RowIDs()
        seenAgain.insert(files[0].fileID)
        #expect(try catalog.markMissing(at: photos, except: [], seen: seenAgain) == 1)
        #expect(try catalog.markMissing(at: photos, except: [], seen: seenAgain) == 0)
        #expect(try catalog.counts().missingFiles == 1)
        #expect(try catalog.counts().presentImages == 1)

        let returned = try #require(try catalog.knownFile(at: "/photos/b.jpg", model: model))
        #expect(returned.isMissing)
        try record([
            .unchanged(fileID: files[0].fileID, wasMissing: false),
            .unchanged(fileID: returned.id, wasMissing: true),
        ])
        #expect(try catalog.counts().missingFiles == 0)
        #expect(try catalog.knownFile(at: "/photos/b.jpg", model: model)?.isMissing == false)
    }

    @Test(
        "nothing is concluded about other folders, siblings with a longer name, or what could not be read"
    )
    func missingStaysWithinTheWalk() throws {
        let paths: [FilePath] = [
            "/photos/a.jpg", "/photos-old/a.jpg", "/photos/locked/a.jpg", "/photos/locked2/a.jpg",
            "/other.jpg",
        ]
        try record(paths.enumerated().map { embedded($1, content: UInt8($0)) })
        #expect(try catalog.markMissing(at: ["/photos"], except: ["/photos/locked"], seen: RowIDs()) == 2)
        let missing = try catalog.database.read { database in
            try String.fetchAll(
                database,
                sql: "SELECT path FROM file WHERE missingSince IS NOT NULL ORDER BY path"
            )
        }
        #expect(missing == ["/photos/a.jpg", "/photos/locked2/a.jpg"])
    }

    @Test("a single file that was indexed and is gone is missing")
    func missingRootFile() throws {
        try record([embedded("/a.jpg", content: 1), embedded("/a.jpg.jpg", content: 2)])
        #expect(try catalog.markMissing(at: ["/a.jpg"], except: [], seen: RowIDs()) == 1)
    }

    @Test("a set of file numbers holds what was put into it and nothing else")
    func fileNumbers() {
        var chance = SeededGenerator(seed: 5)
        let chosen = Set((0..<500).map { _ in Int64.random(in: 0..<5_000, using: &chance) })
        var files = RowIDs()
        for file in chosen { files.insert(file) }
        #expect((0..<6_000).allSatisfy { files.contains($0) == chosen.contains($0) })
    }

    // MARK: - Moved files

    @Test("a moved file keeps its record, and what lay in its new place has none any more")
    func moved() throws {
        let files = try record([embedded("/photos/a.jpg", content: 1), embedded("/photos/b.jpg", content: 2)])
        let found = try catalog.files(like: stamp, movedTo: "/photos/b.jpg", model: model)
        #expect(found.map(\.path) == ["/photos/a.jpg"])
        let recorded = try record([.moved(from: found[0], to: "/photos/b.jpg", stamp: stamp)])
        #expect(recorded == [RecordedFile(fileID: files[0].fileID, isNew: false)])
        #expect(try catalog.knownFile(at: "/photos/a.jpg", model: model) == nil)
        #expect(try catalog.knownFile(at: "/photos/b.jpg", model: model)?.imageID == found[0].imageID)
        try catalog.forgetUnusedImages()
        #expect(try catalog.counts().images == 1)
    }

    @Test("a time of whole seconds tells files apart by name only")
    func wholeSeconds() throws {
        let coarse = FileStamp(byteCount: 10, modifiedAtNanoseconds: 1_700_000_000_000_000_000, inode: 9)
        try record([embedded("/photos/a.jpg", content: 1, stamp: coarse)])
        func found(_ path: FilePath, _ stamp: FileStamp) throws -> Int {
            try catalog.files(like: stamp, movedTo: path, model: model).count
        }
        #expect(try found("/elsewhere/a.jpg", coarse) == 1)
        #expect(try found("/photos/renamed.jpg", coarse) == 0)
        #expect(try found("/elsewhere/a.jpg", stamp) == 0)
        let shorter = FileStamp(byteCount: 9, modifiedAtNanoseconds: coarse.modifiedAtNanoseconds, inode: 9)
        #expect(try found("/elsewhere/a.jpg", shorter) == 0)
    }

    // MARK: - Forgetting

    @Test("forgetting a folder forgets its images unless they lie elsewhere too")
    func forget() throws {
        try record(
            [
                embedded("/photos/x/a.jpg", content: 1), embedded("/photos/x/b.jpg", content: 2),
                embedded("/photos/y/b.jpg", content: 2), embedded("/photos/xy.jpg", content: 3),
            ]
        )
        let forgotten = try #require(try catalog.forget(at: "/photos/x"))
        #expect(forgotten == (files: 2, images: 1))
        #expect(try catalog.counts().images == 2)
        #expect(try catalog.embeddingCount(model: model) == 2)
        #expect(try catalog.forget(at: "/nowhere") == nil)
    }

    // MARK: - The journal that the index follows

    @Test("the journal tells each image that came or went, in order, with its vector now")
    func journal() throws {
        try record([embedded("/photos/a.jpg", content: 1), embedded("/photos/b.jpg", content: 2)])
        let start = try changes(after: 0)
        #expect(start.changes.map(\.vector) == [[1, 0], [0, 1]])
        #expect(try catalog.latestChange() == start.latest)

        _ = try catalog.forget(at: "/photos/a.jpg")
        let deletion = try changes(after: start.latest)
        #expect(deletion.changes == [EmbeddingChange(imageID: start.changes[0].imageID, vector: nil)])
        #expect(try changes(after: deletion.latest).changes == [])
        #expect(try changes(after: 0).changes.map(\.vector) == [[0, 1], nil])
    }

    @Test("pruning forgets missing files and pictures that no file holds, and nothing else")
    func prune() throws {
        try record([
            embedded("/photos/a.jpg", content: 1), embedded("/photos/b.jpg", content: 2),
            embedded("/gone/c.jpg", content: 3), embedded("/gone/copy-of-a.jpg", content: 1),
        ])
        #expect(try catalog.markMissing(at: ["/gone"], except: [], seen: RowIDs()) == 2)
        #expect(try catalog.counts().missingFiles == 1, "of the other the picture is elsewhere")
        #expect(try catalog.prunable() == (files: 2, images: 1))
        #expect(try catalog.prune() == (files: 2, images: 1))
        #expect(try catalog.counts().images == 2)
        #expect(try catalog.prunable() == (files: 0, images: 0))
    }

    @Test("an old state of an edited picture is kept when somebody has judged it")
    func judgedStaysWithoutFile() throws {
        try record([embedded("/photos/a.jpg", content: 1), embedded("/photos/b.jpg", content: 2)])
        let old = try #require(try catalog.embeddedImage(contentHash: hash(1), model: model))
        let other = try #require(try catalog.embeddedImage(contentHash: hash(2), model: model))
        try catalog.database.write {
            try $0.execute(
                sql: "INSERT INTO judgement VALUES (?, ?, 4, '2026-01-01')",
                arguments: [other, old]
            )
        }
        try record([embedded("/photos/a.jpg", content: 3)])
        try catalog.forgetUnusedImages()
        #expect(try catalog.image(old) != nil)
        try record([embedded("/photos/a.jpg", content: 1)])
        #expect(try catalog.image(old)?.locations.map(\.path) == ["/photos/a.jpg"])
    }

    @Test("forgetting a folder forgets that it, and folders below it, were indexed")
    func forgetFolders() throws {
        let folders: [FilePath] = ["/photos", "/photos/x", "/photos-old"]
        try catalog.remember(folders.map { IndexedFolder(path: $0) })
        #expect(try #require(try catalog.forget(at: "/photos")) == (files: 0, images: 0))
        #expect(try catalog.indexedFolders().map(\.path) == ["/photos-old"])
    }

    @Test("a folder keeps its rules until others are given")
    func rules() throws {
        let rules = FileRules(excludes: ["raw/", "*.gif"], includes: ["\"odd\\ name\""])
        try catalog.remember([IndexedFolder(path: "/photos", rules: rules)])
        #expect(try catalog.indexedFolders() == [IndexedFolder(path: "/photos", rules: rules)])
        try catalog.remember([IndexedFolder(path: "/photos")])
        #expect(try catalog.indexedFolders() == [IndexedFolder(path: "/photos")])
    }

    @Test("the journal keeps one entry for each image, the newest")
    func journalDoesNotGrow() throws {
        try record([embedded("/photos/a.jpg", content: 1)])
        let image = try #require(try catalog.embeddedImage(contentHash: hash(1), model: model))
        for _ in 1...5 {
            let before = try catalog.latestChange()
            try catalog.database.write { try $0.execute(sql: "UPDATE embedding SET vector = vector") }
            #expect(try catalog.latestChange() > before)
        }
        let entries = try catalog.database.read {
            try Int64.fetchAll($0, sql: "SELECT imageID FROM embeddingChange")
        }
        #expect(entries == [image])
    }

    @Test("a sound catalog has no faults; one with a dangling reference has")
    func integrity() throws {
        try record([embedded("/photos/a.jpg", content: 1)])
        #expect(try catalog.integrityFaults() == [])
        try catalog.database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF")
            try database.execute(sql: "DELETE FROM image")
        }
        #expect(try catalog.integrityFaults().isEmpty == false)
    }

    @Test("an image number is never given twice, so an index can tell the deleted from the new")
    func numbersAreNotReused() throws {
        try record([embedded("/photos/a.jpg", content: 1)])
        let first = try #require(try catalog.embeddedImage(contentHash: hash(1), model: model))
        _ = try catalog.forget(at: "/photos/a.jpg")
        try record([embedded("/photos/b.jpg", content: 2)])
        let second = try #require(try catalog.embeddedImage(contentHash: hash(2), model: model))
        #expect(second > first)
    }

    // MARK: - Opening

    @Test("what was recorded is there when the catalog is opened again")
    func reopening() throws {
        try record([embedded("/photos/a.jpg", content: 1)])
        try catalog.remember([IndexedFolder(path: "/photos")])
        try catalog.set(.modelFolder, to: "/models/x")
        try catalog.close()
        let again = try Catalog(path: try folder("catalog.sqlite"))
        #expect(try again.counts().images == 1)
        #expect(try again.setting(.modelFolder) == "/models/x")
        #expect(try again.indexedFolders().map(\.path) == ["/photos"])
    }

    @Test("whoever opens a new catalog at the same time as others gets the same, whole one")
    func openedByMany() async throws {
        for round in 1...10 {
            let path = try folder("new-\(round).sqlite")
            let counts = try await withThrowingTaskGroup(of: Int.self) { openers in
                for _ in 1...4 {
                    openers.addTask { try Catalog(path: path).counts().images }
                }
                return try await openers.reduce(into: []) { $0.append($1) }
            }
            #expect(counts == [0, 0, 0, 0])
        }
    }

    @Test("a catalog of a newer program is refused, untouched")
    func newerFormat() throws {
        try catalog.database.write {
            try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('2: from the future')")
        }
        try catalog.close()
        let path = try folder("catalog.sqlite")
        #expect(throws: CatalogError.newerFormat(path: path.string)) { try Catalog(path: path) }
    }

    @Test("a file that is no database is refused")
    func noDatabase() throws {
        let path = try folder.write(Array(repeating: 7, count: 5000), to: "other.sqlite")
        #expect(throws: CatalogError.self) { try Catalog(path: path) }
    }

    @Test("every commit waits for the disk")
    func durability() throws {
        let level = try catalog.database.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(level == 2)
    }

    // MARK: - Helpers

    private let stamp = FileStamp(
        byteCount: 10,
        modifiedAtNanoseconds: 1_700_000_000_123_456_789,
        inode: .max
    )

    private func hash(_ content: UInt8) -> [UInt8] { Array(repeating: content, count: 32) }

    private func embedded(_ path: FilePath, content: UInt8, stamp: FileStamp? = nil) -> FileOutcome {
        .embedded(
            path: path,
            stamp: stamp ?? self.stamp,
            image: ImageDescription(
                contentHash: hash(content),
                format: "jpeg",
                width: 4,
                height: 3,
                byteCount: 10,
                perceptualHash: 0
            ),
            embedding: NewEmbedding(
                vector: content == 1 ? [1, 0] : [0, 1],
                precision: content == 1 ? "float32" : "bfloat16"
            )
        )
    }

    @discardableResult
    private func record(_ outcomes: [FileOutcome]) throws -> [RecordedFile] {
        try catalog.record(outcomes, model: model)
    }

    private func changes(after sequence: Int64) throws -> (changes: [EmbeddingChange], latest: Int64) {
        var changes: [EmbeddingChange] = []
        let latest = try catalog.forEachChange(after: sequence, model: model) { changes.append($0) }
        return (changes, latest)
    }
}
