import Catalog
import Foundation
import GRDB
import ImageDecoding
import ImageLibrary
import SystemPackage
import TestSupport
import Testing

@testable import IndexingPipeline

// What a run says of each file, and how it knows a picture again wherever its file has gone.
extension IndexerTests {
    @Test("rules decide what is looked at, and each thing passed over is named with its rule")
    func rules() throws {
        try photos.copy("windmills/linda.jpg", to: "a.jpg")
        try photos.copy("windmills/chesterton.jpg", to: "raw/b.jpg")
        try photos.copy("hoofed-animals/moose.jpg", to: "scan.dat")
        try photos.copy("hoofed-animals/moose.jpg", to: "@eaDir/thumb.jpg")
        var passedOver: [String: Exclusion] = [:]
        let rules = FileRules(excludes: ["raw/"], includes: ["*.dat"])
        let summary = try index(rules: rules) { event in
            if case .excluded(let path, let exclusion) = event {
                passedOver[path.lastComponent?.string ?? ""] = exclusion
            }
        }
        #expect(summary.embedded == 2)
        #expect(passedOver == ["raw": .pattern, "@eaDir": .systemFolder])
        #expect(summary.excluded == [.pattern: 1, .systemFolder: 1])
        // What a rule passes over from now on counts as missing, and is kept.
        let narrower = try index(rules: FileRules(excludes: ["a.jpg"]))
        #expect(narrower.missing == 2)
        #expect(try index(rules: rules).unchanged == 2)
    }

    @Test("every file is settled exactly once, with what became of it")
    func settled() throws {
        try photos.copy("windmills/linda.jpg", to: "a.jpg")
        try photos.copy("windmills/linda.jpg", to: "b.jpg")
        try photos.write([], to: "empty.jpg")
        func fates() throws -> [String: [FileFate]] {
            var fates: [String: [FileFate]] = [:]
            _ = try index(jobs: 1) { event in
                if case .settled(let path, let fate) = event {
                    fates[path.lastComponent?.string ?? "", default: []].append(fate)
                }
            }
            return fates
        }
        let first = try fates()
        #expect(first["a.jpg"] == [.indexed])
        #expect(first["b.jpg"] == [.duplicate])
        guard case .refused(let refusal) = try #require(first["empty.jpg"]?.first) else {
            Issue.record("an empty file was not refused")
            return
        }
        #expect(refusal.reason == "empty")
        try FileManager.default.moveItem(
            atPath: try photos("b.jpg").string,
            toPath: try photos("c.jpg").string
        )
        let second = try fates()
        #expect(second["a.jpg"] == [.unchanged])
        #expect(second["c.jpg"] == [.moved])
        #expect(second.count == 3)
    }

    @Test("a moved folder is not read again, nor does anything count as missing")
    func movedFolder() throws {
        for name in try sampleNames(10) { try photos.copy(name, to: "old/\(name)") }
        _ = try index()
        try FileManager.default.moveItem(atPath: try photos("old").string, toPath: try photos("new").string)
        let summary = try index()
        #expect(summary.moved == 10)
        #expect(summary.missing == 0)
        #expect(summary.stageSeconds.keys.contains("read") == false)
        #expect(try counts().files == 10)
    }

    @Test("a renamed file whose letters change case only, and a second name of a file, are known")
    func namesOfOneFile() throws {
        let photo = try photos.copy("windmills/linda.jpg", to: "photo.jpg")
        _ = try index()
        try FileManager.default.moveItem(atPath: photo.string, toPath: try photos("PHOTO.JPG").string)
        try FileManager.default.linkItem(
            atPath: try photos("PHOTO.JPG").string,
            toPath: try photos("other.jpg").string
        )
        let summary = try index()
        #expect(summary.embedded == 0)
        #expect(summary.missing == 0)
        #expect(try counts().images == 1)
        #expect(try counts().files == 2)
    }

    @Test("a folder that is suddenly empty costs nothing: all is back when its files are")
    func emptiedFolder() throws {
        for name in try sampleNames(3) { try photos.copy(name, to: "drive/\(name)") }
        let drive = try photos("drive")
        _ = try index(roots: [drive])
        try FileManager.default.moveItem(atPath: drive.string, toPath: try photos("unplugged").string)
        try FileManager.default.createDirectory(atPath: drive.string, withIntermediateDirectories: true)
        let emptied = try index(roots: [drive])
        #expect(emptied.missing == 3)
        #expect(emptied.emptiedFolders == [drive])
        #expect(emptied.indexedImages == 3)
        try FileManager.default.removeItem(atPath: drive.string)
        try FileManager.default.moveItem(atPath: try photos("unplugged").string, toPath: drive.string)
        let back = try index(roots: [drive])
        #expect(back.unchanged == 3)
        #expect(back.emptiedFolders == [])
        #expect(try counts().files == 3)
    }

    @Test("a run over files that have not changed writes nothing to the catalog")
    func unchangedWritesNothing() throws {
        for name in try sampleNames(3) { try photos.copy(name) }
        _ = try index()
        let catalog = libraryFolder.path.appending("library/catalog.sqlite").string
        let library = try openLibrary(.writing)
        let watch = try DatabaseQueue(path: catalog)
        func state() throws -> Int? { try watch.read { try Int.fetchOne($0, sql: "PRAGMA data_version") } }
        _ = try index(with: library)
        let before = try state()
        let other = try Indexer(
            library: library,
            embedder: try Self.embedder.get(),
            decoder: ImageDecoder(),
            jobs: 1
        ).run(
            areas: [ScanArea(root: photos.path, rules: ScanRules(FileRules()))],
            cancellation: Cancellation()
        ) { _ in }
        #expect(other.unchanged == 3)
        #expect(try state() == before)
    }
}
