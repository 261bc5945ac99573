import Catalog
import Foundation
import GRDB
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import NeighborSearch
import SystemPackage
import TestSupport
import Testing

@testable import IndexingPipeline

@Suite("Indexing does what changed, and a bad file costs only itself")
struct IndexerTests {
    static let embedder = Result {
        ImageEmbedder(model: try EmbeddingModel(folder: defaultModel))
    }

    let photos: TemporaryFolder
    let libraryFolder: TemporaryFolder

    init() throws {
        photos = try TemporaryFolder()
        libraryFolder = try TemporaryFolder()
    }

    @Test("a messy folder is indexed but for its bad files, each named with its reason")
    func messyFolder() throws {
        try photos.copy("windmills/linda-dark.jpg")
        try photos.copy("windmills/chesterton.jpg", to: "[brackets]\nand a line feed.JPG")
        let whole = try bytes(of: samplePhotograph("hoofed-animals/moose.jpg"))
        try photos.write(Array(whole.prefix(whole.count / 2)), to: "truncated.jpg")
        try photos.write([], to: "empty.jpg")
        try photos.write(Array("no picture at all".utf8), to: "text.jpg")
        try photos.write(gifHeader(width: 60_000, height: 60_000), to: "huge.gif")
        try photos.write(Array("notes".utf8), to: "notes.txt")
        try photos.copy("windmills/linda.jpg", to: ".hidden/linda.jpg")
        try link("windmills/loop", to: photos.path.string)
        try link("link.jpg", to: photos.path.appending("empty.jpg").string)
        #expect(mkfifo(try photos("pipe.jpg").string, 0o600) == 0)

        let summary = try index()
        #expect(summary.embedded == 2)
        #expect(summary.indexedImages == 2)
        #expect(summary.excluded == [.notAPicture: 1, .hidden: 1])
        let reasons = Dictionary(
            uniqueKeysWithValues: summary.refused.map {
                ($0.path.lastComponent?.string ?? "", $0.refusal.reason)
            }
        )
        #expect(
            reasons == [
                "truncated.jpg": "truncated", "empty.jpg": "empty", "text.jpg": "not-an-image",
                "huge.gif": "too-many-pixels", "loop": "folder-loop", "link.jpg": "symbolic-link",
                "pipe.jpg": "not-a-file",
            ]
        )
        #expect(summary.refused.allSatisfy { !$0.refusal.message.isEmpty })
        #expect(summary.found == summary.embedded + summary.refused.count)
    }

    @Test("a second run does nothing, and still names what is not indexed")
    func incremental() throws {
        try photos.copy("windmills/linda-dark.jpg")
        try photos.write([], to: "empty.jpg")
        _ = try index()
        let summary = try index()
        #expect(summary.embedded == 0)
        #expect(summary.unchanged == 1)
        #expect(summary.refused.map(\.refusal.reason) == ["empty"])
        #expect(summary.stageSeconds.keys.contains("decode") == false)
    }

    @Test("an edited, a moved, a copied and a deleted file are told apart")
    func changes() throws {
        let edited = try photos.copy("windmills/linda-dark.jpg", to: "edited.jpg")
        let moved = try photos.copy("windmills/chesterton.jpg", to: "moved.jpg")
        let deleted = try photos.copy("windmills/linda.jpg", to: "deleted.jpg")
        _ = try index()

        try FileManager.default.removeItem(atPath: edited.string)
        try photos.copy("hoofed-animals/moose.jpg", to: "edited.jpg")
        try FileManager.default.moveItem(atPath: moved.string, toPath: try photos("sub/elsewhere.jpg").string)
        try photos.copy("windmills/chesterton.jpg", to: "copy.jpg")
        try FileManager.default.removeItem(atPath: deleted.string)

        let summary = try index()
        #expect(summary.embedded == 1)
        #expect(summary.moved == 1)
        #expect(summary.duplicates == 1)
        #expect(summary.missing == 1)
        let counts = try counts()
        #expect(counts.presentImages == 2)
        #expect(counts.files == 3)

        try photos.copy("windmills/linda.jpg", to: "deleted.jpg")
        let restored = try index()
        #expect(restored.embedded == 0)
        #expect(restored.unchanged == 4)
        #expect(restored.missing == 0)
    }

    @Test("a file that was mended is indexed")
    func mended() throws {
        try photos.write([], to: "photo.jpg")
        _ = try index()
        try photos.write(try bytes(of: samplePhotograph("windmills/linda.jpg")), to: "photo.jpg")
        #expect(try index().embedded == 1)
    }

    @Test("a refusal that lies in the surroundings is tried again; one that lies in the file is not")
    func passingReasons() throws {
        let photo = try photos.copy("windmills/linda.jpg", to: "photo.jpg")
        _ = try index()
        for (reason, readAgain) in [("unreadable", 1), ("unavailable", 1), ("corrupt", 0)] {
            let library = try openLibrary(.writing)
            let stamp = try #require(
                try library.catalog.knownFile(at: photo, model: library.index.catalogModel)
            ).stamp
            let refusal = Refusal(reason: reason, message: "for the test")
            try library.catalog.record(
                [.refused(path: photo, stamp: stamp, refusal: refusal)],
                model: library.index.catalogModel
            )
            let summary = try index(with: library)
            #expect(summary.duplicates == readAgain, "\(reason)")
            #expect(summary.refused.count == 1 - readAgain, "\(reason)")
        }
    }

    @Test("a run that is stopped keeps what it has done and marks nothing missing; the next run completes it")
    func cancellation() throws {
        let names = try sampleNames(90)
        try photos.copy(names[0], to: "gone.jpg")
        _ = try index()
        try FileManager.default.removeItem(atPath: try photos("gone.jpg").string)
        for (number, name) in names.enumerated().dropFirst() { try photos.copy(name, to: "\(number).jpg") }

        let cancellation = Cancellation()
        let stopped = try index(cancellation: cancellation) { _ in cancellation.cancel() }
        #expect(stopped.wasCancelled)
        #expect(stopped.missing == 0)
        #expect(stopped.embedded > 0 && stopped.embedded < 89)
        #expect(stopped.indexedImages == 1 + stopped.embedded)

        let completed = try index()
        #expect(!completed.wasCancelled)
        #expect(completed.missing == 1)
        #expect(completed.embedded == 89 - stopped.embedded)
        #expect(completed.indexedImages == 90)
    }

    @Test("times outside the calendar of a file system do not disturb", arguments: [1 << 34, -(1 << 40)])
    func strangeTimes(seconds: Int) throws {
        let photo = try photos.copy("windmills/linda.jpg", to: "photo.jpg")
        let time = timespec(tv_sec: seconds, tv_nsec: 999_999_999)
        let times = [time, time]
        #expect(utimensat(AT_FDCWD, photo.string, times, 0) == 0)
        #expect(try index().embedded == 1)
        #expect(try index().unchanged == 1)
    }

    @Test("a file that was only touched is unchanged")
    func touched() throws {
        let photo = try photos.copy("windmills/linda.jpg", to: "photo.jpg")
        _ = try index()
        #expect(utimensat(AT_FDCWD, photo.string, nil, 0) == 0)
        let summary = try index()
        #expect(summary.unchanged == 1)
        #expect(summary.duplicates == 0)
    }

    @Test("an edited picture leaves nothing of its old self in the index")
    func editedLeavesNothing() throws {
        for name in try sampleNames(3) {
            try? FileManager.default.removeItem(atPath: try photos("photo.jpg").string)
            try photos.copy(name, to: "photo.jpg")
            #expect(try index().indexedImages == 1)
        }
    }

    @Test("names that are not UTF-8 are indexed and found again, byte for byte")
    func bytesInNames() throws {
        let name = try #require(FilePath.Component(bytes: [0x63, 0xE9, 0x2E, 0x6A, 0x70, 0x67]))
        _ = try photos.write(try bytes(of: samplePhotograph("windmills/linda.jpg")), as: name)
        #expect(try index().embedded == 1)
        #expect(try index().unchanged == 1)
        #expect(try index().missing == 0)
    }

    @Test("a catalog that fails in the middle of a run ends it with an error, and every thread with it")
    func failingCatalog() throws {
        for (number, name) in try sampleNames(30).enumerated() { try photos.copy(name, to: "\(number).jpg") }
        let library = try openLibrary(.writing)
        try failInsertions(into: "image")
        #expect(throws: CatalogError.self) { try index(with: library) }
        try failInsertions(into: nil)
        #expect(try index(with: library).embedded == 30)
    }

    @Test("one and four threads bring the same images and the same neighbours")
    func jobs() throws {
        let names = try sampleNames(10)
        for name in names { try photos.copy(name) }
        let single = try index(jobs: 1)
        let singleAnswers = try answers()
        let other = try TemporaryFolder()
        let several = try index(jobs: 4, into: other)
        #expect(single.embedded == several.embedded)
        #expect(try answers(in: other) == singleAnswers)
    }

    @Test("a root inside another, or named twice, is walked once")
    func nestedRoots() throws {
        try photos.copy("windmills/linda.jpg")
        let roots = try Indexer.resolve([
            photos.path, photos.path.appending("windmills"), FilePath(photos.path.string + "/windmills/.."),
        ])
        #expect(roots == [photos.path])
    }

    @Test("single files are indexed too, however many; only folders are remembered for the next run")
    func singleFiles() throws {
        let names = try sampleNames(3)
        let files = try names.map { try photos.copy($0) }
        let crowd = try (0..<3000).map { try photos.write([], to: "crowd/\($0).jpg") }
        let summary = try index(roots: files + crowd)
        #expect(summary.embedded == 3)
        #expect(summary.refused.count == 3000)
        #expect(try rememberedFolders().isEmpty)
        _ = try index()
        #expect(try rememberedFolders() == [photos.path])
    }

    @Test("a root that is not there is refused before anything is touched")
    func missingRoot() throws {
        #expect(throws: IndexingError.self) { try Indexer.resolve([photos.path.appending("nowhere")]) }
    }

    @Test("progress only grows, and ends with everything done")
    func progress() throws {
        for name in try sampleNames(3) { try photos.copy(name) }
        var seen: [IndexingProgress] = []
        _ = try index { event in
            if case .progress(let progress) = event { seen.append(progress) }
        }
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.done <= $1.done && $0.found <= $1.found })
        #expect(seen.last?.done == 3)
        #expect(seen.last?.remainingSeconds == 0)
    }

    @Test(
        "pictures that are there get regions in the next run that wants them, once, and lose them with the wish"
    )
    func regions() throws {
        let count = try Self.embedder.get().regionCount
        try photos.copy("windmills/linda-dark.jpg")
        try photos.copy("windmills/linda.jpg")
        try photos.copy("windmills/linda.jpg", to: "copy.jpg")
        #expect(try index().embedded == 2)
        func run(_ keeping: Library.RegionKeeping) throws -> (IndexingSummary, regions: Int?) {
            let library = try openLibrary(.writing, regionKeeping: keeping)
            return (try index(with: library), library.regions?.count)
        }
        let (first, regions) = try run(.on(count: count))
        #expect(first.embedded == 2)
        #expect(regions == 2)
        try photos.copy("windmills/nutley.jpg")
        let (second, more) = try run(.asBefore)
        #expect((second.embedded, second.unchanged) == (1, 3))
        #expect(more == 3)
        let (last, none) = try run(.off)
        #expect((last.embedded, last.unchanged) == (0, 4))
        #expect(none == nil)
        #expect(last.indexedImages == 3)
    }

    // MARK: - Helpers

    func openLibrary(
        in folder: TemporaryFolder? = nil,
        _ access: Library.Access,
        regionKeeping: Library.RegionKeeping = .asBefore
    ) throws -> Library {
        let model = try Self.embedder.get().model
        return try Library(
            directory: LibraryDirectory(path: (folder ?? libraryFolder).path.appending("library")),
            model: (model.identity, model.dimension),
            access: access,
            regionKeeping: regionKeeping
        )
    }

    func index(
        roots: [FilePath]? = nil,
        jobs: Int = 2,
        into folder: TemporaryFolder? = nil,
        rules: FileRules = FileRules(),
        cancellation: Cancellation = Cancellation(),
        report: (IndexingEvent) -> Void = { _ in }
    ) throws -> IndexingSummary {
        try index(
            with: try openLibrary(in: folder, .writing),
            roots: roots,
            jobs: jobs,
            rules: rules,
            cancellation: cancellation,
            report: report
        )
    }

    func index(
        with library: Library,
        roots: [FilePath]? = nil,
        jobs: Int = 2,
        rules: FileRules = FileRules(),
        cancellation: Cancellation = Cancellation(),
        report: (IndexingEvent) -> Void = { _ in }
    ) throws -> IndexingSummary {
        let indexer = Indexer(
            library: library,
            embedder: try Self.embedder.get(),
            decoder: ImageDecoder(),
            jobs: jobs
        )
        let folders = (roots ?? [photos.path]).map { IndexedFolder(path: $0, rules: rules) }
        return try indexer.run(folders: folders, cancellation: cancellation, report: report)
    }

    /// Makes every insertion into `table` fail, or none when it is nil, from another connection.
    func failInsertions(into table: String?) throws {
        let path = libraryFolder.path.appending("library/catalog.sqlite").string
        try DatabaseQueue(path: path).write { database in
            try database.execute(sql: "DROP TRIGGER IF EXISTS fails")
            guard let table else { return }
            try database.execute(
                sql: """
                    CREATE TRIGGER fails BEFORE INSERT ON \(table)
                    BEGIN SELECT RAISE(ABORT, 'for the test'); END
                    """
            )
        }
    }

    func rememberedFolders() throws -> [FilePath] {
        let directory = LibraryDirectory(path: libraryFolder.path.appending("library"))
        return try Library.readCatalog(in: directory) { try $0.indexedFolders().map(\.path) }
    }

    func counts() throws -> CatalogCounts {
        let directory = LibraryDirectory(path: libraryFolder.path.appending("library"))
        return try Library.readCatalog(in: directory) { try $0.counts() }
    }

    /// The paths of each image's neighbours, by its own path: image numbers depend on which thread was first.
    func answers(in folder: TemporaryFolder? = nil) throws -> [String: [String]] {
        let library = try openLibrary(in: folder, .reading)
        func path(_ id: ImageID) throws -> String {
            try library.catalog.image(id)?.locations.first?.path.string ?? "?"
        }
        var answers: [String: [String]] = [:]
        for id in 1...ImageID(library.index.count) {
            let vector = try #require(try library.index.vector(of: id))
            answers[try path(id)] = try library.index.nearest(to: vector, count: 5).neighbors
                .map { try path(ImageID($0.key)) }
        }
        return answers
    }

    func sampleNames(_ count: Int) throws -> [String] {
        let folder = repository.appending("SampleImages")
        let names = try #require(FileManager.default.enumerator(atPath: folder.string))
            .compactMap { $0 as? String }.filter { $0.hasSuffix(".jpg") }.sorted()
        return Array(names.prefix(count))
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: try photos(name).string,
            withDestinationPath: target
        )
    }

    /// A GIF of 43 bytes whose screen and only frame claim this size.
    func gifHeader(width: UInt16, height: UInt16) -> [UInt8] {
        let size = [UInt8(width & 255), UInt8(width >> 8), UInt8(height & 255), UInt8(height >> 8)]
        return Array("GIF89a".utf8) + size + [0x80, 0, 0, 0, 0, 0, 255, 255, 255]
            + [0x21, 0xF9, 4, 1, 0, 0, 0, 0] + [0x2C, 0, 0, 0, 0] + size + [0] + [2, 2, 0x44, 1, 0] + [0x3B]
    }
}
