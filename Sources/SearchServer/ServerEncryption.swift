internal import NIOSSL
public import SystemPackage

/// A certificate and its key, with which a server speaks TLS 1.2 or 1.3.
public struct ServerEncryption: Sendable, Equatable {
    let context: NIOSSLContext

    /// Reads a certificate with those that vouch for it, and its private key, both in PEM form.
    ///
    /// - Throws: ``ServerEncryptionError`` when they cannot be used; ``PrivateFileError`` when others can read the key.
    public init(certificate: FilePath, key: FilePath) throws {
        let keyBytes = try PrivateFile.bytes(of: key, upTo: 1 << 20)
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.string)
            guard !chain.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: keyBytes, format: .pem))
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ServerEncryptionError(certificate: certificate, key: key)
        }
    }

    /// Whether both are the same object; what it was made of cannot be compared.
    public static func == (some: Self, other: Self) -> Bool { some.context === other.context }
}

/// Thrown when TLS cannot be spoken with a certificate and a key.
public struct ServerEncryptionError: Error, Equatable, CustomStringConvertible {
    let certificate: FilePath
    let key: FilePath

    /// Says which files cannot be used.
    public var description: String {
        "\(certificate.string) and \(key.string) are no certificate and its private key in PEM form; name both with "
            + "--tls-certificate and --tls-key"
    }
}
