internal import CKernels

/// Computes image features with EfficientNet-Lite0.
///
/// The network of Tan & Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*
/// (arXiv 1905.11946), in its Lite variant: ReLU6 instead of swish and no squeeze-and-excitation. Batch norms
/// are folded into the convolutions by the script that converts the weights. This file is the whole network:
///
/// | stage      | layers                                   | output      |
/// |------------|------------------------------------------|-------------|
/// | input      | RGB, (x − 127) / 128                     | 224×224×3   |
/// | stem       | 3×3 convolution, stride 2                | 112×112×32  |
/// | block 0    | 3×3 depthwise, no expansion              | 112×112×16  |
/// | blocks 1–2 | 3×3, first with stride 2                 | 56×56×24    |
/// | 3–4        | 5×5, first with stride 2                 | 28×28×40    |
/// | 5–7        | 3×3, first with stride 2                 | 14×14×80    |
/// | 8–10       | 5×5                                      | 14×14×112   |
/// | 11–14      | 5×5, first with stride 2                 | 7×7×192     |
/// | 15         | 3×3                                      | 7×7×320     |
/// | head       | 1×1 convolution                          | 7×7×1280    |
/// | pooled     | ``Pooling`` of the 49 positions          | 1280        |
///
/// About 384 million multiply-adds and 3.4 million parameters. One picture runs on one thread; several
/// threads may use one network at once, each with a ``Workspace`` of its own.
public struct EfficientNetLite: Sendable {
    /// Names a point of the forward pass at which activations can be looked at.
    public enum Stage: Hashable, Sendable, CustomStringConvertible {
        /// After the first convolution.
        case stem
        /// After the inverted residual block with this number, 0 to 15.
        case block(Int)
        /// After the last convolution, before pooling.
        case head

        /// The name of the stage in weight files and fixtures.
        public var description: String {
            switch self {
            case .stem: "stem"
            case .block(let number): "blocks.\(number)"
            case .head: "head"
            }
        }
    }

    /// Values of the pooled feature vector.
    public static let featureCount = 1280

    /// Inverted residual blocks between the first convolution and the last.
    static let blockCount = 16

    let stem: Convolution
    let blocks: [InvertedResidualBlock]
    let head: PointwiseConvolution
    let pooling: Pooling

    /// Takes the weights of the network from `weights`.
    ///
    /// Expects tensors `stem`, `blocks.0`–`blocks.15` (`expand`, `depthwise`, `project`) and `head`, each a
    /// `weight` and a `bias` in PyTorch's axis order.
    ///
    /// - Throws: ``WeightsError`` when a tensor is missing or has another shape.
    public init(weights: borrowing WeightsFile, pooling: Pooling = .average) throws(WeightsError) {
        self.pooling = pooling
        stem = try Self.stem(from: weights)
        var blocks: [InvertedResidualBlock] = []
        for number in 0..<Self.blockCount { blocks.append(try Self.block(number, from: weights)) }
        self.blocks = blocks
        head = try Self.head(from: weights)
    }

    static func stem(from weights: borrowing WeightsFile) throws(WeightsError) -> Convolution {
        Convolution(
            weights: try weights.tensor("stem.weight", shape: [32, 3, 3, 3]),
            bias: try weights.tensor("stem.bias", shape: [32]),
            inputChannels: 3,
            kernelSize: 3,
            stride: 2
        )
    }

    static func block(
        _ number: Int,
        from weights: borrowing WeightsFile
    ) throws(WeightsError) -> InvertedResidualBlock {
        var first = 0
        var stages = stages[...]
        while let stage = stages.first, number >= first + stage.blockCount {
            first += stage.blockCount
            stages.removeFirst()
        }
        guard let stage = stages.first else { preconditionFailure("block \(number) of \(blockCount)") }
        let isFirst = number == first
        return try InvertedResidualBlock(
            weights: weights,
            name: "blocks.\(number)",
            inputChannels: isFirst ? stage.inputChannels : stage.outputChannels,
            outputChannels: stage.outputChannels,
            expansion: stage.expansion,
            kernelSize: stage.kernelSize,
            stride: isFirst ? stage.stride : 1
        )
    }

    static func head(from weights: borrowing WeightsFile) throws(WeightsError) -> PointwiseConvolution {
        PointwiseConvolution(
            weights: try weights.tensor("head.weight", shape: [featureCount, 320]),
            bias: try weights.tensor("head.bias", shape: [featureCount]),
            inputChannels: 320
        )
    }

    /// Returns the pooled features of one picture, ``featureCount`` values, not normalised.
    ///
    /// - Parameters:
    ///   - image: Normalised RGB pixels, height × width × 3; 224 × 224 is what the weights were trained with.
    ///   - workspace: Buffers for the activations, reused from call to call.
    ///   - observe: Called after each stage with its activations; meant for tests and explanations.
    public func features(
        of image: borrowing FeatureMap,
        workspace: inout Workspace,
        observe: ((Stage, borrowing FeatureMap) -> Void)? = nil
    ) -> [Float] {
        precondition(image.shape.channels == 3, "an RGB picture has 3 channels, not \(image.shape.channels)")
        stem.apply(to: image, into: &workspace.current)
        observe?(.stem, workspace.current)
        for (number, block) in blocks.enumerated() {
            block.apply(workspace: &workspace)
            observe?(.block(number), workspace.current)
        }
        head.applyWithReLU6(to: workspace.current, into: &workspace.next)
        observe?(.head, workspace.next)
        return pooled(workspace.next)
    }

    /// Rows of table 1 of the paper, without squeeze-and-excitation.
    private static let stages: [StageLayout] = [
        StageLayout(
            blockCount: 1,
            kernelSize: 3,
            stride: 1,
            expansion: 1,
            inputChannels: 32,
            outputChannels: 16
        ),
        StageLayout(
            blockCount: 2,
            kernelSize: 3,
            stride: 2,
            expansion: 6,
            inputChannels: 16,
            outputChannels: 24
        ),
        StageLayout(
            blockCount: 2,
            kernelSize: 5,
            stride: 2,
            expansion: 6,
            inputChannels: 24,
            outputChannels: 40
        ),
        StageLayout(
            blockCount: 3,
            kernelSize: 3,
            stride: 2,
            expansion: 6,
            inputChannels: 40,
            outputChannels: 80
        ),
        StageLayout(
            blockCount: 3,
            kernelSize: 5,
            stride: 1,
            expansion: 6,
            inputChannels: 80,
            outputChannels: 112
        ),
        StageLayout(
            blockCount: 4,
            kernelSize: 5,
            stride: 2,
            expansion: 6,
            inputChannels: 112,
            outputChannels: 192
        ),
        StageLayout(
            blockCount: 1,
            kernelSize: 3,
            stride: 1,
            expansion: 6,
            inputChannels: 192,
            outputChannels: 320
        ),
    ]

    private struct StageLayout {
        let blockCount: Int
        let kernelSize: Int
        let stride: Int
        let expansion: Int
        let inputChannels: Int
        let outputChannels: Int
    }

    private func pooled(_ map: borrowing FeatureMap) -> [Float] {
        let shape = map.shape
        let weights = pooling.weights(rows: shape.height, columns: shape.width)
        return [Float](unsafeUninitializedCapacity: shape.channels) { sums, count in
            map.withUnsafeValues {
                lk_sum_rows($0.baseAddress, shape.positionCount, shape.channels, weights, sums.baseAddress)
            }
            count = shape.channels
        }
    }
}

extension EfficientNetLite {
    /// Keeps the activations of one forward pass, about 10 MB at 224 × 224; one for each thread that runs the
    /// network.
    public struct Workspace: ~Copyable, Sendable {
        var current = FeatureMap(shape: FeatureShape(height: 1, width: 1, channels: 1))
        var expanded = FeatureMap(shape: FeatureShape(height: 1, width: 1, channels: 1))
        var filtered = FeatureMap(shape: FeatureShape(height: 1, width: 1, channels: 1))
        var next = FeatureMap(shape: FeatureShape(height: 1, width: 1, channels: 1))

        /// Creates an empty workspace; it takes its memory in the first forward pass.
        public init() {}
    }
}
