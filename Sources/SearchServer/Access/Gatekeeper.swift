internal import HTTPTypes
internal import Hummingbird

/// Says who a request comes from, and whether that one may make it.
struct Gatekeeper: Sendable {
    /// The tokens that are accepted; without any, ``opensToAll`` decides.
    let tokens: AccessTokens?
    let sessions: Sessions
    /// Whether requests may do everything when there are no tokens, as on a server that only this machine reaches.
    let opensToAll: Bool

    static let cookieName = "lookalike_session"

    /// Returns whom the request comes from; never refuses anybody.
    func visitor(of request: Request, address: String) -> Visitor {
        guard let tokens else {
            return Visitor(scope: opensToAll ? .admin : nil, client: address)
        }
        // A token that is shown counts, also when it is wrong and a cookie would do.
        if let token = Self.token(in: request) {
            guard let holder = tokens.entry(for: token) else {
                return Visitor(client: address, showedWrongToken: true)
            }
            return Visitor(holder)
        }
        if let secret = Self.sessionSecret(in: request), let holder = sessions.holder(secret: secret) {
            return Visitor(holder)
        }
        return Visitor(client: address)
    }

    /// Returns the token of `Authorization: Bearer …`; empty for any other scheme, nil without the field.
    static func token(in request: Request) -> String? {
        guard let field = request.headers[.authorization] else { return nil }
        let words = field.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return "" }
        return String(words[1])
    }

    /// Returns what the session's cookie says.
    static func sessionSecret(in request: Request) -> String? {
        for field in request.headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0].drop(while: { $0 == " " }) == cookieName {
                    return String(parts[1])
                }
            }
        }
        return nil
    }
}

/// Who a request comes from.
struct Visitor: Sendable {
    /// What the request may do; nil for a stranger.
    var scope: AccessScope?
    /// The token's entry that was shown, or stands behind the session.
    var holder: AccessTokens.Entry?
    /// The token's name, or the address: what the log says, and what limits are counted by.
    var client: String
    /// Whether a token was shown that is none of ours.
    var showedWrongToken = false

    /// Throws when the request may not do what needs `needed`; nil needs nothing.
    ///
    /// - Throws: ``RequestFault/unauthorized(showedWrongToken:)`` for strangers, ``RequestFault/forbidden(needed:)`` for
    ///   tokens that allow less.
    func demand(_ needed: AccessScope?) throws {
        guard let needed else { return }
        guard let scope else { throw RequestFault.unauthorized(showedWrongToken: showedWrongToken) }
        guard scope >= needed else { throw RequestFault.forbidden(needed: needed) }
    }
}

extension Visitor {
    init(_ holder: AccessTokens.Entry) {
        self.init(scope: holder.scope, holder: holder, client: holder.name)
    }
}
