import TestSupport
import Testing

@testable import NeuralNetwork

/// Compares the fast layers with loops written from the definition.
@Suite("Layers compute what their definitions say")
struct LayerTests {
    @Test(
        "a depthwise convolution equals the naive one",
        arguments: [3, 5],
        [1, 2]
    )
    func depthwise(kernelSize: Int, stride: Int) {
        var random = SeededGenerator(seed: 1)
        for (height, width, channels) in [
            (7, 7, 1), (8, 5, 17), (6, 9, 64), (14, 14, 96), (3, 3, 100), (1, 2, 33),
        ] {
            let shape = FeatureShape(height: height, width: width, channels: channels)
            let input = random.values(shape.valueCount)
            let weights = random.values(channels * kernelSize * kernelSize)
            let bias = random.values(channels)
            let layer = DepthwiseConvolution(
                weights: weights,
                bias: bias,
                kernelSize: kernelSize,
                stride: stride
            )
            var output = FeatureMap(shape: shape)
            layer.apply(to: FeatureMap(shape: shape, values: input), into: &output)
            let expected = naiveConvolution(
                input,
                shape,
                kernelSize: kernelSize,
                stride: stride,
                outputChannels: channels
            ) { output, input, tap in
                output == input ? weights[output * kernelSize * kernelSize + tap] : 0
            }
            .map { values in zip(values, bias).map { relu6($0 + $1) } }
            .flatMap { $0 }
            #expect(isClose(output.values, expected), "\(shape), kernel \(kernelSize), stride \(stride)")
        }
    }

    @Test("a full convolution equals the naive one", arguments: [1, 2])
    func convolution(stride: Int) {
        var random = SeededGenerator(seed: 2)
        for (height, width, outputChannels) in [(6, 6, 32), (9, 4, 7), (1, 1, 16), (5, 5, 70)] {
            let shape = FeatureShape(height: height, width: width, channels: 3)
            let input = random.values(shape.valueCount)
            let weights = random.values(outputChannels * 3 * 9)
            let bias = random.values(outputChannels)
            let layer = Convolution(
                weights: weights,
                bias: bias,
                inputChannels: 3,
                kernelSize: 3,
                stride: stride
            )
            var output = FeatureMap(shape: shape)
            layer.apply(to: FeatureMap(shape: shape, values: input), into: &output)
            let expected = naiveConvolution(
                input,
                shape,
                kernelSize: 3,
                stride: stride,
                outputChannels: outputChannels
            ) { output, input, tap in
                weights[(output * 3 + input) * 9 + tap]
            }
            .map { values in zip(values, bias).map { relu6($0 + $1) } }
            .flatMap { $0 }
            #expect(isClose(output.values, expected), "\(shape), stride \(stride)")
        }
    }

    @Test("a pointwise convolution equals the naive one, with each of its endings")
    func pointwise() {
        var random = SeededGenerator(seed: 3)
        let shape = FeatureShape(height: 5, width: 3, channels: 19)
        let outputShape = FeatureShape(height: 5, width: 3, channels: 23)
        let input = random.values(shape.valueCount)
        let weights = random.values(19 * 23)
        let bias = random.values(23)
        let residual = random.values(outputShape.valueCount)
        let layer = PointwiseConvolution(weights: weights, bias: bias, inputChannels: 19)
        var linear: [Float] = []
        for position in 0..<15 {
            for output in 0..<23 {
                var sum = bias[output]
                for channel in 0..<19 {
                    sum += input[position * 19 + channel] * weights[output * 19 + channel]
                }
                linear.append(sum)
            }
        }
        let map = FeatureMap(shape: shape, values: input)
        var output = FeatureMap(shape: shape)
        layer.apply(to: map, into: &output)
        #expect(isClose(output.values, linear))
        layer.applyWithReLU6(to: map, into: &output)
        #expect(isClose(output.values, linear.map(relu6)))
        layer.apply(to: map, adding: FeatureMap(shape: outputShape, values: residual), into: &output)
        #expect(isClose(output.values, zip(linear, residual).map { $0 + $1 }))
    }
}

/// Sums over taps and input channels at every output position, zeros outside, with TensorFlow's SAME padding:
/// returns the output channels of each position.
private func naiveConvolution(
    _ input: [Float],
    _ shape: FeatureShape,
    kernelSize: Int,
    stride: Int,
    outputChannels: Int,
    weight: (_ output: Int, _ input: Int, _ tap: Int) -> Float
) -> [[Float]] {
    func outputExtent(_ extent: Int) -> Int { Int((Double(extent) / Double(stride)).rounded(.up)) }
    func paddingBefore(_ extent: Int) -> Int {
        max((outputExtent(extent) - 1) * stride + kernelSize - extent, 0) / 2
    }
    var result: [[Float]] = []
    for y in 0..<outputExtent(shape.height) {
        for x in 0..<outputExtent(shape.width) {
            var sums = [Float](repeating: 0, count: outputChannels)
            for tap in 0..<kernelSize * kernelSize {
                let row = y * stride - paddingBefore(shape.height) + tap / kernelSize
                let column = x * stride - paddingBefore(shape.width) + tap % kernelSize
                guard (0..<shape.height).contains(row), (0..<shape.width).contains(column) else { continue }
                for channel in 0..<shape.channels {
                    let value = input[(row * shape.width + column) * shape.channels + channel]
                    for output in 0..<outputChannels { sums[output] += value * weight(output, channel, tap) }
                }
            }
            result.append(sums)
        }
    }
    return result
}

private func relu6(_ value: Float) -> Float { min(max(value, 0), 6) }

private func isClose(_ first: [Float], _ second: [Float]) -> Bool {
    first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) <= 1e-4 * max(1, abs($1)) }
}
