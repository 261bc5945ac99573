import Foundation
import SystemPackage
import TestSupport
import Testing

/// Runs the built command as a user does: arguments in; output, errors and exit code out.
@Suite("The command does what its help says")
struct CommandTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        folder = try TemporaryFolder()
        library = folder.path.appending("library").string
    }

    @Test("index, search, status, remove and search again tell one story")
    func story() throws {
        let photos = try copyGroups(["windmills", "hammers"])
        let indexed = try lookalike("index", photos)
        #expect(indexed.code == 0)
        #expect(indexed.output.contains("23 pictures embedded"))

        let query = samplePhotograph("windmills/linda-dark.jpg").string
        let found = try lookalike("search", query, "--limit", "5")
        #expect(found.code == 0)
        #expect(found.output.split(separator: "\n").count == 5)
        #expect(found.output.split(separator: "\n").allSatisfy { $0.contains("/windmills/") })

        let status = try lookalike("status", "--json").json
        #expect(status["images"] as? Int == 23)
        #expect(status["folders"] as? [String] == [photos])

        let removed = try lookalike("remove", photos + "/windmills", "--json").json
        #expect(removed["files"] as? Int == 14)
        let after = try lookalike("search", query, "--json").json
        let paths = (after["results"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String }
        #expect(paths.count == 9)
        #expect(paths.allSatisfy { $0.contains("/hammers/") })
    }

    @Test("search reads standard input, and a number of the library; its JSON carries the stages")
    func searchInputs() throws {
        let photos = try copyGroups(["hammers"])
        _ = try lookalike("index", photos)
        let picture = try bytes(of: samplePhotograph("hammers/claw-wooden-angled.jpg"))
        let piped = try lookalike("search", "-", "--json", "--limit", "3", input: picture).json
        let first = try #require((piped["results"] as? [[String: Any]])?.first)
        #expect((first["path"] as? String)?.hasSuffix("claw-wooden-angled.jpg") == true)
        let stages = (piped["timings"] as? [[String: Any]] ?? []).compactMap { $0["stage"] as? String }
        #expect(stages == ["decode", "embed", "search", "describe", "rank"])
        let number = try #require(first["id"] as? Int)
        let byNumber = try lookalike("search", "--id", String(number), "--json", "--limit", "3").json
        #expect((byNumber["results"] as? [[String: Any]])?.contains { $0["id"] as? Int == number } == false)
    }

    @Test("addresses are fetched only when that is allowed, and never from this machine")
    func addresses() throws {
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let address = "http://user@127.0.0.1/a.jpg?key=secret"
        for arguments in [
            ["search", address], ["check", address], ["search", "a.jpg", "--unlike", address],
        ] {
            let refused = try lookalike(arguments)
            #expect(refused.code == 64)
            #expect(refused.errors.contains("http://127.0.0.1/a.jpg is an address; give --allow-urls"))
            #expect(!refused.errors.contains("secret"))
        }
        for place in ["127.0.0.1", "localhost", "[::1]", "2130706433", "169.254.169.254"] {
            let refused = try lookalike(["search", "http://\(place)/a.jpg?key=secret", "--allow-urls"])
            #expect(refused.code == 1, "\(place)")
            #expect(refused.errors.hasPrefix("lookalike: http://\(place)/a.jpg: "), "\(refused.errors)")
            #expect(refused.output.isEmpty && !refused.errors.contains("secret"))
        }
        let checked = try lookalike(["check", "https://127.0.0.1/a.jpg?key=secret", "--allow-urls"])
        #expect(checked.code == 2)
        #expect(
            checked.errors.contains("https://127.0.0.1/a.jpg: the host has no address on the public internet")
        )
        #expect(!checked.errors.contains("secret"))
    }

    @Test("an unreadable file is named, and everything else is indexed")
    func unreadableFile() throws {
        let photos = try copyGroups(["hammers"])
        let locked = try folder.copy("windmills/linda.jpg", to: "photos/locked.jpg")
        let lockedFolder = try folder.copy("windmills/linda-dark.jpg", to: "photos/locked/inside.jpg")
            .removingLastComponent()
        _ = try lookalikeAsOrdinaryUser("index", photos, "--json")
        #expect(chmod(locked.string, 0) == 0)
        // Readable, but nothing in it may be looked at: what is there remains unknown, and is not missing.
        #expect(chmod(lockedFolder.string, 0o444) == 0)
        defer { _ = chmod(lockedFolder.string, 0o700) }
        let report = try lookalikeAsOrdinaryUser("index", photos, "--json").json
        #expect(report["missing"] as? Int == 0)
        #expect(report["unchanged"] as? Int == 10)
        let skipped = report["skipped"] as? [[String: Any]] ?? []
        let reasons = Dictionary(
            uniqueKeysWithValues: skipped.map { ($0["path"] as? String ?? "", $0["reason"] as? String ?? "") }
        )
        #expect(reasons == [lockedFolder.appending("inside.jpg").string: "unreadable-folder"])

        // A new file that may not be read is named as well.
        let secret = try folder.copy("windmills/dudutki.jpg", to: "photos/secret.jpg")
        #expect(chmod(secret.string, 0) == 0)
        let second =
            try lookalikeAsOrdinaryUser("index", photos, "--json").json["skipped"] as? [[String: Any]]
        #expect(
            second?.contains {
                $0["path"] as? String == secret.string && $0["reason"] as? String == "unreadable"
            } == true
        )
    }

    @Test("a library that may only be read is searched all the same, and refuses to be changed")
    func readOnlyLibrary() throws {
        let photos = try copyGroups(["hammers"])
        _ = try lookalikeAsOrdinaryUser("index", photos)
        // Beneath the library nothing belongs to the ordinary user any more.
        let files = try #require(FileManager.default.enumerator(atPath: library)).compactMap { $0 as? String }
        for path in [library] + files.map({ library + "/" + $0 }) {
            #expect(geteuid() != 0 || chown(path, 0, 0) == 0)
            #expect(chmod(path, path.contains(".") ? 0o444 : 0o555) == 0)
        }
        defer { _ = chmod(library, 0o755) }
        let query = samplePhotograph("hammers/claw-wooden-angled.jpg")
        let copy = try folder.write(try bytes(of: query), to: "query.jpg").string
        let found = try lookalikeAsOrdinaryUser("search", copy, "--limit", "3")
        #expect(found.code == 0, "\(found.errors)")
        #expect(found.output.split(separator: "\n").count == 3)
        #expect(try lookalikeAsOrdinaryUser("status").code == 0)
        #expect(try lookalikeAsOrdinaryUser("verify").code == 0)
        let refused = try lookalikeAsOrdinaryUser("index", photos)
        #expect(refused.code == 1)
        #expect(refused.errors.contains("cannot lock the library"))
    }

    @Test("names with line feeds are escaped on a line, and exact in JSON")
    func namesWithLineFeeds() throws {
        try folder.copy("windmills/linda.jpg", to: "photos/two\nlines.jpg")
        _ = try lookalike("index", folder.path.appending("photos").string)
        let query = samplePhotograph("windmills/linda.jpg").string
        #expect(try lookalike("search", query).output.hasSuffix("photos/two\\nlines.jpg\n"))
        let exact = try lookalike("search", query, "--json").json["results"] as? [[String: Any]]
        #expect((exact?.first?["path"] as? String)?.hasSuffix("two\nlines.jpg") == true)
    }

    @Test("errors are one line on standard error, with the documented exit code, and say what to do")
    func errors() throws {
        let query = samplePhotograph("windmills/linda.jpg").string
        let noLibrary = try lookalike("search", query)
        #expect(noLibrary.code == 3)
        #expect(noLibrary.errors.contains("lookalike index FOLDER"))
        #expect(try lookalike("index", folder.path.appending("nowhere").string).code == 1)
        #expect(try lookalike("index").code == 3)
        #expect(!FileManager.default.fileExists(atPath: library))

        _ = try lookalike("index", try copyGroups(["hammers"]))
        let text = try folder.write(Array("text".utf8), to: "text.jpg").string
        let missing = folder.path.appending("nowhere.jpg").string
        let tokens = try folder.write(Array("read 0123456789abcdefghij".utf8), to: "tokens").string
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: tokens)
        let cases: [(arguments: [String], code: Int32, says: String)] = [
            (["search", text], 2, "picture"),
            (["search", missing], 2, "exists"),
            (["search", "--id", "4711"], 1, "4711"),
            (["index", missing], 1, "nowhere.jpg"),
            (["remove", missing], 1, "knows nothing"),
            (["search", query, "--model", folder.path.string], 1, "manifest.json"),
            (["serve", "--host", "no.such.host.invalid", "--tokens", tokens], 1, "--host"),
            (["serve", "--host", "0.0.0.0"], 1, "--tokens"),
            (["serve", "--tokens", text], 1, "chmod 600"),
            (["serve", "--tls-certificate", tokens, "--tls-key", tokens], 1, "PEM"),
        ]
        for (arguments, code, says) in cases {
            let result = try lookalike(arguments)
            #expect(result.code == code, "\(arguments)")
            #expect(result.errors.contains(says), "\(arguments): \(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(arguments): \(result.errors)")
        }
        let misused = [
            ["search"], ["search", query, "--limit", "0"], ["nonsense"], ["index", "--jobs", "0"],
            ["index", "--jobs", "257"], ["search", query, "--model", ""],
            ["audit", "--target", "98"], ["serve", "--tls-key", tokens], ["serve", "--rate=-1"],
            ["audit", "--samples", "3"],
        ]
        for arguments in misused {
            #expect(try lookalike(arguments).code == 64, "\(arguments)")
        }
    }

    @Test("every command answers --help with an example, and every option is in docs/command-line.md")
    func help() throws {
        let page = repository.appending("docs/command-line.md")
        let guide = String(decoding: try bytes(of: page), as: UTF8.self)
        let commands = [
            "index", "search", "serve", "watch", "status", "retry", "remove", "prune", "verify", "repair",
            "backup", "restore", "doctor", "audit", "check", "crops", "duplicates", "tag", "hide",
            "calibrate", "list", "evaluate", "judge", "feedback",
        ]
        for command in commands {
            let help = try lookalike(command, "--help", inLibrary: false)
            #expect(help.code == 0)
            #expect(help.output.contains("lookalike \(command)"), "\(command)")
            #expect(guide.contains("\n## \(command)\n"))
            let options = help.output.matches(of: /\n +(--[a-z-]+)/).map { String($0.output.1) }
            #expect(options.contains("--library"))
            for option in Set(options).subtracting(["--help", "--version"]) {
                #expect(guide.contains("`\(option)") || guide.contains(" \(option) "), "\(command) \(option)")
            }
        }
    }

    @Test("doctor finds everything in order with a fresh library, and its findings are its JSON")
    func doctor() throws {
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let result = try lookalike("doctor")
        #expect(result.code == 0, "\(result.output)")
        #expect(result.output.contains("9 of 9 sampled pictures find themselves"))
        let findings = try lookalike("doctor", "--json").jsonArray
        #expect(Set(findings.compactMap { $0["verdict"] as? String }).isSubset(of: ["works", "advice"]))
        #expect(findings.count == result.output.split(separator: "\n").count)
    }

    @Test("a reader that goes away ends the output quietly")
    func closedPipe() throws {
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let query = samplePhotograph("hammers/claw-wooden-angled.jpg").string
        let command =
            "'\(try lookalikeProgram.string)' search '\(query)' --library '\(library)' 2>/dev/null | head -n 1"
        let result = try run("/bin/sh", ["-c", command])
        #expect(result.code == 0)
        #expect(result.output.split(separator: "\n").count == 1)
        // Some parents leave SIGPIPE ignored; then it is the write that fails. A FIFO nobody reads any more
        // is such a pipe.
        let binary = try lookalikeProgram.string
        let ignoring = """
            trap '' PIPE
            ( sleep 2; '\(binary)' search '\(query)' --library '\(library)'; echo "code $?" >&2 ) | true
            """
        let ignored = try run("/bin/bash", ["-c", ignoring])
        #expect(ignored.errors.contains("code 141"), "\(ignored.errors)")
        let full = try run(
            "/bin/sh",
            ["-c", "'\(try lookalikeProgram.string)' status --library '\(library)' > /dev/full"]
        )
        #expect(full.code == 1)
        #expect(full.errors == "lookalike: cannot write the results: No space left on device\n")
    }

    @Test("a second writer is sent away with the first one's process number; an occupied port is named")
    func occupied() throws {
        _ = try lookalike("index", try copyGroups(["hammers"]))
        let lock = open(library + "/writer.lock", O_RDWR)
        #expect(flock(lock, LOCK_EX) == 0)
        let second = try lookalike("index")
        close(lock)
        #expect(second.code == 3)
        #expect(second.errors.contains("process "))

        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(socket, $0, length) == 0 && listen(socket, 1) == 0)
                #expect(getsockname(socket, $0, &length) == 0)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        let serving = try lookalike("serve", "--port", String(port))
        #expect(serving.code == 1)
        #expect(serving.errors.contains("port \(port)"))
    }

    @Test(
        "a run that is interrupted, terminated or killed keeps what it has committed; the next run completes it",
        arguments: [SIGINT, SIGTERM, SIGKILL]
    )
    func stopped(signal: Int32) throws {
        // Enough that the run is not over before it is noticed that something is committed, on a busy machine either.
        let photos = try copyGroups([
            "fish", "windmills", "hoofed-animals", "birds", "hammers", "various", "wild-mammals",
            "castles-and-palaces",
        ])
        let process = Process()
        process.executableURL = URL(filePath: try lookalikeProgram.string)
        process.arguments = ["index", photos, "--library", library, "--jobs", "1"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Once the first batch is committed there is something to keep.
        let deadline = Date(timeIntervalSinceNow: 120)
        while try embeddedCount() == 0, Date() < deadline { usleep(20_000) }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus == (signal == SIGKILL ? SIGKILL : 128 + signal))

        let kept = try embeddedCount()
        #expect(kept > 0 && kept < 138)
        let completed = try lookalike("index", photos, "--json").json
        #expect(completed["unchanged"] as? Int == kept)
        #expect(completed["embedded"] as? Int == 138 - kept)
        let findings = try lookalike("doctor").output
        #expect(findings.contains("100 of 100 sampled pictures find themselves"), "\(findings)")
    }

    // MARK: - Helpers

    private func embeddedCount() throws -> Int {
        let status = try lookalike("status", "--json")
        guard status.code == 0 else { return 0 }
        return try status.json["images"] as? Int ?? 0
    }

    /// Copies groups of sample photographs into one folder and returns its path.
    func copyGroups(_ groups: [String]) throws -> String {
        for group in groups {
            try FileManager.default.copyItem(
                atPath: samplePhotograph(group).string,
                toPath: try folder("photos/\(group)").string
            )
        }
        return folder.path.appending("photos").string
    }

    func lookalike(_ arguments: String..., input: [UInt8] = [], inLibrary: Bool = true) throws
        -> Finished
    {
        try lookalike(arguments, input: input, inLibrary: inLibrary)
    }

    func lookalike(_ arguments: [String], input: [UInt8] = [], inLibrary: Bool = true) throws
        -> Finished
    {
        let all = arguments + (inLibrary ? ["--library", library] : [])
        return try run(try lookalikeProgram.string, all, input: input)
    }

    /// Root may read everything, so root steps down to a user that may not.
    private func lookalikeAsOrdinaryUser(_ arguments: String...) throws -> Finished {
        guard geteuid() == 0 else { return try lookalike(arguments) }
        let copy = try folder("program/lookalike")
        if !FileManager.default.fileExists(atPath: copy.string) { try installProgram(at: copy) }
        let asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", copy.string]
        return try run("/usr/bin/setpriv", asNobody + arguments + ["--library", library])
    }

    private func installProgram(at copy: FilePath) throws {
        try FileManager.default.copyItem(atPath: try lookalikeProgram.string, toPath: copy.string)
        let model = try folder("program/Models/lookalike-base")
        try FileManager.default.copyItem(
            atPath: defaultModel.string,
            toPath: model.string
        )
        #expect(chmod(folder.path.string, 0o777) == 0)
    }

    struct Finished {
        let code: Int32
        let output: String
        let errors: String

        var json: [String: Any] {
            get throws {
                try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
            }
        }

        var jsonArray: [[String: Any]] {
            get throws {
                try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]])
            }
        }
    }

    func run(_ program: String, _ arguments: [String], input: [UInt8] = []) throws -> Finished {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        // Files instead of pipes: nobody has to read while the other side writes.
        let streams = try ["input", "output", "errors"].map {
            try folder("streams/\(UUID().uuidString)-\($0)")
        }
        try Data(input).write(to: URL(filePath: streams[0].string))
        for stream in streams.dropFirst() { try Data().write(to: URL(filePath: stream.string)) }
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: streams[0].string))
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: streams[1].string))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: streams[2].string))
        try process.run()
        process.waitUntilExit()
        return Finished(
            code: process.terminationStatus,
            output: String(decoding: try bytes(of: streams[1]), as: UTF8.self),
            errors: String(decoding: try bytes(of: streams[2]), as: UTF8.self)
        )
    }
}
