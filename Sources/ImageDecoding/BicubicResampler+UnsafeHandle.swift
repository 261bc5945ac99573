internal import CKernels

/// Resizes a picture whose rows arrive in blocks, keeping only as many as the kernel is high.
///
/// Rows go in from top to bottom through `append`; when all have, `output` is complete. Each block is resampled
/// across at once, so memory is one window of output-wide rows whatever the size of the input.
/// `ResamplingWeights` says which kernel, and why it agrees with Pillow to the last bit.
struct BicubicResampler {
    private let channels: Int
    private let inputWidth: Int
    private let across: ResamplingWeights
    private let down: ResamplingWeights
    /// The last rows, resampled across; row y lies at y modulo their number.
    private var recentRows: [UInt8]
    private let ringRows: Int
    private let rowCount: Int
    private var appendedRows = 0
    private var finishedRows = 0
    /// A block of input and of output rows, turned on their side.
    private var inputOnSide: [UInt8]
    private var outputOnSide: [UInt8]
    /// Interleaved samples of the result, row after row.
    private(set) var output: [UInt8]

    /// Rows of a block at most.
    static let blockRows = Int(lk_block_rows)

    /// Prepares for an input of `inputWidth × inputHeight` pixels of `channels` interleaved samples.
    init(inputWidth: Int, inputHeight: Int, outputWidth: Int, outputHeight: Int, channels: Int) {
        self.channels = channels
        self.inputWidth = inputWidth
        across = ResamplingWeights(from: inputWidth, to: outputWidth)
        down = ResamplingWeights(from: inputHeight, to: outputHeight)
        rowCount = outputWidth * channels
        // Whole blocks, so that none is split at the ring's end.
        ringRows = (down.longestWindow / Self.blockRows + 2) * Self.blockRows
        recentRows = [UInt8](repeating: 0, count: rowCount * ringRows)
        func onSide(_ width: Int) -> [UInt8] {
            [UInt8](repeating: 0, count: (width * channels + 15) / 16 * 16 * Self.blockRows)
        }
        inputOnSide = onSide(inputWidth)
        outputOnSide = onSide(outputWidth)
        output = [UInt8](repeating: 0, count: rowCount * outputHeight)
    }

    /// Takes the next ``blockRows`` rows of `inputWidth * channels` samples, or as many as are left, `stride` bytes
    /// apart.
    mutating func append(_ rows: UnsafePointer<UInt8>, count: Int, stride: Int) {
        precondition((1...Self.blockRows).contains(count), "\(count) rows in a block of \(Self.blockRows)")
        precondition(appendedRows % Self.blockRows == 0, "a short block came before this one")
        lk_lay_on_side(rows, stride, count, inputWidth * channels, &inputOnSide)
        lk_resample_across(
            inputOnSide,
            channels,
            across.windows,
            across.windows.count,
            across.weights,
            ResamplingWeights.precision,
            &outputOnSide
        )
        let slot = appendedRows % ringRows
        recentRows.withUnsafeMutableBufferPointer { ring in
            lk_stand_up(outputOnSide, count, rowCount, ring.baseAddress! + slot * rowCount, rowCount)
        }
        appendedRows += count
        finishRows()
    }

    /// Takes a whole picture.
    mutating func append(allRowsOf picture: PixelImage) {
        let stride = picture.width * 3
        picture.pixels.withUnsafeBufferPointer { samples in
            for row in Swift.stride(from: 0, to: picture.height, by: Self.blockRows) {
                append(
                    samples.baseAddress! + row * stride,
                    count: min(Self.blockRows, picture.height - row),
                    stride: stride
                )
            }
        }
    }

    /// Resamples down whatever has all its rows.
    private mutating func finishRows() {
        let (down, rowCount, ringRows, appendedRows) = (down, rowCount, ringRows, appendedRows)
        recentRows.withUnsafeBufferPointer { ring in
            withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: down.longestWindow) {
                rows in
                while finishedRows < down.windows.count {
                    let window = down.windows[finishedRows]
                    let (first, count) = (Int(window.first), Int(window.count))
                    guard first + count <= appendedRows else { return }
                    for tap in 0..<count {
                        rows.initializeElement(
                            at: tap,
                            to: ring.baseAddress! + (first + tap) % ringRows * rowCount
                        )
                    }
                    output.withUnsafeMutableBufferPointer { output in
                        down.weights.withUnsafeBufferPointer { weights in
                            lk_resample_down(
                                rows.baseAddress,
                                weights.baseAddress! + Int(window.weight_offset),
                                count,
                                rowCount,
                                ResamplingWeights.precision,
                                output.baseAddress! + finishedRows * rowCount
                            )
                        }
                    }
                    finishedRows += 1
                }
            }
        }
    }
}
