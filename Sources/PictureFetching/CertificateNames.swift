internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// Refuses certificates that are valid for the address that was connected to, but not for the name that was asked for.
///
/// swift-nio-ssl takes either. Certificates for bare addresses are to be had, so whoever can have a name looked up wrongly could
/// pass with one for his own address.
final class NameVerifier: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let name: String

    init(_ name: String) {
        self.name = name
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
            guard certificate?.names(name) == true else {
                return context.fireErrorCaught(NIOSSLExtraError.failedToValidateHostname)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }
}

@available(*, unavailable)
extension NameVerifier: Sendable {}

extension NIOSSLCertificate {
    fileprivate func names(_ name: String) -> Bool {
        _subjectAlternativeNames().contains {
            $0.nameType == .dnsName
                && certificateName(String(decoding: $0.contents, as: UTF8.self), covers: name)
        }
    }
}

/// Returns whether a name in a certificate means `host`: it is the same, or a `*` stands for its first label (RFC 9525, section 6.3).
func certificateName(_ pattern: String, covers host: String) -> Bool {
    let (pattern, host) = (pattern.lowercased(), host.lowercased())
    if pattern == host { return true }
    guard pattern.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return false }
    return pattern.dropFirst() == host[dot...] && pattern.dropFirst(2).contains(".")
}
