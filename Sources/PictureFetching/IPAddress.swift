#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// An address of the internet protocol: 4 bytes of version 4, or 16 of version 6, in network order.
struct IPAddress: Hashable, Sendable {
    let bytes: [UInt8]

    /// - Parameter bytes: 4 or 16 of them.
    init(bytes: [UInt8]) {
        precondition(bytes.count == 4 || bytes.count == 16, "no address has \(bytes.count) bytes")
        self.bytes = bytes
    }

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for everything else, other spellings of numbers and zones included.
    init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.init(bytes: Array(bytes.prefix(4)))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.init(bytes: bytes)
        } else {
            return nil
        }
    }
}

/// The addresses that begin with the same bits, written as `192.0.2.0/24`.
struct AddressBlock: Hashable, Sendable {
    let base: IPAddress
    let bitCount: Int

    /// Reads a block that stands in this program.
    init(_ text: StaticString) {
        let parts = "\(text)".split(separator: "/").map(String.init)
        guard parts.count == 2, let base = IPAddress(parts[0]), let bitCount = Int(parts[1]),
            (0...base.bytes.count * 8).contains(bitCount)
        else { preconditionFailure("\(text) is no block of addresses") }
        (self.base, self.bitCount) = (base, bitCount)
    }

    func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        return (0..<bitCount).allSatisfy { bit in
            (address.bytes[bit / 8] ^ base.bytes[bit / 8]) & (0x80 >> (bit % 8)) == 0
        }
    }
}
