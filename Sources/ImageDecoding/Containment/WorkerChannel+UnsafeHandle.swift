internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// One end of the socket between a process and its worker.
struct WorkerChannel: ~Copyable {
    /// Tells why no message came.
    enum Silence: Error {
        /// The other side has gone.
        case closed
        /// It has not answered in time.
        case late
    }

    let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit { try? descriptor.close() }

    /// Makes both ends, closed on exec.
    static func pair() throws(Errno) -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        #if os(Linux)
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
        #else
        guard socketpair(AF_UNIX, SOCK_STREAM, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #endif
        return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }

    /// Sends a message; false when the other side has gone.
    func send(_ message: WorkerMessage) -> Bool {
        let bytes = message.bytes
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                #if os(Linux)
                Glibc.send(
                    descriptor.rawValue,
                    buffer.baseAddress! + sent,
                    buffer.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
                #else
                Darwin.send(descriptor.rawValue, buffer.baseAddress! + sent, buffer.count - sent, 0)
                #endif
            }
            if count > 0 {
                sent += count
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Waits for a message.
    ///
    /// - Parameter seconds: How long at most; for ever if nil.
    func receive(within seconds: Double?) throws(Silence) -> WorkerMessage {
        let deadline = seconds.map { ContinuousClock.now + .seconds($0) }
        var bytes = [UInt8](repeating: 0, count: WorkerMessage.byteCount)
        var received = 0
        while received < bytes.count {
            var waiting = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            let left = deadline.map { max(0, ($0 - ContinuousClock.now) / .milliseconds(1)).rounded(.up) }
            let ready = poll(&waiting, 1, left.map { Int32(min($0, 1e9)) } ?? -1)
            if ready == 0 { throw .late }
            guard ready > 0 else {
                if errno == EINTR { continue }
                throw .closed
            }
            let count = bytes.withUnsafeMutableBytes { buffer in
                recv(descriptor.rawValue, buffer.baseAddress! + received, buffer.count - received, 0)
            }
            if count > 0 {
                received += count
            } else if count == 0 || errno != EINTR {
                throw .closed
            }
        }
        return WorkerMessage(bytes: bytes)
    }

    /// Waits until the other side has gone, whatever it may send before.
    static func waitForHangUp(of descriptor: FileDescriptor) {
        while true {
            // Asked for nothing, poll still tells of this.
            var waiting = pollfd(fd: descriptor.rawValue, events: 0, revents: 0)
            let ready = poll(&waiting, 1, -1)
            if ready > 0 || (ready < 0 && errno != EINTR) { return }
        }
    }
}
