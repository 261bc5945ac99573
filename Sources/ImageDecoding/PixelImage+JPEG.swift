import CVips

extension PixelImage {
    /// Encodes as baseline JPEG without metadata, for thumbnails.
    ///
    /// - Parameter quality: 1 (smallest) to 100 (best).
    /// - Throws: `unavailable` when libvips cannot be used or has no JPEG encoder; `too-many-pixels` when a
    ///   side is longer than JPEG can say (65,535).
    /// - Precondition: `quality` is in 1...100.
    public func jpegData(quality: Int) throws(ImageDecodingError) -> [UInt8] {
        precondition((1...100).contains(quality), "JPEG quality is 1 to 100, got \(quality)")
        guard max(width, height) <= 65_535 else {
            throw ImageDecodingError(
                reason: .tooManyPixels,
                message:
                    "JPEG holds at most 65535 pixels per side, this is \(width)×\(height); make it smaller."
            )
        }
        try DecodingLibrary.start()
        guard let encoded = encoded(as: CVIPS_SAVER_JPEG, quality: quality) else {
            throw ImageDecodingError(
                reason: .unavailable,
                message: "libvips could not encode JPEG; install a libvips with libjpeg support."
            )
        }
        return encoded
    }
}
