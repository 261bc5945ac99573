public import Catalog
public import Foundation
internal import SystemPackage

/// What the library knows of one image.
public struct ImageRecord: Codable, Hashable, Sendable {
    /// A place where an image lies.
    public struct Location: Codable, Hashable, Sendable {
        /// Absolute path of the file.
        public let path: String
        /// Whether the last scan found the file gone.
        public let missing: Bool
    }

    /// Number of the image in the library.
    public let id: ImageID
    /// SHA-256 of the file in hexadecimal.
    public let contentHash: String
    /// The file format, such as `jpeg`.
    public let format: String
    /// Width of the upright picture in pixels.
    public let width: Int
    /// Height of the upright picture in pixels.
    public let height: Int
    /// Length of the file in bytes.
    public let byteCount: Int64
    /// When the image was first indexed.
    public let addedAt: Date
    /// The camera's clock when it was taken, such as `2024-05-01T17:31:09`; nil when the file does not say.
    public let takenAt: String?
    /// Maker and model of the camera; nil when the file does not say.
    public let camera: String?
    /// What people have called it.
    public let tags: [String]
    /// Who may see it.
    public let visibility: String
    /// Where the image lies, present files first.
    public let locations: [Location]
}

extension ImageRecord {
    /// Describes an image of a catalog.
    public init(_ image: StoredImage) {
        self.init(
            id: image.id,
            contentHash: image.description.contentHash.map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined(),
            format: image.description.format,
            width: image.description.width,
            height: image.description.height,
            byteCount: image.description.byteCount,
            addedAt: image.addedAt,
            takenAt: image.description.takenAt,
            camera: image.description.camera,
            tags: image.tags,
            visibility: image.visibility.name,
            locations: image.locations.map {
                Location(path: String(decoding: $0.path), missing: $0.missingSince != nil)
            }
        )
    }
}
