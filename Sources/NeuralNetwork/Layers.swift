internal import CKernels
internal import COpenBLAS

/// Places a square kernel over a feature map as TensorFlow's "SAME" padding does.
///
/// The output has ⌈input / stride⌉ rows and columns. Where the zeros cannot be spread evenly, the extra row
/// and column stand at the bottom and the right; PyTorch's symmetric padding would shift every feature at
/// stride 2.
struct SamePadding {
    let kernelSize: Int
    let stride: Int

    func geometry(for input: FeatureShape) -> lk_convolution_geometry {
        func output(_ extent: Int) -> Int { (extent + stride - 1) / stride }
        func leadingZeros(_ extent: Int) -> Int {
            max(0, (output(extent) - 1) * stride + kernelSize - extent) / 2
        }
        return lk_convolution_geometry(
            input_height: input.height,
            input_width: input.width,
            output_height: output(input.height),
            output_width: output(input.width),
            kernel_size: kernelSize,
            stride: stride,
            padding_top: leadingZeros(input.height),
            padding_left: leadingZeros(input.width)
        )
    }
}

/// Convolves all input channels into each output channel, adds the bias and applies ReLU6: the network's
/// first layer.
struct Convolution: Sendable {
    let inputChannels: Int
    let outputChannels: Int
    let kernelSize: Int
    let stride: Int
    /// [kernel][kernel][input][output]
    let weights: [Float]
    let bias: [Float]

    /// Creates the layer from weights in [output][input][kernel][kernel] order.
    init(weights: [Float], bias: [Float], inputChannels: Int, kernelSize: Int, stride: Int) {
        let outputChannels = bias.count
        let taps = kernelSize * kernelSize
        precondition(
            weights.count == outputChannels * inputChannels * taps,
            "\(weights.count) weights for \(outputChannels)×\(inputChannels)×\(taps)"
        )
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.kernelSize = kernelSize
        self.stride = stride
        self.bias = bias
        self.weights = transposed(weights, rows: outputChannels, columns: inputChannels * taps).reorderedTaps(
            inputChannels: inputChannels,
            taps: taps,
            outputChannels: outputChannels
        )
    }

    func apply(to input: borrowing FeatureMap, into output: inout FeatureMap) {
        precondition(input.shape.channels == inputChannels, "\(input.shape) into \(inputChannels) channels")
        var geometry = SamePadding(kernelSize: kernelSize, stride: stride).geometry(for: input.shape)
        output.reshape(
            to: FeatureShape(
                height: geometry.output_height,
                width: geometry.output_width,
                channels: outputChannels
            )
        )
        input.withUnsafeValues { source in
            output.withUnsafeMutableValues { target in
                lk_convolution_relu6(
                    &geometry,
                    inputChannels,
                    outputChannels,
                    source.baseAddress,
                    weights,
                    bias,
                    target.baseAddress
                )
            }
        }
    }
}

/// Convolves each channel with a filter of its own, adds the bias and applies ReLU6.
struct DepthwiseConvolution: Sendable {
    let channels: Int
    let kernelSize: Int
    let stride: Int
    /// [kernel][kernel][channel]
    let weights: [Float]
    let bias: [Float]

    /// Creates the layer from weights in [channel][kernel][kernel] order.
    init(weights: [Float], bias: [Float], kernelSize: Int, stride: Int) {
        channels = bias.count
        precondition(
            weights.count == channels * kernelSize * kernelSize,
            "\(weights.count) weights for \(channels)×\(kernelSize)×\(kernelSize)"
        )
        self.kernelSize = kernelSize
        self.stride = stride
        self.bias = bias
        self.weights = transposed(weights, rows: channels, columns: kernelSize * kernelSize)
    }

    func apply(to input: borrowing FeatureMap, into output: inout FeatureMap) {
        precondition(input.shape.channels == channels, "\(input.shape) into \(channels) channels")
        var geometry = SamePadding(kernelSize: kernelSize, stride: stride).geometry(for: input.shape)
        output.reshape(
            to: FeatureShape(height: geometry.output_height, width: geometry.output_width, channels: channels)
        )
        input.withUnsafeValues { source in
            output.withUnsafeMutableValues { target in
                lk_depthwise_convolution_relu6(
                    &geometry,
                    channels,
                    source.baseAddress,
                    weights,
                    bias,
                    target.baseAddress
                )
            }
        }
    }
}

/// Mixes the channels at every position: a 1×1 convolution, which is one matrix product over all positions.
struct PointwiseConvolution: Sendable {
    let inputChannels: Int
    let outputChannels: Int
    /// [output][input]
    let weights: [Float]
    let bias: [Float]

    /// Creates the layer from weights in [output][input] order.
    init(weights: [Float], bias: [Float], inputChannels: Int) {
        precondition(
            weights.count == bias.count * inputChannels,
            "\(weights.count) weights for \(bias.count)×\(inputChannels)"
        )
        self.inputChannels = inputChannels
        outputChannels = bias.count
        self.weights = weights
        self.bias = bias
    }

    /// Writes ReLU6(input · Wᵀ + bias).
    func applyWithReLU6(to input: borrowing FeatureMap, into output: inout FeatureMap) {
        multiply(input, into: &output)
        let rows = output.shape.positionCount
        output.withUnsafeMutableValues { lk_add_bias_relu6($0.baseAddress, rows, outputChannels, bias) }
    }

    /// Writes input · Wᵀ + bias, without an activation.
    func apply(to input: borrowing FeatureMap, into output: inout FeatureMap) {
        multiply(input, into: &output)
        let rows = output.shape.positionCount
        output.withUnsafeMutableValues {
            lk_add_bias_residual($0.baseAddress, rows, outputChannels, bias, nil)
        }
    }

    /// Writes input · Wᵀ + bias + residual, without an activation.
    func apply(
        to input: borrowing FeatureMap,
        adding residual: borrowing FeatureMap,
        into output: inout FeatureMap
    ) {
        multiply(input, into: &output)
        let rows = output.shape.positionCount
        precondition(residual.shape == output.shape, "a residual of \(residual.shape) onto \(output.shape)")
        residual.withUnsafeValues { residual in
            output.withUnsafeMutableValues {
                lk_add_bias_residual($0.baseAddress, rows, outputChannels, bias, residual.baseAddress)
            }
        }
    }

    private func multiply(_ input: borrowing FeatureMap, into output: inout FeatureMap) {
        let shape = input.shape
        precondition(shape.channels == inputChannels, "\(shape) into \(inputChannels) channels")
        precondition(openblas_load(), "the readable forward pass needs OpenBLAS")
        output.reshape(
            to: FeatureShape(height: shape.height, width: shape.width, channels: outputChannels)
        )
        input.withUnsafeValues { source in
            output.withUnsafeMutableValues { target in
                openblas_multiply(
                    source.baseAddress,
                    weights,
                    true,
                    shape.positionCount,
                    inputChannels,
                    outputChannels,
                    target.baseAddress
                )
            }
        }
    }
}

/// Returns the `rows` × `columns` matrix turned into `columns` × `rows`.
private func transposed(_ matrix: [Float], rows: Int, columns: Int) -> [Float] {
    var result = [Float](repeating: 0, count: matrix.count)
    for row in 0..<rows {
        for column in 0..<columns { result[column * rows + row] = matrix[row * columns + column] }
    }
    return result
}

extension [Float] {
    /// Swaps the first two axes of [input][tap][output].
    fileprivate func reorderedTaps(inputChannels: Int, taps: Int, outputChannels: Int) -> [Float] {
        var result = [Float](repeating: 0, count: count)
        for input in 0..<inputChannels {
            for tap in 0..<taps {
                for output in 0..<outputChannels {
                    result[(tap * inputChannels + input) * outputChannels + output] =
                        self[(input * taps + tap) * outputChannels + output]
                }
            }
        }
        return result
    }
}
