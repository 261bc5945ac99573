internal import NIOCore

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Finds the addresses of a host.
protocol HostResolver: Sendable {
    /// Returns all addresses of a name, in the order in which they are to be tried; empty when there are none. Blocks.
    func addresses(of name: String, port: Int) -> [SocketAddress]
}

/// Asks the operating system, as every other program does.
struct SystemResolver: HostResolver {
    func addresses(of name: String, port: Int) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        // None of a family that this machine has no address of.
        hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: [SocketAddress] = []
        var next = first
        while let info = next?.pointee {
            next = info.ai_next
            guard let address = info.ai_addr else { continue }
            switch info.ai_family {
            case AF_INET:
                let address = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
                found.append(SocketAddress(address))
            case AF_INET6:
                let address = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
                found.append(SocketAddress(address))
            default: continue
            }
            found[found.count - 1].port = port
        }
        return found
    }
}
