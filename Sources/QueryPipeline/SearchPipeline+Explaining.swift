public import Catalog
internal import ImageDecoding
internal import ImageEmbedding
internal import ImageLibrary
internal import Reranking

/// Tells why results are where they are.
struct Explainer {
    private let pipeline: SearchPipeline
    private let vector: [Float]
    /// What the network made of the first wanted example's picture; nil where there is none, or none that can be read.
    private let example: (map: EmbeddingMap, part: PictureRegion?)?

    /// Embeds the query's picture once for all results.
    ///
    /// - Parameter vector: What was searched by.
    init(_ pipeline: SearchPipeline, _ vector: [Float], _ request: SearchRequest) {
        (self.pipeline, self.vector) = (pipeline, vector)
        let example = request.examples.first { $0.weight > 0 }
        let picture = example.flatMap { try? pipeline.picture(of: $0, for: request.examplesAudience) }
        self.example = picture.map { (pipeline.embedder.map($0.pixels), $0.part) }
    }

    /// Tells why an image is where it is; of the regions as much as its file and the query's still show.
    func explanation(of ranked: RankedCandidate, _ image: StoredImage) -> Explanation {
        Explanation(
            stages: ranked.stages,
            rules: ranked.notes,
            regions: regions(of: image, ranked.candidate)
        )
    }

    private func regions(of image: StoredImage, _ candidate: Candidate) -> Explanation.MatchingRegions? {
        guard let picture = try? pipeline.queryEmbedder.view(of: image).pixels else { return nil }
        let map = pipeline.embedder.map(picture)
        guard let part = candidate.part else {
            let match = map.matchingWindow(with: vector)
            return Explanation.MatchingRegions(
                query: queryRegion(matching: candidate.vector),
                image: map.region(match.window),
                share: match.share
            )
        }
        let window = map.regionWindows[part.number]
        return Explanation.MatchingRegions(
            query: queryRegion(matching: map.embedding(of: window)),
            image: map.region(window),
            share: map.share(of: window, inCosineWith: vector)
        )
    }

    /// The part of the example's picture that is most like a result.
    private func queryRegion(matching vector: [Float]) -> PictureRegion? {
        guard let (map, part) = example else { return nil }
        let found = map.region(map.matchingWindow(with: vector).window)
        guard let part else { return found }
        return PictureRegion(
            x: part.x + found.x * part.width,
            y: part.y + found.y * part.height,
            width: found.width * part.width,
            height: found.height * part.height
        )
    }
}

extension SearchPipeline {
    /// Where a region lies in an image.
    func region(of part: Candidate.Part, in image: StoredImage) -> PictureRegion {
        embedder.region(
            part.number,
            ofPictureWithWidth: image.description.width,
            height: image.description.height
        )
    }

    /// Returns the network's view of an example, and which part of its picture that is; nil for a vector.
    fileprivate func picture(
        of example: QueryExample,
        for audience: Audience
    ) throws -> (pixels: PixelImage, part: PictureRegion?)? {
        switch example.picture {
        case .file(let path): try queryEmbedder.view(of: .file(path), crop: example.crop)
        case .bytes(let bytes): try queryEmbedder.view(of: .bytes(bytes), crop: example.crop)
        case .image, .storedFile:
            try queryEmbedder.view(of: storedImage(example.picture, for: audience), crop: example.crop)
        case .vector: nil
        }
    }

    /// Suggests parts of a picture that are worth a query of their own, the best first.
    ///
    /// - Parameter picture: A picture, not a vector.
    /// - Throws: ``QueryError``.
    public func suggestedCrops(of picture: ImageQuery, for audience: Audience, count: Int = 4) throws
        -> [SuggestedCrop]
    {
        let pixels =
            switch picture {
            case .file(let path): try queryEmbedder.view(of: .file(path)).pixels
            case .bytes(let bytes): try queryEmbedder.view(of: .bytes(bytes)).pixels
            default: try queryEmbedder.view(of: storedImage(picture, for: audience)).pixels
            }
        let map = embedder.map(pixels)
        return map.salientWindows(count: count).map {
            SuggestedCrop(region: map.region($0.window), saliency: $0.share)
        }
    }

    private func storedImage(_ picture: ImageQuery, for audience: Audience) throws -> StoredImage {
        let id: ImageID
        switch picture {
        case .image(let number): id = number
        case .storedFile(let path): id = try library.imageID(at: path, for: audience)
        default: preconditionFailure("\(picture) is no image of the library")
        }
        guard let image = try library.catalog.image(id, for: audience) else {
            throw QueryError.unknownImage(id)
        }
        return image
    }
}
