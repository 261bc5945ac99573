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
        var received = ByteBuffer()
        for try await var chunk in body {
            guard received.readableBytes + chunk.readableBytes <= limit else {
                throw RequestFault.bodyTooLarge(limit: limit)
            }
            // Not reserved by Content-Length: announcing much costs a client nothing.
            received.writeBuffer(&chunk)
        }
        // A connection that breaks off looks like the end of the body.
        let byteCount = received.readableBytes
        if let announcedByteCount, byteCount < announcedByteCount { throw RequestFault.incompleteBody }
        return received.readBytes(length: byteCount) ?? []
    }
}
