import Catalog
import Foundation
import NeighborSearch
import SystemPackage
import TestSupport
import Testing

@testable import ImageLibrary

@Suite("A library keeps regions of its pictures when asked to")
struct RegionIndexTests {
    private static let partCount = 3
    private let folder: TemporaryFolder
    private let directory: LibraryDirectory
    private let model = (identity: "test:1", dimension: 8)
    private let wholes: [[Float]]
    private let parts: [[[Float]]]

    init() throws {
        folder = try TemporaryFolder()
        directory = LibraryDirectory(path: folder.path.appending("library"))
        var generator = SeededGenerator(seed: 5)
        func vector() -> [Float] {
            let values = (0..<8).map { _ in Float.random(in: -1...1, using: &generator) }
            let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return values.map { $0 / length }
        }
        wholes = (0..<60).map { _ in vector() }
        parts = (0..<60).map { _ in (0..<Self.partCount).map { _ in vector() } }
    }

    @Test(
        "the nearest part of each image is found as by comparing all of them, also after saving and forgetting"
    )
    func nearestParts() throws {
        let library = try filled()
        try expectExact(library, images: Set(1...60))
        try library.saveIndexes()
        let reader = try Library(directory: directory, model: model, access: .reading)
        #expect(reader.regions?.snapshotState == .loaded)
        try expectExact(reader, images: Set(1...60))

        for image in [7, 8, 9, 30] { #expect(try library.catalog.forget(Int64(image))) }
        try library.catchUp()
        try reader.catchUp()
        let left = Set(1...60).subtracting([7, 8, 9, 30])
        try expectExact(library, images: left)
        try expectExact(reader, images: left)
        #expect(reader.regions?.count == 56)
    }

    @Test("only parts of wanted images are found, as many as there are")
    func wanted() throws {
        let library = try filled()
        var wanted = RowIDs()
        for image in stride(from: 2, through: 60, by: 7) { wanted.insert(Int64(image)) }
        try expectExact(library, images: Set(wanted.all.map(Int.init)), among: wanted)
    }

    @Test("verification compares every part with the catalog")
    func verification() throws {
        let library = try filled()
        try library.saveIndexes()
        let sound = try LibraryVerification(of: directory)
        #expect(sound.isSound)
        #expect(sound.findings.contains { $0.detail.contains("180 vectors") })
        // Another index in the place of the regions': as many vectors, not these.
        let other = HNSWIndex(dimension: 8)
        for (number, vector) in parts.joined().enumerated() {
            try other.insert(key: UInt64(number + Self.partCount), vector: vector.map { -$0 })
        }
        try other.save(
            to: directory.snapshot(model: "test:1/regions-3"),
            identity: SnapshotIdentity(
                model: "test:1/regions-3",
                catalogSequence: try library.catalog.latestChange()
            )
        )
        let damaged = try LibraryVerification(of: directory)
        #expect(!damaged.isSound)
        #expect(damaged.findings.contains { $0.detail.contains("180 otherwise") })
    }

    @Test("without being asked, a library keeps none, whatever is brought")
    func unasked() throws {
        let plain = try Library(directory: directory, model: model, access: .writing)
        #expect(plain.regions == nil)
        try record(wholes, parts: parts, into: plain)
        #expect(try plain.catalog.models().map(\.isOfRegions) == [false])
    }

    @Test("once asked for, they are kept until they are not wanted any more")
    func remembered() throws {
        try filled().saveIndexes()
        let again = try open()
        #expect(again.regions?.partCount == Self.partCount)
        #expect(again.regions?.count == 60)
        #expect(try again.catalog.identitiesOfUsedModels() == [model.identity])
        let file = directory.snapshot(model: "test:1/regions-3").string
        #expect(FileManager.default.fileExists(atPath: file))

        let off = try open(.off)
        #expect(off.regions == nil)
        #expect(off.index.count == 60)
        #expect(try off.catalog.models().count == 1)
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try open().regions == nil)
    }

    @Test("a library that is open while another process gives regions up goes on without them")
    func givenUpMeanwhile() throws {
        let library = try filled()
        _ = try open(.off)
        try record(wholes.map { $0.reversed() }, parts: parts, into: library, startingAt: 101)
        try library.catchUp()
        #expect(library.index.count == 120)
        #expect(library.regions?.count == 0)
        #expect(try library.catalog.models().map(\.isOfRegions) == [false])
    }

    // MARK: - Helpers

    /// Opens the library for a moment: there is one writer at a time.
    private func open(_ keeping: Library.RegionKeeping = .asBefore) throws -> Library {
        try Library(directory: directory, model: model, access: .sharing, regionKeeping: keeping)
    }

    private func filled() throws -> Library {
        let library = try open(.on(count: Self.partCount))
        try record(wholes, parts: parts, into: library)
        try library.catchUp()
        return library
    }

    private func record(
        _ wholes: [[Float]],
        parts: [[[Float]]]?,
        into library: Library,
        startingAt first: Int = 1
    ) throws {
        let outcomes = wholes.indices.map { index in
            FileOutcome.indexed(index + first, vector: wholes[index], regions: parts?[index].flatMap { $0 })
        }
        try library.catalog.record(
            outcomes,
            model: library.index.catalogModel,
            regions: library.regions?.catalogModel
        )
    }

    private func expectExact(_ library: Library, images: Set<Int>, among wanted: RowIDs? = nil) throws {
        let regions = try #require(library.regions)
        for query in wholes.prefix(10) {
            func similarity(_ image: Int, _ part: Int) -> Float {
                zip(parts[image - 1][part], query).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let expected = images.map { image in
                let part = (0..<Self.partCount).max { similarity(image, $0) < similarity(image, $1) }!
                return (image: image, part: part, similarity: similarity(image, part))
            }.sorted { $0.similarity > $1.similarity }
            for count in [1, 5, 70] {
                let found = try regions.nearestParts(to: query, count: count, among: wanted)
                #expect(found.map(\.image) == expected.prefix(count).map { Int64($0.image) })
                #expect(found.map(\.part) == expected.prefix(count).map(\.part))
            }
        }
    }
}
