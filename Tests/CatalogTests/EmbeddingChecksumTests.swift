import Foundation
import GRDB
import SystemPackage
import TestSupport
import Testing

@testable import Catalog

@Suite("No damaged embedding is ever handed out")
struct EmbeddingChecksumTests {
    private let folder: TemporaryFolder
    private let catalog: Catalog
    private let model: ModelID
    private let vectors: [[Float]]

    init() throws {
        folder = try TemporaryFolder()
        catalog = try Catalog(path: try folder("catalog.sqlite"))
        model = try catalog.registerModel(identity: "test:1", dimension: 16)
        var random = SeededGenerator(seed: 11)
        vectors = (1...3).map { _ in random.unitVector(16) }
        try catalog.record(
            vectors.enumerated().map { .indexed($0 + 1, vector: $1) },
            model: model
        )
    }

    @Test("a sound catalog hands out every vector as it was given")
    func sound() throws {
        #expect(try changes().map(\.vector) == vectors)
        #expect(try catalog.damagedEmbeddings(model: model) == [])
    }

    @Test("every single flipped bit of a vector makes its image damaged, and no other")
    func flippedBits() throws {
        let data = VectorCoding.data(from: vectors[1])
        for bit in 0..<data.count * 8 {
            var flipped = data
            flipped[bit / 8] ^= 1 << (bit % 8)
            try update("vector = ? WHERE imageID = 2", [flipped])
            #expect(try catalog.damagedEmbeddings(model: model) == [2], "bit \(bit)")
        }
        #expect(try changes().map(\.isDamaged) == [false, false, true])
        #expect(try changes().map(\.vector) == [vectors[0], vectors[2], nil])
        #expect(try catalog.sampleOfEmbeddings(model: model, count: 10).map(\.image) == [1, 3])
        try update("vector = ? WHERE imageID = 2", [data])
        #expect(try catalog.damagedEmbeddings(model: model) == [])
    }

    @Test(
        "a vector cut short, of another type, exchanged with another image's, or with a changed checksum is damaged",
        arguments: [
            "vector = x'0000' WHERE imageID = 2", "vector = 'text' WHERE imageID = 2",
            "vector = (SELECT vector FROM embedding WHERE imageID = 1) WHERE imageID = 2",
            "precision = 'bfloat16' WHERE imageID = 2", "checksum = checksum + 1 WHERE imageID = 2",
            "checksum = 0 WHERE imageID = 2",
        ]
    )
    func otherDamage(change: String) throws {
        try update(change, [])
        #expect(try catalog.damagedEmbeddings(model: model) == [2])
    }

    @Test("a vector that belongs to another model is damaged")
    func otherModel() throws {
        let other = try catalog.registerModel(identity: "test:2", dimension: 16)
        try update("modelID = ? WHERE imageID = 2", [other])
        #expect(try catalog.damagedEmbeddings(model: other) == [2])
    }

    @Test(
        "a library of format 5 gets checksums when it is opened, keeps everything, and no index has to read anew"
    )
    func migration() throws {
        let path = try folder("old.sqlite")
        let old = try DatabaseQueue(path: path.string)
        try Migrations.migrator.migrate(old, upTo: "5: interactions")
        try old.write { database in
            try database.execute(
                sql: """
                    INSERT INTO model (id, identity, dimension) VALUES (1, 'test:1', 16);
                    INSERT INTO image (id, contentHash, format, width, height, byteCount, addedAt)
                        VALUES (7, zeroblob(32), 'jpeg', 4, 3, 10, '2026-01-01 00:00:00.000'),
                               (9, x'\(String(repeating: "01", count: 32))', 'png', 4, 3, 10, '2026-01-01 00:00:00.000');
                    INSERT INTO file (path, byteCount, modifiedAtNanoseconds, inode, imageID, scanID)
                        VALUES ('/a.jpg', 10, 1, 1, 7, 1), ('/b.png', 10, 1, 2, 9, 1);
                    INSERT INTO judgement (queryID, imageID, grade, judgedAt)
                        VALUES (7, 9, 4, '2026-01-01 00:00:00.000');
                    """
            )
            for (image, vector) in [(7, vectors[0]), (9, vectors[1])] {
                try database.execute(
                    sql: "INSERT INTO embedding (imageID, modelID, vector) VALUES (?, 1, ?)",
                    arguments: [image, VectorCoding.data(from: vector)]
                )
            }
        }
        let before = try old.read { try Int64.fetchOne($0, sql: "SELECT max(sequence) FROM embeddingChange") }
        try old.close()

        let migrated = try Catalog(path: path)
        #expect(try migrated.latestChange() == before)
        var changes: [EmbeddingChange] = []
        _ = try migrated.forEachChange(after: 0, model: 1) { changes.append($0) }
        #expect(changes.map(\.vector) == [vectors[0], vectors[1]])
        #expect(try migrated.images([7, 9]).flatMap(\.locations).map(\.path) == ["/a.jpg", "/b.png"])
        #expect(try migrated.judgements().count == 1)
        // The journal goes on.
        try migrated.database.write { try $0.execute(sql: "UPDATE embedding SET vector = vector") }
        #expect(try migrated.latestChange() > #require(before))
    }

    private func update(_ change: String, _ arguments: StatementArguments) throws {
        try catalog.database.write {
            try $0.execute(sql: "UPDATE embedding SET \(change)", arguments: arguments)
        }
    }

    private func changes() throws -> [EmbeddingChange] {
        var changes: [EmbeddingChange] = []
        _ = try catalog.forEachChange(after: 0, model: model) { changes.append($0) }
        return changes
    }
}
