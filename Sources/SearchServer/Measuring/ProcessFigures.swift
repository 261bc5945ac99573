internal import Foundation

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// What the operating system says of this process.
struct ProcessFigures {
    /// Bytes of memory that are really there; nil where the system does not say.
    let residentByteCount: Int?
    /// Processor time so far.
    let processorSeconds: Double
    /// Open files, sockets and pipes; nil where the system does not say.
    let openFileCount: Int?

    /// Asks.
    init() {
        var usage = rusage()
        #if canImport(Glibc)
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
        getrusage(RUSAGE_SELF, &usage)
        #endif
        processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
            .split(separator: " ").dropFirst().first.flatMap { Int($0) }
        residentByteCount = pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
        openFileCount = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
