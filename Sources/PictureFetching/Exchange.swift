internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// What a server answered.
enum FetchedAnswer: Sendable, Equatable {
    case picture([UInt8])
    /// The value of `Location`.
    case redirect(String)
}

/// One request to one place, and its answer.
struct Exchange: Sendable {
    private let address: WebAddress
    private let place: SocketAddress
    private let limit: Int
    private let deadline: NIODeadline
    private let encryption: NIOSSLContext?

    init(
        _ address: WebAddress,
        at place: SocketAddress,
        upTo limit: Int,
        _ deadline: NIODeadline,
        encryption: NIOSSLContext?
    ) {
        (self.address, self.place, self.limit) = (address, place, limit)
        (self.deadline, self.encryption) = (deadline, encryption)
    }

    /// Makes the connection, on which nothing has been said yet.
    func connect(in time: TimeAmount, on group: any EventLoopGroup) async throws -> any Channel {
        let left = max(.milliseconds(1), deadline - .now())
        return try await ClientBootstrap(group: group)
            .connectTimeout(min(time, left))
            // Nothing is read before there is somebody to read it.
            .channelOption(.autoRead, value: false)
            .connect(to: place).get()
    }

    /// Asks, and waits for the answer; the connection ends with it.
    ///
    /// - Throws: ``FetchError``, or ``DeadlineHasPassed``.
    func answer(over channel: any Channel) async throws -> FetchedAnswer {
        let promise = channel.eventLoop.makePromise(of: FetchedAnswer.self)
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) { promise.fail(DeadlineHasPassed()) }
        promise.futureResult.whenComplete { _ in
            timer.cancel()
            channel.close(mode: .all, promise: nil)
        }
        // Handlers that come to a connection that has ended already are not told of it.
        channel.closeFuture.whenComplete { _ in promise.fail(FetchError.brokenOff) }
        channel.eventLoop.submit {
            try addHandlers(to: channel.pipeline.syncOperations, promise)
            try channel.syncOptions?.setOption(.autoRead, value: true)
            channel.pipeline.syncOperations.write(NIOAny(HTTPClientRequestPart.head(head)), promise: nil)
            channel.pipeline.syncOperations.writeAndFlush(
                NIOAny(HTTPClientRequestPart.end(nil)),
                promise: nil
            )
        }.whenFailure { _ in promise.fail(address.isEncrypted ? FetchError.insecure : .brokenOff) }
        return try await promise.futureResult.get()
    }

    private func addHandlers(
        to pipeline: ChannelPipeline.SynchronousOperations,
        _ promise: EventLoopPromise<FetchedAnswer>
    ) throws {
        if address.isEncrypted {
            guard let encryption else { throw FetchError.insecure }
            // Without a name the certificate has to be one of the address connected to.
            let name = IPAddress(address.host) == nil ? address.host : nil
            try pipeline.addHandler(
                NIOSSLClientHandler(context: encryption, serverHostname: name)
            )
            if let name { try pipeline.addHandler(NameVerifier(name)) }
        }
        var limits = NIOHTTPDecoderLimitConfiguration()
        (limits.maxHeaderFieldSize, limits.maxHeaderListSize) = (16 << 10, 64 << 10)
        limits.maxHeaderFieldCount = 100
        try pipeline.addHandlers(
            HTTPRequestEncoder(),
            ByteToMessageHandler(
                HTTPResponseDecoder(informationalResponseStrategy: .drop, limitConfiguration: limits)
            ),
            AnswerCollector(limit: limit, promise)
        )
    }

    private var head: HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1,
            method: .GET,
            uri: address.target,
            headers: [
                "Host": address.authority, "User-Agent": "lookalike", "Accept": "image/*",
                "Accept-Encoding": "identity", "Connection": "close",
            ]
        )
    }
}

/// Collects an answer, or says why there is none.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let limit: Int
    private let promise: EventLoopPromise<FetchedAnswer>
    private var received = ByteBuffer()

    init(limit: Int, _ promise: EventLoopPromise<FetchedAnswer>) {
        (self.limit, self.promise) = (limit, promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            switch head.status.code {
            case 200:
                let announced = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
                if announced > limit { promise.fail(FetchError.tooManyBytes(limit: limit)) }
            case 301, 302, 303, 307, 308:
                if let location = head.headers.first(name: "Location") {
                    promise.succeed(.redirect(location))
                } else {
                    promise.fail(FetchError.malformedRedirect)
                }
            case let status:
                promise.fail(FetchError.status(Int(status)))
            }
        case .body(var part):
            guard received.readableBytes + part.readableBytes <= limit else {
                return promise.fail(FetchError.tooManyBytes(limit: limit))
            }
            received.writeBuffer(&part)
        case .end:
            promise.succeed(.picture(received.readBytes(length: received.readableBytes) ?? []))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: promise.fail(FetchError.insecure)
        case HTTPParserError.invalidEOFState: promise.fail(FetchError.brokenOff)
        case is HTTPParserError: promise.fail(FetchError.notHTTP)
        default: promise.fail(FetchError.brokenOff)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(FetchError.brokenOff)
        context.fireChannelInactive()
    }
}

@available(*, unavailable)
extension AnswerCollector: Sendable {}
