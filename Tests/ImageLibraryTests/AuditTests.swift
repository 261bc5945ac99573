import Catalog
import Foundation
import NeighborSearch
import SystemPackage
import TestSupport
import Testing

@testable import ImageLibrary

@Suite("A library's queries are kept, and the beam width chosen on them is used")
struct AuditTests {
    private let folder: TemporaryFolder
    private let directory: LibraryDirectory
    private let model = (identity: "test:1", dimension: 8)
    private let vector: [Float]

    init() throws {
        folder = try TemporaryFolder()
        directory = LibraryDirectory(path: try folder("library"))
        var random = SeededGenerator(seed: 7)
        vector = random.unitVector(8)
        _ = try Library(directory: directory, model: model, access: .writing)
    }

    @Test("queries are written by themselves a little later, and at once when the end comes")
    func writing() throws {
        let library = try Library(directory: directory, model: model, access: .reading)
        let log = QueryLog(library: library, delay: .milliseconds(20))
        log.note(vector)
        let deadline = Date(timeIntervalSinceNow: 20)
        while try logged(library).isEmpty, Date() < deadline { usleep(5000) }
        #expect(try logged(library) == [vector])
        let patient = QueryLog(library: library)
        patient.note(vector.reversed())
        #expect(try logged(library).count == 1)
        patient.write()
        #expect(try logged(library) == [vector.reversed(), vector])
    }

    @Test("more queries than are kept do not pile up in memory")
    func flood() throws {
        let library = try Library(directory: directory, model: model, access: .reading)
        let log = QueryLog(library: library, delay: .seconds(3600))
        for _ in 0..<3000 { log.note(vector) }
        log.write()
        #expect(try logged(library).count == Catalog.loggedQueryLimit)
    }

    @Test("an open reader takes a newly chosen beam width at its next catch-up, that of another model not")
    func chosenBeamWidth() throws {
        let reader = try Library(directory: directory, model: model, access: .reading)
        #expect(reader.index.beamWidth == HNSWParameters.default.beamWidth)
        try Library.changeCatalog(in: directory) { try $0.set(choice(37, model: "test:1")) }
        #expect(reader.index.beamWidth == HNSWParameters.default.beamWidth)
        try reader.index.catchUp()
        #expect(reader.index.beamWidth == 37)
        #expect(try Library(directory: directory, model: model, access: .reading).index.beamWidth == 37)
        for unusable in [choice(44, model: "test:2"), choice(0, model: "test:1")] {
            try Library.changeCatalog(in: directory) { try $0.set(unusable) }
            try reader.index.catchUp()
            #expect(reader.index.beamWidth == HNSWParameters.default.beamWidth)
        }
    }

    @Test("an empty library is audited without a query")
    func emptyLibrary() throws {
        let library = try Library(directory: directory, model: model, access: .reading)
        let audit = try library.index.audit(sampleCount: 50)
        #expect(audit.parts.map(\.source) == [.stored])
        #expect(audit.parts.map(\.report.queryCount) == [0])
        #expect(!audit.walksGraph)
        #expect(audit.parts.allSatisfy { !$0.isMeaningful })
    }

    private func logged(_ library: Library) throws -> [[Float]] {
        try library.catalog.loggedQueries(model: library.index.catalogModel, count: 5000).map(\.vector)
    }

    private func choice(_ beamWidth: Int, model: String) -> BeamWidthChoice {
        BeamWidthChoice(model: model, beamWidth: beamWidth, target: 0.98, recall: 0.98, pictureCount: 1)
    }
}
