// How a process and its worker talk.
//
// Over a socket go messages of 64 bytes, eight little-endian 64-bit numbers each: a `WorkerReply.Kind.ready` from the
// worker once it runs, then a request and its reply by turns. What is large lies in memory that both have mapped:
//
//   0              the encoded picture, as many bytes as the request says
//   resultOffset   what the reply is about: interleaved RGB samples, or the UTF-8 of a refusal's message
//
// Neither side trusts a number: the worker because it costs nothing, the process because a picture may have taken the
// worker over.

/// A message on the socket.
struct WorkerMessage: Equatable {
    static let byteCount = 64
    var numbers: [Int64]

    init(_ numbers: [Int64]) {
        precondition(numbers.count <= 8, "a message has eight numbers, not \(numbers.count)")
        self.numbers = numbers + Array(repeating: 0, count: 8 - numbers.count)
    }

    init(bytes: [UInt8]) {
        precondition(bytes.count == Self.byteCount, "a message of \(bytes.count) bytes")
        numbers = (0..<8).map { place in
            (0..<8).reduce(Int64(0)) { $0 | Int64(bytes[place * 8 + $1]) << (8 * Int64($1)) }
        }
    }

    var bytes: [UInt8] {
        numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * Int64($0))) } }
    }
}

/// Asks a worker for a picture.
struct WorkerRequest: Equatable {
    /// Bytes of the encoded picture.
    var byteCount: Int
    /// Bytes of the shared memory.
    var memoryByteCount: Int
    /// Where the result goes.
    var resultOffset: Int
    var size: ThumbnailSize
    /// Of these, the number of bytes has been checked by whoever asks.
    var limits: DecodingLimits
    /// Bytes of samples that the decoder may hold at once; a picture that needs more is left to a larger worker.
    var sampleByteCount: Int
    /// Processor seconds after which the worker ends itself; whole milliseconds.
    var processorSeconds: Double

    init(
        byteCount: Int,
        memoryByteCount: Int,
        resultOffset: Int,
        size: ThumbnailSize,
        limits: DecodingLimits,
        sampleByteCount: Int,
        processorSeconds: Double
    ) {
        self.byteCount = byteCount
        self.memoryByteCount = memoryByteCount
        self.resultOffset = resultOffset
        self.size = size
        self.limits = limits
        self.sampleByteCount = sampleByteCount
        self.processorSeconds = processorSeconds
    }

    init?(_ message: WorkerMessage) {
        let numbers = message.numbers.map { Int(clamping: $0) }
        guard numbers.allSatisfy({ $0 != 0 }), numbers[3].magnitude <= 1 << 24 else { return nil }
        size = numbers[3] < 0 ? .longerSide(-numbers[3]) : .shorterSide(numbers[3])
        (byteCount, memoryByteCount, resultOffset) = (numbers[0], numbers[1], numbers[2])
        limits = DecodingLimits(
            maximumByteCount: byteCount,
            maximumPixelCount: numbers[4],
            maximumThumbnailPixelCount: numbers[5]
        )
        (sampleByteCount, processorSeconds) = (numbers[6], Double(numbers[7]) / 1000)
        guard byteCount > 0, byteCount <= resultOffset, resultOffset <= memoryByteCount else { return nil }
    }

    var message: WorkerMessage {
        let side =
            switch size {
            case .shorterSide(let length): length
            case .longerSide(let length): -length
            }
        return WorkerMessage(
            [
                byteCount, memoryByteCount, resultOffset, side, limits.maximumPixelCount,
                limits.maximumThumbnailPixelCount, sampleByteCount, Int(processorSeconds * 1000),
            ].map(Int64.init)
        )
    }
}

/// What a worker answers.
enum WorkerReply: Equatable {
    /// It runs; the numbers of `CSandbox` say what confines it.
    case ready(confinement: Int)
    /// Samples lie in the shared memory.
    case decoded(ImageHeader, width: Int, height: Int)
    /// The picture is refused; so many bytes of a message lie in the shared memory.
    case refused(ImageDecodingError.Reason, messageByteCount: Int)
    /// The picture needs more memory than the request allowed.
    case needsLargerWorker

    private enum Kind: Int64 {
        case ready = 1
        case decoded, refused, needsLargerWorker
    }

    /// Reads a reply; nil for one that no worker of ours would send.
    init?(_ message: WorkerMessage) {
        let numbers = message.numbers.map { Int(clamping: $0) }
        switch Kind(rawValue: message.numbers[0]) {
        case .ready:
            self = .ready(confinement: numbers[1])
        case .decoded:
            // So that no product of two of them overflows.
            let sides = 1...1 << 28
            guard ImageFormat.allCases.indices.contains(numbers[1]), numbers[4] >= 1,
                [2, 3, 5, 6].allSatisfy({ sides.contains(numbers[$0]) })
            else { return nil }
            let header = ImageHeader(
                format: ImageFormat.allCases[numbers[1]],
                width: numbers[2],
                height: numbers[3],
                pageCount: numbers[4]
            )
            self = .decoded(header, width: numbers[5], height: numbers[6])
        case .refused:
            let reasons = ImageDecodingError.Reason.allCases
            guard reasons.indices.contains(numbers[1]), (0...4096).contains(numbers[2]) else { return nil }
            self = .refused(reasons[numbers[1]], messageByteCount: numbers[2])
        case .needsLargerWorker:
            self = .needsLargerWorker
        case nil:
            return nil
        }
    }

    var message: WorkerMessage {
        switch self {
        case .ready(let confinement):
            WorkerMessage([Kind.ready.rawValue, Int64(confinement)])
        case .decoded(let header, let width, let height):
            WorkerMessage(
                [Kind.decoded.rawValue]
                    + [
                        ImageFormat.allCases.firstIndex(of: header.format)!, header.width, header.height,
                        header.pageCount, width, height,
                    ].map(Int64.init)
            )
        case .refused(let reason, let messageByteCount):
            WorkerMessage(
                [Kind.refused.rawValue]
                    + [ImageDecodingError.Reason.allCases.firstIndex(of: reason)!, messageByteCount].map(
                        Int64.init
                    )
            )
        case .needsLargerWorker:
            WorkerMessage([Kind.needsLargerWorker.rawValue])
        }
    }
}
