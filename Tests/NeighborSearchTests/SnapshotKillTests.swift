import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import NeighborSearch

@Suite("saving an index in a process that is killed")
struct SnapshotKillTests {
    private static let identity = IndexFileBytes.identity

    /// Two indexes of some 700 kB, different in size and content, made the same way in every process.
    private static func index(_ number: Int) throws -> HNSWIndex {
        let index = HNSWIndex(
            dimension: 1024,
            parameters: try HNSWParameters(connectivity: 3, constructionBeamWidth: 2)
        )
        var generator = SeededGenerator(seed: UInt64(number))
        for key in 0..<UInt64(120 + 10 * number) {
            try index.insert(key: key, vector: generator.unitVector(1024))
        }
        return index
    }

    @Test("a save killed after any number of bytes leaves the old file as it was")
    func killedWhileWriting() async throws {
        let folder = try TemporaryFolder()
        let path = try folder("index").string
        try Self.index(0).save(to: FilePath(path), identity: Self.identity)
        let old = try bytes(of: FilePath(path))
        for limit in [0, 1, 4096, 100_000, 250_000] {
            await #expect(processExitsWith: .signal(SIGXFSZ)) {
                [path = path as String, limit = limit as Int] in
                let index = try SnapshotKillTests.index(1)
                // The kernel ends the process when it writes beyond this, unless the signal is held back, as it is
                // on the threads of a pool.
                var signals = sigset_t()
                sigaddset(&signals, SIGXFSZ)
                pthread_sigmask(SIG_UNBLOCK, &signals, nil)
                var size = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t(limit))
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &size)
                try index.save(to: FilePath(path), identity: SnapshotKillTests.identity)
            }
            #expect(try bytes(of: FilePath(path)) == old, "killed after \(limit) bytes")
        }
    }

    @Test("a save killed at any moment leaves the old file or the whole new one")
    func killedAtAnyMoment() async throws {
        let folder = try TemporaryFolder()
        let path = try folder("index").string
        var files: [[UInt8]] = []
        for number in 0..<2 {
            try Self.index(number).save(to: FilePath(path), identity: Self.identity)
            files.append(try bytes(of: FilePath(path)))
        }
        for delay in [300, 1_000, 2_500, 5_000, 9_000, 20_000] as [UInt32] {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, delay = delay as UInt32] in
                let indexes = try (0..<2).map { try SnapshotKillTests.index($0) }
                Thread.detachNewThread {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                while true {
                    for index in indexes {
                        try index.save(to: FilePath(path), identity: SnapshotKillTests.identity)
                    }
                }
            }
            let found = try bytes(of: FilePath(path))
            #expect(files.contains(found), "killed after \(delay) microseconds")
            try HNSWIndex.load(from: FilePath(path)).index.verify()
        }
    }
}
