import Foundation
import GRDB
import SystemPackage
import TestSupport
import Testing

@testable import Catalog

@Suite("The catalog keeps the newest queries, and the beam width chosen")
struct QueryLogTests {
    private let folder: TemporaryFolder
    private let path: FilePath
    private let catalog: Catalog
    private let model: ModelID

    init() throws {
        folder = try TemporaryFolder()
        path = try folder("catalog.sqlite")
        catalog = try Catalog(path: path)
        model = try catalog.registerModel(identity: "test:1", dimension: 2)
    }

    @Test("of many queries the newest thousand stay, newest first, each model's apart")
    func newest() throws {
        let other = try catalog.registerModel(identity: "test:2", dimension: 1)
        try catalog.log([query(-1)], model: other)
        for batch in [0..<700, 700..<1400, 1400..<2500] {
            try catalog.log(batch.map(query), model: model)
        }
        let kept = try catalog.loggedQueries(model: model, count: 2000)
        #expect(kept.map { Int($0.vector[0]) } == (1500..<2500).reversed())
        #expect(
            try catalog.loggedQueries(model: model, count: 3).map { Int($0.vector[0]) } == [2499, 2498, 2497]
        )
        #expect(try catalog.loggedQueries(model: other, count: 9).count == 1)
    }

    @Test("a query is kept as vector and time and nothing else")
    func privacy() throws {
        let asked = LoggedQuery(vector: [0.25, -1], askedAt: Date(timeIntervalSince1970: 1_700_000_000))
        try catalog.log([asked], model: model)
        #expect(try catalog.loggedQueries(model: model, count: 1) == [asked])
        let columns = try catalog.database.read { try $0.columns(in: "loggedQuery").map(\.name) }
        #expect(columns == ["id", "modelID", "vector", "askedAt"])
    }

    @Test("beside a busy writer a query is refused at once, and commits wait for the disk as before")
    func busyWriter() throws {
        let writer = try DatabaseQueue(path: path.string)
        try writer.inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            #expect(throws: CatalogError.self) { try catalog.log([query(1)], model: model) }
            try database.execute(sql: "ROLLBACK")
        }
        try catalog.log([query(2)], model: model)
        #expect(try catalog.loggedQueries(model: model, count: 9).map { Int($0.vector[0]) } == [2])
        let pragmas = try catalog.database.writeWithoutTransaction { database in
            try ["busy_timeout", "synchronous"].map { try Int.fetchOne(database, sql: "PRAGMA \($0)") }
        }
        #expect(pragmas == [10_000, 2])
    }

    @Test("a chosen beam width comes back; a text that is none counts as none")
    func beamWidth() throws {
        #expect(try catalog.beamWidthChoice() == nil)
        #expect(try catalog.latestChangeAndBeamWidth().beamWidth == nil)
        let choice = BeamWidthChoice(
            model: "test:1",
            beamWidth: 37,
            target: 0.98,
            recall: 0.981,
            pictureCount: 5000,
            chosenAt: Date(timeIntervalSince1970: 1_700_000_000)
        )
        try catalog.set(choice)
        #expect(try catalog.beamWidthChoice() == choice)
        let seen = try catalog.latestChangeAndBeamWidth()
        #expect(seen.change == 0)
        #expect(seen.beamWidth.flatMap(BeamWidthChoice.init(encoded:)) == choice)
        try catalog.set(.beamWidth, to: "wide")
        #expect(try catalog.beamWidthChoice() == nil)
    }

    private func query(_ number: Int) -> LoggedQuery { LoggedQuery(vector: [Float(number), 0]) }
}
