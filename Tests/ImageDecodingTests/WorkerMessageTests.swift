import TestSupport
import Testing

@testable import ImageDecoding

@Suite("What a process and its worker say to each other is believed number by number")
struct WorkerMessageTests {
    private let header = ImageHeader(format: .webp, width: 4000, height: 3000, pageCount: 7)

    @Test("a request comes out as it went in", arguments: [ThumbnailSize.shorterSide(256), .longerSide(96)])
    func requests(size: ThumbnailSize) {
        let request = WorkerRequest(
            byteCount: 12_345,
            memoryByteCount: 60 << 20,
            resultOffset: 16_384,
            size: size,
            limits: DecodingLimits(
                maximumByteCount: 12_345,
                maximumPixelCount: 9,
                maximumThumbnailPixelCount: 8
            ),
            sampleByteCount: .max,
            processorSeconds: 4.25
        )
        #expect(WorkerRequest(WorkerMessage(bytes: request.message.bytes)) == request)
    }

    @Test("a reply comes out as it went in")
    func replies() {
        let replies: [WorkerReply] = [
            .ready(confinement: 3), .needsLargerWorker, .decoded(header, width: 341, height: 256),
        ]
        let refusals = ImageDecodingError.Reason.allCases.map {
            WorkerReply.refused($0, messageByteCount: 99)
        }
        for reply in replies + refusals {
            #expect(WorkerReply(WorkerMessage(bytes: reply.message.bytes)) == reply)
        }
    }

    @Test("a reply that no worker of ours would send is none")
    func nonsense() {
        let decoded = WorkerReply.decoded(header, width: 341, height: 256).message.numbers
        for (place, value) in [
            (0, 0), (0, 5), (0, -1), (1, 7), (1, -1), (2, 0), (3, -5), (4, 0), (5, 0), (6, 1 << 29),
            (5, .max),
            (6, .min),
        ] as [(Int, Int64)] {
            var numbers = decoded
            numbers[place] = value
            #expect(WorkerReply(WorkerMessage(numbers)) == nil, "\(value) at \(place)")
        }
        #expect(WorkerReply(WorkerMessage([3, 99, 10])) == nil)
        #expect(WorkerReply(WorkerMessage([3, 1, 5000])) == nil)
    }

    @Test("no bytes make either side fall over")
    func anyBytes() {
        var chance = SeededGenerator(seed: 9)
        for _ in 0..<20_000 {
            let numbers = (0..<8).map { _ in
                Bool.random(using: &chance)
                    ? Int64.random(in: -3...9, using: &chance)
                    : Int64.random(in: .min ... .max, using: &chance)
            }
            if case .decoded(_, let width, let height)? = WorkerReply(WorkerMessage(numbers)) {
                #expect(width * height > 0)
            }
            if let request = WorkerRequest(WorkerMessage(numbers)) {
                #expect(
                    request.byteCount <= request.resultOffset
                        && request.resultOffset <= request.memoryByteCount
                )
            }
        }
    }
}
