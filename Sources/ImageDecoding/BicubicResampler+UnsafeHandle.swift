/// Resizes a picture whose rows arrive one after another, keeping only as many as the kernel is high.
///
/// Rows go in from top to bottom through `append`; when all have, `output` is complete. Each row is resampled
/// across at once, so memory is one window of output-wide rows whatever the size of the input.
/// `ResamplingWeights` says which kernel, and why it agrees with Pillow to the last bit.
struct BicubicResampler {
    private let channels: Int
    private let inputWidth: Int
    private let across: ResamplingWeights
    private let down: ResamplingWeights
    /// The last `down.longestWindow` rows, resampled across; row y lies at y modulo their number.
    private var recentRows: [UInt8]
    private let rowCount: Int
    private var appendedRows = 0
    private var finishedRows = 0
    /// Interleaved samples of the result, row after row.
    private(set) var output: [UInt8]

    /// Prepares for an input of `inputWidth × inputHeight` pixels of `channels` interleaved samples.
    init(inputWidth: Int, inputHeight: Int, outputWidth: Int, outputHeight: Int, channels: Int) {
        self.channels = channels
        self.inputWidth = inputWidth
        across = ResamplingWeights(from: inputWidth, to: outputWidth)
        down = ResamplingWeights(from: inputHeight, to: outputHeight)
        rowCount = outputWidth * channels
        recentRows = [UInt8](repeating: 0, count: rowCount * down.longestWindow)
        output = [UInt8](repeating: 0, count: rowCount * outputHeight)
    }

    /// Takes the next row of `inputWidth * channels` samples.
    mutating func append(_ row: UnsafeBufferPointer<UInt8>) {
        precondition(
            row.count == inputWidth * channels,
            "a row has \(inputWidth * channels) samples, got \(row.count)"
        )
        let slot = appendedRows % down.longestWindow * rowCount
        let (across, channels) = (across, channels)
        recentRows.withUnsafeMutableBufferPointer { rows in
            across.apply(along: row.baseAddress!, channels: channels, into: rows.baseAddress! + slot)
        }
        appendedRows += 1
        let (down, rowCount) = (down, rowCount)
        while finishedRows < down.windows.count, down.windows[finishedRows].inputs.upperBound <= appendedRows
        {
            let row = finishedRows
            output.withUnsafeMutableBufferPointer { output in
                recentRows.withUnsafeBufferPointer { rows in
                    down.apply(
                        window: row,
                        ofRing: rows.baseAddress!,
                        rowCount: rowCount,
                        into: output.baseAddress! + row * rowCount
                    )
                }
            }
            finishedRows += 1
        }
    }
}

// Plain loops over raw pointers: the arrays' bounds checks would cost more than the arithmetic.
extension ResamplingWeights {
    /// Resamples one row of interleaved samples into `windows.count` pixels.
    fileprivate func apply(
        along row: UnsafePointer<UInt8>,
        channels: Int,
        into result: UnsafeMutablePointer<UInt8>
    ) {
        weights.withUnsafeBufferPointer { weights in
            var result = result
            for window in windows {
                let taps = weights[window.weightOffset..<window.weightOffset + window.inputs.count]
                let inputs = row + window.inputs.lowerBound * channels
                if channels == 3 {
                    Self.sumRGB(inputs, UnsafeBufferPointer(rebasing: taps), into: result)
                } else {
                    for channel in 0..<channels {
                        var sum = Self.half
                        for (tap, weight) in taps.enumerated() {
                            sum &+= Int32(inputs[tap &* channels &+ channel]) &* weight
                        }
                        result[channel] = Self.sample(sum)
                    }
                }
                result += channels
            }
        }
    }

    /// Keeps three sums at a time: the row is walked once, and the additions do not wait for each other.
    @inline(__always)
    private static func sumRGB(
        _ inputs: UnsafePointer<UInt8>,
        _ taps: UnsafeBufferPointer<Int32>,
        into result: UnsafeMutablePointer<UInt8>
    ) {
        var (red, green, blue) = (half, half, half)
        var input = inputs
        for weight in taps {
            red &+= Int32(input[0]) &* weight
            green &+= Int32(input[1]) &* weight
            blue &+= Int32(input[2]) &* weight
            input += 3
        }
        result[0] = sample(red)
        result[1] = sample(green)
        result[2] = sample(blue)
    }

    /// Sums the rows of one window; row y of the input lies at y modulo `longestWindow` of the ring.
    fileprivate func apply(
        window index: Int,
        ofRing rows: UnsafePointer<UInt8>,
        rowCount: Int,
        into result: UnsafeMutablePointer<UInt8>
    ) {
        let window = windows[index]
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: rowCount) { sums in
            sums.initialize(repeating: Self.half)
            for (tap, input) in window.inputs.enumerated() {
                let row = rows + input % longestWindow * rowCount
                let weight = weights[window.weightOffset + tap]
                for position in 0..<rowCount { sums[position] &+= Int32(row[position]) &* weight }
            }
            for position in 0..<rowCount { result[position] = Self.sample(sums[position]) }
        }
    }

    /// One half in fixed point, so that cutting the fraction off rounds.
    private static var half: Int32 { 1 << (precision - 1) }

    /// Rounds a sum and clips the kernel's overshoot.
    @inline(__always)
    private static func sample(_ sum: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: max(0, min(255, sum >> precision)))
    }
}
