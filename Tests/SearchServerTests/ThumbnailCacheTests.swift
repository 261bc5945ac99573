import Hummingbird
import NIOCore
import Testing

@testable import QueryPipeline
@testable import SearchServer

@Suite struct ThumbnailCacheTests {
    private func picture(_ byteCount: Int) -> ByteBuffer { ByteBuffer(repeating: 7, count: byteCount) }

    @Test("what is asked for again stays, what is not makes room, and the bytes never exceed the limit")
    func leastRecentlyUsed() {
        let cache = ThumbnailCache(maximumByteCount: 3200)
        for number in 0..<100 {
            cache.keep(picture(100), as: "\(number)")
            #expect(cache.picture("0") != nil)
            #expect(cache.figures.byteCount <= 3200)
        }
        #expect(cache.picture("1") == nil)
        #expect(cache.picture("99") != nil)
        #expect(cache.figures.count == cache.figures.byteCount / 100)
        #expect(cache.figures.count >= 27)
        #expect(cache.figures.misses == 1)
        #expect(cache.figures.hits == 101)
    }

    @Test("the same one kept twice counts once, and one that is too large is not kept")
    func counting() {
        let cache = ThumbnailCache(maximumByteCount: 3200)
        cache.keep(picture(100), as: "a")
        cache.keep(picture(50), as: "a")
        #expect(cache.figures.byteCount == 50)
        #expect(cache.picture("a")?.readableBytes == 50)
        cache.keep(picture(201), as: "b")
        #expect(cache.picture("b") == nil)
    }

    @Test("a thumbnail is made once for all who ask, and anew for another size or another content")
    func overHTTP() async throws {
        let counter = Counter()
        let backend = ScriptedBackend(
            images: [.sample(id: 5), .sample(id: 6), .sample(id: 9, contentHash: "beef")],
            onThumbnail: { id, size in
                counter.add()
                return [UInt8(id), UInt8(size)]
            }
        )
        try await withRoutes(to: backend) { client in
            for _ in 1...3 {
                let answer = try await client.ask(.get, "/v1/images/5/thumbnail?size=64")
                #expect(answer.bytes == [5, 64])
            }
            #expect(counter.count == 1)
            #expect(try await client.ask(.get, "/v1/images/5/thumbnail?size=65").bytes == [5, 65])
            #expect(try await client.ask(.get, "/v1/images/9/thumbnail?size=64").bytes == [9, 64])
            #expect(counter.count == 3)
            #expect(try await client.ask(.get, "/v1/images/4/thumbnail?size=64").status == 404)
        }
    }
}
