internal import CKernels

/// Runs ``EfficientNetLite`` as fast as the processor can: the same layers, laid out as a plan for one input size.
///
/// Weights are packed once, when the plan is made; the blocks are fused (``FusedBlock``), and the last convolution adds
/// up its average as it goes. ``EfficientNetLite/features(of:workspace:observe:)`` is the same network to be read, and
/// the truth that this one is tested against.
public struct InferenceEngine: Sendable {
    /// What runs the products.
    public let kernels: EngineKernels
    /// The input, height × width × 3.
    public let input: FeatureShape
    private let paddedInput: FeatureShape
    private let inputPadding: (top: Int, left: Int)
    private let blocks: [FusedBlock]
    private let head: PackedMatrix
    private let headBias: PaddedVector
    /// The positions of the last map in the order in which they are averaged, those of the middle first.
    private let pooledPositions: [Int]
    private let middleCount: Int
    /// How much of the features is the average over the middle.
    private let middleWeight: Float

    /// Plans the network whose weights are in `weights` for inputs of `height` × `width` pixels.
    ///
    /// Takes one block after the other, so the weights as they are in the file are never in memory as a whole.
    ///
    /// - Throws: ``WeightsError``, as ``EfficientNetLite/init(weights:)`` does.
    public init(
        weights: borrowing WeightsFile,
        height: Int,
        width: Int,
        pooling: Pooling = .average,
        kernels: EngineKernels
    ) throws(WeightsError) {
        self.kernels = kernels
        input = FeatureShape(height: height, width: width, channels: 3)
        let stem = try EfficientNetLite.stem(from: weights)
        paddedInput = Expansion.padded(input, for: stem)
        let padding = SamePadding(kernelSize: stem.kernelSize, stride: stem.stride).geometry(for: input)
        inputPadding = (padding.padding_top, padding.padding_left)
        var blocks: [FusedBlock] = []
        for number in 0..<EfficientNetLite.blockCount {
            let block = try EfficientNetLite.block(number, from: weights)
            let expansion =
                if let layer = block.expand, let last = blocks.last {
                    Expansion.pointwise(layer, input: last.output)
                } else {
                    Expansion.first(stem, input: input)
                }
            blocks.append(FusedBlock(expansion: expansion, block: block, kernels: kernels))
        }
        self.blocks = blocks
        let map = blocks.last!.output
        let middle = pooling.middle(rows: map.height, columns: map.width)
        pooledPositions = middle + Set(0..<map.positionCount).subtracting(middle).sorted()
        middleCount = middle.count
        let shares = pooling.weights(rows: map.height, columns: map.width)
        middleWeight = middle.reduce(0) { $0 + shares[$1] }
        let last = try EfficientNetLite.head(from: weights)
        head = PackedMatrix(
            last.weights[...],
            columnStride: last.inputChannels,
            depthStride: 1,
            depth: last.inputChannels,
            columns: last.outputChannels,
            kernels: kernels
        )
        headBias = PaddedVector(last.bias[...], kernels: kernels)
    }

    /// Returns the pooled features of one picture, ``EfficientNetLite/featureCount`` values, not normalised.
    ///
    /// - Parameters:
    ///   - image: Normalised RGB pixels of the planned size.
    ///   - workspace: Memory for the activations, made by ``makeWorkspace()``.
    ///   - observe: Called after each block; copies the block's output when asked to. For tests and for timing.
    public func features(
        of image: borrowing FeatureMap,
        workspace: inout Workspace,
        observe: ((_ block: Int, _ output: () -> FeatureMap) -> Void)? = nil
    ) -> [Float] {
        withLastBlock(of: image, workspace: &workspace, observe: observe) { elements, scratch in
            pooled(elements, scratch)
        }
    }

    /// The shape of what ``featureMap(of:workspace:)`` returns.
    public var mapShape: FeatureShape {
        let last = blocks.last!.output
        return FeatureShape(height: last.height, width: last.width, channels: EfficientNetLite.featureCount)
    }

    /// Returns what ``features(of:workspace:observe:)`` pools: the last convolution's values at each position,
    /// ``EfficientNetLite/featureCount`` channels. Some milliseconds slower.
    public func featureMap(of image: borrowing FeatureMap, workspace: inout Workspace) -> FeatureMap {
        let last = blocks.last!.output
        return withLastBlock(of: image, workspace: &workspace, observe: nil) { elements, _ in
            let values = (0..<last.positionCount).flatMap {
                averaged(elements + $0 * positionBytes, positions: 1).prefix(EfficientNetLite.featureCount)
            }
            return FeatureMap(shape: mapShape, values: values)
        }
    }

    /// Calls `body` with the last block's output as elements, and with memory of its own.
    private func withLastBlock<Value: ~Copyable>(
        of image: borrowing FeatureMap,
        workspace: inout Workspace,
        observe: ((_ block: Int, _ output: () -> FeatureMap) -> Void)?,
        _ body: (UnsafeRawPointer, UnsafeMutableRawPointer) -> Value
    ) -> Value {
        precondition(image.shape == input, "a picture of \(image.shape) for a plan of \(input)")
        kernels.functions.table.pointee.begin()
        defer { kernels.functions.table.pointee.end() }
        var elements = load(image, into: workspace)
        var (current, next) = (workspace.first.base, workspace.second.base)
        for (number, block) in blocks.enumerated() {
            block.run(elements: elements, values: current, output: next, scratch: workspace.scratch.base)
            swap(&current, &next)
            elements = narrowed(current, count: storedCount(block.output), in: workspace)
            observe?(number) { map(block.output, at: current) }
        }
        return body(elements, UnsafeMutableRawPointer(next))
    }

    /// Returns memory for one forward pass at a time.
    public func makeWorkspace() -> Workspace {
        let widest = blocks.map { storedCount($0.output) }.max()!
        let beyond =
            kernels.sparePositions * blocks.map { $0.output.channels.roundedUp(to: kernels.lanes) }.max()!
        func elements(_ count: Int) -> AlignedFloats {
            let bytes = (count + beyond + kernels.depthUnit) * kernels.elementBytes
            return AlignedFloats(capacity: bytes.roundedUp(to: 4) / MemoryLayout<Float>.stride)
        }
        return Workspace(
            picture: elements(paddedInput.valueCount),
            first: AlignedFloats(capacity: widest),
            second: AlignedFloats(capacity: widest),
            elements: kernels.precision == .float32 ? AlignedFloats(capacity: 0) : elements(widest),
            scratch: AlignedFloats(capacity: blocks.map(\.scratchCount).max()!)
        )
    }

    /// Keeps the activations of one forward pass; one for each thread that runs the engine.
    public struct Workspace: ~Copyable, Sendable {
        /// Elements of the padded picture; its padding is never written.
        let picture: AlignedFloats
        let first: AlignedFloats
        let second: AlignedFloats
        /// A block's output as elements, unless they are float32.
        let elements: AlignedFloats
        let scratch: AlignedFloats
    }

    /// Floats that a map of `shape` takes, channels padded.
    private func storedCount(_ shape: FeatureShape) -> Int {
        shape.positionCount * shape.channels.roundedUp(to: kernels.lanes)
    }

    /// Returns the values as products read them.
    private func narrowed(
        _ values: UnsafeMutablePointer<Float>,
        count: Int,
        in workspace: borrowing Workspace
    ) -> UnsafeRawPointer {
        if kernels.precision == .float32 { return UnsafeRawPointer(values) }
        kernels.functions.table.pointee.narrow(values, count, workspace.elements.base)
        return UnsafeRawPointer(workspace.elements.base)
    }

    /// Copies the picture into the middle of zeros, as elements.
    private func load(_ image: borrowing FeatureMap, into workspace: borrowing Workspace) -> UnsafeRawPointer
    {
        let target = UnsafeMutableRawPointer(workspace.picture.base)
        let rowCount = input.width * input.channels
        image.withUnsafeValues { source in
            for row in 0..<input.height {
                let position = (row + inputPadding.top) * paddedInput.width + inputPadding.left
                kernels.functions.table.pointee.narrow(
                    source.baseAddress! + row * rowCount,
                    rowCount,
                    target + position * input.channels * kernels.elementBytes
                )
            }
        }
        return UnsafeRawPointer(target)
    }

    /// Bytes of one position of the last block's output.
    private var positionBytes: Int {
        blocks.last!.output.channels.roundedUp(to: kernels.lanes) * kernels.elementBytes
    }

    /// Runs the last convolution and pools it: the middle and the border are averaged apart, so that no position is multiplied
    /// twice.
    private func pooled(_ elements: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer) -> [Float] {
        let rest = pooledPositions.count - middleCount
        guard rest > 0 else {
            return Array(averaged(elements, positions: middleCount).prefix(EfficientNetLite.featureCount))
        }
        for (place, position) in pooledPositions.enumerated() {
            (scratch + place * positionBytes).copyMemory(
                from: elements + position * positionBytes,
                byteCount: positionBytes
            )
        }
        let middle = averaged(scratch, positions: middleCount)
        let border = averaged(scratch + middleCount * positionBytes, positions: rest)
        return (0..<EfficientNetLite.featureCount).map {
            middleWeight * middle[$0] + (1 - middleWeight) * border[$0]
        }
    }

    /// Runs the last convolution at so many positions, one behind the other, and averages it over them.
    private func averaged(_ elements: UnsafeRawPointer, positions: Int) -> [Float] {
        let last = blocks.last!.output
        var features = [Float](repeating: 0, count: head.columns)
        features.withUnsafeMutableBufferPointer { sums in
            var product = lk_product(
                input: elements,
                input_stride: last.channels.roundedUp(to: kernels.lanes),
                segment_count: 1,
                segment_stride: 0,
                depth: head.depth,
                positions: positions,
                weights: head.base,
                columns: head.columns,
                bias: headBias.base,
                addend: nil,
                addend_stride: 0,
                output: sums.baseAddress,
                output_stride: 0,
                row_positions: positions,
                row_gap: 0
            )
            kernels.functions.table.pointee.multiply_relu6_sum(&product)
            for index in sums.indices { sums[index] /= Float(positions) }
        }
        return features
    }

    /// Copies a map out, without the padding of its channels.
    private func map(_ shape: FeatureShape, at values: UnsafePointer<Float>) -> FeatureMap {
        let stored = shape.channels.roundedUp(to: kernels.lanes)
        var result: [Float] = []
        for position in 0..<shape.positionCount {
            result += UnsafeBufferPointer(start: values + position * stored, count: shape.channels)
        }
        return FeatureMap(shape: shape, values: result)
    }
}
