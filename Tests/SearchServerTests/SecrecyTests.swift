import Catalog
import Evaluation
import Foundation
import HTTPTypes
import ImageDecoding
import ImageLibrary
import QueryPipeline
import SystemPackage
import TestSupport
import Testing

@testable import SearchServer

/// Asks two libraries the same: one that hides a picture, and one that never had it.
@Suite("A hidden picture is as one that was never there")
struct SecrecyTests {
    private static let token = "01234567890123456789"
    private static let names = ["birds/heron.jpg", "birds/swans.jpg", "hammers/armorers.jpg"]
    private static let secret = "birds/duck.jpg"

    /// A server's library, whose pictures have the numbers of the other's.
    private struct Twin {
        let folder: TemporaryFolder
        let pipeline: SearchPipeline
        let service: LibraryService

        init(hiding visibility: Visibility?) throws {
            folder = try TemporaryFolder()
            try folder.copy(SecrecyTests.names[0], to: "pictures/\(SecrecyTests.names[0])")
            pipeline = try RealLibraryTests.pipeline(
                over: folder.path.appending("pictures"),
                library: folder("library")
            )
            service = LibraryService(pipeline: pipeline)
            // One after the other, so that each has the same number in both libraries.
            for name in SecrecyTests.names.dropFirst() {
                try service.jobs.index(file: folder.copy(name, to: "pictures/\(name)"))
            }
            guard let visibility else { return }
            let file = try folder.copy(SecrecyTests.secret, to: "pictures/\(SecrecyTests.secret)")
            try service.jobs.index(file: file)
            let id = try pipeline.library.catalog.imageID(at: file)
            guard try pipeline.library.catalog.setVisibility(visibility, of: id ?? 0), id == 4 else {
                throw CocoaError(.fileNoSuchFile)
            }
        }

        /// What a client with a token to write is answered, without what names the folder and what tells the time.
        func answers(_ questions: [Question]) async throws -> [String] {
            var configuration = ServerConfiguration()
            configuration.tokens = try AccessTokens(text: "write \(SecrecyTests.token) w")
            var texts: [String] = []
            try await withRoutes(
                to: pipeline,
                library: service,
                judging: JudgingDesk(library: pipeline.library),
                configuration: configuration
            ) { client in
                for question in questions {
                    let answer = try await ask(question, client)
                    let text = answer.text
                        .replacing(folder.path.string, with: "FOLDER")
                        .replacing(
                            /"(milliseconds|addedAt|requestID|instance)":("[^"]*"|[0-9.e-]+)/,
                            with: ""
                        )
                    texts.append("\(answer.status) \(answer.headers[.contentType] ?? "") \(text)")
                }
            }
            return texts
        }

        private func ask(_ question: Question, _ client: RouterClient) async throws -> RouterClient.Answer {
            while true {
                let answer = try await client.ask(
                    question.method,
                    question.path,
                    headers: [
                        .authorization: "Bearer \(SecrecyTests.token)", .contentType: question.contentType,
                    ],
                    body: question.body(folder.path.string)
                )
                guard try answer.status == 503 && answer.code == "still_looking" else { return answer }
            }
        }
    }

    private struct Question {
        let method: HTTPRequest.Method
        let path: String
        let contentType: String
        let body: @Sendable (_ folder: String) -> [UInt8]

        static func get(_ path: String) -> Self {
            Self(method: .get, path: path, contentType: "text/plain") { _ in [] }
        }

        /// `FOLDER` in the JSON stands for where the pictures lie.
        static func json(_ method: HTTPRequest.Method, _ path: String, _ json: String) -> Self {
            Self(method: method, path: path, contentType: "application/json") { folder in
                Array(json.replacing("FOLDER", with: folder).utf8)
            }
        }

        static func picture(_ path: String, _ bytes: [UInt8]) -> Self {
            Self(method: .post, path: path, contentType: "image/jpeg") { _ in bytes }
        }
    }

    private static func questions() throws -> [Question] {
        let original = samplePhotograph(secret)
        let copy = try ImageDecoder().thumbnail(of: .file(original), size: .longerSide(300)).pixels
        let pictures = try [bytes(of: original), copy.varied(by: .jpeg(quality: 60))]
        let wishes = [
            "", "limit=1", "limit=2", "limit=200", "diversity=0.5", "explain=true", "minimumSimilarity=0.3",
            "duplicates=show", "name=duck*", "folder=/", "regions=false", "status=any", "format=jpeg",
        ]
        let numbers = ["", "/thumbnail", "/original", "/similar", "/crops", "/similar?crop=0,0,0.5,0.5"]
        let searches = [
            #"{"examples": [{"image": 4}]}"#, #"{"examples": [{"path": "FOLDER/pictures/\#(secret)"}]}"#,
            #"{"examples": [{"image": 1}, {"image": 4, "weight": -0.5}]}"#,
            #"{"examples": [{"image": 1}], "limit": 1, "explain": true, "diversity": 0.2}"#,
        ]
        var all = wishes.map { Question.get("/v1/images/1/similar?\($0)") }
        all += pictures.flatMap { picture in wishes.map { .picture("/v1/search?\($0)", picture) } }
        all += pictures.map { .picture("/v1/check", $0) }
        all += numbers.map { .get("/v1/images/4\($0)") }
        all += searches.map { .json(.post, "/v1/search", $0) }
        all += [
            .json(.patch, "/v1/images/4", #"{"tags": ["found"]}"#),
            .json(.patch, "/v1/images/4", #"{"visibility": "listed"}"#),
            .json(.post, "/v1/interactions", #"{"query": 4, "shown": [1], "clicked": []}"#),
            .json(.post, "/v1/interactions", #"{"query": 1, "shown": [4], "clicked": [4]}"#),
            .json(.post, "/v1/interactions", #"{"query": 1, "shown": [2, 4], "clicked": []}"#),
            .json(.post, "/v1/judgements", #"{"query": 1, "image": 4, "grade": 5}"#),
            .json(.post, "/v1/judgements", #"{"query": 4, "image": 1, "grade": 0}"#),
            .json(.delete, "/v1/images/4", ""),
            .get("/v1/images"), .get("/v1/images?limit=1"), .get("/v1/images?visibility=private,blocked"),
            .get("/v1/images?name=duck*"), .get("/v1/images?status=any"), .get("/v1/examples"),
            .get("/v1/duplicates"), .get("/v1/duplicates?includePrivate=true"), .get("/v1/collections"),
            .get("/v1/judging"), .get("/v1/judging?skip=1"), .get("/readyz"), .get("/v1/stats"),
            .get("/metrics"), .get("/v1/jobs"),
        ]
        return all
    }

    @Test(
        "whatever is asked, by number, path, content or condition",
        arguments: [Visibility.private, .blocked]
    )
    func twins(visibility: Visibility) async throws {
        let questions = try Self.questions()
        let hiding = try await Twin(hiding: visibility).answers(questions)
        let without = try await Twin(hiding: nil).answers(questions)
        for (question, (one, other)) in zip(questions, zip(hiding, without)) {
            #expect(one == other, "\(question.method) \(question.path)")
        }
        // The questions are ones that have answers.
        #expect(hiding.count { $0.hasPrefix("200") } > 40)
    }
}
