internal import CSandbox
internal import Foundation
internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// The other side of ``ContainedDecoder``: decodes what it is handed until the process it works for has gone.
///
/// It can read files, which libraries need, but write none, reach no network, start no program and touch no other process;
/// so a picture that takes its decoder over has won nothing but this process.
public enum DecodingWorker {
    /// Standard input is the socket, and this the shared memory.
    static let memoryDescriptor: Int32 = 3

    /// Serves requests; never returns.
    ///
    /// - Parameter memoryMebibytes: Address space that this process may have.
    public static func serve(memoryMebibytes: Int) -> Never {
        csandbox_close_from(memoryDescriptor + 1)
        let channel = WorkerChannel(FileDescriptor(rawValue: 0))
        // Decoding can take long; the end of whoever waits for it must not.
        Thread.detachNewThread {
            WorkerChannel.waitForHangUp(of: FileDescriptor(rawValue: 0))
            _exit(0)
        }
        // If libvips does not start, each picture's refusal says so.
        try? DecodingLibrary.start()
        let confinement = csandbox_confine(memoryMebibytes << 20)
        guard channel.send(WorkerReply.ready(confinement: Int(confinement)).message) else { _exit(0) }
        var memory = SharedMemory(adopting: FileDescriptor(rawValue: memoryDescriptor))
        while let message = try? channel.receive(within: nil), let request = WorkerRequest(message),
            (try? memory.map(request.memoryByteCount)) != nil
        {
            guard channel.send(answer(request, in: memory, mebibytes: memoryMebibytes).message) else { break }
        }
        _exit(0)
    }

    private static func answer(
        _ request: WorkerRequest,
        in memory: borrowing SharedMemory,
        mebibytes: Int
    ) -> WorkerReply {
        let decoder = ImageDecoder(limits: request.limits)
        csandbox_limit_processor_time(request.processorSeconds)
        defer { csandbox_limit_processor_time(0) }
        do throws(ImageDecodingError) {
            let decoded = try decoder.thumbnail(
                of: .bytes(memory.read(request.byteCount, at: 0)),
                size: request.size,
                holdingAtMost: request.sampleByteCount
            )
            guard let decoded else { return .needsLargerWorker }
            let room = request.memoryByteCount - request.resultOffset
            precondition(
                decoded.pixels.pixels.count <= room,
                "\(decoded.pixels.pixels.count) samples for \(room) bytes"
            )
            memory.write(decoded.pixels.pixels, at: request.resultOffset)
            return .decoded(decoded.header, width: decoded.pixels.width, height: decoded.pixels.height)
        } catch {
            let held = decoder.byteCountHeldWhole(memory.read(request.byteCount, at: 0))
            let error = ranOutOfMemory(mebibytes, holding: held) ? tooMuchMemory(mebibytes) : error
            let text = Array(error.message.utf8.prefix(4096))
            memory.write(text, at: request.resultOffset)
            return .refused(error.reason, messageByteCount: text.count)
        }
    }

    /// Whether an allocation is likely to have failed: libraries report that as they report damage. This process would then
    /// have come within an eighth of what it may have with the samples of one more picture, and is not used again.
    private static func ranOutOfMemory(_ mebibytes: Int, holding byteCount: Int) -> Bool {
        csandbox_peak_address_space() + byteCount > mebibytes << 20 / 8 * 7
    }

    private static func tooMuchMemory(_ mebibytes: Int) -> ImageDecodingError {
        ImageDecodingError(
            reason: .tooMuchMemory,
            message:
                "Decoding the picture takes more memory than the \(mebibytes) MiB allowed; make it smaller, or allow more."
        )
    }
}
