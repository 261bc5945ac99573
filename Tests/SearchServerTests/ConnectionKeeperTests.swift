import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import SearchServer

/// The deadlines of answers, with a clock that the test moves on.
@Suite struct ConnectionKeeperTests {
    private let loop = EmbeddedEventLoop()

    /// A connection whose request has come, and whose answer has begun.
    private func answering(_ contentType: String) throws -> EmbeddedChannel {
        let keeper = ConnectionKeeper(
            maximumBodyByteCount: 1000,
            deadline: .seconds(60),
            connections: Connections(maximumCount: 1, maximumCountPerAddress: 1)
        )
        let channel = EmbeddedChannel(handler: keeper, loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let request = HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/")
        try channel.writeInbound(HTTPRequestPart.head(request))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        let response = HTTPResponse(status: .ok, headerFields: [.contentType: contentType])
        try channel.writeOutbound(HTTPResponsePart.head(response))
        return channel
    }

    @Test("an answer that is not through in time ends its connection, however much of it is taken")
    func answer() throws {
        let channel = try answering("application/json")
        for _ in 1...5 {
            loop.advanceTime(by: .seconds(11))
            try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(string: "x")))
        }
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(6))
        #expect(!channel.isActive)
        _ = try? channel.finish()
    }

    @Test("a stream of events goes on as long as it has something to tell")
    func events() throws {
        let channel = try answering("text/event-stream")
        for _ in 1...5 {
            loop.advanceTime(by: .seconds(100))
            try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(string: "data: {}\n\n")))
        }
        #expect(channel.isActive)
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        loop.advanceTime(by: .seconds(100))
        #expect(channel.isActive)
        _ = try? channel.finish()
    }

    @Test("a stream of events whose client takes nothing ends in time")
    func stalledEvents() throws {
        let channel = try answering("text/event-stream; charset=utf-8")
        channel.write(HTTPResponsePart.body(ByteBuffer(string: "data: {}\n\n")), promise: nil)
        loop.advanceTime(by: .seconds(61))
        #expect(!channel.isActive)
        _ = try? channel.finish()
    }
}
