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
            #expect(
                !window.inputs.isEmpty && window.inputs.lowerBound >= 0 && window.inputs.upperBound <= from
            )
            let own = weights.weights[window.weightOffset..<window.weightOffset + window.inputs.count]
            let error = abs(own.reduce(0) { $0 + Int($1) } - 1 << ResamplingWeights.precision)
            #expect(error <= window.inputs.count, "each weight is rounded by half a unit at most")
        }
    }

    @Test(
        "windows only ever move on, so rows may be forgotten",
        arguments: [(640, 256), (31, 97), (5_000, 3)]
    )
    func windowsAreMonotonic(_ from: Int, _ to: Int) {
        let windows = ResamplingWeights(from: from, to: to).windows
        for (one, next) in zip(windows, windows.dropFirst()) {
            #expect(one.inputs.lowerBound <= next.inputs.lowerBound)
            #expect(one.inputs.upperBound <= next.inputs.upperBound)
        }
    }
}
