internal import CKernels

/// Tells what the kernels run on, and whether they run right.
public enum Processor {
    /// The instruction set that the kernels chose on this machine, such as `x86-64-v4` (AVX-512) or
    /// `x86-64-v3` (AVX2).
    public static var kernelInstructionSet: String { String(cString: lk_instruction_set()) }

    /// Runs a depthwise convolution and returns how far the result is from that of a plain loop at most.
    public static func largestKernelDeviation() -> Float {
        let shape = FeatureShape(height: 6, width: 5, channels: 83)
        let channels = shape.channels
        let input = (0..<shape.valueCount).map { Float($0 % 19) / 19 }
        let weights = (0..<channels * 9).map { Float($0 % 7) / 7 - 0.4 }
        let layer = DepthwiseConvolution(
            weights: weights,
            bias: [Float](repeating: 0.1, count: channels),
            kernelSize: 3,
            stride: 1
        )
        var output = FeatureMap(shape: shape)
        layer.apply(to: FeatureMap(shape: shape, values: input), into: &output)

        var largest: Float = 0
        for (index, value) in output.values.enumerated() {
            let (position, channel) = (index / channels, index % channels)
            let (row, column) = (position / shape.width, position % shape.width)
            var sum: Float = 0.1
            for tap in 0..<9 {
                let (y, x) = (row + tap / 3 - 1, column + tap % 3 - 1)
                guard (0..<shape.height).contains(y), (0..<shape.width).contains(x) else { continue }
                sum += input[(y * shape.width + x) * channels + channel] * weights[channel * 9 + tap]
            }
            largest = max(largest, abs(min(max(sum, 0), 6) - value))
        }
        return largest
    }
}
