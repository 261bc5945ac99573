import Foundation
import Testing

@testable import NeuralNetwork

@Suite("A weights file is believed only when everything fits")
struct WeightsFileTests {
    @Test("tensors come out as they were written")
    func reading() throws {
        let file = try WeightsFile(contents: Self.example)
        #expect(file.names == ["a", "b"])
        #expect(try file.tensor("a", shape: [2, 1]) == [1.5, -2])
        #expect(try file.byteTensor("b", shape: [3]) == [7, 0, 255])
    }

    @Test("a missing tensor, another shape and another type are named")
    func mismatches() throws {
        let file = try WeightsFile(contents: Self.example)
        #expect(throws: WeightsError.missing(tensor: "c")) { try file.tensor("c", shape: [1]) }
        #expect(throws: WeightsError.wrongShape(tensor: "a", found: [2, 1], expected: [2])) {
            try file.tensor("a", shape: [2])
        }
        #expect(throws: WeightsError.wrongType(tensor: "a", found: "F32", expected: "U8")) {
            try file.byteTensor("a", shape: [2, 1])
        }
    }

    @Test("a NaN among the weights is refused")
    func notFinite() throws {
        let file = try WeightsFile(
            contents: Self.file(
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                [0, 0, 0xC0, 0x7F]
            )
        )
        #expect(throws: WeightsError.notFinite(tensor: "a")) { try file.tensor("a", shape: [1]) }
    }

    @Test(
        "headers that lie are refused",
        arguments: [
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
            #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
            #"{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#,
            #"{"a":{"shape":[1],"data_offsets":[0,4]}}"#,
            #"{"a":7}"#,
            #"[]"#,
            #"{}"#,
            #"{"a""#,
        ]
    )
    func lies(header: String) {
        #expect(throws: WeightsError.self) {
            try WeightsFile(contents: Self.file(header, [UInt8](repeating: 0, count: 8)))
        }
    }

    @Test("a header longer than the file, or than any header, is refused before it is read")
    func headerLength() {
        for length in [UInt64(100), UInt64(WeightsFile.maximumHeaderLength) + 1, .max] {
            let prefix = withUnsafeBytes(of: length.littleEndian) { Data($0) }
            #expect(throws: WeightsError.self) { try WeightsFile(contents: prefix + Data("{}".utf8)) }
        }
        for length in 0..<8 {
            #expect(throws: WeightsError.self) { try WeightsFile(contents: Data(count: length)) }
        }
    }

    @Test("a file cut anywhere is refused")
    func truncation() {
        for length in 0..<Self.example.count {
            #expect(throws: WeightsError.self) { try WeightsFile(contents: Self.example.prefix(length)) }
        }
    }

    private static let example = file(
        #"{"__metadata__":{"x":"y"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}"#,
        [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 7, 0, 255]
    )

    private static func file(_ header: String, _ data: [UInt8]) -> Data {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
            + Data(data)
    }
}
