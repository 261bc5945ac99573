internal import HTTPTypes
internal import Hummingbird

/// One address of the API: a method, a path, who may ask there, and what answers.
struct Route: Sendable {
    typealias Context = ServerRequestContext
    typealias Handler = @Sendable (Request, Context) async throws -> Response

    let method: HTTPRequest.Method
    /// The path, with `{name}` for a segment that is handed to the handler.
    let path: String
    /// What a token must allow for a request to get here; nil lets everybody in.
    let scope: AccessScope?
    let handler: Handler

    /// Creates a route that needs what its method suggests: to read for GET, to write for everything else.
    init(_ method: HTTPRequest.Method, _ path: String, use handler: @escaping Handler) {
        self.init(method, path, needs: method == .get ? .read : .write, use: handler)
    }

    init(
        _ method: HTTPRequest.Method,
        _ path: String,
        needs scope: AccessScope?,
        use handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.scope = scope
        self.handler = handler
    }

    /// Returns a handler that answers whoever may ask here, and has not asked too often.
    ///
    /// What is open to everybody costs next to nothing, and is not counted: a client over its limit still gets the page, and
    /// whoever watches the server hears that it lives.
    func answer(_ rateLimit: RateLimit?) -> Handler {
        { request, context in
            if scope != nil { try rateLimit?.count(context.visitor.client) }
            try context.visitor.demand(scope)
            return try await handler(request, context)
        }
    }

    /// Returns whether the route's path covers `path`, whatever the method.
    func covers(_ path: String) -> Bool {
        let pattern = self.path.split(separator: "/")
        let segments = path.split(separator: "/")
        return pattern.count == segments.count
            && zip(pattern, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}

extension Sequence<Route> {
    /// Returns the methods that `path` answers to, for an `Allow` field; HEAD comes with GET.
    func methods(of path: String) -> [HTTPRequest.Method] {
        filter { $0.covers(path) }.flatMap { $0.method == .get ? [.get, .head] : [$0.method] }
    }
}

extension Request {
    /// Returns the query's whole number called `name`, or `standard` when the query has none.
    ///
    /// - Throws: ``RequestFault/parameterOutOfRange(name:allowed:)`` for anything else, an empty value
    ///   included.
    func number(_ name: String, in allowed: ClosedRange<Int>, default standard: Int) throws -> Int {
        guard let text = uri.queryParameters[name[...]] else { return standard }
        guard let number = Int(text), allowed.contains(number) else {
            throw RequestFault.parameterOutOfRange(name: name, allowed: allowed)
        }
        return number
    }
}

extension RequestContext {
    /// Returns the path's `{id}`.
    ///
    /// - Throws: ``RequestFault/invalidImageID`` when it is not a whole number above 0.
    func imageID() throws -> Int64 {
        guard let id = parameters.get("id").flatMap({ Int64($0) }), id > 0 else {
            throw RequestFault.invalidImageID
        }
        return id
    }
}
