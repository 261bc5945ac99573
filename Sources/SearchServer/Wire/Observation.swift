internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// Gives each request a name by which it is found again, and writes a line about it.
struct Observation: RouterMiddleware {
    let metrics: ServerMetrics
    let logLevel: Logger.Level

    func handle(
        _ request: Request,
        context: ServerRequestContext,
        next: (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        // A connection with many requests in its buffers never has to wait for anything, and would keep its thread from all
        // others until it has been through them: 8 such connections kept /healthz waiting for 4.6 s.
        await Task.yield()
        let id = RequestName.sane(request.headers[.xRequestID]) ?? RequestName.random()
        var context = context
        context.logger[metadataKey: RequestName.metadataKey] = .string(id)
        var response = try await next(request, context)
        response.headers[.xRequestID] = id
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        metrics.count(
            .init(method: request.method.knownName, route: context.route ?? "none"),
            status: response.status.code,
            milliseconds: milliseconds
        )
        context.logger.log(
            level: logLevel,
            "request",
            metadata: [
                "method": .string(request.method.rawValue),
                // Without the query, in which may stand what people look for.
                "path": .string(request.uri.path),
                "status": .stringConvertible(response.status.code),
                "ms": .stringConvertible((milliseconds * 1000).rounded() / 1000),
                "bytes": .stringConvertible(response.body.contentLength ?? 0),
                "client": .string(context.visitor.client),
            ]
        )
        return response
    }
}

extension ServerRequestContext {
    /// The route's path; nil where there is none, of which Hummingbird says "NotFound".
    fileprivate var route: String? { endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil } }
}

extension HTTPRequest.Method {
    /// The method's name if it is one of those that routes may have, else "other": a client may write anything there.
    fileprivate var knownName: String {
        [.get, .head, .post, .put, .patch, .delete, .options].contains(self) ? rawValue : "other"
    }
}

/// The name of a request, which the log and the answer carry.
enum RequestName {
    /// The logger's key for it; Hummingbird puts a number of its own there, which ours takes the place of.
    static let metadataKey = "hb.request.id"
    static let maximumLength = 64

    /// Returns the name that the client gave, if it can do no harm in a log.
    static func sane(_ name: String?) -> String? {
        guard let name, (1...maximumLength).contains(name.utf8.count) else { return nil }
        let isSane = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isSane ? name : nil
    }

    static func random() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension HTTPField.Name {
    static var xRequestID: Self { .init("X-Request-Id")! }
}
