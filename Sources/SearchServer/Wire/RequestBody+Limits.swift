internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Request {
    /// Reads the whole body into memory, never more than `limit` bytes of it.
    ///
    /// - Throws: ``RequestFault/bodyTooLarge(limit:)`` as soon as the announced or the received length
    ///   exceeds the limit; ``RequestFault/incompleteBody`` when the client went away before it had sent what
    ///   it announced.
    func bodyBytes(upTo limit: Int) async throws -> [UInt8] {
        let announcedByteCount = headers[.contentLength].flatMap { Int($0) }
        if let announcedByteCount, announcedByteCount > limit {
            throw RequestFault.bodyTooLarge(limit: limit)
        }
        var bytes: [UInt8] = []
        for try await chunk in body {
            guard bytes.count + chunk.readableBytes <= limit else {
                throw RequestFault.bodyTooLarge(limit: limit)
            }
            // Not reserved by Content-Length: announcing much costs a client nothing.
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        // A connection that breaks off looks like the end of the body.
        if let announcedByteCount, bytes.count < announcedByteCount { throw RequestFault.incompleteBody }
        return bytes
    }
}
