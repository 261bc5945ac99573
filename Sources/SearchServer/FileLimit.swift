#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// How many files, sockets and pipes the process may have open.
enum FileLimit {
    /// What the server opens besides connections: the library, the index, pipes to decoders, and room for what others need.
    static let reserve = 256
    private static let wanted: rlim_t = 8192

    /// Asks the system for more, where it gives few to begin with (1024 is usual), and returns how many there are then.
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return 1024 }
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = min(wanted, limit.rlim_max)
            if setrlimit(kind, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    #if canImport(Glibc)
    private static let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let kind = RLIMIT_NOFILE
    #endif
}
