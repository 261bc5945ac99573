internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Fetches a picture's file from an address that somebody named who is not to be trusted with what this machine can reach.
///
/// Every address of the host has to be one of the public internet (``AddressRules``), and the connection is made to the very
/// address that was looked at: a name that leads elsewhere the next time it is asked for gains nothing. Redirects go through
/// the same checks again. No cookies, credentials or proxies are used, and what came is not looked at: that it says it were a
/// picture means nothing.
public struct PictureFetcher: Sendable {
    /// How many redirects are followed.
    public static let maximumRedirectCount = 3
    /// How long looking a host up, asking, being sent on and receiving may take together.
    public static let standardTime: Duration = .seconds(10)

    /// Of the addresses of a host, how many are tried.
    private static let maximumAttemptCount = 3
    private static let connectionTime = TimeAmount.seconds(4)

    /// Where connections may lead.
    struct Rules: Sendable {
        var admitsAddress: @Sendable (IPAddress) -> Bool = AddressRules.isPublic
        var admitsPort: @Sendable (Int) -> Bool = { [80, 443].contains($0) }
    }

    private let time: Duration
    private let resolver: any HostResolver
    private let rules: Rules
    /// Nil where this machine knows no authorities that certificates could be trusted by.
    private let encryption: NIOSSLContext?
    private let group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    /// Threads of our own: a host whose name server is slow holds one of them, and must not hold up everything else.
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
        return threads
    }()

    /// Creates a fetcher that fetches from the public internet. Reads the system's certificates, some milliseconds.
    public init() {
        self.init(time: Self.standardTime)
    }

    /// Creates a fetcher with rules of its own, for tests: they have no public internet.
    init(
        time: Duration,
        resolver: some HostResolver = SystemResolver(),
        rules: Rules = Rules(),
        trustRoots: NIOSSLTrustRoots = .default
    ) {
        (self.time, self.resolver, self.rules) = (time, resolver, rules)
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.minimumTLSVersion = .tlsv12
        settings.trustRoots = trustRoots
        settings.applicationProtocols = ["http/1.1"]
        encryption = try? NIOSSLContext(configuration: settings)
    }

    /// Fetches files one after the other, in the time that is meant for one.
    ///
    /// - Parameters:
    ///   - addresses: `http` or `https` addresses.
    ///   - limit: How many bytes all files together may have.
    /// - Returns: The files' bytes, whatever they are.
    /// - Throws: ``FetchError`` of the first that could not be fetched. All addresses are read before any is asked.
    public func fetch(_ addresses: [String], upTo limit: Int) async throws(FetchError) -> [[UInt8]] {
        var wanted: [WebAddress] = []
        for address in addresses { wanted.append(try WebAddress(address)) }
        let deadline = NIODeadline.now() + TimeAmount(time)
        var fetched: [[UInt8]] = []
        var left = limit
        for address in wanted {
            do {
                let bytes = try await fetch(address, upTo: left, deadline)
                left -= bytes.count
                fetched.append(bytes)
            } catch FetchError.tooManyBytes {
                throw .tooManyBytes(limit: limit)
            }
        }
        return fetched
    }

    private func fetch(_ address: WebAddress, upTo limit: Int, _ deadline: NIODeadline)
        async throws(FetchError)
        -> [UInt8]
    {
        var address = address
        for _ in 0...Self.maximumRedirectCount {
            switch try await ask(address, upTo: limit, deadline) {
            case .picture(let bytes): return bytes
            case .redirect(let location): address = try address.following(location)
            }
        }
        throw .tooManyRedirects(limit: Self.maximumRedirectCount)
    }

    private func ask(_ address: WebAddress, upTo limit: Int, _ deadline: NIODeadline) async throws(FetchError)
        -> FetchedAnswer
    {
        guard rules.admitsPort(address.port) else { throw .forbiddenPort(address.port) }
        do {
            let found = try await addresses(of: address, deadline)
            // One that is private among public ones would be there to be tried when the others are busy.
            guard !found.isEmpty, found.allSatisfy({ admits($0) }) else { throw FetchError.notPublic }
            for place in found.prefix(Self.maximumAttemptCount) {
                let asked = Exchange(address, at: place, upTo: limit, deadline, encryption: encryption)
                guard let channel = try? await asked.connect(in: Self.connectionTime, on: group) else {
                    guard NIODeadline.now() < deadline else { throw FetchError.tooSlow(limit: time) }
                    continue
                }
                return try await asked.answer(over: channel)
            }
            throw FetchError.unreachable
        } catch is DeadlineHasPassed {
            throw .tooSlow(limit: time)
        } catch let error as FetchError {
            throw error
        } catch {
            throw .brokenOff
        }
    }

    private func addresses(of address: WebAddress, _ deadline: NIODeadline) async throws -> [SocketAddress] {
        if IPAddress(address.host) != nil {
            return [try SocketAddress(ipAddress: address.host, port: address.port)]
        }
        let promise = group.next().makePromise(of: [SocketAddress].self)
        // The operating system's resolver cannot be stopped; it is only not waited for any longer.
        let timer = promise.futureResult.eventLoop.scheduleTask(deadline: deadline) {
            promise.fail(DeadlineHasPassed())
        }
        Self.threads.runIfActive(eventLoop: promise.futureResult.eventLoop) { [resolver] in
            resolver.addresses(of: address.host, port: address.port)
        }.cascade(to: promise)
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return try await promise.futureResult.get()
    }

    private func admits(_ place: SocketAddress) -> Bool {
        guard let text = place.ipAddress, let address = IPAddress(text) else { return false }
        return rules.admitsAddress(address)
    }
}

/// The time for all of it is over.
struct DeadlineHasPassed: Error {}
