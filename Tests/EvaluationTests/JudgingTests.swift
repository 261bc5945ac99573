import Catalog
import Foundation
import ImageLibrary
import NeighborSearch
import SystemPackage
import TestSupport
import Testing

@testable import Evaluation

@Suite("Judging")
struct JudgingTests {
    private let folder: TemporaryFolder
    private let directory: LibraryDirectory
    private let library: Library
    private let model = (identity: "test:1", dimension: 8)

    /// A library of 80 pictures with vectors of chance; picture n lies at /photos/n.jpg.
    init() throws {
        folder = try TemporaryFolder()
        directory = LibraryDirectory(path: try folder("library"))
        library = try Library(directory: directory, model: model, access: .writing)
        var chance = SeededGenerator(seed: 3)
        let outcomes = (1...80).map { FileOutcome.indexed($0, vector: chance.unitVector(8)) }
        try library.catalog.record(outcomes, model: library.index.catalogModel)
        try library.index.catchUp()
    }

    @Test("candidates are the systems' first results and strangers, never the query, each once")
    func pool() throws {
        let task = try #require(try JudgingDesk(library: library).next())
        #expect(!task.candidates.contains(task.query))
        #expect(Set(task.candidates).count == task.candidates.count)
        let vector = try #require(try library.index.vector(of: task.query))
        let nearest = try library.index.nearest(to: vector, count: 11).neighbors.map { Int64($0.key) }
            .dropFirst()
        #expect(Set(nearest).isSubset(of: task.candidates), "the model's first ten are in the pool")
        #expect((12...34).contains(task.candidates.count))
        #expect(task.judgedCount == 0)
        #expect(task.candidates != task.candidates.sorted(), "neither number nor rank shows")
    }

    @Test("judging goes on where it was broken off, in another process as well")
    func resuming() throws {
        let first = try #require(try JudgingDesk(library: library).next())
        for image in first.candidates.prefix(5) {
            #expect(try JudgingDesk(library: library).judge(image, grade: 3, for: first.query))
        }
        let again = try #require(try JudgingDesk(library: library).next())
        #expect(again.query == first.query)
        #expect(again.candidates == Array(first.candidates.dropFirst(5)))
        #expect(again.judgedCount == 5)
        for image in again.candidates {
            _ = try JudgingDesk(library: library).judge(image, grade: 0, for: again.query)
        }
        let next = try #require(try JudgingDesk(library: library).next())
        #expect(next.query != first.query)
        let progress = try JudgingDesk(library: library).progress()
        #expect((progress.queries, progress.judgements) == (1, first.candidates.count))
    }

    @Test("a query that is skipped is not asked about, and everything is asked about in the end")
    func skipping() throws {
        let desk = JudgingDesk(library: library)
        var skipped: Set<ImageID> = []
        while let task = try desk.next(skipping: skipped) {
            #expect(skipped.insert(task.query).inserted)
            guard skipped.count <= 80 else { break }
        }
        #expect(skipped.count == 80)
    }

    @Test("a later grade takes the place of an earlier one; unknown images and grades are refused")
    func regrading() throws {
        let desk = JudgingDesk(library: library)
        #expect(try desk.judge(2, grade: 1, for: 1))
        #expect(try desk.judge(2, grade: 4, for: 1))
        #expect(try library.catalog.judgements().map(\.grade) == [4])
        #expect(try !desk.judge(2, grade: 4, for: 999))
        #expect(try !desk.judge(999, grade: 4, for: 1))
    }

    @Test("judgements stay with the picture when its file moves, and go when it is forgotten")
    func moving() throws {
        let desk = JudgingDesk(library: library)
        _ = try desk.judge(2, grade: 5, for: 1)
        _ = try desk.judge(3, grade: 5, for: 1)
        let before = try GroundTruth.judgements(in: directory)
        #expect(before.map(\.image) == ["/photos/2.jpg", "/photos/3.jpg"])
        _ = try library.catalog.forget(at: "/photos/3.jpg")
        #expect(try GroundTruth.judgements(in: directory).map(\.image) == ["/photos/2.jpg"])
        let truth = try GroundTruth(judgementsIn: directory)
        #expect(truth.queries.count == 1)
        #expect(truth.pictures.map(\.string) == ["/photos/1.jpg", "/photos/2.jpg"])
    }

    @Test("a committee that agrees teaches nothing, one that has nothing in common most")
    func disagreement() {
        func disagreement(_ first: [ImageID], _ second: [ImageID]) -> Double {
            Committee(rankings: [[], first, second]).disagreement(depth: 4)
        }
        #expect(disagreement([1, 2, 3, 4, 9], [4, 3, 2, 1, 8]) == 0)
        #expect(disagreement([1, 2, 3, 4], [5, 6, 7, 8]) == 1)
        #expect(disagreement([1, 2, 3, 4], [1, 2, 7, 8]) == 0.5)
        #expect(disagreement([], []) == 0)
    }
}
