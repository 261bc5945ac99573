internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Looks after what one HTTP/1.1 connection owes its client beyond answers.
///
/// - A client that asks `Expect: 100-continue` is told to go on, unless the length it announces is too large.
/// - An answer that starts before the request has ended says `Connection: close` and is the connection's
///   last: otherwise the rest of a refused upload would have to be received, however long it is.
/// - After such an answer the sending side is closed first, and what still arrives is dropped for a moment
///   (RFC 9112 §9.6): closing at once would reset the connection and could destroy the answer on its way.
/// - A body that comes too slowly is given up, see ``BodyPace``: whoever reads it is thrown ``RequestFault/bodyTooSlow``.
/// - A request or an answer that is not through within the deadline ends the connection; of a stream of events, each part.
/// - ``Connections`` is told what the connection waits for, and ``HeadDeadline`` when a head has come.
///
/// It sits between the HTTP codec and the server's own handlers and lives on the connection's event loop.
final class ConnectionKeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    static let lingerTime = TimeAmount.seconds(2)

    private let maximumBodyByteCount: Int
    private let deadline: TimeAmount
    private var pace: BodyPace
    private let connections: Connections
    private var startedRequestCount = 0
    private var endedRequestCount = 0
    private var startedResponseCount = 0
    private var endedResponseCount = 0
    /// The request, counted from 1, with whose answer the connection ends, because the client or we want it.
    private var lastRequest: Int?
    private var isLingering = false
    /// Whether the answer is a stream of events, which ends when there is nothing more to tell.
    private var lastsLong = false
    private var requestTimer: Scheduled<Void>?
    private var responseTimer: Scheduled<Void>?
    private var paceTimer: Scheduled<Void>?

    init(maximumBodyByteCount: Int, deadline: Duration, pace: BodyPace, connections: Connections) {
        self.maximumBodyByteCount = maximumBodyByteCount
        self.deadline = TimeAmount(deadline)
        self.pace = pace
        self.connections = connections
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        requestTimer?.cancel()
        responseTimer?.cancel()
        paceTimer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isLingering else { return }
        switch unwrapInboundIn(data) {
        case .head(let request):
            startedRequestCount += 1
            context.triggerUserOutboundEvent(HeadDeadline.Event.headIsComplete, promise: nil)
            notePhase(context)
            requestTimer = closing(context, after: deadline)
            startPace(context)
            if request.asksToClose { lastRequest = lastRequest ?? startedRequestCount }
            if request.asksToContinue, isNextToAnswer, announcesAcceptableLength(request) {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body(let part):
            pace.receivedByteCount += part.readableBytes
        case .end:
            endedRequestCount += 1
            requestTimer?.cancel()
            paceTimer?.cancel()
            notePhase(context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var response) where response.status.kind != .informational:
            startedResponseCount += 1
            if endedRequestCount < startedResponseCount { lastRequest = startedResponseCount }
            if lastRequest == startedResponseCount { response.headerFields[.connection] = "close" }
            lastsLong = response.headerFields[.contentType]?.hasPrefix("text/event-stream") ?? false
            guard !lastsLong else {
                return writeInTime(context, wrapOutboundOut(.head(response)), promise: promise)
            }
            responseTimer = closing(context, after: deadline)
            context.write(wrapOutboundOut(.head(response)), promise: promise)
        case .end:
            endedResponseCount += 1
            let written = promise ?? context.eventLoop.makePromise()
            context.writeAndFlush(data, promise: written)
            finishResponse(context, written: written.futureResult)
        case .body where lastsLong:
            writeInTime(context, data, promise: promise)
        default:
            context.write(data, promise: promise)
        }
    }

    /// Writes a part of a stream, which may go on as long as each of its parts is taken in time.
    private func writeInTime(
        _ context: ChannelHandlerContext,
        _ data: NIOAny,
        promise: EventLoopPromise<Void>?
    ) {
        responseTimer?.cancel()
        let timer = closing(context, after: deadline)
        responseTimer = timer
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
        context.write(data, promise: written)
    }

    /// Says what the connection waits for.
    private func notePhase(_ context: ChannelHandlerContext) {
        let phase: Connections.Phase =
            if startedRequestCount == endedResponseCount {
                .waiting
            } else if endedRequestCount < startedRequestCount {
                .receiving
            } else {
                .answering
            }
        connections.note(phase, of: context.channel)
        if phase == .waiting {
            context.triggerUserOutboundEvent(HeadDeadline.Event.nextHeadIsAwaited, promise: nil)
        }
    }

    private func finishResponse(_ context: ChannelHandlerContext, written: EventLoopFuture<Void>) {
        let timer = responseTimer
        connections.note(.sending, of: context.channel)
        written.assumeIsolated().whenComplete { _ in
            timer?.cancel()
            self.notePhase(context)
        }
        guard lastRequest == endedResponseCount else { return }
        if endedRequestCount == endedResponseCount {
            written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        } else {
            isLingering = true
            requestTimer?.cancel()
            requestTimer = closing(context, after: Self.lingerTime)
            written.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: nil) }
        }
    }

    private func closing(_ context: ChannelHandlerContext, after time: TimeAmount) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }

    /// Begins to measure how fast a body comes.
    private func startPace(_ context: ChannelHandlerContext) {
        pace.start(at: context.eventLoop.now)
        watchPace(context, from: TimeAmount(pace.grace))
    }

    private func watchPace(_ context: ChannelHandlerContext, from time: TimeAmount) {
        paceTimer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            // Once there is an answer the body is nobody's business any more.
            guard startedResponseCount < startedRequestCount else { return }
            // A request that waits for the answers to others is not read: that it does not come is no fault of its client's.
            guard isNextToAnswer else { return startPace(context) }
            guard pace.isKept(at: context.eventLoop.now) else {
                return context.fireErrorCaught(RequestFault.bodyTooSlow)
            }
            watchPace(context, from: .seconds(1))
        }
    }

    /// A 100 written while an earlier request waits for its answer would be taken for that answer.
    private var isNextToAnswer: Bool { endedResponseCount == startedRequestCount - 1 }

    private func announcesAcceptableLength(_ request: HTTPRequest) -> Bool {
        (request.headerFields[.contentLength].flatMap { Int($0) } ?? 0) <= maximumBodyByteCount
    }
}

@available(*, unavailable)
extension ConnectionKeeper: Sendable {}

extension HTTPRequest {
    fileprivate var asksToClose: Bool {
        headerFields[.connection]?.lowercased().split(separator: ",").contains { $0.trimmed == "close" }
            ?? false
    }

    fileprivate var asksToContinue: Bool { headerFields[.expect]?.lowercased() == "100-continue" }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        return start.prefix { $0 != " " && $0 != "\t" }
    }
}
