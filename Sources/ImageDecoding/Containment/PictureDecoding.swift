/// Turns untrusted bytes into pixels, or into a reason why not: what indexing, searching and evaluation need of a decoder.
///
/// ``ImageDecoder`` does it in this process, ``ContainedDecoder`` in processes that a hostile picture may take down.
public protocol PictureDecoding: Sendable {
    /// What a picture may cost.
    var limits: DecodingLimits { get }

    /// Decodes a picture at the given size; see ``ImageDecoder/thumbnail(of:size:)``.
    ///
    /// - Throws: `ImageDecodingError` with any reason.
    func thumbnail(of source: ImageSource, size: ThumbnailSize) throws(ImageDecodingError) -> DecodedImage
}

extension PictureDecoding {
    /// Reads the encoded bytes, checked for kind of file, number and signature: for a caller that needs the
    /// bytes themselves, such as for a digest, and decodes the same bytes afterwards.
    ///
    /// - Throws: the reasons that need no decoding: `unreadable` to `unsupported-format`.
    public func encodedBytes(of source: ImageSource) throws(ImageDecodingError) -> [UInt8] {
        try source.read(limits: limits).bytes
    }
}

extension ImageDecoder: PictureDecoding {}
