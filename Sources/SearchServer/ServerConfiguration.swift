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

    /// How many bytes a second a request body has to bring on average, once it has had ``bodyGrace``. A slower one is answered
    /// with 408: the places for bodies (``maximumUploadCount``) are few, and who drips would hold one until
    /// ``transferDeadline``.
    public var minimumBodyRate = 4 << 10

    /// How long a request body may be slower than ``minimumBodyRate``.
    public var bodyGrace: Duration = .seconds(5)

    /// How long a request's head may take from the connection's beginning, or later from its first byte.
    public var headDeadline: Duration = .seconds(10)

    /// The longest head of a request, in bytes.
    public var maximumHeadByteCount = 16 << 10

    /// How many connections may be open. One more ends the one that has kept the server waiting longest.
    public var maximumConnectionCount = 1024

    /// How many connections of one address may be open; see ``maximumConnectionCount``.
    public var maximumConnectionCountPerAddress = 256

    /// How many requests a second one client may send in the long run, and twice as many at once; nil sets no limit. A
    /// client is a token, or an address where no token was shown.
    public var requestsPerSecond: Double?

    /// How many bytes of thumbnails are kept to be shown again.
    public var maximumThumbnailCacheByteCount = 64 << 20

    /// Certificate and key for TLS; nil speaks in clear.
    public var encryption: ServerEncryption?

    /// Whether each request is logged at level info instead of debug.
    public var logsRequests = false

    /// Whether clients may name pictures by their addresses, to be fetched from the public internet.
    public var allowsURLs = false

    /// Whether it is kept what was shown and what was opened of it.
    public var keepsFeedback = true

    /// The tokens that requests have to show. Without them a server on loopback answers everybody, and one that other
    /// machines can reach answers nobody; ``checked()`` refuses that.
    public var tokens: AccessTokens?

    /// Creates a configuration with the default limits.
    public init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }

    /// Whether only this machine can connect. The check of the Host header depends on it, see
    /// ``LoopbackHost``.
    var isBoundToLoopback: Bool { LoopbackHost.contains(host) }

    /// The limit of ``requestsPerSecond`` that suits where the server listens: none where nobody else can ask.
    public var usualRequestsPerSecond: Double? { isBoundToLoopback ? nil : 100 }

    /// Whether what is sent passes other machines in clear.
    public var isReadableOnTheWay: Bool { !isBoundToLoopback && encryption == nil }

    /// Returns the configuration if a server may be started with it.
    ///
    /// - Throws: ``OpenServerError`` when others could reach the server and it has no tokens to ask for.
    public func checked() throws(OpenServerError) -> Self {
        guard isBoundToLoopback || tokens != nil else { throw OpenServerError(host: host) }
        return self
    }

    /// Returns the address to open in a browser for a server that really listens on `port`.
    func url(port: Int) -> URL {
        var components = URLComponents()
        components.scheme = encryption == nil ? "http" : "https"
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

/// Thrown when a server would show a library to a whole network.
public struct OpenServerError: Error, Equatable, CustomStringConvertible {
    let host: String

    /// Says what to do.
    public var description: String {
        "with --host \(host) other machines could see the pictures: say who may with --tokens FILE, or listen on 127.0.0.1"
    }
}
