internal import ImageDecoding
internal import SystemPackage

// Every picture is read once, and embedded by all contenders.
extension Evaluation {
    struct Embedded {
        /// For each contender, the vector of each picture; empty for one that is left out.
        var vectors: [[[Float]]]
        var leftOut: [LeftOut] = []

        /// The pictures in an order that owes nothing to their folders: it decides between equal similarities.
        func order(seed: UInt64) -> [Int] {
            var chance = SeededSequence(seed: seed)
            return vectors[0].indices.filter { !vectors[0][$0].isEmpty }.shuffled(using: &chance)
        }
    }

    func embedPictures(_ report: @Sendable (Progress) -> Void) -> Embedded {
        enum Outcome: Sendable {
            case vectors([[Float]], digest: UInt64)
            case refused(String)
        }
        let done = Counter()
        let outcomes = inParallel(truth.pictures.count, jobs: options.jobs) { index -> Outcome in
            defer { report(.embedding(done.increment(), of: truth.pictures.count)) }
            do throws(ImageDecodingError) {
                let bytes = try decoder.encodedBytes(of: .file(truth.pictures[index]))
                return .vectors(try embed(bytes), digest: contentDigest(bytes))
            } catch {
                return .refused(error.message)
            }
        }
        var embedded = Embedded(
            vectors: contenders.map { _ in Array(repeating: [], count: truth.pictures.count) }
        )
        var firstOf: [UInt64: Int] = [:]
        for (index, outcome) in outcomes.enumerated() {
            switch outcome {
            case .refused(let reason):
                embedded.leftOut.append(LeftOut(path: truth.pictures[index], reason: reason))
            case .vectors(let vectors, let digest):
                // A copy would be found by anything; but what was graded was seen, and is a right answer if its judge says so.
                if truth.kind != .grades, let first = firstOf[digest] {
                    let original = truth.pictures[first].string
                    embedded.leftOut.append(
                        LeftOut(path: truth.pictures[index], reason: "the same bytes as \(original)")
                    )
                } else {
                    firstOf[digest] = index
                    for contender in contenders.indices {
                        embedded.vectors[contender][index] = vectors[contender]
                    }
                }
            }
        }
        return embedded
    }

    /// Embeds encoded bytes by every contender.
    func embed(_ bytes: [UInt8]) throws(ImageDecodingError) -> [[Float]] {
        var decoded: [ThumbnailSize: PixelImage] = [:]
        let usual = contenders.compactMap(\.thumbnailSize).first ?? .shorterSide(256)
        var vectors: [[Float]] = []
        for contender in contenders {
            let size = contender.thumbnailSize ?? usual
            if decoded[size] == nil {
                decoded[size] = try decoder.thumbnail(of: .bytes(bytes), size: size).pixels
            }
            vectors.append(decoded[size].map(contender.embed) ?? [])
        }
        return vectors
    }
}

/// FNV-1a over eight bytes at a time: tells copies apart within one collection, where nobody forges them.
private func contentDigest(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { buffer in
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(buffer.count)
        var offset = 0
        while offset + 8 <= buffer.count {
            digest =
                (digest ^ buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01B3
            digest ^= digest >> 29
            offset += 8
        }
        for byte in buffer[offset...] { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return digest
    }
}
