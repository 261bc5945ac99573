internal import Foundation

/// 64 bits of what a picture looks like from afar: signs of the lowest frequencies of its 32×32 greys.
///
/// Zauner, *Implementation and benchmarking of perceptual image hash functions*, 2010 (the DCT hash): each of the 8×8
/// lowest coefficients is above or below their median. Copies that were scaled, re-encoded or brightened differ in few
/// bits; unrelated pictures in about half of them.
public struct PerceptualHash: Hashable, Sendable {
    /// One bit for each coefficient, the lowest frequency in the lowest bit.
    public let bits: UInt64

    private static let side = 32
    /// [frequency][position] of the first eight cosines.
    private static let cosines: [[Float]] = (0..<8).map { frequency in
        (0..<side).map { cos(Float.pi * Float(frequency) * (Float($0) + 0.5) / Float(side)) }
    }

    /// Wraps bits that were kept.
    public init(bits: UInt64) {
        self.bits = bits
    }

    /// Computes the hash of a picture of any size. Linear in its pixels.
    public init(of picture: PixelImage) {
        let grey = Self.grey(picture)
        // Rows first, then columns: the cosines of both directions are independent.
        let rows = (0..<Self.side).map { y in
            Self.cosines.map { horizontal in
                (0..<Self.side).reduce(Float(0)) { $0 + grey[y * Self.side + $1] * horizontal[$1] }
            }
        }
        let coefficients = Self.cosines.flatMap { vertical in
            (0..<8).map { column in
                (0..<Self.side).reduce(Float(0)) { $0 + rows[$1][column] * vertical[$1] }
            }
        }
        // The first one is the mean brightness: it says nothing, and would shift the median.
        let sorted = coefficients.dropFirst().sorted()
        let median = sorted[sorted.count / 2]
        bits = coefficients.indices.reduce(0) { $0 | (coefficients[$1] > median ? 1 << UInt64($1) : 0) }
    }

    /// In how many of the 64 bits two hashes differ.
    public func distance(to other: PerceptualHash) -> Int { (bits ^ other.bits).nonzeroBitCount }

    /// Means of luma over a grid of 32×32 cells.
    private static func grey(_ picture: PixelImage) -> [Float] {
        var sums = [Int](repeating: 0, count: side * side)
        var counts = sums
        let columns = (0..<picture.width).map { $0 * side / picture.width }
        for y in 0..<picture.height {
            let row = y * side / picture.height * side
            var pixel = y * picture.width * 3
            for column in columns {
                sums[row + column] +=
                    299 * Int(picture.pixels[pixel]) + 587 * Int(picture.pixels[pixel + 1]) + 114
                    * Int(picture.pixels[pixel + 2])
                counts[row + column] += 1
                pixel += 3
            }
        }
        var means = [Float](repeating: 0, count: side * side)
        // A picture smaller than the grid leaves cells empty; they repeat the cell before.
        for cell in sums.indices {
            means[cell] =
                if counts[cell] > 0 {
                    Float(sums[cell]) / Float(1000 * counts[cell])
                } else {
                    cell % side > 0 ? means[cell - 1] : cell >= side ? means[cell - side] : 0
                }
        }
        return means
    }
}
