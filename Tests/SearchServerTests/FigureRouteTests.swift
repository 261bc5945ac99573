import HTTPTypes
import Hummingbird
import Testing

@testable import QueryPipeline
@testable import SearchServer

@Suite struct FigureRouteTests {
    struct Broken: Error {}

    private var backend: ScriptedBackend {
        ScriptedBackend(onSearch: { _, _ in
            SearchResponse(
                results: [],
                nextCursor: nil,
                timings: [
                    .init(stage: "search", milliseconds: 3), .init(stage: "look up", milliseconds: 0.02),
                ],
                method: "hnsw",
                searchedImageCount: 9,
                rules: nil
            )
        })
    }

    @Test(
        "metrics are in the text format: every name explained once, its samples behind it, every value a number"
    )
    func format() async throws {
        try await withRoutes(to: backend) { client in
            for path in [
                "/v1/images/7/similar", "/v1/images/8/similar", "/v1/images/7", "/nowhere", "/healthz",
            ] {
                _ = try await client.ask(.get, path)
            }
            let answer = try await client.ask(.get, "/metrics")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            var families: [String] = []
            for line in answer.text.split(separator: "\n") {
                if let match = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge|histogram)/) {
                    families.append(String(match.1))
                } else if !line.hasPrefix("# HELP ") {
                    let match = try #require(line.wholeMatch(of: /([a-z_]+)(\{.*\})? (\S+)/), "\(line)")
                    let name = String(match.1).replacing(/_(bucket|sum|count)$/, with: "")
                    #expect(families.last == name || families.last == String(match.1), "\(line)")
                    #expect(Double(match.3) != nil, "\(line)")
                }
            }
            #expect(Set(families).count == families.count)
        }
    }

    @Test("a server that is too busy to count says what it counted last, not that its library cannot be read")
    func busy() async throws {
        let workers = BlockingWorkers(threadCount: 1, maximumWaitingCount: 0)
        workers.start()
        let configuration = ServerConfiguration()
        let routes = FigureRoutes(
            backend: backend,
            workers: workers,
            state: ServerState(configuration),
            statisticsLifetime: .zero
        )
        let metrics = try #require(routes.routes.first { $0.path == "/metrics" })
        let router = Router(context: Route.Context.self)
        router.on(RouterPath(metrics.path), method: metrics.method, use: metrics.handler)
        let client = RouterClient(responder: router.buildResponder())
        let calm = try await client.ask(.get, "/metrics").text
        #expect(calm.contains("lookalike_library_readable 1"))
        let gate = Gate()
        async let held: Void = workers.run { _ = gate.wait() }
        while workers.load.running == 0 { await Task.yield() }
        let busy = try await client.ask(.get, "/metrics").text
        gate.open()
        try await held
        try await workers.stop()
        #expect(busy.contains("lookalike_library_readable 1"))
        #expect(busy.contains("lookalike_index_images 9"))
    }

    @Test("requests are counted by route and status, never by what a client wrote")
    func requests() async throws {
        try await withRoutes(to: backend) { client in
            for path in [
                "/v1/images/7/similar", "/v1/images/8/similar", "/v1/images/7", "/nowhere", "/elsewhere",
            ] {
                _ = try await client.ask(.get, path)
            }
            _ = try await client.ask(.post, "/v1/images/7")
            let text = try await client.ask(.get, "/metrics").text
            for line in [
                #"lookalike_requests_total{method="GET",route="/v1/images/{id}/similar",status="2xx"} 2"#,
                #"lookalike_requests_total{method="GET",route="/v1/images/{id}",status="4xx"} 1"#,
                #"lookalike_requests_total{method="GET",route="none",status="4xx"} 2"#,
                #"lookalike_requests_total{method="POST",route="none",status="4xx"} 1"#,
                #"lookalike_problems_total{code="unknown_image"} 1"#,
                #"lookalike_problems_total{code="not_found"} 2"#,
                #"lookalike_stage_duration_seconds_count{stage="search"} 2"#,
                #"lookalike_stage_duration_seconds_sum{stage="search"} 0.006"#,
                #"lookalike_stage_duration_seconds_bucket{le="0.0025",stage="search"} 0"#,
                #"lookalike_stage_duration_seconds_bucket{le="0.005",stage="search"} 2"#,
                #"lookalike_stage_duration_seconds_bucket{le="+Inf",stage="search"} 2"#,
                "lookalike_uploads_held 0", "lookalike_work_running 0", "lookalike_index_images 9",
                "lookalike_catalog_images 10", "lookalike_catalog_missing_files 2",
                "lookalike_audit_recall 0.96875",
                "lookalike_library_readable 1",
            ] {
                #expect(text.contains("\n\(line)\n"), "\(line)\n\(text)")
            }
            #expect(!text.contains("nowhere"))
        }
    }

    @Test("a library that cannot be read keeps nothing else from being told")
    func unreadable() async throws {
        let backend = ScriptedBackend(onStatistics: { throw Broken() })
        try await withRoutes(to: backend) { client in
            let answer = try await client.ask(.get, "/metrics")
            #expect(answer.status == 200)
            #expect(answer.text.contains("\nlookalike_library_readable 0\n"))
            #expect(!answer.text.contains("lookalike_catalog_images"))
            let stats = try await client.ask(.get, "/v1/stats")
            #expect(stats.status == 500)
        }
    }

    @Test("the figures for people are the library's and the server's")
    func stats() async throws {
        try await withRoutes(to: backend) { client in
            _ = try await client.ask(.get, "/v1/images/7/similar")
            let answer = try await client.ask(.get, "/v1/stats").json
            #expect(answer["images"] as? Int == 10)
            #expect(answer["files"] as? Int == 12)
            #expect(answer["missingFiles"] as? Int == 2)
            #expect(answer["refusedFiles"] as? Int == 3)
            #expect(answer["judgements"] as? Int == 4)
            #expect(answer["interactions"] as? Int == 5)
            #expect(answer["indexedImageCount"] as? Int == 9)
            #expect(answer["clickThroughRate"] as? Double == 0.2)
            let server = try #require(answer["server"] as? [String: Any])
            #expect(server["requests"] as? Int == 1)
            #expect(server["errors"] as? Int == 0)
            let stages = try #require(server["stages"] as? [[String: Any]])
            #expect(stages.map { $0["stage"] as? String } == ["look up", "search"])
            #expect(stages.last?["p99"] as? Double == 3)
        }
    }

    @Test("what is remembered is told for its time, and no longer")
    func remembered() {
        let figures = Remembered<Int>(for: .seconds(5))
        let start = ContinuousClock.now
        #expect(figures.value(at: start) == nil)
        figures.remember(7, at: start)
        #expect(figures.value(at: start + .seconds(4.9)) == 7)
        #expect(figures.value(at: start + .seconds(5)) == nil)
        figures.remember(8, at: start + .seconds(6))
        #expect(figures.value(at: start + .seconds(7)) == 8)
    }

    @Test("every metric is in the document, and no other")
    func documented() async throws {
        let document = try DocumentationTests.read()
        try await withRoutes(to: backend) { client in
            for path in ["/v1/images/7/similar", "/nowhere"] { _ = try await client.ask(.get, path) }
            let told = Set(
                try await client.ask(.get, "/metrics").text.matches(of: /# TYPE ([a-z_]+)/).map {
                    String($0.1)
                }
            )
            let rows = document.split(separator: "\n").filter {
                $0.hasPrefix("| `lookalike_") || $0.hasPrefix("| `process_")
            }
            let written = Set(
                rows.flatMap { $0.matches(of: /`((?:lookalike|process)_[a-z_]+)`/).map { String($0.1) } }
            )
            #expect(told == written)
        }
    }
}
