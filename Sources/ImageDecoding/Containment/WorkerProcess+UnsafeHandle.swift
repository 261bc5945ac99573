internal import Synchronization
public import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// The program that works as a decoding worker, and what it is told on its command line.
public struct WorkerCommand: Sendable, Hashable {
    /// Path of the program.
    public var program: FilePath
    /// Its arguments without its name; how much memory it may have, in MiB, is appended.
    public var arguments: [String]

    /// Names a program.
    public init(program: FilePath, arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }
}

/// A worker that runs; ended when let go.
///
/// `@unchecked Sendable`: the pool lends it to one thread at a time; only `interrupt` is called from others, and what that
/// touches is behind a lock.
final class WorkerProcess: @unchecked Sendable {
    /// How a worker came to its end.
    enum End: Equatable {
        case exited(code: Int32)
        case killed(signal: Int32)
    }

    /// Pictures it has been given.
    private(set) var pictureCount = 0
    private let channel: WorkerChannel
    private var memory: SharedMemory
    private let identifier: pid_t
    private let isReaped = Mutex(false)

    /// Shared memory is given back when a picture has filled more than this.
    private static let memoryWorthKeeping = 16 << 20

    /// Starts a worker.
    init(_ command: WorkerCommand, memoryMebibytes: Int) throws(ImageDecodingError) {
        do {
            memory = try SharedMemory()
            let (own, theirs) = try WorkerChannel.pair()
            defer { try? theirs.close() }
            channel = WorkerChannel(own)
            identifier = try Self.spawn(
                command.program,
                command.arguments + [String(memoryMebibytes)],
                input: theirs,
                memory: memory.descriptor
            )
        } catch {
            throw Self.unavailable("no worker process can be started (\(error))")
        }
    }

    /// Waits until the worker can be given a picture.
    func waitUntilReady() throws(ImageDecodingError) {
        guard let message = try? channel.receive(within: 30), case .ready = WorkerReply(message) else {
            throw Self.unavailable("a worker process did not start")
        }
    }

    deinit { _ = end() }

    private static func unavailable(_ fault: String) -> ImageDecodingError {
        ImageDecodingError(
            reason: .unavailable,
            message: "Pictures cannot be decoded: \(fault); free memory or descriptors, then try again."
        )
    }

    /// What a worker made of a picture.
    enum Answer {
        case decoded(DecodedImage)
        case refused(ImageDecodingError)
        case needsLargerWorker
        /// It did not answer in time.
        case late
        /// It has gone, or what it said makes no sense.
        case lost
    }

    /// Hands a picture over and waits for what becomes of it. After `late` and `lost` the worker is of no use.
    func decode(
        _ bytes: [UInt8],
        size: ThumbnailSize,
        limits: DecodingLimits,
        sampleByteCount: Int,
        processorSeconds: Double,
        within wallSeconds: Double
    ) throws(ImageDecodingError) -> Answer {
        pictureCount += 1
        let resultOffset = (bytes.count + 4095) / 4096 * 4096
        let room = max(3 * limits.maximumThumbnailPixelCount, 4096)
        do {
            try memory.reserve(resultOffset + room)
        } catch {
            throw Self.unavailable("there is no memory to share with a worker process (\(error))")
        }
        memory.write(bytes, at: 0)
        let request = WorkerRequest(
            byteCount: bytes.count,
            memoryByteCount: memory.byteCount,
            resultOffset: resultOffset,
            size: size,
            limits: limits,
            sampleByteCount: sampleByteCount,
            processorSeconds: processorSeconds
        )
        guard channel.send(request.message) else { return .lost }
        let reply: WorkerReply?
        do throws(WorkerChannel.Silence) {
            reply = WorkerReply(try channel.receive(within: wallSeconds))
        } catch {
            return error == .late ? .late : .lost
        }
        defer { if bytes.count > Self.memoryWorthKeeping { memory.release() } }
        switch reply {
        case .decoded(let header, let width, let height):
            guard width * height <= limits.maximumThumbnailPixelCount else { return .lost }
            let pixels = memory.read(width * height * 3, at: resultOffset)
            return .decoded(
                DecodedImage(header: header, pixels: PixelImage(width: width, height: height, pixels: pixels))
            )
        case .refused(let reason, let messageByteCount):
            let text = String(decoding: memory.read(messageByteCount, at: resultOffset), as: UTF8.self)
            return .refused(ImageDecodingError(reason: reason, message: text))
        case .needsLargerWorker:
            return .needsLargerWorker
        case .ready, nil:
            return .lost
        }
    }

    /// Ends the worker from another thread; whoever waits for it finds it lost.
    func interrupt() {
        isReaped.withLock { if !$0 { _ = kill(identifier, SIGKILL) } }
    }

    /// Ends the worker if it has not ended by itself, and says how it came to that.
    @discardableResult
    func end() -> End? {
        isReaped.withLock { isReaped in
            guard !isReaped else { return nil }
            // One that has ended keeps its own way of ending.
            kill(identifier, SIGKILL)
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
            isReaped = true
            let signal = status & 0x7f
            return signal == 0 ? .exited(code: status >> 8 & 0xff) : .killed(signal: signal)
        }
    }

    /// Starts a program in a process group of its own, so that Ctrl-C reaches its master alone, with all signals as usual
    /// and nothing open but what is named.
    private static func spawn(
        _ program: FilePath,
        _ arguments: [String],
        input: FileDescriptor,
        memory: FileDescriptor
    ) throws(Errno) -> pid_t {
        #if os(Linux)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #else
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, input.rawValue, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, memory.rawValue, DecodingWorker.memoryDescriptor)
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
        )
        let texts = ["lookalike"] + arguments
        var pointers = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var identifier: pid_t = 0
        let code = program.withPlatformString {
            posix_spawn(&identifier, $0, &actions, &attributes, &pointers, environ)
        }
        guard code == 0 else { throw Errno(rawValue: code) }
        return identifier
    }
}
