import CPageChecksums
import Foundation
import GRDB
import SystemPackage
import TestSupport
import Testing

@testable import Catalog

@Suite("A page that is not what was written is noticed before anything of it is believed")
struct PageChecksumTests {
    private let folder: TemporaryFolder
    private let path: FilePath

    init() throws {
        folder = try TemporaryFolder()
        path = try folder("catalog.sqlite")
    }

    @Test("every flipped bit of a page changes its checksum, and so does its number")
    func checksums() throws {
        var random = SeededGenerator(seed: 3)
        var page = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
        let sum = lk_page_checksum(page, 4096, 7)
        #expect(lk_page_checksum(page, 4096, 8) != sum)
        for bit in 0..<4088 * 8 {
            page[bit / 8] ^= 1 << (bit % 8)
            #expect(lk_page_checksum(page, 4096, 7) != sum)
            page[bit / 8] ^= 1 << (bit % 8)
        }
        #expect(lk_page_checksum(page, 4096, 7) == sum)
    }

    @Test("flipped bits in the header and in every page of the file are errors when everything is read")
    func flippedBits() throws {
        try fill(path)
        let good = try bytes(of: path)
        #expect(try bytes(of: FilePath(path.string + "-wal")).isEmpty)
        let before = try content(of: path)
        let seed = UInt64.random(in: 0...UInt64(UInt32.max))
        print("seed of the flipped bits: \(seed)")
        var random = SeededGenerator(seed: seed)
        // What says that there are checksums, and how big a page is; other bytes of the header; each page, and its sum.
        var places = (16..<21).flatMap { byte in (0..<8).map { byte * 8 + $0 } } + Array(68 * 8..<72 * 8)
        places += stride(from: 0, to: 100, by: 6).map { $0 * 8 + Int.random(in: 0..<8, using: &random) }
        for page in 0..<good.count / 4096 {
            places.append(page * 4096 * 8 + Int.random(in: 0..<4088 * 8, using: &random))
            if page % 8 == 0 { places.append((page * 4096 + 4090) * 8) }
        }
        for place in places {
            var flipped = good
            flipped[place / 8] ^= 1 << (place % 8)
            let copy = try folder.write(flipped, to: "copy.sqlite")
            if let found = try? content(of: copy) {
                // A free page is nobody's business.
                #expect(found == before && place / 8 >= 100, "bit \(place % 8) of byte \(place / 8)")
            }
            removeJournals(copy)
        }
    }

    @Test("pages in each other's places are noticed")
    func misplacedPages() throws {
        try fill(path)
        let good = try bytes(of: path)
        var exchanged = good
        let (second, third) = (Array(good[4096..<8192]), Array(good[8192..<12288]))
        exchanged.replaceSubrange(4096..<8192, with: third)
        exchanged.replaceSubrange(8192..<12288, with: second)
        let copy = try folder.write(exchanged, to: "copy.sqlite")
        #expect(throws: (any Error).self) { try content(of: copy) }
    }

    @Test("what is written while others read is sealed, whoever moves it into the main file")
    func concurrentCheckpoints() throws {
        let first = try Catalog(path: path)
        let model = try first.registerModel(identity: "test:1", dimension: 16)
        let second = try Catalog(path: path)
        var random = SeededGenerator(seed: 5)
        for round in 0..<20 {
            let writer = round % 2 == 0 ? first : second
            // A reader's snapshot stands in the way of the checkpoint.
            try (round % 2 == 0 ? second : first).database.read { database in
                _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM image")
                let outcome = FileOutcome.indexed(round + 1, vector: random.unitVector(16))
                try writer.record([outcome], model: model)
                _ = try? writer.database.writeWithoutTransaction { try $0.checkpoint(.passive) }
            }
        }
        try first.close()
        try second.close()
        let again = try Catalog(path: path)
        #expect(try again.counts().images == 20)
        #expect(try damagedPages(again) == [])
    }

    @Test("a database without checksums gets them when it is opened to be written, and keeps its content")
    func upgrade() throws {
        let old = try DatabasePool(path: path.string)
        try Migrations.migrator.migrate(old)
        try old.write { try insert(400, into: $0) }
        try old.close()
        let catalog = try Catalog(path: path)
        #expect(try catalog.database.read(PageChecksums.isComplete))
        #expect(try catalog.counts().images == 400)
        #expect(try damagedPages(catalog) == [])
    }

    @Test("while another has it open a database without checksums is read and written as it is")
    func upgradePostponed() throws {
        let old = try DatabasePool(path: path.string)
        try Migrations.migrator.migrate(old)
        try old.write { try insert(400, into: $0) }
        let catalog = try Catalog(path: path)
        #expect(try !catalog.database.read(PageChecksums.isComplete))
        try catalog.set(.modelFolder, to: "/models")
        #expect(try catalog.counts().images == 400)
        try old.close()
    }

    @Test(
        "SQLite killed between writing the database anew and moving it into place is finished by the next one"
    )
    func upgradeKilled() throws {
        let old = try DatabasePool(path: path.string)
        try Migrations.migrator.migrate(old)
        try old.write { try insert(400, into: $0) }
        try old.close()
        let queue = try DatabaseQueue(path: path.string)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            lk_page_checksums_reserve(database.sqliteConnection, 8)
            try database.execute(sql: "VACUUM")
        }
        // What a killed process leaves: the main file as it was, and the journal.
        let killed = try folder("killed.sqlite")
        for ending in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path.string + ending, toPath: killed.string + ending)
        }
        try queue.close()
        let catalog = try Catalog(path: killed)
        #expect(try catalog.database.read(PageChecksums.isComplete))
        #expect(try catalog.counts().images == 400)
        catalog.settle()
        #expect(try damagedPages(catalog) == [])
    }

    // MARK: - Helpers

    private func fill(_ path: FilePath) throws {
        let catalog = try Catalog(path: path)
        try catalog.database.write { try insert(120, into: $0) }
        try catalog.close()
    }

    private func insert(_ count: Int, into database: Database) throws {
        let vector = Data(repeating: 3, count: 1024)
        try database.execute(sql: "INSERT INTO model (id, identity, dimension) VALUES (1, 'test:1', 256)")
        for number in 1...count {
            try database.execute(
                sql: """
                    INSERT INTO image (id, contentHash, format, width, height, byteCount, addedAt)
                        VALUES (:number, :hash, 'jpeg', 4, 3, 10, '2026-01-01 00:00:00.000');
                    INSERT INTO file (path, byteCount, modifiedAtNanoseconds, inode, imageID)
                        VALUES (:path, 10, 1, 2, :number);
                    INSERT INTO embedding (imageID, modelID, vector) VALUES (:number, 1, :vector);
                    """,
                arguments: [
                    "number": number, "path": "/photos/\(number).jpg", "vector": vector,
                    "hash": Data((0..<32).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 4))) }),
                ]
            )
        }
    }

    /// All rows of all tables, read through the indices as well.
    private func content(of path: FilePath) throws -> [[DatabaseValue]] {
        let catalog = try Catalog(path: path)
        defer { try? catalog.close() }
        return try catalog.database.read { database in
            let faults = try String.fetchAll(database, sql: "PRAGMA integrity_check")
            guard faults == ["ok"] else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            let tables = try String.fetchAll(
                database,
                sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
            return try tables.flatMap { table in
                try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"").map { Array($0.databaseValues) }
            }
        }
    }

    private func damagedPages(_ catalog: Catalog) throws -> [UInt32] {
        try catalog.database.read { database in
            let count = try UInt32.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            #expect(count > 1)
            return (1...count).filter {
                let state = lk_page_checksums_state(database.sqliteConnection, $0)
                return state != lk_page_sound && state != lk_page_absent
            }
        }
    }

    private func removeJournals(_ path: FilePath) {
        for ending in ["-wal", "-shm", "-journal"] {
            try? FileManager.default.removeItem(atPath: path.string + ending)
        }
    }
}
