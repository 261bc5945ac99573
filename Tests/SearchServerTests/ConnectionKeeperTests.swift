import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import SearchServer

/// The deadlines of answers, with a clock that the test moves on.
@Suite struct ConnectionKeeperTests {
    private let loop = EmbeddedEventLoop()

    /// A connection on which nothing has been said.
    private func connected() throws -> EmbeddedChannel {
        let keeper = ConnectionKeeper(
            maximumBodyByteCount: 1000,
            deadline: .seconds(60),
            pace: BodyPace(bytesPerSecond: 100, grace: .seconds(5)),
            connections: Connections(maximumCount: 1, maximumCountPerAddress: 1)
        )
        let channel = EmbeddedChannel(handler: keeper, loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private let head = HTTPRequestPart.head(
        HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/")
    )

    /// A connection whose request has come, and whose answer has begun.
    private func answering(_ contentType: String) throws -> EmbeddedChannel {
        let channel = try connected()
        try channel.writeInbound(head)
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

    private func body(_ byteCount: Int) -> HTTPRequestPart {
        .body(ByteBuffer(repeating: 7, count: byteCount))
    }

    @Test(
        "a body may be slow for its grace, and is given up when it is still too slow after that",
        arguments: [0, 1]
    )
    func slowBody(drop: Int) throws {
        let channel = try connected()
        try channel.writeInbound(head)
        for _ in 1...4 {
            loop.advanceTime(by: .seconds(1))
            try channel.writeInbound(body(drop))
        }
        try channel.throwIfErrorCaught()
        loop.advanceTime(by: .seconds(1))
        #expect(throws: RequestFault.bodyTooSlow) { try channel.throwIfErrorCaught() }
        #expect(channel.isActive)
        _ = try? channel.finish()
    }

    @Test("a body that comes as fast as it has to goes on, and is given up once it no longer does")
    func steadyBody() throws {
        let channel = try connected()
        try channel.writeInbound(head)
        for _ in 1...40 {
            try channel.writeInbound(body(100))
            loop.advanceTime(by: .seconds(1))
            try channel.throwIfErrorCaught()
        }
        loop.advanceTime(by: .milliseconds(900))
        try channel.throwIfErrorCaught()
        loop.advanceTime(by: .milliseconds(100))
        #expect(throws: RequestFault.bodyTooSlow) { try channel.throwIfErrorCaught() }
        _ = try? channel.finish()
    }

    @Test(
        "a body that has ended, or that is no longer wanted, is not too slow, and neither is a connection that lies idle"
    )
    func otherBodies() throws {
        let ended = try connected()
        try ended.writeInbound(head)
        try ended.writeInbound(HTTPRequestPart.end(nil))
        let answered = try connected()
        try answered.writeInbound(head)
        try answered.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .badRequest)))
        let idle = try connected()
        loop.advanceTime(by: .seconds(50))
        for channel in [ended, answered, idle] {
            try channel.throwIfErrorCaught()
            _ = try? channel.finish()
        }
    }

    @Test("a body behind another request is measured from when its turn comes")
    func pipelined() throws {
        let channel = try connected()
        try channel.writeInbound(head)
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeInbound(head)
        loop.advanceTime(by: .seconds(30))
        try channel.throwIfErrorCaught()
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        loop.advanceTime(by: .seconds(4))
        try channel.throwIfErrorCaught()
        loop.advanceTime(by: .seconds(6))
        #expect(throws: RequestFault.bodyTooSlow) { try channel.throwIfErrorCaught() }
        _ = try? channel.finish()
    }
}
