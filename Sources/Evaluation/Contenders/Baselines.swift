internal import Foundation
internal import ImageDecoding

/// What a design begins with, before anything is learned: what a model has to beat to be worth its cost.
public enum Baselines {
    /// All of them, the weakest first.
    public static let all: [any PictureEmbedding] = [RandomVector(), PerceptualHash(), ColorHistogram()]
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

/// 64 bits of what a picture looks like from afar: signs of the lowest frequencies of its 32×32 greys.
///
/// Zauner, *Implementation and benchmarking of perceptual image hash functions*, 2010 (the DCT hash): each of the 8×8
/// lowest coefficients is above or below their median. The cosine is 1 − 2 · Hamming distance / 64.
struct PerceptualHash: PictureEmbedding {
    let name = "perceptual hash"
    let thumbnailSize: ThumbnailSize? = nil

    private static let side = 32
    /// [frequency][position] of the first eight cosines.
    private static let cosines: [[Float]] = (0..<8).map { frequency in
        (0..<side).map { cos(Float.pi * Float(frequency) * (Float($0) + 0.5) / Float(side)) }
    }

    func embed(_ picture: PixelImage) -> [Float] {
        let grey = Self.grey(picture)
        var coefficients: [Float] = []
        for vertical in Self.cosines {
            for horizontal in Self.cosines {
                var sum: Float = 0
                for y in 0..<Self.side {
                    for x in 0..<Self.side { sum += grey[y * Self.side + x] * vertical[y] * horizontal[x] }
                }
                coefficients.append(sum)
            }
        }
        // The first one is the mean brightness: it says nothing, and would shift the median.
        let sorted = coefficients.dropFirst().sorted()
        let median = sorted[sorted.count / 2]
        return coefficients.map { $0 > median ? 0.125 : -0.125 }
    }

    /// Means of luma over a grid of 32×32 cells.
    private static func grey(_ picture: PixelImage) -> [Float] {
        var sums = [Float](repeating: 0, count: side * side)
        var counts = sums
        for y in 0..<picture.height {
            let row = y * side / picture.height * side
            for x in 0..<picture.width {
                let pixel = (y * picture.width + x) * 3
                let luma =
                    299 * Int(picture.pixels[pixel]) + 587 * Int(picture.pixels[pixel + 1]) + 114
                    * Int(picture.pixels[pixel + 2])
                let cell = row + x * side / picture.width
                sums[cell] += Float(luma) / 1000
                counts[cell] += 1
            }
        }
        // A picture smaller than the grid leaves cells empty; they repeat the cell before.
        for cell in sums.indices {
            if counts[cell] > 0 {
                sums[cell] /= counts[cell]
            } else {
                sums[cell] = cell % side > 0 ? sums[cell - 1] : cell >= side ? sums[cell - side] : 0
            }
        }
        return sums
    }
}

extension [Float] {
    /// The vector divided by its length; zeros stay zeros.
    fileprivate func scaledToUnitLength() -> [Float] {
        let length = reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? map { $0 / length } : self
    }
}
