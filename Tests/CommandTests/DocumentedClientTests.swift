import Foundation
import SystemPackage
import TestSupport
import Testing

/// Runs what people copy out of the documents, to the letter, against a server.
extension CommandTests {
    @Test(
        "the curl and Python programs in docs/http-api.md find a picture itself first, and its look-alikes after it"
    )
    func documentedPrograms() throws {
        let server = try serveWindmills()
        let curl = try runDocumented("sh", server, with: ["/bin/bash"])
        #expect(curl.code == 0, "\(curl.errors)")
        let found = try #require(try curl.json["results"] as? [[String: Any]])
        #expect(found.count == 5)
        #expect((found.first?["path"] as? String)?.hasSuffix("/windmills/linda-dark.jpg") == true)
        #expect(found.first?["class"] as? String == "same")

        let python = try runDocumented("python", server, with: ["/usr/bin/env", "python3"])
        #expect(python.code == 0, "\(python.errors)")
        let lines = python.output.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines.first?.hasPrefix("1.000  ") == true)
        #expect(lines.first?.hasSuffix("/windmills/linda-dark.jpg") == true)
        let refused = try runDocumented(
            "python",
            server,
            with: ["/usr/bin/env", "python3"],
            followedBy: "look_alikes('holiday.jpg', folders='/')"
        )
        #expect(refused.code == 1)
        #expect(refused.errors.contains("RuntimeError: invalid_parameter: "), "\(refused.errors)")
    }

    @Test(
        "docs/examples/LookalikeClient.swift compiles without warnings, finds what is there and throws what the server says"
    )
    func documentedClient() throws {
        let server = try serveWindmills()
        let token = "only-for-this-test-0123456789"
        let tokens = try folder.write(Array("read \(token)\n".utf8), to: "tokens")
        #expect(chmod(tokens.string, 0o600) == 0)
        let guarded = try RunningServer("--library", library, "--tokens", tokens.string)
        let client = "docs/examples/LookalikeClient.swift"
        try folder.write(
            try bytes(of: repository.pushing(FilePath(client))),
            to: "client/LookalikeClient.swift"
        )
        let main = try documented("swift", for: server) + checksOfTheClient(guarded.address, token)
        try folder.write(Array(main.utf8), to: "client/main.swift")
        try folder.copy("windmills/linda-dark.jpg", to: "client/holiday.jpg")
        let compile = "swiftc -swift-version 6 -warnings-as-errors *.swift -o look-alikes && ./look-alikes"
        let ran = try run("/bin/bash", ["-c", "cd '\(folder.path)/client' && \(compile)"])
        #expect(ran.code == 0, "\(ran.errors)")
        let lines = ran.output.split(separator: "\n").map(String.init)
        let usage = lines.prefix(5)
        #expect(usage.first?.hasSuffix("/windmills/linda-dark.jpg") == true, "\(ran.output)")
        #expect(usage.allSatisfy { $0.contains("/photos/") })
        #expect(
            Array(lines.dropFirst(5)) == [
                "28 searched, first same", "itself among similar: false", "next page repeats: false",
                "only birds: true", "named bäum+1: bäum+1.jpg", "jpeg: true",
                "404 unknown_image nil", "422 undecodable_image not-an-image",
                "401 unauthorized nil", "with a token: 1",
            ]
        )
    }

    @Test("every curl command for a server on this machine, in README.md and docs/http-api.md, is answered")
    func documentedRequests() throws {
        let server = try serveWindmills()
        try folder.copy("windmills/linda-dark.jpg", to: "requests/holiday.jpg")
        var commands: [String] = []
        for page in ["README.md", "docs/http-api.md"] {
            let text = String(decoding: try bytes(of: repository.pushing(FilePath(page))), as: UTF8.self)
            commands += text.replacing(/\\\n */, with: "").split(separator: "\n").map(String.init)
                .map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { $0.hasPrefix("curl ") && $0.contains("http://127.0.0.1:8080") }
        }
        #expect(commands.count >= 9)
        for command in commands {
            let here = command.replacing("http://127.0.0.1:8080", with: server.address)
                .replacing("\"/pictures", with: "\"\(folder.path)/photos")
                .replacing("curl ", with: "curl --fail-with-body --silent --show-error ", maxReplacements: 1)
            let asked = try run("/bin/bash", ["-c", "cd '\(folder.path)/requests' && \(here)"])
            #expect(asked.code == 0, "\(command): \(asked.output) \(asked.errors)")
        }
    }

    // MARK: - Helpers

    private func serveWindmills() throws -> RunningServer {
        let photos = try copyGroups(["windmills", "birds"])
        try folder.copy("hammers/claw-wooden-angled.jpg", to: "photos/bäum+1.jpg")
        let indexed = try lookalike("index", photos)
        #expect(indexed.code == 0, "\(indexed.errors)")
        return try RunningServer("--library", library)
    }

    /// The program in a language in the section for those who write their own, asking this server.
    private func documented(_ language: String, for server: RunningServer) throws -> String {
        let page = String(decoding: try bytes(of: repository.appending("docs/http-api.md")), as: UTF8.self)
        let section = try #require(
            page.split(separator: "\n## ").first { $0.hasPrefix("From a program of your own") }
        )
        let blocks = section.matches(of: /(?ms)^```([a-z]+)\n(.*?)^```$/).filter { $0.1 == language }
        #expect(blocks.count == 1)
        let program = String(try #require(blocks.first).2)
        #expect(program.contains("http://127.0.0.1:8080"))
        return program.replacing("http://127.0.0.1:8080", with: server.address)
    }

    private func runDocumented(
        _ language: String,
        _ server: RunningServer,
        with interpreter: [String],
        followedBy more: String = ""
    ) throws -> Finished {
        let place = "\(language)-\(UUID().uuidString)"
        try folder.copy("windmills/linda-dark.jpg", to: "\(place)/holiday.jpg")
        try folder.write(Array((try documented(language, for: server) + more).utf8), to: "\(place)/program")
        let command = (interpreter + ["program"]).joined(separator: " ")
        return try run("/bin/bash", ["-c", "cd '\(folder.path)/\(place)' && \(command)"])
    }

    /// Swift that goes on where the documented program ends, and prints what the client did.
    private func checksOfTheClient(_ guarded: String, _ token: String) -> String {
        """

        print("\\(answer.searchedImageCount) searched, first \\(answer.results[0].class ?? "nil")")
        let first = answer.results[0].id
        let similar = try await client.search(similarTo: first, limit: 200)
        print("itself among similar:", similar.results.contains { $0.id == first })
        let next = try await client.search(holiday, limit: 5, options: ["cursor": answer.nextCursor ?? ""])
        print("next page repeats:", next.results.contains { answer.results.map(\\.id).contains($0.id) })
        let folder = "\(folder.path)/photos/birds"
        let birds = try await client.search(holiday, filter: ["folder": folder])
        print("only birds:", !birds.results.isEmpty && birds.results.allSatisfy { $0.path.hasPrefix(folder) })
        let named = try await client.search(holiday, filter: ["name": "bäum+1*"])
        print("named bäum+1:", named.results.map { URL(fileURLWithPath: $0.path).lastPathComponent }.joined(separator: " "))
        print("jpeg:", try await client.thumbnail(of: first, size: 64).starts(with: [0xff, 0xd8]))
        func problem(_ ask: () async throws -> Any) async throws {
            do { print("answered:", try await ask()) } catch let problem as LookalikeClient.Problem {
                print(problem.status, problem.code, problem.reason ?? "nil")
            }
        }
        try await problem { try await client.search(similarTo: 4711) }
        try await problem { try await client.search(Data("text".utf8)) }
        let server = URL(string: "\(guarded)")!
        try await problem { try await LookalikeClient(server: server, token: "wrong").search(holiday) }
        let known = LookalikeClient(server: server, token: "\(token)")
        print("with a token:", try await known.search(holiday, limit: 1).results.count)

        """
    }
}
