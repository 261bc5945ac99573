public import Catalog
internal import ImageDecoding
internal import ImageEmbedding
internal import ImageLibrary
internal import Reranking

extension SearchPipeline {
    /// Tells why an image is where it is; of the regions as much as its file and the query's still show.
    func explanation(
        of ranked: RankedCandidate,
        _ image: StoredImage,
        _ query: QueryEmbedding,
        _ request: SearchRequest
    ) -> Explanation {
        Explanation(
            stages: ranked.stages,
            rules: ranked.notes,
            regions: regions(of: image, ranked.candidate, query, request)
        )
    }

    /// Where a region lies in an image.
    func region(of part: Candidate.Part, in image: StoredImage) -> PictureRegion {
        embedder.region(
            part.number,
            ofPictureWithWidth: image.description.width,
            height: image.description.height
        )
    }

    private func regions(
        of image: StoredImage,
        _ candidate: Candidate,
        _ query: QueryEmbedding,
        _ request: SearchRequest
    ) -> Explanation.MatchingRegions? {
        guard let picture = try? queryEmbedder.picture(of: image) else { return nil }
        let map = embedder.map(picture)
        guard let part = candidate.part else {
            let match = map.matchingWindow(with: query.vector)
            return Explanation.MatchingRegions(
                query: queryRegion(matching: candidate.vector, request),
                image: map.region(match.window),
                share: match.share
            )
        }
        let window = map.regionWindows[part.number]
        return Explanation.MatchingRegions(
            query: queryRegion(matching: map.embedding(of: window), request),
            image: map.region(window),
            share: map.share(of: window, inCosineWith: query.vector)
        )
    }

    /// The part of the first wanted example's picture that is most like a result.
    private func queryRegion(matching vector: [Float], _ request: SearchRequest) -> PictureRegion? {
        guard let example = request.examples.first(where: { $0.weight > 0 }),
            let picture = try? picture(of: example, for: request.examplesAudience)
        else { return nil }
        let map = embedder.map(picture.pixels)
        let found = map.region(map.matchingWindow(with: vector).window)
        guard let crop = picture.crop else { return found }
        return PictureRegion(
            x: crop.x + found.x * crop.width,
            y: crop.y + found.y * crop.height,
            width: found.width * crop.width,
            height: found.height * crop.height
        )
    }

    private func picture(
        of example: QueryExample,
        for audience: Audience
    ) throws -> (pixels: PixelImage, crop: PictureRegion?)? {
        let pixels: PixelImage
        var size: (width: Int, height: Int)?
        switch example.picture {
        case .file(let path): pixels = try queryEmbedder.picture(in: .file(path), crop: example.crop)
        case .bytes(let bytes): pixels = try queryEmbedder.picture(in: .bytes(bytes), crop: example.crop)
        case .image, .storedFile:
            let image = try storedImage(example.picture, for: audience)
            size = (image.description.width, image.description.height)
            pixels = try queryEmbedder.picture(of: image, crop: example.crop)
        case .vector: return nil
        }
        switch example.crop {
        case nil: return (pixels, nil)
        case .relative(let region): return (pixels, region)
        case .pixels:
            return (pixels, size.flatMap { example.crop?.region(width: $0.width, height: $0.height) })
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
            case .file(let path): try queryEmbedder.picture(in: .file(path))
            case .bytes(let bytes): try queryEmbedder.picture(in: .bytes(bytes))
            default: try queryEmbedder.picture(of: storedImage(picture, for: audience))
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
        case .storedFile(let path):
            guard let number = try library.catalog.imageID(at: path) else {
                throw QueryError.unknownPath(path)
            }
            id = number
        default: preconditionFailure("\(picture) is no image of the library")
        }
        guard let image = try library.catalog.image(id, for: audience) else {
            throw QueryError.unknownImage(id)
        }
        return image
    }
}
