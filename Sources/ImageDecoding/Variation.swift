internal import CVips

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
    /// It is stored as WebP of this quality, 1 to 100.
    case webp(quality: Int)
    /// All values are multiplied by this factor.
    case brightness(Double)
    /// The distance of all values from their pixel's luma (ITU-R BT.709) is multiplied by this factor: 0 is grey.
    case saturation(Double)
    /// Width and height are multiplied by this factor, above 0.
    case scaled(Double)
    /// Left and right are exchanged.
    case mirrored
    /// It is turned clockwise; the canvas grows, its corners are white.
    case turned(degrees: Double)
}

extension PixelImage {
    /// Returns the picture after `variation`, encoded as it says, or as JPEG of quality 95.
    ///
    /// - Throws: `unavailable` when libvips does not start or cannot do that; `too-many-pixels` as
    ///   ``jpegData(quality:)`` does.
    public func varied(by variation: Variation) throws(ImageDecodingError) -> [UInt8] {
        try DecodingLibrary.start()
        switch variation {
        case .jpeg(let quality): return try jpegData(quality: quality)
        case .webp(let quality):
            guard let bytes = encoded(as: CVIPS_SAVER_WEBP, quality: quality) else {
                throw Self.unable(variation)
            }
            return bytes
        case .saturation(let factor): return try saturated(by: factor).jpegData(quality: 95)
        case .scaled(let factor):
            let side = max(1, Int((Double(max(width, height)) * factor).rounded()))
            return try resized(to: .longerSide(side)).jpegData(quality: 95)
        case .crop, .brightness, .mirrored, .turned:
            guard let changed = changed(by: variation) else { throw Self.unable(variation) }
            return try changed.jpegData(quality: 95)
        }
    }

    private static func unable(_ variation: Variation) -> ImageDecodingError {
        ImageDecodingError(
            reason: .unavailable,
            message: "libvips could not change a picture (\(variation)); reinstall libvips 8.14 or later."
        )
    }

    /// What libvips changes; nil for other variations, and when it cannot.
    private func changed(by variation: Variation) -> PixelImage? {
        pixels.withUnsafeBytes { samples in
            guard let image = VipsImage.wrapping(samples, width: width, height: height) else { return nil }
            return switch variation {
            case .crop(let area, let horizontal, let vertical):
                crop(of: image, area: area, horizontal: horizontal, vertical: vertical)
            case .brightness(let factor): image.brightened(by: factor)?.pixels()
            case .mirrored: image.mirrored()?.pixels()
            case .turned(let degrees): image.turned(byDegrees: degrees)?.pixels()
            case .jpeg, .webp, .saturation, .scaled: nil
            }
        }
    }

    private func saturated(by factor: Double) -> PixelImage {
        var changed = pixels
        for pixel in stride(from: 0, to: changed.count, by: 3) {
            let luma =
                0.2126 * Double(pixels[pixel]) + 0.7152 * Double(pixels[pixel + 1])
                + 0.0722 * Double(pixels[pixel + 2])
            for sample in pixel..<pixel + 3 {
                let value = luma + factor * (Double(pixels[sample]) - luma)
                changed[sample] = UInt8(min(255, max(0, value.rounded())))
            }
        }
        return PixelImage(width: width, height: height, pixels: changed)
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
