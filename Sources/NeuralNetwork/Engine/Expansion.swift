/// The product with which a fused block begins: a pointwise convolution, or the network's first one.
enum Expansion {
    case first(Convolution, input: FeatureShape)
    case pointwise(PointwiseConvolution, input: FeatureShape)

    var input: FeatureShape {
        switch self {
        case .first(_, let input), .pointwise(_, let input): input
        }
    }

    var output: FeatureShape {
        switch self {
        case .first(let layer, let input):
            FeatureShape(
                height: (input.height + layer.stride - 1) / layer.stride,
                width: (input.width + layer.stride - 1) / layer.stride,
                channels: layer.outputChannels
            )
        case .pointwise(let layer, let input):
            FeatureShape(height: input.height, width: input.width, channels: layer.outputChannels)
        }
    }

    var bias: [Float] {
        switch self {
        case .first(let layer, _): layer.bias
        case .pointwise(let layer, _): layer.bias
        }
    }

    /// The picture that the first convolution reads, zeros around it included.
    static func padded(_ input: FeatureShape, for layer: Convolution) -> FeatureShape {
        func extent(_ value: Int) -> Int {
            ((value + layer.stride - 1) / layer.stride - 1) * layer.stride + layer.kernelSize
        }
        return FeatureShape(
            height: max(extent(input.height), input.height),
            width: max(extent(input.width), input.width),
            channels: input.channels
        )
    }

    func reading(_ kernels: EngineKernels) -> FusedBlock.Reading {
        switch self {
        case .first(let layer, let input):
            let rowStride = Self.padded(input, for: layer).width * input.channels
            return FusedBlock.Reading(
                rowStride: layer.stride * rowStride,
                positionStride: layer.stride * input.channels,
                segmentStride: rowStride
            )
        case .pointwise(_, let input):
            let positionStride = input.channels.roundedUp(to: kernels.lanes)
            return FusedBlock.Reading(
                rowStride: input.width * positionStride,
                positionStride: positionStride,
                segmentStride: 0
            )
        }
    }

    func packed(_ channels: Range<Int>, _ kernels: EngineKernels) -> PackedMatrix {
        switch self {
        case .first(let layer, _):
            PackedMatrix(
                layer.weights[channels.lowerBound...],
                columnStride: 1,
                depthStride: layer.outputChannels,
                segmentCount: layer.kernelSize,
                depth: layer.kernelSize * layer.inputChannels,
                columns: channels.count,
                kernels: kernels
            )
        case .pointwise(let layer, _):
            PackedMatrix(
                layer.weights[(channels.lowerBound * layer.inputChannels)...],
                columnStride: layer.inputChannels,
                depthStride: 1,
                depth: layer.inputChannels,
                columns: channels.count,
                kernels: kernels
            )
        }
    }
}
