import Catalog
import Foundation
import ImageLibrary
import QueryPipeline
import Reranking
import SystemPackage
import TestSupport
import Testing

@Suite("Where calibrations are kept")
struct CalibrationStoreTests {
    private let folder: TemporaryFolder
    private let library: Library
    private let fitted: Calibration

    init() throws {
        folder = try TemporaryFolder()
        library = try Library(
            directory: LibraryDirectory(path: try folder("library")),
            model: (identity: "test:1", dimension: 2),
            access: .writing
        )
        fitted = try #require(
            Calibration(pairs: [(0.1, false), (0.4, true), (0.6, false), (0.9, true)], source: "four pairs")
        )
    }

    private func store(_ model: String = "test:1") -> CalibrationStore {
        CalibrationStore(library: library, model: model)
    }

    @Test("a library's own calibration counts before the model's, until it is forgotten")
    func own() throws {
        let shipped = try #require(Calibration(pairs: [(0.2, false), (0.7, true)], source: "shipped"))
        try folder.write(
            [UInt8](try CalibrationStore.encoded(shipped, model: "test:1")),
            to: "model/\(CalibrationStore.fileName)"
        )
        let model = folder.path.appending("model")
        #expect(try store().own == nil)
        #expect(try store().calibration(shippedIn: model) == shipped)
        try store().keep(fitted)
        #expect(try store().own == fitted)
        #expect(try store().calibration(shippedIn: model) == fitted)
        try store().keep(nil)
        #expect(try store().own == nil)
        #expect(try store().calibration(shippedIn: model) == shipped)
    }

    @Test("similarities of another model mean something else: its calibration counts for nothing")
    func otherModel() throws {
        try store().keep(fitted)
        #expect(try store("test:2").own == nil)
        try folder.write(
            [UInt8](try CalibrationStore.encoded(fitted, model: "test:1")),
            to: "model/\(CalibrationStore.fileName)"
        )
        let model = folder.path.appending("model")
        #expect(CalibrationStore.shipped(in: model, model: "test:1") == fitted)
        #expect(CalibrationStore.shipped(in: model, model: "test:2") == nil)
    }

    @Test("what is no calibration is none")
    func malformed() throws {
        try folder.write(Array("{\"model\": \"test:1\"}".utf8), to: "model/\(CalibrationStore.fileName)")
        #expect(CalibrationStore.shipped(in: folder.path.appending("model"), model: "test:1") == nil)
        #expect(CalibrationStore.shipped(in: folder.path.appending("none"), model: "test:1") == nil)
        try library.catalog.set(.calibration, to: "no JSON")
        #expect(try store().own == nil)
    }
}
