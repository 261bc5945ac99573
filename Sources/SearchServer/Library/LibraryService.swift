internal import Catalog
internal import Crypto
internal import Foundation
internal import ImageDecoding
internal import ImageLibrary
internal import IndexingPipeline
internal import NIOConcurrencyHelpers
internal import QueryPipeline
internal import SystemPackage

/// What the routes that look after a library ask of it; every call blocks and belongs on ``BlockingWorkers``.
final class LibraryService: Sendable {
    let pipeline: SearchPipeline
    let jobs: IndexingJobs
    private let copies: [Audience: CopySearch]
    /// Two uploads at once would find the library locked, by each other.
    private let adding = NIOLock()

    private var library: Library { pipeline.library }

    init(pipeline: SearchPipeline) {
        self.pipeline = pipeline
        jobs = IndexingJobs(pipeline: pipeline)
        copies = Dictionary(
            uniqueKeysWithValues: [Audience.everyone, .administrators].map { audience in
                (audience, CopySearch(pipeline.duplicateFinder, pipeline.library.catalog, for: audience))
            }
        )
    }

    /// Groups of copies of some kind, from place `start` on, and how many there are in all.
    ///
    /// - Throws: ``RequestFault/stillLooking`` while near ones are being looked for.
    func duplicates(
        _ kinds: Set<DuplicateGroup.Kind>,
        from start: Int,
        count: Int,
        for audience: Audience
    ) throws -> (groups: [DuplicateGroup], groupCount: Int) {
        let exact = kinds.contains(.exact) ? try pipeline.duplicateFinder.exactDuplicates(for: audience) : []
        let near = kinds.contains(.near) ? try copies[audience]!.groups() : []
        let exactPart = exact.dropFirst(start).prefix(count)
        let nearPart = near.dropFirst(max(0, start - exact.count)).prefix(count - exactPart.count)
        let groups = Array(exactPart) + (try pipeline.duplicateFinder.describe(nearPart, for: audience))
        return (groups, exact.count + near.count)
    }

    /// The folders, tags, formats and cameras that pictures can be looked for by.
    func collections(for audience: Audience) throws -> (
        folders: [ImageGroup], tags: [ImageGroup], formats: [ImageGroup], cameras: [ImageGroup]
    ) {
        let groups = try library.catalog.imageGroups(for: audience)
        let folders = try library.catalog.indexedFolders().map { folder in
            var filter = ImageFilter()
            filter.folder = folder.path
            return ImageGroup(
                name: String(decoding: folder.path),
                imageCount: try library.catalog.imageIDs(matching: filter, for: audience).count
            )
        }
        return (folders, groups.tags, groups.formats, groups.cameras)
    }

    /// Changes what people have said of an image; false when there is none that they may change.
    func change(_ id: ImageID, tags: [String]?, visibility: Visibility?, for audience: Audience) throws
        -> Bool
    {
        guard
            try library.catalog.image(id).map({
                audience.maySee($0.visibility)
            }) == true
        else { return false }
        if let tags, try !library.catalog.setTags(tags, of: id) { return false }
        if let visibility, try !library.catalog.setVisibility(visibility, of: id) { return false }
        return true
    }

    /// Forgets an image; its files stay, unless the library keeps them itself.
    func forget(_ id: ImageID, for audience: Audience) throws -> Bool {
        guard let image = try library.catalog.image(id, seenBy: audience), try library.catalog.forget(id)
        else {
            return false
        }
        for location in image.locations where location.path.removingLastComponent() == uploads {
            try? FileManager.default.removeItem(atPath: location.path.string)
        }
        try library.catchUp()
        return true
    }

    /// Returns the bytes of an image's file, as they were when it was indexed; nil when there is no such image.
    ///
    /// - Throws: ``QueryError/imageFileGone(_:)`` when no file holds them any more.
    func original(_ id: ImageID, for audience: Audience) throws -> (image: StoredImage, bytes: [UInt8])? {
        guard let image = try library.catalog.image(id, seenBy: audience) else { return nil }
        return (image, try pipeline.decoder.encodedBytes(of: image))
    }

    /// The folder for pictures that came over HTTP and lie nowhere else.
    private var uploads: FilePath { library.directory.path.appending("uploads") }

    /// Keeps a picture in the library's own folder and indexes it; what is acknowledged is on disk.
    ///
    /// - Returns: The image, and whether it had to be kept: its content was new, or lay in no file any more.
    /// - Throws: ``QueryError/undecodable(_:)``, `LibraryError.inUse`, or an error of the catalog.
    func add(_ bytes: [UInt8]) throws -> (id: ImageID, isNew: Bool) {
        let hash = Array(SHA256.hash(data: bytes))
        let format = try pipeline.format(of: bytes)
        return try adding.withLock {
            // Whoever may not see it must not learn that it is there, so it is only said that it was taken.
            if let known = try presentImage(hash) { return (known, false) }
            return (try keep(bytes, hash, format), true)
        }
    }

    /// The image with this content, where a file still has it.
    private func presentImage(_ hash: [UInt8]) throws -> ImageID? {
        let catalog = library.catalog
        guard let known = try catalog.embeddedImage(contentHash: hash, model: library.index.catalogModel),
            let locations = try catalog.image(known)?.locations,
            locations.contains(where: { FileManager.default.isReadableFile(atPath: $0.path.string) })
        else { return nil }
        return known
    }

    private func keep(_ bytes: [UInt8], _ hash: [UInt8], _ format: ImageFormat) throws -> ImageID {
        try FileManager.default.createDirectory(atPath: uploads.string, withIntermediateDirectories: true)
        let name = hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let file = uploads.appending("\(name).\(format.rawValue)")
        try Data(bytes).write(to: URL(filePath: file.string), options: .atomic)
        do {
            try jobs.index(file: file)
            guard let id = try library.catalog.imageID(at: file) else {
                _ = try library.catalog.forget(at: file)
                throw RequestFault.notReady
            }
            return id
        } catch {
            try? FileManager.default.removeItem(atPath: file.string)
            throw error
        }
    }
}

/// Looks for near-duplicates in the background, and remembers them until the library changes.
private final class CopySearch: Sendable {
    private struct State {
        var groups: [[ImageID]]?
        var key: Key?
        var failure: (any Error)?
        var isRunning = false

        /// How the search ended; nil while it goes on. A failure is told once, and the next question tries again.
        mutating func ended() -> Result<[[ImageID]], any Error>? {
            if let failure {
                self.failure = nil
                return .failure(failure)
            }
            return isRunning ? nil : groups.map { .success($0) }
        }
    }

    /// What the groups depend on: embeddings, and who may see their images.
    private struct Key: Equatable {
        let latestChange: Int64
        let hidden: [ImageID]
    }

    private let finder: DuplicateFinder
    private let catalog: Catalog
    private let audience: Audience
    private let state = NIOLockedValueBox(State())

    init(_ finder: DuplicateFinder, _ catalog: Catalog, for audience: Audience) {
        (self.finder, self.catalog, self.audience) = (finder, catalog, audience)
    }

    /// The groups as they are now; looks for them when the library has changed since, for up to a second in the caller's
    /// time.
    func groups() throws -> [[ImageID]] {
        let key = Key(latestChange: try catalog.latestChange(), hidden: try catalog.hiddenImages())
        let (known, isToStart) = state.withLockedValue { state -> ([[ImageID]]?, Bool) in
            if state.key == key, let groups = state.groups { return (groups, false) }
            defer { state.isRunning = true }
            return (nil, !state.isRunning)
        }
        if let known { return known }
        if isToStart { start(key) }
        for _ in 0..<20 {
            Thread.sleep(forTimeInterval: 0.05)
            if let ended = state.withLockedValue({ $0.ended() }) { return try ended.get() }
        }
        throw RequestFault.stillLooking
    }

    private func start(_ key: Key) {
        let thread = Thread { [self] in
            let found = Result { try finder.nearDuplicates(for: audience) }
            state.withLockedValue { state in
                state.isRunning = false
                switch found {
                case .success(let groups?): (state.groups, state.key) = (groups, key)
                case .success(nil): break
                case .failure(let error): state.failure = error
                }
            }
        }
        thread.name = "copies"
        thread.start()
    }
}
