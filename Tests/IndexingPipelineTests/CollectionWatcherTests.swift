import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import IndexingPipeline

@Suite("A watched folder and its library are soon the same")
struct CollectionWatcherTests {
    private let photos: TemporaryFolder
    private let libraryFolder: TemporaryFolder
    private let library: Library
    private let indexer: Indexer

    init() throws {
        photos = try TemporaryFolder()
        libraryFolder = try TemporaryFolder()
        let model = try EmbeddingModel(folder: defaultModel)
        library = try Library(
            directory: LibraryDirectory(path: libraryFolder.path.appending("library")),
            model: (model.identity, model.dimension),
            access: .sharing
        )
        try library.catalog.remember([
            IndexedFolder(path: photos.path, rules: FileRules(excludes: ["raw/"]))
        ])
        indexer = Indexer(
            library: library,
            embedder: ImageEmbedder(model: model),
            decoder: ImageDecoder(),
            jobs: 1
        )
    }

    @Test("files that come, change, move and go are followed, in folders made meanwhile too")
    func follows() throws {
        try photos.copy("windmills/linda.jpg", to: "first.jpg")
        try watching {
            try expect(["first.jpg"])
            try photos.copy("windmills/chesterton.jpg", to: "second.jpg")
            try photos.copy("hoofed-animals/moose.jpg", to: "new/deep/third.jpg")
            try photos.copy("hoofed-animals/moose.jpg", to: "raw/not.jpg")
            try expect(["first.jpg", "new/deep/third.jpg", "second.jpg"])
            try FileManager.default.moveItem(
                atPath: try photos("new").string,
                toPath: try photos("moved").string
            )
            try FileManager.default.removeItem(atPath: try photos("first.jpg").string)
            try expect(["moved/deep/third.jpg", "second.jpg"])
            try photos.copy("windmills/dudutki.jpg", to: "moved/deep/fourth.jpg")
            try expect(["moved/deep/fourth.jpg", "moved/deep/third.jpg", "second.jpg"])
            try FileManager.default.linkItem(
                atPath: try photos("second.jpg").string,
                toPath: try photos("link.jpg").string
            )
            try expect(["link.jpg", "moved/deep/fourth.jpg", "moved/deep/third.jpg", "second.jpg"])
            try FileManager.default.removeItem(atPath: try photos("moved").string)
            try expect(["link.jpg", "second.jpg"])
        }
    }

    @Test("a folder that another command adds is watched, and a writer is waited for")
    func sharesTheLibrary() throws {
        let more = try TemporaryFolder()
        try watching {
            let holder = try Library(
                directory: library.directory,
                model: (try #require(try library.catalog.models().first).identity, 256),
                access: .writing
            )
            try photos.copy("windmills/linda.jpg", to: "first.jpg")
            Thread.sleep(forTimeInterval: 1)
            #expect(try present() == [])
            try holder.catalog.remember([IndexedFolder(path: more.path)])
            withExtendedLifetime(holder) {}
        }
        try watching {
            try expect(["first.jpg"])
            try more.copy("windmills/chesterton.jpg", to: "elsewhere.jpg")
            try expect(["elsewhere.jpg", "first.jpg"])
        }
    }

    /// Runs `body` while the folder is watched.
    private func watching(_ body: () throws -> Void) throws {
        let watcher = try CollectionWatcher(library: library, indexer: indexer, rescanSeconds: 3600)
        let cancellation = Cancellation()
        let ended = DispatchSemaphore(value: 0)
        let waiting = Mutex<CollectionWatcher?>(watcher)
        Thread.detachNewThread {
            waiting.withLock { $0.take() }?.run(cancellation: cancellation) { _ in }
            ended.signal()
        }
        defer {
            cancellation.cancel()
            ended.wait()
        }
        try body()
    }

    /// Waits until the library shows these files and no others; nobody has to wait so long.
    private func expect(_ names: [String], _ location: SourceLocation = #_sourceLocation) throws {
        let deadline = Date(timeIntervalSinceNow: 60)
        while try present() != names, Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        #expect(try present() == names, sourceLocation: location)
    }

    private func present() throws -> [String] {
        let images = try library.catalog.images(Array(1...50))
        return images.flatMap(\.locations).filter { $0.missingSince == nil }.map { location in
            var path = location.path
            return path.removePrefix(photos.path) ? path.string : path.lastComponent?.string ?? ""
        }
        .sorted()
    }
}
