internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1
internal import NIOSSL

/// Sets up each connection: counted, encrypted if wanted, bounded in time, and then HTTP/1.1.
struct ServerChannel: HTTPChannelHandler {
    typealias Value = HTTP1Channel.Value

    let responder: Responder
    let limits: ServerConfiguration
    let connections: Connections
    let encryption: NIOSSLContext?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [
                    ConnectionKeeper(
                        maximumBodyByteCount: limits.maximumBodyByteCount,
                        deadline: limits.transferDeadline,
                        pace: BodyPace(bytesPerSecond: limits.minimumBodyRate, grace: limits.bodyGrace),
                        connections: connections
                    )
                ],
                idleTimeout: TimeAmount(limits.idleTimeout),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.maximumHeadByteCount,
                    maxHeaderListSize: limits.maximumHeadByteCount,
                    maxHeaderFieldCount: 100
                )
            )
        )
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(ConnectionCounter(connections))
            if let encryption {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: encryption))
            }
            try channel.pipeline.syncOperations.addHandler(HeadDeadline(limits.headDeadline))
        }.flatMap {
            http.setup(channel: channel, logger: logger)
        }.flatMapThrowing { value in
            let codec = try channel.pipeline.syncOperations.handler(type: HTTP1ToHTTPServerCodec.self)
            try channel.pipeline.syncOperations.addHandler(OldVersionCloser(), position: .before(codec))
            return value
        }.flatMapErrorThrowing { error in
            channel.close(promise: nil)
            throw error
        }
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}

/// Has a connection counted from when it is known where it comes from until it ends.
final class ConnectionCounter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connections: Connections

    init(_ connections: Connections) {
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) {
        if !connections.admit(context.channel) { context.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        connections.forget(context.channel)
        context.fireChannelInactive()
    }
}

@available(*, unavailable)
extension ConnectionCounter: Sendable {}

/// Ends a connection whose next request's head is not complete in time.
///
/// The time runs from the connection's beginning, a handshake included, and later from a request's first byte; how long a
/// connection may lie idle between requests is another limit. It sees bytes, and is told of heads by ``ConnectionKeeper``.
final class HeadDeadline: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// What ``ConnectionKeeper`` sends through the outbound side of the pipeline.
    enum Event: Sendable {
        case headIsComplete
        case nextHeadIsAwaited
    }

    private let time: TimeAmount
    private var timer: Scheduled<Void>?
    private var isWaiting = true

    init(_ time: Duration) {
        self.time = TimeAmount(time)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        start(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isWaiting, timer == nil { start(context) }
        context.fireChannelRead(data)
    }

    private func start(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard let event = event as? Event else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        timer?.cancel()
        timer = nil
        isWaiting = event == .nextHeadIsAwaited
        promise?.succeed(())
    }
}

@available(*, unavailable)
extension HeadDeadline: Sendable {}

/// Has clients of HTTP/1.0 told that the connection ends, and ended, since they wait for that.
final class OldVersionCloser: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), head.version.major < 1 || head.version == .http1_0
        else {
            return context.fireChannelRead(data)
        }
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

@available(*, unavailable)
extension OldVersionCloser: Sendable {}
