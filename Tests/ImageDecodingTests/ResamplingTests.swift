import CKernels
import TestSupport
import Testing

@testable import ImageDecoding

@Suite("Resampling agrees with Pillow's bicubic")
struct ResamplingTests {
    @Test("noise comes out as Pillow made it, to the last bit", arguments: [(9, 6), (30, 20), (105, 70)])
    func noise(_ width: Int, _ height: Int) throws {
        try expectAlike(
            decoded("noise.png", size: .shorterSide(height)),
            decoded("noise-\(width)x\(height).png")
        )
    }

    @Test("grey noise too")
    func greyNoise() throws {
        try expectAlike(decoded("grey-noise.png", size: .shorterSide(20)), decoded("grey-noise-30x20.png"))
    }

    @Test("an equal length keeps every sample")
    func identity() throws {
        #expect(try decoded("noise.png", size: .shorterSide(32)) == decoded("noise.png"))
    }

    @Test(
        "weights of every window add up to one",
        arguments: [(1, 1), (7, 3), (3, 7), (5_000, 1), (1, 50), (640, 256)]
    )
    func weightsSumToOne(_ from: Int, _ to: Int) {
        let weights = ResamplingWeights(from: from, to: to)
        #expect(weights.windows.count == to)
        for window in weights.windows {
            #expect(window.count > 0 && window.first >= 0 && window.first + window.count <= from)
            let own = weights.weights[Int(window.weight_offset)..<Int(window.weight_offset + window.count)]
            let error = abs(own.reduce(0) { $0 + Int($1) } - 1 << ResamplingWeights.precision)
            #expect(error <= Int(window.count), "each weight is rounded by half a unit at most")
        }
    }

    @Test(
        "windows only ever move on, so rows may be forgotten",
        arguments: [(640, 256), (31, 97), (5_000, 3)]
    )
    func windowsAreMonotonic(_ from: Int, _ to: Int) {
        let windows = ResamplingWeights(from: from, to: to).windows
        for (one, next) in zip(windows, windows.dropFirst()) {
            #expect(one.first <= next.first)
            #expect(one.first + one.count <= next.first + next.count)
        }
    }

    @Test(
        "blocks of rows give what a plain loop over every sample gives",
        arguments: [
            (3, 50, 37, 20, 11), (1, 33, 16, 64, 40), (4, 7, 100, 16, 5), (3, 17, 1, 9, 1),
            (3, 301, 65, 64, 48),
        ]
    )
    func agreesWithPlainLoop(_ channels: Int, _ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int) {
        var chance = SeededGenerator(seed: 7)
        let samples = (0..<width * height * channels).map { _ in UInt8.random(in: 0...255, using: &chance) }
        var resampler = BicubicResampler(
            inputWidth: width,
            inputHeight: height,
            outputWidth: toWidth,
            outputHeight: toHeight,
            channels: channels
        )
        samples.withUnsafeBufferPointer { samples in
            for top in stride(from: 0, to: height, by: BicubicResampler.blockRows) {
                resampler.append(
                    samples.baseAddress! + top * width * channels,
                    count: min(BicubicResampler.blockRows, height - top),
                    stride: width * channels
                )
            }
        }
        let across = plainly(
            samples,
            lines: height,
            step: channels,
            ResamplingWeights(from: width, to: toWidth)
        )
        let turned = transposed(across, rows: height, columns: toWidth, channels)
        let down = plainly(
            turned,
            lines: toWidth,
            step: channels,
            ResamplingWeights(from: height, to: toHeight)
        )
        #expect(resampler.output == transposed(down, rows: toWidth, columns: toHeight, channels))
    }

    /// Resamples each line of interleaved samples by the definition.
    private func plainly(_ samples: [UInt8], lines: Int, step: Int, _ weights: ResamplingWeights) -> [UInt8] {
        let length = samples.count / lines
        return (0..<lines).flatMap { line in
            weights.windows.flatMap { window in
                (0..<step).map { channel in
                    let sum = (0..<Int(window.count)).reduce(1 << (Int(ResamplingWeights.precision) - 1)) {
                        sum,
                        tap in
                        let sample = samples[line * length + (Int(window.first) + tap) * step + channel]
                        return sum + Int(sample) * Int(weights.weights[Int(window.weight_offset) + tap])
                    }
                    return UInt8(max(0, min(255, sum >> Int(ResamplingWeights.precision))))
                }
            }
        }
    }

    private func transposed(_ pixels: [UInt8], rows: Int, columns: Int, _ channels: Int) -> [UInt8] {
        (0..<columns).flatMap { column in
            (0..<rows).flatMap { row in
                (0..<channels).map { pixels[(row * columns + column) * channels + $0] }
            }
        }
    }
}
