import Catalog
import Foundation
import GRDB
import NeighborSearch
import SystemPackage
import TestSupport
import Testing

@testable import ImageLibrary

@Suite("Damage is found, named and mended; copies are whole")
struct RepairTests {
    private let folder: TemporaryFolder
    private let directory: LibraryDirectory
    private let model = (identity: "test:1", dimension: 64)
    private let vectors: [[Float]]

    init() throws {
        folder = try TemporaryFolder()
        directory = LibraryDirectory(path: try folder("library"))
        var random = SeededGenerator(seed: 7)
        vectors = (1...120).map { _ in random.unitVector(64) }
        let library = try Library(directory: directory, model: model, access: .writing)
        try library.catalog.remember([IndexedFolder(path: "/photos")])
        let outcomes = vectors.enumerated().map { FileOutcome.indexed($0 + 1, vector: $1) }
        try library.catalog.record(outcomes, model: library.index.catalogModel)
        _ = try library.catalog.keep(Judgement(query: 3, image: 5, grade: 4))
        try library.index.catchUp()
        try library.index.save()
    }

    // MARK: - Verification

    @Test("a sound library is sound, beside a writer too, and nothing is written")
    func sound() throws {
        let writer = try Library(directory: directory, model: model, access: .writing)
        #expect(try LibraryVerification(of: directory).findings.map(\.verdict) == [.sound, .sound])
        try writer.catalog.set(.modelFolder, to: "/models")
        #expect(try LibraryVerification(of: directory).isSound)
    }

    @Test("each kind of planted fault is found, and repair leaves a sound library")
    func plantedFaults() throws {
        let before = try answers()
        let faults: [(says: String, plant: () throws -> Void)] = [
            (
                "1 embedding is damaged",
                { try execute("UPDATE embedding SET vector = zeroblob(256) WHERE imageID = 9") }
            ),
            ("lead nowhere", { try execute("PRAGMA foreign_keys = OFF; DELETE FROM image WHERE id = 9") }),
            ("unknown to the index", { try execute("DELETE FROM embeddingChange WHERE imageID = 11") }),
            ("pages are damaged", { try flip(page: 3, bits: [5000]) }),
            ("the first page", { try flip(page: 1, bits: [3]) }),
        ]
        for (says, plant) in faults {
            try plant()
            let found = try LibraryVerification(of: directory)
            #expect(!found.isSound, "\(says)")
            if says != "the first page" {
                #expect(found.findings.contains { $0.detail.contains(says) }, "\(says): \(found.findings)")
            }
            let repair = try LibraryRepair(of: directory)
            #expect(repair.findings.contains { $0.verdict == .mended }, "\(says)")
            #expect(try LibraryVerification(of: directory).isSound, "\(says)")
        }
        // Image 9 is lost to its vector, and to nothing else.
        let after = try answers()
        #expect(zip(before, after).allSatisfy { $0.filter { $0 != 9 } == $1 || $0 == $1 || $0.contains(9) })
    }

    @Test("a flipped bit in any page is set right without loss")
    func singleBits() throws {
        let good = try bytes(of: directory.catalog)
        let before = try answers()
        var random = SeededGenerator(seed: 21)
        for page in 1...good.count / 4096 where page % 3 == 1 {
            try flip(page: page, bits: [Int.random(in: 0..<4096 * 8, using: &random)])
            let repair = try LibraryRepair(of: directory)
            #expect(repair.findings.map(\.verdict) == [.mended], "page \(page): \(repair.findings)")
            #expect(repair.files.isEmpty)
        }
        #expect(try answers() == before)
        #expect(try judgementCount() == 1)
    }

    @Test("pages beyond mending cost what is on them; the rest is copied, and the damaged catalog is kept")
    func salvage() throws {
        let page = try leafPage(of: "embedding")
        try flip(page: page, bits: [9000, 9001, 12_000])
        let damaged = try bytes(of: directory.catalog)
        let repair = try LibraryRepair(of: directory)
        #expect(
            repair.findings.contains { $0.detail.contains("rows were lost in embedding") },
            "\(repair.findings)"
        )
        #expect(repair.files == ["/photos"])
        #expect(try LibraryVerification(of: directory).isSound)
        let library = try Library(directory: directory, model: model, access: .reading)
        #expect((100..<120).contains(library.index.count))
        #expect(try library.catalog.counts().images == 120)
        #expect(try judgementCount() == 1)
        let kept = try #require(try names().first { $0.hasPrefix("catalog.damaged-") })
        #expect(try bytes(of: directory.path.appending(kept)) == damaged)
        for (number, vector) in vectors.enumerated() {
            guard let held = try library.index.vector(of: Int64(number + 1)) else { continue }
            #expect(zip(held, vector).allSatisfy { abs($0 - $1) < 0.001 })
        }
    }

    @Test("a catalog whose beginning is gone is refused with what to do, and stays as it is")
    func beyondRepair() throws {
        var spoilt = try bytes(of: directory.catalog)
        spoilt.replaceSubrange(0..<4096, with: Array(repeating: 0x5A, count: 4096))
        try Data(spoilt).write(to: URL(filePath: directory.catalog.string))
        #expect(try LibraryVerification(of: directory).isSound == false)
        #expect(throws: LibraryError.beyondRepair(directory.path.string)) { try LibraryRepair(of: directory) }
        #expect(try bytes(of: directory.catalog) == spoilt)
    }

    @Test("a damaged and a lying index file are found, and written anew from the catalog")
    func indexFiles() throws {
        let snapshot = directory.snapshot(model: model.identity)
        let lying = HNSWIndex(dimension: 64)
        for (number, vector) in vectors.enumerated() {
            try lying.insert(key: UInt64(number + 1), vector: number == 7 ? vectors[8] : vector)
        }
        let latest = try Catalog(path: directory.catalog).latestChange()
        let plants: [() throws -> Void] = [
            {
                var good = try bytes(of: snapshot)
                good[good.count - 100] ^= 1
                try Data(good).write(to: URL(filePath: snapshot.string))
            },
            {
                let identity = SnapshotIdentity(model: model.identity, catalogSequence: latest)
                try lying.save(to: snapshot, identity: identity)
            },
        ]
        for plant in plants {
            try plant()
            #expect(try LibraryVerification(of: directory).isSound == false)
            let repair = try LibraryRepair(of: directory)
            #expect(repair.needsIndex)
            try Library(directory: directory, model: model, access: .writing).index.save()
            #expect(try LibraryVerification(of: directory).findings.map(\.verdict) == [.sound, .sound])
        }
    }

    @Test("repair is refused while another process has the catalog open")
    func openElsewhere() throws {
        let other = try Catalog(path: directory.catalog)
        #expect(throws: CatalogError.open(path: directory.catalog.string)) {
            try LibraryRepair(of: directory)
        }
        try other.close()
        #expect(try LibraryRepair(of: directory).findings == [])
    }

    // MARK: - Backups

    @Test("a backup made while another writes holds what was committed when it began, and opens as a library")
    func backupWhileWriting() throws {
        let target = try folder("backup")
        let writer = try Library(directory: directory, model: model, access: .writing)
        var number = 120
        let stop = Date(timeIntervalSinceNow: 0.5)
        let done = DispatchSemaphore(value: 0)
        let from = directory
        let thread = Thread {
            _ = try? LibraryBackup.backUp(from, to: target)
            done.signal()
        }
        thread.start()
        repeat {
            number += 1
            try writer.catalog.record(
                [.indexed(number, vector: vectors[number % 120])],
                model: writer.index.catalogModel
            )
        } while (Date() < stop || done.wait(timeout: .now()) == .timedOut) && number < 250
        thread.cancel()
        let copy = LibraryDirectory(path: target)
        #expect(try LibraryVerification(of: copy).isSound)
        let opened = try Library(directory: copy, model: model, access: .reading)
        #expect((120...number).contains(opened.index.count))
        #expect(throws: LibraryError.notEmpty(path: target.string)) {
            try LibraryBackup.backUp(directory, to: target)
        }
    }

    @Test("restoring puts the copy in place and sets what was there aside; a damaged copy is refused")
    func restore() throws {
        let target = try folder("backup")
        _ = try LibraryBackup.backUp(directory, to: target)
        let before = try answers()
        try Library.changeCatalog(in: directory) { _ = try $0.forget(at: "/photos/1.jpg") }
        let kept = try #require(try LibraryBackup.restore(target, to: directory))
        #expect(try answers() == before)
        #expect(try Catalog(path: kept).counts().images == 119)
        #expect(try LibraryVerification(of: directory).isSound)

        let elsewhere = LibraryDirectory(path: try folder("elsewhere"))
        #expect(try LibraryBackup.restore(target, to: elsewhere) == nil)
        #expect(try Catalog(path: elsewhere.catalog).counts().images == 120)

        let copy = LibraryDirectory(path: target).catalog
        var spoilt = try bytes(of: copy)
        spoilt[4096 * 4 + 99] ^= 1
        try Data(spoilt).write(to: URL(filePath: copy.string))
        #expect(throws: (any Error).self) { try LibraryBackup.restore(target, to: directory) }
        #expect(try answers() == before)
    }

    @Test("what a killed repair or restore leaves is no catalog, and the next one goes on from there")
    func killedBetweenSteps() throws {
        let before = try answers()
        // Killed before the rename: a prepared catalog, the old one's second name, and no index file.
        let prepared = directory.path.appending("catalog.preparing.sqlite")
        try Data([1, 2, 3]).write(to: URL(filePath: prepared.string))
        try FileManager.default.linkItem(
            atPath: directory.catalog.string,
            toPath: directory.path.appending("catalog.damaged-2026-01-01-000000.sqlite").string
        )
        for snapshot in directory.snapshots() { try FileManager.default.removeItem(atPath: snapshot.string) }
        #expect(try answers() == before)
        let target = try folder("backup")
        _ = try LibraryBackup.backUp(directory, to: target)
        _ = try LibraryBackup.restore(target, to: directory)
        #expect(!FileManager.default.fileExists(atPath: prepared.string))
        #expect(try answers() == before)
    }

    // MARK: - Helpers

    private func answers() throws -> [[UInt64]] {
        let library = try Library(directory: directory, model: model, access: .reading)
        return try vectors.prefix(20).map { try library.index.nearest(to: $0, count: 5).neighbors.map(\.key) }
    }

    private func execute(_ statements: String) throws {
        let queue = try DatabaseQueue(path: directory.catalog.string)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: statements)
            _ = try database.checkpoint(.truncate)
        }
        try queue.close()
    }

    private func flip(page: Int, bits: [Int]) throws {
        var content = try bytes(of: directory.catalog)
        for bit in bits { content[(page - 1) * 4096 + bit / 8] ^= 1 << (bit % 8) }
        try Data(content).write(to: URL(filePath: directory.catalog.string))
    }

    /// A page in the middle of a table's rows.
    private func leafPage(of table: String) throws -> Int {
        let queue = try DatabaseQueue(path: directory.catalog.string)
        defer { try? queue.close() }
        let pages = try queue.read {
            try Int.fetchAll(
                $0,
                sql: "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
                arguments: [table]
            )
        }
        return pages[pages.count / 2]
    }

    private func judgementCount() throws -> Int {
        try Library.readCatalog(in: directory) { try $0.judgements().count }
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path.string)
    }
}
