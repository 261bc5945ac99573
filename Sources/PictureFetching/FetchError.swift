/// Tells why a picture was not fetched.
///
/// Of where a name leads nothing is said: whoever may only name addresses should not learn what the network around this
/// machine looks like. A name that leads nowhere and one that leads to a private address are the same to him.
public enum FetchError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What whoever named the address can do about it.
    public enum Kind: Hashable, Sendable {
        /// The text is no address.
        case malformed
        /// Nothing is fetched from there.
        case refused
        /// It was tried, and no picture came.
        case failed
    }

    /// The text is no address of the web; says what one is like.
    case malformedAddress(String)
    /// Another port than those of the web.
    case forbiddenPort(Int)
    /// The host has no address, or one that is not on the public internet.
    case notPublic
    /// A redirect leads from `https` to `http`.
    case downgraded
    /// No connection could be made.
    case unreachable
    /// TLS could not be spoken, or the certificate is not valid for the host.
    case insecure
    /// What came is no HTTP.
    case notHTTP
    /// The connection ended before everything had come.
    case brokenOff
    /// The server answered with another status than 200.
    case status(Int)
    /// A redirect leads nowhere.
    case malformedRedirect
    /// One redirect more than are followed.
    case tooManyRedirects(limit: Int)
    /// The answer has more bytes than wanted.
    case tooManyBytes(limit: Int)
    /// It took longer than it may.
    case tooSlow(limit: Duration)

    /// What whoever named the address can do about it.
    public var kind: Kind {
        switch self {
        case .malformedAddress: .malformed
        case .forbiddenPort, .notPublic, .downgraded: .refused
        default: .failed
        }
    }

    /// A stable name for programs.
    public var code: String {
        switch self {
        case .malformedAddress: "malformed-address"
        case .forbiddenPort: "forbidden-port"
        case .notPublic: "not-public"
        case .downgraded: "downgraded"
        case .unreachable: "unreachable"
        case .insecure: "insecure"
        case .notHTTP: "not-http"
        case .brokenOff: "broken-off"
        case .status: "status"
        case .malformedRedirect: "malformed-redirect"
        case .tooManyRedirects: "too-many-redirects"
        case .tooManyBytes: "too-many-bytes"
        case .tooSlow: "too-slow"
        }
    }

    /// One line for people, without the address.
    public var description: String {
        switch self {
        case .malformedAddress(let form):
            "this is no address that a picture could be fetched from: \(form)"
        case .forbiddenPort(let port):
            "port \(port) is not asked for pictures; they are fetched from ports 80 and 443"
        case .notPublic:
            "the host has no address on the public internet; pictures are fetched from nowhere else"
        case .downgraded:
            "the server sends from https on to http, which anybody on the way could change"
        case .unreachable:
            "no connection to the server could be made"
        case .insecure:
            "no secure connection to the server could be made, or its certificate is not valid for this host"
        case .notHTTP:
            "the server does not answer in HTTP"
        case .brokenOff:
            "the connection ended before the whole picture had come"
        case .status(let status):
            "the server answered with status \(status) instead of a picture"
        case .malformedRedirect:
            "the server sends on to something that is no address"
        case .tooManyRedirects(let limit):
            "the server sends on again and again; \(limit) times are followed"
        case .tooManyBytes(let limit):
            "there is more than the \(limit) bytes that may be fetched"
        case .tooSlow(let limit):
            "the picture had not come after \(limit.components.seconds) s"
        }
    }
}
