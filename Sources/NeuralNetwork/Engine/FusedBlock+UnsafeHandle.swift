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
    /// The map that is expanded, padding not counted.
    let input: FeatureShape
    let expanded: FeatureShape
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
        input = expansion.input
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
        let table = kernels.functions.table.pointee
        let ring = scratch
        let zeros = ring + ringCount
        let filtered = zeros + ringRowCount
        let outputStride = output.channels.roundedUp(to: kernels.lanes)
        var seen: [UnsafePointer<Float>?] = Array(repeating: nil, count: geometry.kernel_size)
        zeros.update(repeating: 0, count: ringRowCount)
        for (number, panel) in panels.enumerated() {
            clearPadding(of: ring, width: panel.width)
            let rowCount = paddedWidth * panel.width
            var expandedRows = 0
            for start in stride(from: 0, to: output.height, by: stripRows) {
                let end = min(start + stripRows, output.height)
                let needed = min(
                    expanded.height,
                    (end - 1) * geometry.stride - geometry.padding_top + geometry.kernel_size
                )
                while expandedRows < needed {
                    let slot = expandedRows % ringRows
                    let count = min(needed - expandedRows, ringRows - slot, rowsPerProduct)
                    expand(
                        rows: expandedRows..<expandedRows + count,
                        of: elements,
                        panel: panel,
                        into: ring + slot * rowCount + geometry.padding_left * panel.width,
                        table: table
                    )
                    expandedRows += count
                }
                for row in start..<end {
                    for tap in 0..<geometry.kernel_size {
                        let y = row * geometry.stride - geometry.padding_top + tap
                        seen[tap] = UnsafePointer(
                            y < 0 || y >= expanded.height ? zeros : ring + (y % ringRows) * rowCount
                        )
                    }
                    filter(
                        seen,
                        panel: panel,
                        into: UnsafeMutableRawPointer(filtered)
                            + (row - start) * output.width * panel.width * kernels.elementBytes,
                        table: table
                    )
                }
                let offset = start * output.width * outputStride
                let addend =
                    number == 0 ? (addsInput ? values + offset : nil) : UnsafePointer(target + offset)
                var product = lk_product(
                    input: filtered,
                    input_stride: panel.width,
                    segment_count: 1,
                    segment_stride: 0,
                    depth: panel.projection.depth,
                    positions: (end - start) * output.width,
                    weights: panel.projection.base,
                    columns: panel.projection.columns,
                    bias: number == 0 ? projectionBias.base : nil,
                    addend: addend,
                    addend_stride: outputStride,
                    output: target + offset,
                    output_stride: outputStride,
                    row_positions: (end - start) * output.width,
                    row_gap: 0
                )
                table.multiply_add(&product)
            }
        }
    }

    private func expand(
        rows: Range<Int>,
        of elements: UnsafeRawPointer,
        panel: Panel,
        into target: UnsafeMutablePointer<Float>,
        table: lk_engine_kernels
    ) {
        var product = lk_product(
            input: elements + rows.lowerBound * reading.rowStride * kernels.elementBytes,
            input_stride: reading.positionStride,
            segment_count: panel.expansion.segmentCount,
            segment_stride: reading.segmentStride,
            depth: panel.expansion.depth,
            positions: rows.count * expanded.width,
            weights: panel.expansion.base,
            columns: panel.expansion.columns,
            bias: panel.expansionBias.base,
            addend: nil,
            addend_stride: 0,
            output: target,
            output_stride: panel.width,
            row_positions: expanded.width,
            row_gap: (paddedWidth - expanded.width) * panel.width
        )
        table.multiply_relu6(&product)
    }

    private func filter(
        _ rows: [UnsafePointer<Float>?],
        panel: Panel,
        into target: UnsafeMutableRawPointer,
        table: lk_engine_kernels
    ) {
        rows.withUnsafeBufferPointer { rows in
            var row = lk_depthwise_row(
                rows: rows.baseAddress,
                kernel_size: geometry.kernel_size,
                stride: geometry.stride,
                positions: output.width,
                channels: panel.width,
                weights: panel.filters.base,
                bias: panel.filterBias.base,
                output: target
            )
            table.depthwise_relu6(&row)
        }
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
