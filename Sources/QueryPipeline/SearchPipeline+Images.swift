public import Catalog
internal import ImageDecoding
internal import ImageLibrary
internal import SystemPackage

extension SearchPipeline {
    /// Returns what the library knows of an image, or nil when it has none with this number that these people may see.
    public func image(id: ImageID, for audience: Audience = .everyone) throws -> ImageRecord? {
        try library.catalog.image(id, for: audience).map(ImageRecord.init)
    }

    /// Returns up to `count` images that a filter means, the newest first.
    ///
    /// - Parameter last: Only images older than this one; nil for the newest.
    public func images(
        matching filter: ImageFilter,
        for audience: Audience,
        before last: ImageID? = nil,
        count: Int
    ) throws -> [ImageRecord] {
        try library.catalog.newestImages(matching: filter, for: audience, before: last, count: count)
            .map(ImageRecord.init)
    }

    /// Returns a JPEG of an image, upright, at most `longerSide` pixels on its longer side; nil when there is
    /// no such image.
    ///
    /// - Throws: ``QueryError/imageFileGone(_:)`` when none of the image's files can be decoded.
    public func thumbnail(id: ImageID, longerSide: Int, for audience: Audience = .everyone) throws -> [UInt8]?
    {
        guard let image = try library.catalog.image(id, for: audience) else { return nil }
        for location in image.locations {
            let decoded = try? decoder.thumbnail(of: .file(location.path), size: .longerSide(longerSide))
            if let decoded { return try decoded.pixels.jpegData(quality: 82) }
        }
        throw QueryError.imageFileGone(id)
    }

    /// Keeps what was shown and opened; false when the library has no such query, or none of the results.
    public func keep(_ interaction: Interaction) throws -> Bool { try library.catalog.keep(interaction) }
}
