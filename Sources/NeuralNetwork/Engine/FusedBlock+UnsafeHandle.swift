internal import CKernels

/// Runs an inverted residual block without ever holding its expanded map.
///
/// The expanded channels are taken in panels of at most `panelWidth`. For a panel, a few rows are expanded into a
/// ring of rows, filtered while they are in cache, and multiplied into the output at once:
///
///     for each panel of expanded channels
///       for each strip of output rows
///         expand the input rows that the strip sees and that are not in the ring yet      (matrix product, ReLU6)
///         filter them                                                                     (depthwise, ReLU6)
///         output strip += filtered strip · the panel's rows of the projection             (matrix product)
///
/// The first panel adds the bias and, where the block has one, the residual. The expansion of block 0 is the network's
/// first convolution, which is a product as well: the taps of a kernel row lie side by side in a picture.
struct FusedBlock: Sendable {
    /// The map after expansion, padding not counted; it is never held as a whole.
    private let expanded: FeatureShape
    let output: FeatureShape
    private let kernels: EngineKernels
    private let reading: Reading
    private let panels: [Panel]
    private let projectionBias: PaddedVector
    private let geometry: lk_convolution_geometry
    private let addsInput: Bool
    /// Output rows that are computed together, and rows of the ring.
    private let stripRows: Int
    private let ringRows: Int

    /// How a row of expanded positions finds what it reads, in elements.
    struct Reading: Sendable {
        let rowStride: Int
        let positionStride: Int
        let segmentStride: Int
    }

    private struct Panel: Sendable {
        /// Expanded channels, padded to whole vectors.
        let width: Int
        let expansion: PackedMatrix
        let expansionBias: PaddedVector
        let filters: PackedFilters
        let filterBias: PaddedVector
        let projection: PackedMatrix
    }

    init(
        expansion: Expansion,
        block: InvertedResidualBlock,
        kernels: EngineKernels
    ) {
        self.kernels = kernels
        let depthwise = block.depthwise
        geometry = SamePadding(kernelSize: depthwise.kernelSize, stride: depthwise.stride)
            .geometry(for: expansion.output)
        expanded = expansion.output
        output = FeatureShape(
            height: geometry.output_height,
            width: geometry.output_width,
            channels: block.project.outputChannels
        )
        reading = expansion.reading(kernels)
        addsInput = block.addsInput
        projectionBias = PaddedVector(block.project.bias[...], kernels: kernels)
        let rows = max(1, kernels.stripPositions / output.width)
        stripRows = min(rows, output.height)
        ringRows = min(expanded.height, (stripRows - 1) * depthwise.stride + depthwise.kernelSize)
        let hidden = expanded.channels
        let outputChannels = output.channels
        panels = stride(from: 0, to: hidden, by: kernels.panelWidth).map { start in
            let channels = start..<min(start + kernels.panelWidth, hidden)
            return Panel(
                width: channels.count.roundedUp(to: kernels.lanes),
                expansion: expansion.packed(channels, kernels),
                expansionBias: PaddedVector(expansion.bias[channels], kernels: kernels),
                filters: PackedFilters(depthwise.weights, channels: channels, of: hidden, kernels: kernels),
                filterBias: PaddedVector(depthwise.bias[channels], kernels: kernels),
                projection: PackedMatrix(
                    block.project.weights[start...],
                    columnStride: hidden,
                    depthStride: 1,
                    depth: channels.count,
                    columns: outputChannels,
                    kernels: kernels
                )
            )
        }
    }

    /// Floats of scratch memory that ``run(elements:values:output:scratch:)`` needs.
    var scratchCount: Int { ringCount + filteredCount + ringRowCount }

    /// Several rows are one product where nothing lies between them.
    private var rowsPerProduct: Int {
        reading.rowStride == expanded.width * reading.positionStride ? ringRows : 1
    }
    private var widestPanel: Int { panels.map(\.width).max()! }
    private var paddedWidth: Int {
        max(
            (output.width - 1) * geometry.stride + geometry.kernel_size,
            geometry.padding_left + expanded.width
        )
    }
    private var ringRowCount: Int { paddedWidth * widestPanel }
    private var ringCount: Int { ringRows * ringRowCount }
    private var filteredCount: Int {
        (stripRows * output.width + kernels.sparePositions) * widestPanel + kernels.depthUnit
    }

    /// Writes the block's output.
    ///
    /// - Parameters:
    ///   - elements: What is expanded.
    ///   - values: The same in float32, for the residual.
    ///   - output: Height × width × channels, the latter padded to whole vectors.
    ///   - scratch: ``scratchCount`` floats.
    func run(
        elements: UnsafeRawPointer,
        values: UnsafePointer<Float>,
        output target: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let memory = Memory(
            elements: elements,
            values: values,
            target: target,
            ring: scratch,
            zeros: scratch + ringCount,
            filtered: scratch + ringCount + ringRowCount
        )
        memory.zeros.update(repeating: 0, count: ringRowCount)
        for (number, panel) in panels.enumerated() {
            clearPadding(of: memory.ring, width: panel.width)
            var expandedRows = 0
            for start in stride(from: 0, to: output.height, by: stripRows) {
                let strip = start..<min(start + stripRows, output.height)
                let last =
                    (strip.upperBound - 1) * geometry.stride - geometry.padding_top + geometry.kernel_size
                expand(expandedRows..<max(expandedRows, min(expanded.height, last)), panel: panel, memory)
                expandedRows = max(expandedRows, min(expanded.height, last))
                filter(strip, panel: panel, memory)
                project(strip, panel: panel, isFirst: number == 0, memory)
            }
        }
    }

    /// What a pass reads and writes.
    private struct Memory {
        let elements: UnsafeRawPointer
        let values: UnsafePointer<Float>
        let target: UnsafeMutablePointer<Float>
        let ring: UnsafeMutablePointer<Float>
        /// A row of zeros: what lies above and below the map.
        let zeros: UnsafeMutablePointer<Float>
        let filtered: UnsafeMutablePointer<Float>
    }

    /// Expands rows of the input into their places of the ring, as many at once as lie beside each other in both.
    private func expand(_ rows: Range<Int>, panel: Panel, _ memory: Memory) {
        let rowCount = paddedWidth * panel.width
        var row = rows.lowerBound
        while row < rows.upperBound {
            let slot = row % ringRows
            let count = min(rows.upperBound - row, ringRows - slot, rowsPerProduct)
            var product = lk_product(
                input: memory.elements + row * reading.rowStride * kernels.elementBytes,
                input_stride: reading.positionStride,
                segment_count: panel.expansion.segmentCount,
                segment_stride: reading.segmentStride,
                depth: panel.expansion.depth,
                positions: count * expanded.width,
                weights: panel.expansion.base,
                columns: panel.expansion.columns,
                bias: panel.expansionBias.base,
                addend: nil,
                addend_stride: 0,
                output: memory.ring + slot * rowCount + geometry.padding_left * panel.width,
                output_stride: panel.width,
                row_positions: expanded.width,
                row_gap: (paddedWidth - expanded.width) * panel.width
            )
            kernels.functions.table.pointee.multiply_relu6(&product)
            row += count
        }
    }

    /// Filters the rows of the ring that a strip of the output sees.
    private func filter(_ strip: Range<Int>, panel: Panel, _ memory: Memory) {
        let rowCount = paddedWidth * panel.width
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: geometry.kernel_size) {
            seen in
            for row in strip {
                for tap in 0..<geometry.kernel_size {
                    let y = row * geometry.stride - geometry.padding_top + tap
                    let isInside = (0..<expanded.height).contains(y)
                    seen.initializeElement(
                        at: tap,
                        to: UnsafePointer(isInside ? memory.ring + (y % ringRows) * rowCount : memory.zeros)
                    )
                }
                let place = (row - strip.lowerBound) * output.width * panel.width
                var filtering = lk_depthwise_row(
                    rows: seen.baseAddress,
                    kernel_size: geometry.kernel_size,
                    stride: geometry.stride,
                    positions: output.width,
                    channels: panel.width,
                    weights: panel.filters.base,
                    bias: panel.filterBias.base,
                    output: UnsafeMutableRawPointer(memory.filtered) + place * kernels.elementBytes
                )
                kernels.functions.table.pointee.depthwise_relu6(&filtering)
            }
        }
    }

    /// Adds a filtered strip's share to the output.
    private func project(_ strip: Range<Int>, panel: Panel, isFirst: Bool, _ memory: Memory) {
        let outputStride = output.channels.roundedUp(to: kernels.lanes)
        let offset = strip.lowerBound * output.width * outputStride
        let target = memory.target + offset
        let positions = strip.count * output.width
        var product = lk_product(
            input: memory.filtered,
            input_stride: panel.width,
            segment_count: 1,
            segment_stride: 0,
            depth: panel.projection.depth,
            positions: positions,
            weights: panel.projection.base,
            columns: panel.projection.columns,
            bias: isFirst ? projectionBias.base : nil,
            addend: isFirst ? (addsInput ? memory.values + offset : nil) : UnsafePointer(target),
            addend_stride: outputStride,
            output: target,
            output_stride: outputStride,
            row_positions: positions,
            row_gap: 0
        )
        kernels.functions.table.pointee.multiply_add(&product)
    }

    /// Sets the columns left and right of the map to zero; expansion never writes there.
    private func clearPadding(of ring: UnsafeMutablePointer<Float>, width: Int) {
        let left = geometry.padding_left * width
        let filled = expanded.width * width
        let rowCount = paddedWidth * width
        for row in 0..<ringRows {
            let base = ring + row * rowCount
            base.update(repeating: 0, count: left)
            (base + left + filled).update(repeating: 0, count: rowCount - left - filled)
        }
    }
}
