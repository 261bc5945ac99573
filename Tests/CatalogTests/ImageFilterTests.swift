import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Catalog

@Suite("Filters mean the images that they describe")
struct ImageFilterTests {
    private let folder: TemporaryFolder
    private let catalog: Catalog
    private let images: [Known]

    /// What a test knows of an image without asking the catalog.
    private struct Known {
        let id: ImageID
        let path: String
        let format: String
        let width: Int
        let takenAt: String?
        let camera: String?
        let addedAt: Date
        let tags: Set<String>
        let visibility: Visibility
        let isMissing: Bool
    }

    init() throws {
        folder = try TemporaryFolder()
        catalog = try Catalog(path: try folder("catalog.sqlite"))
        let model = try catalog.registerModel(identity: "test:1", dimension: 1)
        var chance = SeededGenerator(seed: 11)
        var images: [Known] = []
        for number in 1...200 {
            func one<Value>(of values: [Value]) -> Value { values.randomElement(using: &chance)! }
            let path =
                "\(one(of: ["/photos", "/photos/sea", "/photosynthesis", "/été"]))/\(one(of: ["IMG_", "beach-", "Beach "]))\(number).jpg"
            let known = Known(
                id: ImageID(number),
                path: path,
                format: one(of: ["jpeg", "png", "webp"]),
                width: Int.random(in: 1...2000, using: &chance),
                takenAt: one(of: [
                    nil, "2023-12-31T23:59:59", "2024-05-01T00:00:00", "2024-05-01T17:31:09",
                    "2024-05-02T00:00:00",
                ]),
                camera: one(of: [nil, "Canon EOS 80D", "NIKON D70"]),
                addedAt: Date(timeIntervalSince1970: one(of: [1_000_000, 2_000_000, 3_000_000])),
                tags: Set(["a", "b", "c d"].filter { _ in Bool.random(using: &chance) }),
                visibility: one(of: [.listed, .listed, .private, .blocked]),
                isMissing: one(of: [false, false, true])
            )
            try catalog.record(
                [
                    .embedded(
                        path: FilePath(path),
                        stamp: FileStamp(byteCount: 1, modifiedAtNanoseconds: 1, inode: UInt64(number)),
                        image: ImageDescription(
                            contentHash: Array(repeating: UInt8(number), count: 32),
                            format: known.format,
                            width: known.width,
                            height: 10,
                            byteCount: 1,
                            perceptualHash: UInt64(number),
                            takenAt: known.takenAt,
                            camera: known.camera
                        ),
                        embedding: NewEmbedding(vector: [1], precision: "float32")
                    )
                ],
                model: model,
                at: known.addedAt
            )
            #expect(try catalog.setTags(Array(known.tags), of: known.id))
            #expect(try catalog.setVisibility(known.visibility, of: known.id))
            if known.isMissing {
                _ = try catalog.markMissing(at: [FilePath(path)], except: [], seen: RowIDs())
            }
            images.append(known)
        }
        self.images = images
    }

    private func check(
        _ filter: ImageFilter,
        for audience: Audience = .everyone,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ isMeant: (Known) -> Bool
    ) throws {
        let expected = images.filter { isMeant($0) && audience.mayFind($0.visibility) }.map(\.id)
        #expect(!expected.isEmpty && expected.count < images.count, sourceLocation: sourceLocation)
        #expect(
            try catalog.imageIDs(matching: filter, for: audience).all == expected,
            sourceLocation: sourceLocation
        )
        let newest = try catalog.newestImages(matching: filter, for: audience, count: 7).map(\.id)
        #expect(newest == Array(expected.reversed().prefix(7)), sourceLocation: sourceLocation)
        if let last = newest.last {
            let next = try catalog.newestImages(matching: filter, for: audience, before: last, count: 7).map(
                \.id
            )
            #expect(next == Array(expected.reversed().dropFirst(7).prefix(7)), sourceLocation: sourceLocation)
        }
    }

    @Test("without conditions: present images that these people may find")
    func trivial() throws {
        #expect(ImageFilter().isTrivial)
        try check(ImageFilter()) { !$0.isMissing }
        try check(ImageFilter(), for: .administrators) { !$0.isMissing }
    }

    @Test(
        "a folder means what lies below it, not what begins with its name",
        arguments: ["/photos", "/photos/", "/été"]
    )
    func folders(folder: String) throws {
        var filter = ImageFilter()
        filter.folder = FilePath(folder)
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        try check(filter) { !$0.isMissing && $0.path.hasPrefix(prefix) }
    }

    @Test("a name is matched as a whole, whatever the case, and never against folders")
    func names() throws {
        var filter = ImageFilter()
        filter.name = "BEACH?1*.jpg"
        try check(filter) { known in
            let name = known.path.split(separator: "/").last!.lowercased()
            return !known.isMissing && name.hasPrefix("beach") && name.dropFirst(6).hasPrefix("1")
        }
        filter.name = "*sea*"
        #expect(try catalog.imageIDs(matching: filter, for: .everyone).count == 0)
    }

    @Test("format, width, camera and date added")
    func fields() throws {
        var filter = ImageFilter()
        filter.formats = ["jpeg", "png"]
        filter.widths = 500...1500
        try check(filter) {
            !$0.isMissing && ["jpeg", "png"].contains($0.format) && (500...1500).contains($0.width)
        }
        filter = ImageFilter()
        filter.camera = "canon"
        try check(filter) { !$0.isMissing && $0.camera == "Canon EOS 80D" }
        filter = ImageFilter()
        filter.addedAfter = Date(timeIntervalSince1970: 2_000_000)
        filter.addedBefore = Date(timeIntervalSince1970: 3_000_000)
        try check(filter) { !$0.isMissing && $0.addedAt == Date(timeIntervalSince1970: 2_000_000) }
    }

    @Test("dates taken include the day, month or year they name")
    func taken() throws {
        var filter = ImageFilter()
        (filter.takenAfter, filter.takenBefore) = ("2024-05-01", "2024-05-01")
        try check(filter) { !$0.isMissing && $0.takenAt?.hasPrefix("2024-05-01") == true }
        (filter.takenAfter, filter.takenBefore) = ("2024", "2024-05")
        try check(filter) { !$0.isMissing && $0.takenAt?.hasPrefix("2024") == true }
        (filter.takenAfter, filter.takenBefore) = (nil, "2023")
        try check(filter) { !$0.isMissing && $0.takenAt?.hasPrefix("2023") == true }
    }

    @Test("tags: all of these, one of these, none of these")
    func tags() throws {
        var filter = ImageFilter()
        filter.tags = ["a", "c d"]
        try check(filter) { !$0.isMissing && $0.tags.isSuperset(of: ["a", "c d"]) }
        filter = ImageFilter()
        filter.anyTags = ["a", "b"]
        filter.notTags = ["c d"]
        try check(filter) {
            !$0.isMissing && !$0.tags.isDisjoint(with: ["a", "b"]) && !$0.tags.contains("c d")
        }
    }

    @Test("status: present, missing, any")
    func status() throws {
        var filter = ImageFilter()
        filter.status = .missing
        try check(filter) { $0.isMissing }
        filter.status = .any
        try check(filter) { _ in true }
    }

    @Test("only administrators learn of images by their visibility")
    func visibility() throws {
        var filter = ImageFilter()
        filter.visibilities = [.private, .blocked]
        filter.status = .any
        #expect(try catalog.imageIDs(matching: filter, for: .everyone).count == 0)
        let hidden = images.filter { $0.visibility != .listed }.map(\.id)
        #expect(try catalog.imageIDs(matching: filter, for: .administrators).all == hidden)
        #expect(try catalog.hiddenImages() == hidden)
    }

    @Test("hostile texts are values, not SQL")
    func injection() throws {
        var filter = ImageFilter()
        filter.camera = "' OR 1=1 --"
        filter.tags = ["a') OR 1=1 --"]
        filter.name = "[[[*\\"
        #expect(try catalog.imageIDs(matching: filter, for: .everyone).count == 0)
    }

    @Test("groups count what these people may find, and tags go with their image")
    func groups() throws {
        let shown = images.filter { !$0.isMissing && $0.visibility == .listed }
        let groups = try catalog.imageGroups(for: .everyone)
        #expect(
            groups.tags
                == ["a", "b", "c d"].map { tag in
                    ImageGroup(name: tag, imageCount: shown.count { $0.tags.contains(tag) })
                }
        )
        #expect(groups.formats.reduce(0) { $0 + $1.imageCount } == shown.count)
        #expect(groups.cameras.map(\.name) == ["Canon EOS 80D", "NIKON D70"])
        let tagged = try #require(shown.first { $0.tags.contains("a") })
        #expect(try catalog.forget(tagged.id))
        #expect(try !catalog.forget(tagged.id))
        #expect(try catalog.imageID(at: FilePath(tagged.path)) == nil)
        #expect(
            try catalog.imageGroups(for: .everyone).tags[0].imageCount == shown.count {
                $0.tags.contains("a")
            } - 1
        )
        #expect(try catalog.verify().faults.isEmpty)
    }

    @Test("tags are short texts without commas and control characters")
    func tagTexts() {
        for tag in ["a", "c d", "été", String(repeating: "x", count: 64)] { #expect(Catalog.isTag(tag)) }
        for tag in ["", " a", "a ", "a,b", "a\n", "\u{7F}", String(repeating: "x", count: 65)] {
            #expect(!Catalog.isTag(tag))
        }
    }
}
