public import Foundation
public import SystemPackage

/// Tells whether a file changed without reading it.
///
/// A change that keeps length, time and inode, as `cp --preserve` over a file of equal length makes, is not
/// noticed.
public struct FileStamp: Hashable, Sendable {
    /// Length in bytes.
    public let byteCount: Int64
    /// Time of the last change of content, in nanoseconds since 1970.
    public let modifiedAtNanoseconds: Int64
    /// Number of the file within its file system.
    public let inode: UInt64

    /// Creates a stamp.
    public init(byteCount: Int64, modifiedAtNanoseconds: Int64, inode: UInt64) {
        self.byteCount = byteCount
        self.modifiedAtNanoseconds = modifiedAtNanoseconds
        self.inode = inode
    }
}

/// Tells why a file is not in the index.
public struct Refusal: Hashable, Sendable {
    /// A stable code, such as `truncated`.
    public let reason: String
    /// One sentence: what was found, and what to do.
    public let message: String

    /// Creates a refusal.
    public init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }
}

/// What the catalog remembers of a path.
public struct KnownFile: Hashable, Sendable {
    /// Number of the file in the catalog.
    public let id: Int64
    /// The stamp it had when it was last read.
    public let stamp: FileStamp
    /// The image it held; nil when it was refused.
    public let imageID: ImageID?
    /// Why it was refused; nil when it holds an image.
    public let refusal: Refusal?
    /// Whether the model in question has embedded the image it holds.
    public let isEmbedded: Bool
    /// Whether the last walk did not find it.
    public let isMissing: Bool
}

/// A file that is known under a path, and seems to be met under another.
public struct FileElsewhere: Hashable, Sendable {
    /// Number of the file in the catalog.
    public let fileID: Int64
    /// The path it is known under.
    public let path: FilePath
    /// The image it holds.
    public let imageID: ImageID
}

/// Describes an image by its content.
public struct ImageDescription: Hashable, Sendable {
    /// SHA-256 of the file's bytes.
    public let contentHash: [UInt8]
    /// The file format, such as `jpeg`.
    public let format: String
    /// Width of the upright picture in pixels.
    public let width: Int
    /// Height of the upright picture in pixels.
    public let height: Int
    /// Length of the file in bytes.
    public let byteCount: Int64
    /// What it looks like from afar, 64 bits; nil until a program that knows of it has read the file.
    public let perceptualHash: UInt64?
    /// The camera's clock when it was taken, such as `2024-05-01T17:31:09`.
    public let takenAt: String?
    /// Maker and model of the camera.
    public let camera: String?

    /// Creates a description.
    public init(
        contentHash: [UInt8],
        format: String,
        width: Int,
        height: Int,
        byteCount: Int64,
        perceptualHash: UInt64? = nil,
        takenAt: String? = nil,
        camera: String? = nil
    ) {
        precondition(contentHash.count == 32, "a SHA-256 has 32 bytes, not \(contentHash.count)")
        self.contentHash = contentHash
        self.format = format
        self.width = width
        self.height = height
        self.byteCount = byteCount
        self.perceptualHash = perceptualHash
        self.takenAt = takenAt
        self.camera = camera
    }
}

/// Who may see an image in the answers to searches.
public enum Visibility: Int, Hashable, Sendable, Codable, CaseIterable {
    /// Everybody.
    case listed = 0
    /// Administrators.
    case `private` = 1
    /// Nobody; administrators can look at it, to take this back.
    case blocked = 2

    /// The name as programs write it: `listed`, `private` or `blocked`.
    public var name: String { String(describing: self) }

    /// The visibility of this name.
    public init?(name: String) {
        guard let visibility = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = visibility
    }
}

/// For whom something is looked up.
public enum Audience: Hashable, Sendable {
    /// People who may see what is listed.
    case everyone
    /// The library's keeper, who sees what is private as well.
    case administrators

    /// Whether these people may look at an image whose number they know.
    public func maySee(_ visibility: Visibility) -> Bool {
        visibility == .listed || self == .administrators
    }

    /// The visibilities of what these people may find, as a list for SQL.
    var findable: String {
        Visibility.allCases.filter(mayFind).map { String($0.rawValue) }.joined(separator: ", ")
    }

    /// Whether these people may find an image.
    public func mayFind(_ visibility: Visibility) -> Bool {
        switch visibility {
        case .listed: true
        case .private: self == .administrators
        case .blocked: false
        }
    }
}

/// What one file turned out to be in a scan.
public enum FileOutcome: Hashable, Sendable {
    /// The file with this number is as it was, or is back as it was.
    case unchanged(fileID: Int64, wasMissing: Bool)
    /// The file holds an image that this model has already embedded.
    case known(path: FilePath, stamp: FileStamp, imageID: ImageID)
    /// The file was known under another path, where it is no more.
    case moved(from: FileElsewhere, to: FilePath, stamp: FileStamp)
    /// The file holds an image, and this is its embedding.
    case embedded(path: FilePath, stamp: FileStamp, image: ImageDescription, embedding: NewEmbedding)
    /// The file cannot be indexed.
    case refused(path: FilePath, stamp: FileStamp, refusal: Refusal)
}

/// What a model made of an image.
public struct NewEmbedding: Hashable, Sendable {
    /// The image's vector, of length 1.
    public let vector: [Float]
    /// The vectors of its regions, each of length 1, one behind the other; nil when none are wanted.
    public let regions: [Float]?
    /// What the network multiplied, such as `float32`.
    public let precision: String

    /// Describes an embedding.
    public init(vector: [Float], regions: [Float]? = nil, precision: String) {
        (self.vector, self.regions, self.precision) = (vector, regions, precision)
    }
}

extension FileOutcome {
    var changesCatalog: Bool {
        if case .unchanged(_, wasMissing: false) = self { false } else { true }
    }
}

/// A file as the catalog has it now.
public struct RecordedFile: Hashable, Sendable {
    /// Number of the file.
    public let fileID: Int64
    /// Whether it brought an embedding that was not in the catalog before.
    public let isNew: Bool
}

/// What of a folder is indexed, as patterns of the kind that .gitignore files have.
public struct FileRules: Hashable, Sendable, Codable {
    /// What these name is passed over.
    public var excludes: [String]
    /// What these name is looked at all the same, whatever else speaks against it.
    public var includes: [String]

    /// Creates rules.
    public init(excludes: [String] = [], includes: [String] = []) {
        (self.excludes, self.includes) = (excludes, includes)
    }

    init(encoded: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(encoded.utf8))
    }

    var encoded: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

/// A folder that is indexed.
public struct IndexedFolder: Hashable, Sendable {
    /// Its absolute path, without symbolic links.
    public let path: FilePath
    /// What of it is indexed.
    public let rules: FileRules

    /// Creates a record.
    public init(path: FilePath, rules: FileRules = FileRules()) {
        (self.path, self.rules) = (path, rules)
    }
}

/// A place where an image lies.
public struct ImageLocation: Hashable, Sendable {
    /// Absolute path of the file.
    public let path: FilePath
    /// When a scan found the file gone; nil while it is there.
    public let missingSince: Date?
}

/// An image with all the places where it lies.
public struct StoredImage: Hashable, Sendable {
    /// Number of the image.
    public let id: ImageID
    /// What it is.
    public let description: ImageDescription
    /// When it was first indexed.
    public let addedAt: Date
    /// Who may see it.
    public let visibility: Visibility
    /// What people have called it, in alphabetical order.
    public let tags: [String]
    /// Where it lies, present files first.
    public var locations: [ImageLocation]
}

/// A file that is not in the index, and why.
public struct RefusedFile: Hashable, Sendable {
    /// Absolute path of the file.
    public let path: FilePath
    /// Why it was refused.
    public let refusal: Refusal

    /// Creates a record.
    public init(path: FilePath, refusal: Refusal) {
        self.path = path
        self.refusal = refusal
    }
}

/// Counts what a catalog holds.
public struct CatalogCounts: Hashable, Sendable {
    /// Images of which at least one file is present.
    public let presentImages: Int
    /// All images.
    public let images: Int
    /// Present files that hold an image.
    public let files: Int
    /// Files that a walk found gone, and whose image is in no file that is there.
    public let missingFiles: Int
    /// Present files that were refused.
    public let refusedFiles: Int
}
