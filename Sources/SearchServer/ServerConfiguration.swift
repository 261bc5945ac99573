internal import class Foundation.ProcessInfo
internal import struct Foundation.URL
internal import struct Foundation.URLComponents

/// Describes where the server listens and how much it lets one client, and all of them together, ask for.
///
/// Every limit has a default that suits one machine serving one person or a small team; none can be switched
/// off.
public struct ServerConfiguration: Sendable, Equatable {
    /// The address to listen on. The default, `127.0.0.1`, is reachable from this machine alone.
    public var host: String

    /// The TCP port to listen on; 0 lets the system choose a free one.
    public var port: Int

    /// The largest request body accepted, in bytes. A larger one is answered with 413 and the connection
    /// closed.
    public var maximumBodyByteCount = 32 << 20

    /// How many threads decode, embed and search. One query keeps one thread busy, so more threads than cores
    /// only add waiting inside the work instead of before it.
    public var workerCount = ProcessInfo.processInfo.activeProcessorCount

    /// How many requests may wait for a worker before further ones are answered with 503 and `Retry-After`.
    public var maximumWaitingCount = 64

    /// How many request bodies may be held in memory at once, counted from their first byte to the answer.
    /// Times ``maximumBodyByteCount`` this is the most memory that uploads can take.
    public var maximumUploadCount = 32

    /// How long a connection may lie idle between requests, or stall inside one, before it is closed.
    public var idleTimeout: Duration = .seconds(30)

    /// How long the transfer of one request body, or of one response, may take from first to last byte.
    /// ``idleTimeout`` alone would let a client that drips one byte a second hold a connection forever.
    public var transferDeadline: Duration = .seconds(60)

    /// Whether it is kept what was shown and what was opened of it.
    public var keepsFeedback = true

    /// Creates a configuration with the default limits.
    public init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }

    /// Whether only this machine can connect. The check of the Host header depends on it, see
    /// ``LoopbackHost``.
    var isBoundToLoopback: Bool { LoopbackHost.contains(host) }

    /// Returns the address to open in a browser for a server that really listens on `port`.
    func url(port: Int) -> URL {
        var components = URLComponents()
        components.scheme = "http"
        components.host = host.contains(":") ? "[\(host)]" : host
        components.port = port
        guard let url = components.url else {
            preconditionFailure(
                "host \(host) and port \(port) do not form a URL although the server listens there"
            )
        }
        return url
    }
}
