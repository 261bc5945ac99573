/// A rectangle of an upright picture, in parts of its width and height: 0 is left or top, 1 is right or bottom.
public struct PictureRegion: Hashable, Sendable, Codable {
    /// The left edge.
    public let x: Double
    /// The upper edge.
    public let y: Double
    /// From left to right.
    public let width: Double
    /// From top to bottom.
    public let height: Double

    /// All of a picture.
    public static let whole = PictureRegion(x: 0, y: 0, width: 1, height: 1)

    /// Describes a rectangle; see ``isInside`` for what makes one.
    public init(x: Double, y: Double, width: Double, height: Double) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// Whether it has an extent and lies in the picture, but for what rounding may have cost.
    public var isInside: Bool {
        let numbers = [x, y, width, height]
        return numbers.allSatisfy(\.isFinite) && x >= 0 && y >= 0 && width > 0 && height > 0
            && x + width <= 1.000_001 && y + height <= 1.000_001
    }

    /// The whole pixels of a picture of this size that it covers; one at least.
    func pixels(width pictureWidth: Int, height pictureHeight: Int) -> (
        left: Int, top: Int, width: Int, height: Int
    ) {
        func span(_ start: Double, _ extent: Double, _ all: Int) -> (Int, Int) {
            let first = min(all - 1, max(0, Int((start * Double(all)).rounded())))
            let end = min(all, max(first + 1, Int(((start + extent) * Double(all)).rounded())))
            return (first, end - first)
        }
        let (left, croppedWidth) = span(x, width, pictureWidth)
        let (top, croppedHeight) = span(y, height, pictureHeight)
        return (left, top, croppedWidth, croppedHeight)
    }
}

extension PixelImage {
    /// Returns the pixels of a rectangle of the picture; one at least.
    public func cropped(to region: PictureRegion) -> PixelImage {
        precondition(region.isInside, "\(region) does not lie in a picture")
        let (left, top, croppedWidth, croppedHeight) = region.pixels(width: width, height: height)
        if croppedWidth == width, croppedHeight == height { return self }
        var samples: [UInt8] = []
        samples.reserveCapacity(croppedWidth * croppedHeight * 3)
        for row in top..<top + croppedHeight {
            let start = (row * width + left) * 3
            samples += pixels[start..<start + croppedWidth * 3]
        }
        return PixelImage(width: croppedWidth, height: croppedHeight, pixels: samples)
    }

    /// Returns the picture brought to a size, as decoding would bring it.
    public func resized(to size: ThumbnailSize) -> PixelImage {
        let (newWidth, newHeight) = size.fitted(width: width, height: height)
        if newWidth == width, newHeight == height { return self }
        var resampler = BicubicResampler(
            inputWidth: width,
            inputHeight: height,
            outputWidth: newWidth,
            outputHeight: newHeight,
            channels: 3
        )
        resampler.append(allRowsOf: self)
        return PixelImage(width: newWidth, height: newHeight, pixels: resampler.output)
    }
}
