internal import CKernels

/// The weights that bring a line of samples to another length with an antialiased bicubic kernel.
///
/// The kernel is Keys's cubic convolution with a = −½ (R. Keys, "Cubic Convolution Interpolation for Digital
/// Image Processing", IEEE TASSP 29, 1981), stretched by the reduction so that it averages all samples it
/// covers; enlarging, it is not stretched. Samples beyond the ends do not count and the other weights of that
/// place make up for them.
///
/// Networks are trained on pictures that Pillow has resized, so weights, their 22-bit fixed point and the
/// order of passes (across, rounded to 8 bits, then down) follow Pillow's `BICUBIC`: results are equal to the
/// last bit.
struct ResamplingWeights {
    /// Binary digits after the point: 8 bits of sample and 2 of sign and overshoot remain in 32.
    static let precision: Int32 = 22

    /// The input samples each output sample is made of, and where their weights begin in `weights`.
    private(set) var windows: [lk_window] = []
    /// Fixed-point weights, window after window.
    private(set) var weights: [Int32] = []
    /// The most inputs of any window.
    private(set) var longestWindow = 0

    /// Computes the weights for `outputCount` samples out of `inputCount`. O(inputCount + outputCount).
    init(from inputCount: Int, to outputCount: Int) {
        precondition(
            inputCount >= 1 && outputCount >= 1,
            "cannot resample \(inputCount) samples to \(outputCount)"
        )
        let scale = Double(inputCount) / Double(outputCount)
        let stretch = max(scale, 1)
        let reach = 2 * stretch
        windows.reserveCapacity(outputCount)
        var exact: [Double] = []
        for output in 0..<outputCount {
            let center = (Double(output) + 0.5) * scale
            let first = max(0, Int(center - reach + 0.5))
            let end = min(inputCount, Int(center + reach + 0.5))
            exact.removeAll(keepingCapacity: true)
            var sum = 0.0
            for input in first..<end {
                let weight = Self.cubic((Double(input) - center + 0.5) * (1 / stretch))
                exact.append(weight)
                sum += weight
            }
            windows.append(
                lk_window(first: Int32(first), count: Int32(end - first), weight_offset: Int32(weights.count))
            )
            longestWindow = max(longestWindow, end - first)
            let one = Double(1 << Self.precision)
            weights.append(
                contentsOf: exact.lazy.map { Int32(($0 / sum * one).rounded(.toNearestOrAwayFromZero)) }
            )
        }
    }

    /// Evaluates the kernel at a distance from its middle.
    static func cubic(_ distance: Double) -> Double {
        let a = -0.5
        let x = abs(distance)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }
}
