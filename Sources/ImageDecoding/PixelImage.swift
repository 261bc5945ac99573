/// A picture in memory: upright, opaque, 8-bit sRGB.
///
/// `pixels` holds red, green and blue of each pixel, row after row from the top left, without padding;
/// the sample of channel `c` at (`x`, `y`) is `pixels[(y * width + x) * 3 + c]`.
public struct PixelImage: Sendable, Equatable {
    /// Pixels per row, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// Interleaved samples, `width * height * 3` of them.
    public let pixels: [UInt8]

    /// Wraps interleaved RGB samples.
    ///
    /// - Precondition: both sides are at least 1 and `pixels` holds exactly `width * height * 3` samples.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width >= 1 && height >= 1, "a picture of \(width)×\(height) has no pixels")
        precondition(
            pixels.count == width * height * 3,
            "\(width)×\(height) RGB needs \(width * height * 3) samples, got \(pixels.count)"
        )
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}
