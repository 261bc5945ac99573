import Foundation
import ImageDecoding
import SystemPackage
import TestSupport
import Testing

// One after the other: some of them look for all workers of this process, or kill them.
@Suite("A picture costs no more than the process it is decoded in", .serialized)
struct ContainmentTests {
    private let photo = samplePhotograph("windmills/linda.jpg")
    private let size = ThumbnailSize.shorterSide(256)

    @Test("a worker gives the pixels that decoding here gives, and the same refusals")
    func samePixels() throws {
        let contained = try decoder()
        let here = ImageDecoder()
        for name in ["windmills/linda.jpg", "hoofed-animals/moose.jpg"] {
            let source = ImageSource.file(samplePhotograph(name))
            #expect(try contained.thumbnail(of: source, size: size) == here.thumbnail(of: source, size: size))
        }
        let whole = try bytes(of: photo)
        for damaged in [Array(whole.prefix(whole.count / 2)), Array("GIF89a and nothing more".utf8), []] {
            let expected = #expect(throws: ImageDecodingError.self) {
                try here.thumbnail(of: .bytes(damaged), size: size)
            }
            #expect(throws: try #require(expected)) {
                try contained.thumbnail(of: .bytes(damaged), size: size)
            }
        }
    }

    @Test("a picture that takes too long is given up, and the next one is decoded as if nothing had been")
    func tooSlow() throws {
        let contained = try decoder(WorkerAllowance(processorSeconds: 0.02))
        let slow = try largePicture()
        let error = #expect(throws: ImageDecodingError.self) {
            try contained.thumbnail(of: .bytes(slow), size: size)
        }
        #expect(error?.reason == .tooSlow)
        _ = try contained.thumbnail(of: .bytes(try smallPicture()), size: size)
    }

    @Test("workers that are killed are replaced, whether idle or at work")
    func killed() throws {
        let contained = try decoder()
        for _ in 1...3 {
            _ = try contained.thumbnail(of: .file(photo), size: size)
            for worker in try workers() { kill(worker, SIGKILL) }
        }
        _ = try contained.thumbnail(of: .file(photo), size: size)
    }

    @Test("stopping ends all workers, and nothing is decoded any more")
    func stopping() throws {
        let contained = try decoder()
        _ = try contained.thumbnail(of: .file(photo), size: size)
        contained.stop()
        let error = #expect(throws: ImageDecodingError.self) {
            try contained.thumbnail(of: .file(photo), size: size)
        }
        #expect(error?.reason == .unavailable)
    }

    @Test("a program that is no worker is noticed, not waited for")
    func noWorker() throws {
        let contained = ContainedDecoder(
            worker: WorkerCommand(program: "/bin/true", arguments: []),
            processCount: 1
        )
        let error = #expect(throws: ImageDecodingError.self) {
            try contained.thumbnail(of: .file(photo), size: size)
        }
        #expect(error?.reason == .unavailable)
    }

    @Test("many threads share few workers, and each gets its own picture")
    func sharing() throws {
        let contained = try decoder(processCount: 2)
        let names = ["windmills/linda.jpg", "hoofed-animals/moose.jpg", "windmills/chesterton.jpg"]
        let expected = try names.map {
            try ImageDecoder().thumbnail(of: .file(samplePhotograph($0)), size: size)
        }
        let failures = Failures()
        DispatchQueue.concurrentPerform(iterations: 60) { number in
            let place = number % names.count
            let decoded = try? contained.thumbnail(of: .file(samplePhotograph(names[place])), size: size)
            if decoded != expected[place] { failures.note(number) }
        }
        #expect(failures.numbers.isEmpty)
    }

    @Test("a confined process can do none of the things that a decoder has no use for")
    func confinement() {
        #expect(Containment.breaches() == [])
    }

    @Test("a worker runs confined, and without the descriptors of whoever it works for")
    func confinedWorker() throws {
        let contained = try decoder()
        _ = try contained.thumbnail(of: .file(photo), size: size)
        let worker = try #require(try workers().first)
        let status = try String(contentsOfFile: "/proc/\(worker)/status", encoding: .utf8)
        #expect(status.contains("Seccomp:\t2"))
        #expect(status.contains("NoNewPrivs:\t1"))
        let limits = try String(contentsOfFile: "/proc/\(worker)/limits", encoding: .utf8)
        #expect(limits.contains("Max address space         \(768 << 20)"))
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/fd")
        #expect(Set(open) == ["0", "1", "2", "3"])
        withExtendedLifetime(contained) {}
    }

    @Test("no worker outlives the process it works for")
    func orphans() throws {
        let folder = try TemporaryFolder()
        for number in 0..<40 { try folder.copy("windmills/linda.jpg", to: "photos/\(number).jpg") }
        let process = Process()
        process.executableURL = URL(filePath: try lookalikeProgram.string)
        process.arguments = [
            "watch", folder.path.appending("photos").string, "--library", folder.path.appending("l").string,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        let parent = process.processIdentifier
        let started = Date(timeIntervalSinceNow: 60)
        while try workers(of: parent).isEmpty, Date() < started { Thread.sleep(forTimeInterval: 0.05) }
        let workers = try workers(of: parent)
        #expect(!workers.isEmpty)
        kill(parent, SIGKILL)
        process.waitUntilExit()
        let deadline = Date(timeIntervalSinceNow: 60)
        while workers.contains(where: { kill($0, 0) == 0 }), Date() < deadline {
            Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(workers.allSatisfy { kill($0, 0) != 0 })
    }

    // MARK: - Helpers

    private final class Failures: @unchecked Sendable {
        private let lock = NSLock()
        private var noted: [Int] = []
        var numbers: [Int] { lock.withLock { noted } }
        func note(_ number: Int) { lock.withLock { noted.append(number) } }
    }

    private func decoder(_ allowance: WorkerAllowance = .default, processCount: Int = 1) throws
        -> ContainedDecoder
    {
        ContainedDecoder(
            worker: WorkerCommand(program: try lookalikeProgram, arguments: ["decode-worker"]),
            allowance: allowance,
            processCount: processCount
        )
    }

    /// 6,000 pixels a side, of noise: about a second's work.
    private func largePicture() throws -> [UInt8] {
        var chance = SeededGenerator(seed: 1)
        let pixels = (0..<3000 * 3000 * 3).map { _ in UInt8.random(in: .min ... .max, using: &chance) }
        return try PixelImage(width: 3000, height: 3000, pixels: pixels).jpegData(quality: 90)
    }

    private func smallPicture() throws -> [UInt8] {
        try PixelImage(width: 8, height: 8, pixels: Array(repeating: 100, count: 192)).jpegData(quality: 90)
    }

    /// Processes that work for another one, this unless told.
    private func workers(of parent: pid_t = getpid()) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter {
            process in
            guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
            else { return false }
            let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 1 && fields[1] == "\(parent)" && command.contains("decode-worker")
        }
    }
}
