public import SystemPackage

/// Where the bytes of a picture come from.
public enum ImageSource: Sendable {
    /// A regular file. The name is bytes, taken literally: brackets, line breaks and invalid UTF-8 mean
    /// nothing.
    case file(FilePath)
    /// The same, but no link is followed, neither at the name's end nor on the way to it: what a walk over folders found.
    case fileWithoutLinks(FilePath)
    /// A whole encoded picture in memory, such as an upload.
    case bytes([UInt8])
}

/// The size a picture is brought to. The aspect ratio is kept; the other side is rounded to whole pixels.
public enum ThumbnailSize: Sendable, Hashable {
    /// The shorter side gets exactly this length, enlarging small pictures: what a network's crop is cut
    /// from.
    case shorterSide(Int)
    /// The longer side gets at most this length and is never enlarged: what a page shows.
    case longerSide(Int)

    /// Returns the size an upright picture of this size is brought to.
    ///
    /// - Precondition: the wanted length is at least 1.
    func fitted(width: Int, height: Int) -> (width: Int, height: Int) {
        let wanted: Int
        let given: Int
        switch self {
        case .shorterSide(let length): (wanted, given) = (length, min(width, height))
        case .longerSide(let length): (wanted, given) = (min(length, max(width, height)), max(width, height))
        }
        precondition(wanted >= 1, "a side of \(wanted) pixels is no size to bring a picture to")
        func scaled(_ side: Int) -> Int {
            max(1, Int((Double(side) * Double(wanted) / Double(given)).rounded()))
        }
        return (scaled(width), scaled(height))
    }
}

/// What a picture may cost before it is refused. Checked against the header, before anything is decoded.
public struct DecodingLimits: Sendable, Hashable {
    /// The most encoded bytes; 256 MiB unless told.
    public var maximumByteCount: Int
    /// The most pixels of one page; 100 million unless told.
    public var maximumPixelCount: Int
    /// The most pixels of a result; 16 million unless told. Only very long, thin pictures ever reach it.
    public var maximumThumbnailPixelCount: Int

    /// Sets the limits that are named and keeps the others at their defaults.
    public init(
        maximumByteCount: Int = 256 << 20,
        maximumPixelCount: Int = 100_000_000,
        maximumThumbnailPixelCount: Int = 16_000_000
    ) {
        self.maximumByteCount = maximumByteCount
        self.maximumPixelCount = maximumPixelCount
        self.maximumThumbnailPixelCount = maximumThumbnailPixelCount
    }

    /// The limits for files of one's own collection.
    public static let `default` = DecodingLimits()
}
