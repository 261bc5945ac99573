public import Catalog
internal import ImageDecoding
internal import ImageLibrary
internal import SystemPackage

extension SearchPipeline {
    /// Returns what the library knows of an image, or nil when it has none with this number that these people may look at.
    public func image(id: ImageID, for audience: Audience = .everyone) throws -> ImageRecord? {
        try library.catalog.image(id, seenBy: audience).map(ImageRecord.init)
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
    /// - Throws: ``QueryError/imageFileGone(_:)`` when none of the image's files holds any more what was indexed.
    public func thumbnail(id: ImageID, longerSide: Int, for audience: Audience = .everyone) throws -> [UInt8]?
    {
        guard let image = try library.catalog.image(id, seenBy: audience) else { return nil }
        let bytes = try decoder.encodedBytes(of: image)
        guard let decoded = try? decoder.thumbnail(of: .bytes(bytes), size: .longerSide(longerSide)) else {
            throw QueryError.imageFileGone(id)
        }
        return try decoded.pixels.jpegData(quality: 82)
    }

    /// Returns a few images from all over the library, to start a search from.
    public func examples(count: Int) throws -> [ImageRecord] {
        try library.catalog.imagesAtEvenDistances(count: count).map(ImageRecord.init)
    }

    /// Keeps what was shown and opened; false when the library has no such query, or none of the results, that these people
    /// may find.
    public func keep(_ interaction: Interaction, for audience: Audience) throws -> Bool {
        try library.catalog.keep(interaction, for: audience)
    }
}
