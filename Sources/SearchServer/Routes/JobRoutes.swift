internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import IndexingPipeline
internal import NIOCore

/// Starts indexing and tells how it goes on.
struct JobRoutes: Sendable {
    private static let maximumBodyByteCount = 1 << 14
    /// How long one stream of events lasts; a browser opens the next by itself. Less than an answer may take.
    private static let streamTime: Duration = .seconds(45)
    private static let interval: Duration = .milliseconds(300)

    let jobs: IndexingJobs?
    let workers: BlockingWorkers

    var routes: [Route] {
        [
            Route(.post, "/v1/jobs", needs: .admin, use: start),
            Route(.get, "/v1/jobs", needs: .admin, use: list),
            Route(.get, "/v1/jobs/{id}", needs: .admin, use: job),
            Route(.delete, "/v1/jobs/{id}", needs: .admin, use: stop),
            Route(.get, "/v1/jobs/{id}/events", needs: .admin, use: events),
        ]
    }

    private struct Order: Decodable {
        let folder: String?
    }

    /// `POST /v1/jobs`: indexes a folder, or all that are remembered.
    @Sendable private func start(_ request: Request, _ context: Route.Context) async throws -> Response {
        let body = try await request.bodyBytes(upTo: Self.maximumBodyByteCount)
        if let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] {
            try SearchBody.refuse(object, otherThan: ["folder"])
        }
        let order: Order
        do {
            order = body.isEmpty ? Order(folder: nil) : try JSONDecoder().decode(Order.self, from: Data(body))
        } catch let error as DecodingError {
            throw RequestFault.malformedRequest(error.place)
        }
        if let folder = order.folder, !folder.hasPrefix("/") || folder.contains("\0") {
            throw RequestFault.malformedRequest("a folder is an absolute path on the server")
        }
        let jobs = try known()
        let job = try await workers.run { () throws -> IndexingJobs.Job in
            do {
                return try jobs.start(folder: order.folder)
            } catch let error as IndexingError {
                throw RequestFault.malformedRequest(String(describing: error))
            }
        }
        var response = try Response.json(JobDescription(job: job), status: .accepted)
        response.headers[.location] = JobDescription.address(job.id)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private struct List: Encodable {
        let jobs: [JobDescription]
    }

    /// `GET /v1/jobs`: the jobs since the server began, the newest first.
    @Sendable private func list(_ request: Request, _ context: Route.Context) async throws -> Response {
        try answer(List(jobs: try known().all.map(JobDescription.init)))
    }

    /// `GET /v1/jobs/{id}`: how a job stands.
    @Sendable private func job(_ request: Request, _ context: Route.Context) async throws -> Response {
        try answer(JobDescription(job: try job(context)))
    }

    /// `DELETE /v1/jobs/{id}`: stops a job; what it has done stays.
    @Sendable private func stop(_ request: Request, _ context: Route.Context) async throws -> Response {
        guard let job = try known().stop(try job(context).id) else { throw RequestFault.unknownJob }
        return try answer(JobDescription(job: job), status: .accepted)
    }

    /// `GET /v1/jobs/{id}/events`: how a job goes on, as Server-Sent Events, to its end.
    @Sendable private func events(_ request: Request, _ context: Route.Context) async throws -> Response {
        let (jobs, id) = (try known(), try job(context).id)
        let body = ResponseBody { writer in
            let end = ContinuousClock.now + Self.streamTime
            var told: IndexingJobs.Job?
            while ContinuousClock.now < end, !Task.isCancelled, let job = jobs.job(id) {
                if job != told {
                    let isOver = job.state != .running
                    try await writer.write(try Self.event(isOver ? "end" : "progress", job))
                    if isOver { break }
                    told = job
                }
                try? await Task.sleep(for: Self.interval)
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: body
        )
    }

    private static func event(_ name: String, _ job: IndexingJobs.Job) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        let data = String(decoding: try encoder.encode(JobDescription(job: job)), as: UTF8.self)
        return ByteBuffer(string: "event: \(name)\ndata: \(data)\n\n")
    }

    private func known() throws -> IndexingJobs {
        guard let jobs else { throw RequestFault.notReady }
        return jobs
    }

    private func job(_ context: Route.Context) throws -> IndexingJobs.Job {
        guard let id = context.parameters.get("id").flatMap({ Int($0) }), let job = try known().job(id) else {
            throw RequestFault.unknownJob
        }
        return job
    }

    private func answer(_ description: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        var response = try Response.json(description, status: status)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
