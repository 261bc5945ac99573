/// What is known of a picture without decoding its pixels.
public struct ImageHeader: Sendable, Hashable, Codable {
    /// The file format, told by content, never by name.
    public let format: ImageFormat
    /// Width in pixels as the picture is to be seen, EXIF orientation applied.
    public let width: Int
    /// Height in pixels as the picture is to be seen, EXIF orientation applied.
    public let height: Int
    /// Pages or animation frames in the file; only the first is ever decoded.
    public let pageCount: Int
}

/// A decoded picture and the header of the file it came from.
public struct DecodedImage: Sendable, Equatable {
    /// The header; its size is that of the original, not of `pixels`.
    public let header: ImageHeader
    /// The pixels at the size that was asked for.
    public let pixels: PixelImage
}
