import Foundation
import ImageDecoding
import NeuralNetwork
import SystemPackage
import TestSupport
import Testing

@testable import ImageEmbedding

@Suite("An embedding can be taken apart into the parts of its picture")
struct EmbeddingMapTests {
    private static let embedder = Result {
        ImageEmbedder(model: try EmbeddingModel(folder: defaultModel, precision: .float32))
    }
    private static let names = [
        "windmills/linda.jpg", "windmills/linda-dark.jpg", "hammers/claw-wooden-angled.jpg",
        "hoofed-animals/moose.jpg",
        "windmills/nutley.jpg", "windmills/rhodes-harbour.jpg",
    ]

    private let embedder: ImageEmbedder
    private let pictures: [PixelImage]

    init() throws {
        let embedder = try Self.embedder.get()
        self.embedder = embedder
        pictures = try Self.names.map {
            try ImageDecoder().thumbnail(of: .file(samplePhotograph($0)), size: embedder.thumbnailSize).pixels
        }
    }

    @Test("the mean of all positions is the embedding, in every precision", arguments: Precision.allCases)
    func mean(precision: Precision) throws {
        let embedder = ImageEmbedder(model: try EmbeddingModel(folder: defaultModel, precision: precision))
        for picture in pictures {
            let map = embedder.map(picture)
            #expect(map.vectors.count == map.rows * map.columns)
            #expect(cosineSimilarity(map.embedding(of: map.whole), embedder.embed(picture)) > 0.9999)
        }
    }

    @Test("what the positions add up to is the cosine")
    func contributions() {
        let vectors = pictures.map(embedder.embed)
        for picture in pictures {
            let map = embedder.map(picture)
            for vector in vectors {
                let sum = map.contributions(to: vector).reduce(0, +)
                #expect(abs(Double(sum) - cosineSimilarity(embedder.embed(picture), vector)) < 1e-3)
            }
        }
    }

    @Test("the matching rectangle is the one that trying all of them finds")
    func matching() {
        let map = embedder.map(pictures[0])
        let other = embedder.embed(pictures[1])
        let contributions = map.contributions(to: other)
        let mean = contributions.reduce(0, +) / Float(contributions.count)
        var best = (excess: -Float.infinity, window: map.whole)
        for top in 0..<map.rows {
            for bottom in top..<map.rows {
                for left in 0..<map.columns {
                    for right in left..<map.columns {
                        var sum: Float = 0
                        for row in top...bottom {
                            for column in left...right {
                                sum += contributions[row * map.columns + column] - mean
                            }
                        }
                        let window = EmbeddingMap.Window(rows: top..<bottom + 1, columns: left..<right + 1)
                        if sum > best.excess, window != map.whole { best = (sum, window) }
                    }
                }
            }
        }
        let found = map.matchingWindow(with: other)
        #expect(found.window == best.window)
        #expect(found.share > Float(found.window.count) / Float(map.whole.count))
    }

    @Test("hiding the matching part of a picture costs more similarity than hiding as much elsewhere")
    func occlusion() throws {
        let groups = ["windmills", "hammers", "domes", "birds", "hoofed-animals"]
        var chance = SeededGenerator(seed: 3)
        var (named, random) = (0.0, 0.0)
        for group in groups {
            let names = try FileManager.default.contentsOfDirectory(atPath: samplePhotograph(group).string)
                .sorted()
            let pictures = try names.prefix(4).map {
                try ImageDecoder().thumbnail(
                    of: .file(samplePhotograph("\(group)/\($0)")),
                    size: embedder.thumbnailSize
                ).pixels
            }
            for (index, picture) in pictures.enumerated() {
                let other = embedder.embed(pictures[(index + 1) % pictures.count])
                let map = embedder.map(picture)
                let window = map.matchingWindow(with: other).window
                let before = cosineSimilarity(embedder.embed(picture), other)
                func loss(_ window: EmbeddingMap.Window) -> Double {
                    before - cosineSimilarity(embedder.embed(picture.hiding(map.region(window))), other)
                }
                named += loss(window)
                for _ in 0..<4 {
                    let row = Int.random(in: 0...map.rows - window.rows.count, using: &chance)
                    let column = Int.random(in: 0...map.columns - window.columns.count, using: &chance)
                    let rows = row..<row + window.rows.count
                    random += loss(.init(rows: rows, columns: column..<column + window.columns.count)) / 4
                }
            }
        }
        #expect(named > random * 1.2, "\(named) and \(random)")
    }

    @Test("salient parts lie inside the picture, are half of it at most and overlap little")
    func saliency() {
        for picture in pictures {
            let map = embedder.map(picture)
            let windows = map.salientWindows(count: 4)
            #expect(!windows.isEmpty)
            for (index, one) in windows.enumerated() {
                #expect(map.region(one.window).isInside)
                #expect(2 * one.window.count <= map.whole.count)
                #expect((0...1).contains(one.share))
                for other in windows[(index + 1)...] { #expect(one.window.overlap(other.window) < 0.34) }
            }
        }
    }

    @Test("positions lie in the part of the picture that the network sees")
    func regions() {
        let map = embedder.map(pictures[0])
        #expect(map.region(map.whole).width <= 1.000001)
        let first = map.region(.init(rows: 0..<1, columns: 0..<1))
        let last = map.region(.init(rows: map.rows - 1..<map.rows, columns: map.columns - 1..<map.columns))
        // Symmetric, but for half a pixel.
        #expect(abs(first.x - (1 - last.x - last.width)) < 0.01)
        #expect(abs(first.y - (1 - last.y - last.height)) < 0.01)
    }
}

extension PixelImage {
    /// The picture with a grey rectangle in it.
    fileprivate func hiding(_ region: PictureRegion) -> PixelImage {
        var samples = pixels
        let (left, right) = (Int(region.x * Double(width)), Int((region.x + region.width) * Double(width)))
        let (top, bottom) = (Int(region.y * Double(height)), Int((region.y + region.height) * Double(height)))
        for y in top..<min(bottom, height) {
            for x in left..<min(right, width) {
                for channel in 0..<3 { samples[(y * width + x) * 3 + channel] = 124 }
            }
        }
        return PixelImage(width: width, height: height, pixels: samples)
    }
}
