internal import Dispatch

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Decodes in worker processes, so that a picture can cost no more than the worker it is decoded in.
///
/// A worker is this program's own, started when it is first needed and used for thousands of pictures. It is limited in
/// address space and processor time, cannot reach the network or write a file, is replaced when it dies, and ends by
/// itself when the process it works for has gone. Files are opened and read here; workers see bytes alone.
///
/// Pictures that a decoder has to hold whole, and that are large, are decoded one at a time in a worker which may have
/// twice the memory.
///
/// Measured on 100-pixel pictures, where it costs most: docs/reliability.md.
public final class ContainedDecoder: PictureDecoding {
    /// What a picture may cost, by what its header says.
    public let limits: DecodingLimits
    private let allowance: WorkerAllowance
    private let usual: WorkerPool
    private let large: WorkerPool

    /// Prepares for decoding; nothing is started yet.
    ///
    /// - Parameters:
    ///   - worker: The program that calls ``DecodingWorker/serve(memoryMebibytes:)``.
    ///   - limits: What a picture may cost, by what its header says.
    ///   - allowance: What one may cost, whatever it says.
    ///   - processCount: Pictures decoded at the same time; more wait.
    public init(
        worker: WorkerCommand,
        limits: DecodingLimits = .default,
        allowance: WorkerAllowance = .default,
        processCount: Int
    ) {
        self.limits = limits
        self.allowance = allowance
        usual = WorkerPool(
            worker,
            capacity: processCount,
            memoryMebibytes: allowance.memoryMebibytes,
            picturesPerWorker: 5_000
        )
        // A new one each time: what the last picture has left in pieces would decide whether the next one fits.
        large = WorkerPool(
            worker,
            capacity: 1,
            memoryMebibytes: 2 * allowance.memoryMebibytes,
            picturesPerWorker: 1
        )
    }

    deinit { stop() }

    /// Starts a worker on another thread, for a caller that has other things to do before its first picture.
    public func startInBackground() {
        DispatchQueue.global(qos: .userInitiated).async { [usual] in
            // Whatever is wrong comes up again with the first picture.
            if let worker = try? usual.lend() { usual.takeBack(worker) }
        }
    }

    /// Ends all workers at once; whoever waits for a picture gets `unavailable`, and so does everybody later.
    public func stop() {
        usual.stop()
        large.stop()
    }

    /// Decodes a picture in a worker; see ``ImageDecoder/thumbnail(of:size:)``.
    ///
    /// - Throws: `ImageDecodingError` with any reason; `too-slow`, `too-much-memory` and `decoder-crashed` when the picture
    ///   was the end of its worker.
    public func thumbnail(of source: ImageSource, size: ThumbnailSize) throws(ImageDecodingError)
        -> DecodedImage
    {
        let bytes = try source.read(limits: limits).bytes
        let start = ContinuousClock.now
        if bytes.count < allowance.usualSampleByteCount / 2,
            let decoded = try decode(
                bytes,
                size: size,
                in: usual,
                sampleByteCount: allowance.usualSampleByteCount,
                processorSeconds: allowance.processorSeconds
            )
        {
            return decoded
        }
        // Here a picture may hold what it likes; the limit on address space has the last word.
        // What a first attempt has taken is gone.
        let spent = (ContinuousClock.now - start) / .seconds(1)
        let left = max(allowance.processorSeconds - spent, allowance.processorSeconds / 8)
        let decoded = try decode(bytes, size: size, in: large, sampleByteCount: .max, processorSeconds: left)
        guard let decoded else {
            throw ImageDecodingError(
                reason: .tooMuchMemory,
                message: "Decoding the picture takes more than the \(large.memoryMebibytes) MiB allowed; "
                    + "make it smaller, or allow more."
            )
        }
        return decoded
    }

    /// Decodes in a worker of one size; nil when a larger one might do better.
    private func decode(
        _ bytes: [UInt8],
        size: ThumbnailSize,
        in pool: WorkerPool,
        sampleByteCount: Int,
        processorSeconds: Double
    ) throws(ImageDecodingError) -> DecodedImage? {
        var isSecondTry = false
        while true {
            let worker = try pool.lend()
            let answer: WorkerProcess.Answer
            do {
                answer = try worker.decode(
                    bytes,
                    size: size,
                    limits: limits,
                    sampleByteCount: sampleByteCount,
                    processorSeconds: processorSeconds,
                    within: allowance.wallSeconds
                )
            } catch {
                pool.end(worker)
                throw error
            }
            switch answer {
            case .decoded(let image):
                pool.takeBack(worker)
                return image
            case .refused(let error) where error.reason == .tooMuchMemory:
                pool.end(worker)
                return nil
            case .refused(let error):
                pool.takeBack(worker)
                throw error
            case .needsLargerWorker:
                pool.takeBack(worker)
                return nil
            case .late:
                pool.end(worker)
                throw tooSlow
            case .lost:
                let end = pool.end(worker)
                if pool.hasStopped { throw WorkerPool.stopped }
                switch end {
                case .killed(SIGPROF):
                    throw tooSlow
                case .killed(SIGABRT), .killed(SIGTRAP):
                    // How GLib ends a process that asks for memory in vain.
                    return nil
                case .killed(SIGKILL), .killed(SIGTERM), .killed(SIGHUP):
                    // Somebody else did that, perhaps to an idle worker: the picture need not be the reason.
                    if isSecondTry { throw crashed(end) }
                    isSecondTry = true
                default:
                    throw crashed(end)
                }
            }
        }
    }

    private var tooSlow: ImageDecodingError {
        ImageDecodingError(
            reason: .tooSlow,
            message: "Decoding the picture was given up after \(allowance.processorSeconds) s of work; "
                + "store it plainly (baseline, not interlaced), or allow more."
        )
    }

    private func crashed(_ end: WorkerProcess.End?) -> ImageDecodingError {
        let how =
            switch end {
            case .killed(let signal): "signal \(signal)"
            case .exited(let code): "code \(code)"
            case nil: "an unknown end"
            }
        return ImageDecodingError(
            reason: .decoderCrashed,
            message:
                "The picture was the end of the process that decoded it (\(how)); restore it from a good copy."
        )
    }
}
