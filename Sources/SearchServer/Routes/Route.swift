internal import HTTPTypes
internal import Hummingbird

/// One address of the API: a method, a path and what answers there.
struct Route: Sendable {
    typealias Context = BasicRequestContext
    typealias Handler = @Sendable (Request, Context) async throws -> Response

    let method: HTTPRequest.Method
    /// The path, with `{name}` for a segment that is handed to the handler.
    let path: String
    let handler: Handler

    init(_ method: HTTPRequest.Method, _ path: String, use handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.handler = handler
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
