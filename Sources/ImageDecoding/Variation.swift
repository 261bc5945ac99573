/// Something that is done to a picture which leaves it the same picture to a person.
///
/// What a search should see through: the evaluation asks whether the original is found first.
public enum Variation: Sendable, Hashable {
    /// A rectangle of the picture's own shape is kept.
    ///
    /// - `area`: How much of the picture it is, 0 to 1.
    /// - `horizontal`, `vertical`: Where it lies, from 0 (left, top) to 1 (right, bottom).
    case crop(area: Double, horizontal: Double, vertical: Double)
    /// It is stored as JPEG of this quality, 1 to 100.
    case jpeg(quality: Int)
    /// All values are multiplied by this factor.
    case brightness(Double)
    /// Left and right are exchanged.
    case mirrored
    /// It is turned clockwise; the canvas grows, its corners are white.
    case turned(degrees: Double)
}

extension PixelImage {
    /// Returns the picture after `variation`, encoded as JPEG: of its quality, or of 95.
    ///
    /// - Throws: `unavailable` when libvips does not start or cannot do that; `too-many-pixels` as
    ///   ``jpegData(quality:)`` does.
    public func varied(by variation: Variation) throws(ImageDecodingError) -> [UInt8] {
        if case .jpeg(let quality) = variation { return try jpegData(quality: quality) }
        try DecodingLibrary.start()
        let changed = pixels.withUnsafeBytes { samples -> PixelImage? in
            guard let image = VipsImage.wrapping(samples, width: width, height: height) else { return nil }
            return switch variation {
            case .crop(let area, let horizontal, let vertical):
                crop(of: image, area: area, horizontal: horizontal, vertical: vertical)
            case .jpeg: nil
            case .brightness(let factor): image.brightened(by: factor)?.pixels()
            case .mirrored: image.mirrored()?.pixels()
            case .turned(let degrees): image.turned(byDegrees: degrees)?.pixels()
            }
        }
        guard let changed else {
            throw ImageDecodingError(
                reason: .unavailable,
                message: "libvips could not change a picture (\(variation)); reinstall libvips 8.14 or later."
            )
        }
        return try changed.jpegData(quality: 95)
    }

    private func crop(
        of image: borrowing VipsImage,
        area: Double,
        horizontal: Double,
        vertical: Double
    ) -> PixelImage? {
        let side = area.squareRoot()
        let (keptWidth, keptHeight) = (kept(width, side), kept(height, side))
        return image.cropped(
            left: Int((Double(width - keptWidth) * horizontal).rounded()),
            top: Int((Double(height - keptHeight) * vertical).rounded()),
            width: keptWidth,
            height: keptHeight
        )?
        .pixels()
    }

    private func kept(_ extent: Int, _ share: Double) -> Int {
        min(extent, max(1, Int((Double(extent) * share).rounded())))
    }
}
