import CVips

/// Turns untrusted bytes into upright 8-bit sRGB pixels, or into a reason why not.
///
/// The way of a picture: bytes and their signature are checked (`ImageSource.read`), the header is opened and
/// held against the limits, then one lazy pipeline runs from top to bottom: decode, already smaller where the
/// format can → lay on white → resize → convert to sRGB → turn upright. docs/data-preparation.md tells why in
/// this order.
///
/// A decoder holds no state and may be used from any number of threads. Calls block: keep them off the
/// cooperative thread pool.
public struct ImageDecoder: Sendable {
    /// What a picture may cost.
    public let limits: DecodingLimits

    /// Makes a decoder. The first call to any decoder starts libvips, which takes about 100 ms.
    public init(limits: DecodingLimits = .default) {
        self.limits = limits
    }

    /// Reads format, upright size and page count without decoding pixels.
    ///
    /// - Throws: every reason but `too-elongated`; a file that is truncated or corrupt further down passes.
    public func header(of source: ImageSource) throws(ImageDecodingError) -> ImageHeader {
        try DecodingLibrary.start()
        let (bytes, format) = try source.read(limits: limits)
        return try open(bytes, format: format).header
    }

    /// Decodes a picture at the given size: EXIF orientation applied, transparency laid on white, any colour
    /// mode and embedded profile converted to sRGB, of several pages or frames the first.
    ///
    /// Time and memory follow the header's pixel count, which `limits` bound.
    ///
    /// - Throws: `ImageDecodingError` with any reason. A picture with missing or contradictory data is
    ///   refused, not shown in part.
    public func thumbnail(of source: ImageSource, size: ThumbnailSize) throws(ImageDecodingError)
        -> DecodedImage
    {
        // Without a limit there is always a picture.
        try thumbnail(of: source, size: size, holdingAtMost: .max)!
    }

    /// Bytes of samples that a decoder holds at once at least, for a picture that it cannot give row by row; 0 for others, and
    /// for what has no usable header.
    func byteCountHeldWhole(_ bytes: [UInt8]) -> Int {
        guard let (bytes, format) = try? ImageSource.bytes(bytes).read(limits: limits),
            let opened = try? open(bytes, format: format),
            FileStructure(bytes: bytes, format: format).isDecodedWhole
        else { return 0 }
        return opened.sampleByteCount
    }

    /// Decodes like the other; nil when the decoder would have to hold more than so many bytes of samples at once.
    func thumbnail(
        of source: ImageSource,
        size: ThumbnailSize,
        holdingAtMost sampleByteCount: Int
    ) throws(ImageDecodingError) -> DecodedImage? {
        try DecodingLibrary.start()
        let (bytes, format) = try source.read(limits: limits)
        let opened = try open(bytes, format: format)
        let target = size.fitted(width: opened.header.width, height: opened.header.height)
        try check(target: target, of: opened.header)
        if FileStructure(bytes: bytes, format: format).isDecodedWhole,
            opened.sampleByteCount > sampleByteCount
        {
            return nil
        }
        guard let pixels = decode(bytes, opened: opened, width: target.width, height: target.height) else {
            throw damage(in: bytes, format: format)
        }
        return DecodedImage(header: opened.header, pixels: pixels)
    }
}
