internal import NIOCore

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

extension SocketAddress {
    /// Names the client behind an address for limits and the log: the address without its port, and of an IPv6 address the
    /// network, since one subscriber has 2⁶⁴ of them.
    var clientName: String {
        guard case .v6 = self, let text = ipAddress else { return ipAddress ?? "unknown" }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
        let isMappedIPv4 = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10...11] == [0xFF, 0xFF]
        if isMappedIPv4 { return bytes[12...].map { String($0) }.joined(separator: ".") }
        // The first 64 bits; all of loopback's are 0.
        let groups = stride(from: 0, to: 8, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        return groups.map { String($0, radix: 16) }.joined(separator: ":") + "::"
    }
}
