import Synchronization
import Testing

@testable import NeighborSearch

private final class Progress: Sendable {
    let isDone = Atomic(false)
    let searches = Atomic(0)
}

@Suite("searching from many threads")
struct ConcurrencyTests {
    @Test("searches run beside a writer: every answer is full, ordered, and of vectors that were there")
    func searchesBesideWriter() async throws {
        let permanent = clusteredVectors(200, dimension: 16, seed: 51)
        let changing = clusteredVectors(100, dimension: 16, seed: 52)
        let index = try makeIndex(permanent)
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<3 {
                group.addTask {
                    var turn = reader
                    repeat {
                        let number = turn % permanent.count
                        let answer = try index.graphNearest(to: permanent[number], count: 10, beamWidth: 40)
                        #expect(answer.neighbors.count == 10)
                        #expect(answer.neighbors == answer.neighbors.sorted(by: Neighbor.isOrderedBefore))
                        let first = try index.exactNearest(to: permanent[number], count: 1).neighbors[0]
                        #expect(first.key == UInt64(number))
                        progress.searches.add(1, ordering: .relaxed)
                        turn += 7
                        await Task.yield()
                    } while !progress.isDone.load(ordering: .acquiring)
                }
            }
            group.addTask {
                for round in 0..<3 {
                    for (number, vector) in changing.enumerated() {
                        try index.insert(key: UInt64(1000 + (number + round) % 100), vector: vector)
                        if number % 10 == 0 { await Task.yield() }
                    }
                    for number in 0..<100 where number % 3 != round {
                        index.remove(key: UInt64(1000 + number))
                    }
                }
                progress.isDone.store(true, ordering: .releasing)
            }
            try await group.waitForAll()
        }
        try index.checkInvariants()
        #expect(progress.searches.load(ordering: .relaxed) >= 3)
        #expect(index.count == 200 + 33)
    }
}
