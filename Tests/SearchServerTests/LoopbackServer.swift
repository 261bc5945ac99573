import Foundation
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import SearchServer

/// A server on a port of the system's choice, and a way to stop it.
struct LoopbackServer {
    let port: Int
    let group: ServiceGroup

    /// Opens a connection from one of this machine's addresses, hands it to `body`, and closes it.
    func connect<Result>(
        from address: String = "127.0.0.1",
        _ body: (inout Connection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(to: SocketAddress(ipAddress: address, port: 0))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = Connection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    /// Sees the bytes that go over the wire, which a client library would hide.
    struct Connection {
        fileprivate var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private(set) var received = ""

        fileprivate init(
            inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
            outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) {
            self.inbound = inbound
            self.outbound = outbound
        }

        func send(_ text: String) async throws {
            try await outbound.write(ByteBuffer(string: text))
        }

        /// Receives until `text` has come, once more than before; false when the server closes first.
        mutating func receive(upTo text: String) async throws -> Bool {
            received = ""
            while !received.contains(text) {
                guard let buffer = try await inbound.next() else { return false }
                received += String(buffer: buffer)
            }
            return true
        }

        /// Receives until the server closes the connection, in whatever way.
        mutating func receiveAll() async -> String {
            received = ""
            while let buffer = try? await inbound.next() { received += String(buffer: buffer) }
            return received
        }
    }
}

/// Runs `body` with a server of `backend`, and shuts the server down afterwards.
func withServer(
    of backend: some SearchBackend,
    configuration: ServerConfiguration = ServerConfiguration(port: 0),
    _ body: @escaping @Sendable (LoopbackServer) async throws -> Void
) async throws {
    let (urls, serving) = AsyncStream<URL>.makeStream()
    let application = application(
        backend: backend,
        judging: ScriptedJudging(),
        configuration: configuration,
        logger: .silent,
        onServing: { serving.yield($0) }
    )
    let group = ServiceGroup(configuration: .init(services: [application], logger: .silent))
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await group.run() }
        tasks.addTask {
            // A server that nobody stops would have the test wait for ever for its failure to show.
            let outcome: Result<Void, any Error>
            do {
                for await url in urls {
                    let port = try #require(url.port)
                    try await body(LoopbackServer(port: port, group: group))
                    break
                }
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try outcome.get()
        }
        try await tasks.waitForAll()
    }
}
