import CPageChecksums
import Foundation
import GRDB
import SystemPackage
import TestSupport
import Testing

@testable import Catalog

@Suite("What was committed to the journal is not forgotten in silence")
struct JournalTests {
    private let folder: TemporaryFolder
    private let path: FilePath
    private let journal: [UInt8]

    /// A catalog as a killed process leaves it: ten commits are in the journal alone.
    init() throws {
        folder = try TemporaryFolder()
        path = try folder("killed.sqlite")
        let original = try folder("catalog.sqlite")
        let catalog = try Catalog(path: original)
        for number in 1...10 {
            try catalog.database.write {
                try $0.execute(
                    sql: "INSERT INTO setting (key, value) VALUES (?, ?)",
                    arguments: [String(number), String(repeating: "x", count: 3000)]
                )
            }
        }
        for ending in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: original.string + ending, toPath: path.string + ending)
        }
        journal = try bytes(of: FilePath(path.string + "-wal"))
        try catalog.close()
    }

    @Test("a whole journal is taken in")
    func whole() throws {
        #expect(try settingCount() == 10)
    }

    @Test("a journal cut anywhere opens with a beginning of what was committed, as after a power cut")
    func cut() throws {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<8 {
            try write(Array(journal.prefix(Int.random(in: 0..<journal.count, using: &random))))
            #expect(try (0...10).contains(settingCount()))
        }
    }

    @Test("a flipped bit with two commits behind it is refused by name; nothing is changed")
    func flipped() throws {
        var random = SeededGenerator(seed: 3)
        let places =
            [0, 3, 9, 17, 25, 33, 40, 50]
            + (0..<20).map { _ in Int.random(in: 0..<journal.count, using: &random) }
        for place in places {
            var flipped = journal
            flipped[place] ^= 1 << 5
            try write(flipped)
            do {
                let count = try settingCount()
                // At the end there is no telling it from a power cut.
                #expect(count == 10 || place > journal.count * 7 / 10, "byte \(place): \(count)")
            } catch {
                #expect(error as? CatalogError == .damagedJournal(path: path.string), "byte \(place)")
                #expect(try bytes(of: FilePath(path.string + "-wal")) == flipped)
            }
        }
    }

    private func settingCount() throws -> Int {
        let copy = try folder("\(UUID().uuidString).sqlite")
        for ending in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path.string + ending, toPath: copy.string + ending)
        }
        do {
            return try Catalog(path: copy).database.read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM setting") ?? 0
            }
        } catch CatalogError.damagedJournal {
            throw CatalogError.damagedJournal(path: path.string)
        }
    }

    private func write(_ content: [UInt8]) throws {
        try Data(content).write(to: URL(filePath: path.string + "-wal"))
    }
}
