import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

@testable import PictureFetching

/// A server on loopback that answers each path with what a test dictates, byte for byte.
final class ScriptedServer: Sendable {
    enum Answer: Sendable {
        /// Says this, and closes.
        case bytes([UInt8])
        /// Says this, and then the same drop again and again.
        case drips(String, drop: String)
        /// Says this and nothing more, and keeps the connection.
        case stalls(String)

        static func text(_ text: String) -> Answer { .bytes(Array(text.utf8)) }

        static func redirect(_ location: String, status: Int = 302) -> Answer {
            .text("HTTP/1.1 \(status) Moved\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n")
        }

        static func picture(_ body: String) -> Answer {
            .text(
                "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }
    }

    let port: Int
    private let channel: any Channel
    private let heads: Heads

    /// What was asked, in order.
    var received: [String] { heads.all.withLock { $0 } }

    final class Heads: Sendable {
        let all = Mutex<[String]>([])
    }

    private init(channel: any Channel, heads: Heads) throws {
        (self.channel, self.heads) = (channel, heads)
        port = try #require(channel.localAddress?.port)
    }

    /// Runs `body` with a server.
    ///
    /// - Parameter encryption: Speaks TLS with it.
    static func with<Result>(
        _ answers: [String: Answer],
        encryption: NIOSSLContext? = nil,
        _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let heads = Heads()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let encryption {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: encryption)
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(answers, heads))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = try ScriptedServer(channel: channel, heads: heads)
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answers: [String: Answer]
        private let heads: Heads
        private var head = ""

        init(_ answers: [String: Answer], _ heads: Heads) {
            (self.answers, self.heads) = (answers, heads)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            head += String(buffer: unwrapInboundIn(data))
            // A greeting of TLS, which a server that does not speak it takes for nonsense.
            if head.utf8.first == 0x16 { head = "? ? \r\n\r\n" }
            guard head.hasSuffix("\r\n\r\n") else { return }
            heads.all.withLock { [head] in $0.append(head) }
            let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            switch answers[path] ?? .text("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") {
            case .bytes(let bytes):
                let channel = context.channel
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)))
                    .whenComplete { _ in channel.close(promise: nil) }
            case .drips(let text, let drop):
                say(text, context)
                let channel = context.channel
                channel.eventLoop.scheduleRepeatedTask(
                    initialDelay: .milliseconds(5),
                    delay: .milliseconds(5)
                ) { task in
                    guard channel.isActive else { return task.cancel() }
                    channel.writeAndFlush(ByteBuffer(string: drop), promise: nil)
                }
            case .stalls(let text): say(text, context)
            }
        }

        private func say(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}

/// Names, and where they lead.
struct ScriptedResolver: HostResolver {
    let places: [String: [String]]

    func addresses(of name: String, port: Int) -> [SocketAddress] {
        (places[name] ?? []).compactMap { try? SocketAddress(ipAddress: $0, port: port) }
    }
}
