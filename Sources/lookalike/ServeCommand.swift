import ArgumentParser
import Evaluation
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import Logging
import NIOCore
import QueryPipeline
import SearchServer
import ServiceLifecycle
import SystemPackage
import UnixSignals

/// `lookalike serve`: answers queries over HTTP and on a web page.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer queries over HTTP and on a web page.",
        discussion: """
              lookalike serve
              lookalike serve --port 9000
              curl --data-binary @holiday.jpg -H 'Content-Type: image/jpeg' 'http://127.0.0.1:8080/v1/search?limit=5'

            Prints one line with the page's address once it listens. Pictures that lookalike index adds \
            meanwhile are found without a restart; with --watch the server adds them itself. Ctrl-C answers the requests under way and ends. On loopback \
            everybody on this machine may do everything, unless --tokens says who may; with another --host it has to.
            """
    )

    @Option(help: ArgumentHelp("Address to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("TCP port to listen on; 0 picks a free one.", valueName: "number"))
    var port = 8080

    @Option(
        help: ArgumentHelp(
            "File of tokens that requests have to show; a scope (read, write or admin) and a token on each line.",
            valueName: "file"
        ),
        completion: .file()
    )
    var tokens: String?

    @Option(
        help: ArgumentHelp("File of the certificate, in PEM form: speak TLS with it.", valueName: "file"),
        completion: .file()
    )
    var tlsCertificate: String?

    @Option(
        help: ArgumentHelp("File of the certificate's private key, in PEM form.", valueName: "file"),
        completion: .file()
    )
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "Requests a second that one client may send in the long run, and twice as many at once; 0 sets no limit. "
                + "Without it 100, and no limit on loopback.",
            valueName: "number"
        )
    )
    var rate: Int?

    @Option(
        help: ArgumentHelp(
            "Write a line about each request to standard error, as text or json; without it only what goes wrong.",
            valueName: "format"
        )
    )
    var logFormat: LogFormat?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var logging: QueryLogOptions
    @OptionGroup var ranking: RankingFileOptions

    @Flag(
        name: .customLong("allow-urls"),
        help:
            "Let clients name pictures by http or https addresses, and fetch those from the public internet alone."
    )
    var allowsURLs = false

    @Flag(help: "Keep nothing of what the page's visitors open; see lookalike feedback.")
    var noFeedback = false

    @Flag(help: "Index what changes in the library's folders meanwhile; see lookalike watch.")
    var watch = false

    @OptionGroup var watching: WatchOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535.") }
        guard (0...1_000_000).contains(rate ?? 0) else {
            throw ValidationError("--rate must be 0 to 1000000.")
        }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together; name both.")
        }
    }

    func run() async throws {
        let serving = try serverConfiguration()
        if watch { giveWay(by: watching.nice) }
        let model = try model.load(for: library)
        // One that is not there is not made, though watching could.
        guard library.directory.exists else {
            throw LibraryError.notFound(path: library.directory.path.string)
        }
        let options = self.library
        let library = try Library(options, model: model, access: watch ? .sharing : .reading)
        let queryLog = logging.open(for: library)
        defer { queryLog?.write() }
        let pipeline = SearchPipeline(
            library: library,
            embedder: ImageEmbedder(model: model),
            decoder: decoding.decoder(processCount: ProcessInfo.processInfo.activeProcessorCount),
            ranking: try ranking.configuration(of: library),
            calibration: try self.model.calibration(for: options, in: library, model: model),
            queryLog: queryLog
        )
        let logger = (logFormat ?? .text).logger
        let service = buildApplication(
            pipeline: pipeline,
            judging: JudgingDesk(library: library),
            configuration: serving,
            logger: logger
        ) { address in
            writeLine("Serving \(counted(library.index.count, "picture")) at \(address.absoluteString)")
            if serving.isReadableOnTheWay {
                writeLine(
                    "lookalike: without --tls-certificate and --tls-key, tokens and pictures can be read on their way",
                    to: .standardError
                )
            }
        }
        var services: [any Service] = [service]
        if watch {
            let watch = try Watch(library: library, model: model, options: watching, decoding: decoding)
            services.append(WatchService(watch: watch))
        }
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // A client that sends nothing more must not hold up the end.
        configuration.maximumGracefulShutdownDuration = .seconds(15)
        let group = ServiceGroup(configuration: configuration)
        do {
            try await group.run()
        } catch let error as IOError {
            throw CannotListen(host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
        } catch is SocketAddressError.UnknownHost {
            throw CannotListen(host: host, port: port, reason: "there is no such host")
        }
    }

    private func serverConfiguration() throws -> ServerConfiguration {
        var serving = ServerConfiguration(host: host, port: port)
        serving.keepsFeedback = !noFeedback
        serving.allowsURLs = allowsURLs
        serving.tokens = try tokens.map { try AccessTokens(contentsOf: FilePath($0).madeAbsolute) }
        serving.requestsPerSecond = rate.map { $0 == 0 ? nil : Double($0) } ?? serving.usualRequestsPerSecond
        serving.logsRequests = logFormat != nil
        if let tlsCertificate, let tlsKey {
            serving.encryption = try ServerEncryption(
                certificate: FilePath(tlsCertificate).madeAbsolute,
                key: FilePath(tlsKey).madeAbsolute
            )
        }
        return try serving.checked()
    }
}

/// How the server's log is written.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json

    fileprivate var logger: Logger {
        switch self {
        case .text: Logger(label: "lookalike") { StreamLogHandler.standardError(label: $0) }
        case .json: Logger(label: "lookalike") { _ in JSONLogHandler { writeLine($0, to: .standardError) } }
        }
    }
}

/// Watches folders beside the server, on a thread of its own.
private struct WatchService: Service {
    let watch: Watch

    func run() async throws {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        Thread.detachNewThread {
            watch.run()
            end.finish()
        }
        try? await gracefulShutdown()
        watch.stop()
        for await _ in ended {}
    }
}

/// Thrown when the server's address cannot be listened on.
private struct CannotListen: Error, CustomStringConvertible {
    let host: String
    let port: Int
    let reason: String

    var description: String {
        "cannot listen on \(host) port \(port): \(reason); choose another with --host or --port"
    }
}
