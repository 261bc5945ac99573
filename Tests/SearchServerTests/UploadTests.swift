import Catalog
import Foundation
import HTTPTypes
import ImageDecoding
import ImageLibrary
import QueryPipeline
import SystemPackage
import TestSupport
import Testing

@testable import SearchServer

@Suite("What an upload was answered for stays")
struct UploadTests {
    private let folder: TemporaryFolder
    private let pipeline: SearchPipeline
    private let service: LibraryService

    init() throws {
        folder = try TemporaryFolder()
        try folder.copy("birds/duck.jpg", to: "pictures/duck.jpg")
        pipeline = try RealLibraryTests.pipeline(
            over: folder.path.appending("pictures"),
            library: folder("library")
        )
        service = LibraryService(pipeline: pipeline)
    }

    private func original(of id: ImageID) throws -> [UInt8]? {
        try service.original(id, for: .everyone)?.bytes
    }

    @Test("of uploads that come at once, equal ones included, none is refused and none is lost")
    func atOnce() async throws {
        let names = ["birds/heron.jpg", "hammers/armorers.jpg", "birds/heron.jpg", "birds/heron.jpg"]
        let pictures = try names.map { try bytes(of: samplePhotograph($0)) }
        let added = try await withThrowingTaskGroup(of: (Int, ImageID, Bool).self) { group in
            for (place, picture) in pictures.enumerated() {
                group.addTask {
                    try await withCheckedThrowingContinuation { done in
                        Thread.detachNewThread {
                            done.resume(
                                with: Result {
                                    let (id, isNew) = try service.add(picture)
                                    return (place, id, isNew)
                                }
                            )
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(added.count { $0.2 } == 2)
        for (place, id, _) in added {
            #expect(try original(of: id) == pictures[place])
        }
    }

    @Test("a picture whose file is gone is kept when it comes again")
    func again() throws {
        let file = folder.path.appending("pictures/duck.jpg")
        let picture = try bytes(of: file)
        let known = try service.add(picture)
        #expect(!known.isNew)
        try FileManager.default.removeItem(atPath: file.string)
        #expect(throws: QueryError.imageFileGone(known.id)) { try original(of: known.id) }
        let kept = try service.add(picture)
        #expect(kept.id == known.id && kept.isNew)
        #expect(try original(of: known.id) == picture)
        #expect(try !service.add(picture).isNew)
    }

    @Test("what has been put in a picture's place is not shown for it")
    func replaced() throws {
        let file = folder.path.appending("pictures/duck.jpg")
        let id = try #require(try pipeline.library.catalog.imageID(at: file))
        #expect(try pipeline.thumbnail(id: id, longerSide: 64) != nil)
        try folder.copy("hammers/armorers.jpg", to: "pictures/secret.jpg")
        try FileManager.default.removeItem(atPath: file.string)
        try FileManager.default.moveItem(atPath: folder("pictures/secret.jpg").string, toPath: file.string)
        #expect(throws: QueryError.imageFileGone(id)) { try pipeline.thumbnail(id: id, longerSide: 64) }
        #expect(throws: QueryError.imageFileGone(id)) { try original(of: id) }
        let crop = QueryExample(
            .image(id),
            crop: .relative(PictureRegion(x: 0, y: 0, width: 0.5, height: 0.5))
        )
        #expect(throws: QueryError.imageFileGone(id)) {
            try pipeline.search(SearchRequest([crop], limit: 1))
        }
        #expect(throws: QueryError.imageFileGone(id)) {
            try pipeline.suggestedCrops(of: .image(id), for: .everyone)
        }
    }
}
