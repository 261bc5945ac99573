internal import ImageDecoding

/// What a design begins with, before anything is learned: what a model has to beat to be worth its cost.
public enum Baselines {
    /// All of them, the weakest first.
    public static let all: [any PictureEmbedding] = [
        RandomVector(), PerceptualHashVector(), ColorHistogram(),
    ]
}

/// A direction drawn at random for each picture: what a ranking is worth that knows nothing.
struct RandomVector: PictureEmbedding {
    let name = "random"
    let thumbnailSize: ThumbnailSize? = nil

    func embed(_ picture: PixelImage) -> [Float] {
        // Fowler, Noll & Vo's FNV-1a of the pixels: equal pictures get equal directions.
        let digest = picture.pixels.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        var chance = SeededSequence(seed: digest)
        return (0..<64).map { _ in Float(chance.normal()) }.scaledToUnitLength()
    }
}

/// How much of each colour there is, wherever it lies: 16 hues × 4 saturations × 4 values.
///
/// Swain & Ballard, *Color indexing*, 1991. The vector holds square roots of shares, so that the cosine is Bhattacharyya's
/// coefficient. Hues of greyish and dark pixels mean nothing and go by value alone.
struct ColorHistogram: PictureEmbedding {
    let name = "colour histogram"
    let thumbnailSize: ThumbnailSize? = nil

    func embed(_ picture: PixelImage) -> [Float] {
        var counts = [Float](repeating: 0, count: 256)
        for pixel in stride(from: 0, to: picture.pixels.count, by: 3) {
            counts[
                Self.bin(
                    red: Int(picture.pixels[pixel]),
                    green: Int(picture.pixels[pixel + 1]),
                    blue: Int(picture.pixels[pixel + 2])
                )
            ] += 1
        }
        return counts.map { $0.squareRoot() }.scaledToUnitLength()
    }

    /// The bin of a colour, in whole numbers: hue · 16 + saturation · 4 + value.
    static func bin(red: Int, green: Int, blue: Int) -> Int {
        let (highest, lowest) = (max(red, green, blue), min(red, green, blue))
        let chroma = highest - lowest
        let value = highest / 64
        let saturation = highest == 0 ? 0 : min(3, chroma * 4 / highest)
        guard saturation > 0, value > 0 else { return value }
        // Sixths of the circle, in 256ths: the sector, and the way through it.
        let sixth =
            if highest == red {
                (green - blue) * 256 / chroma
            } else if highest == green {
                512 + (blue - red) * 256 / chroma
            } else {
                1024 + (red - green) * 256 / chroma
            }
        let hue = (sixth + 1536) % 1536 * 16 / 1536
        return hue * 16 + saturation * 4 + value
    }
}

/// Signs of the lowest frequencies, see `ImageDecoding.PerceptualHash`. The cosine is 1 − 2 · Hamming distance / 64.
struct PerceptualHashVector: PictureEmbedding {
    let name = "perceptual hash"
    let thumbnailSize: ThumbnailSize? = nil

    func embed(_ picture: PixelImage) -> [Float] {
        let bits = PerceptualHash(of: picture).bits
        return (0..<64).map { bits >> UInt64($0) & 1 == 1 ? 0.125 : -0.125 }
    }
}

extension [Float] {
    /// The vector divided by its length; zeros stay zeros.
    fileprivate func scaledToUnitLength() -> [Float] {
        let length = reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? map { $0 / length } : self
    }
}
