import Foundation
import ImageDecoding
import SystemPackage
import TestSupport
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#endif

@Suite("Where bytes come from")
struct SourceTests {
    @Test(
        "a file and its bytes give the same picture",
        arguments: ["scene.jpg", "scene.tif", "animated.gif", "scene.avif"]
    )
    func fileAndBytes(_ name: String) throws {
        let decoder = ImageDecoder()
        let bytes = try decoder.thumbnail(of: .bytes(fixtureBytes(name)), size: .shorterSide(20))
        #expect(try decoder.thumbnail(of: .file(fixture(name)), size: .shorterSide(20)) == bytes)
    }

    @Test(
        "names are bytes and mean nothing",
        arguments: [
            Array("two[page=1].tif".utf8), Array("[1].jpg".utf8), Array("line\nbreak.jpg".utf8),
            Array("-rf.jpg".utf8),
            Array(" ".utf8), Array("text.txt".utf8), [0x62, 0xFF, 0xFE, 0x2E, 0x6A, 0x70, 0x67],
        ]
    )
    func names(_ name: [UInt8]) throws {
        let folder = try TemporaryFolder()
        let component = try #require(
            FilePath.Component(platformString: name.map { CChar(bitPattern: $0) } + [0])
        )
        let file = try folder.write(fixtureBytes("two-pages.tif"), as: component)
        let image = try ImageDecoder().thumbnail(of: .file(file), size: .longerSide(100)).pixels
        try expectAlike(image, decoded("scene.png"))
    }

    @Test("what is not a regular file is refused without waiting for it")
    func notAFile() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.path.appending("pipe.jpg")
        #expect(mkfifo(pipe.string, 0o600) == 0)
        #expect(refusal(.file(pipe)) == .notAFile)
        #expect(refusal(.file(folder.path)) == .notAFile)
        #expect(refusal(.file("/dev/zero")) == .notAFile)
    }

    @Test("a missing file is unreadable, and the message says so without libvips's words")
    func missing() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: ImageDecodingError.self) {
            try ImageDecoder().header(of: .file(folder.path.appending("none.jpg")))
        }
        #expect(error?.reason == .unreadable)
        #expect(error?.message.contains("No such file") == true)
    }

    @Test(
        "a file without permission is unreadable",
        .disabled(if: geteuid() == 0, "root may read everything")
    )
    func forbidden() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(fixtureBytes("scene.jpg"), as: "closed.jpg")
        #expect(chmod(file.string, 0) == 0)
        #expect(refusal(.file(file)) == .unreadable)
    }

    @Test("a link to a picture is a picture, a link to nothing is unreadable")
    func links() throws {
        let folder = try TemporaryFolder()
        let (good, dangling) = (folder.path.appending("good"), folder.path.appending("dangling"))
        #expect(symlink(fixture("scene.jpg").string, good.string) == 0)
        #expect(symlink("nowhere", dangling.string) == 0)
        #expect(refusal(.file(good)) == nil)
        #expect(refusal(.file(dangling)) == .unreadable)
    }

    @Test("nothing is empty, and too much is too much")
    func byteCounts() throws {
        let folder = try TemporaryFolder()
        let bytes = try fixtureBytes("scene.jpg")
        #expect(refusal(.bytes([])) == .empty)
        #expect(refusal(.file(try folder.write([], as: "empty.jpg"))) == .empty)
        let tight = DecodingLimits(maximumByteCount: bytes.count - 1)
        #expect(refusal(.bytes(bytes), limits: tight) == .tooManyBytes)
        #expect(refusal(.file(fixture("scene.jpg")), limits: tight) == .tooManyBytes)
        #expect(refusal(.bytes(bytes), limits: DecodingLimits(maximumByteCount: bytes.count)) == nil)
    }
}
