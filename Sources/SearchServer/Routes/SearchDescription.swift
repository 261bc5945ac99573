internal import ImageDecoding
internal import QueryPipeline
internal import Reranking

/// The answer to a search.
struct SearchDescription: Encodable {
    let results: [ResultDescription]
    let nextCursor: String?
    let timings: [Timing]
    let method: String
    let searchedImageCount: Int
    let rules: [Rule]?

    struct Timing: Encodable {
        let stage: String
        let milliseconds: Double
    }

    struct Rule: Encodable {
        let rule: String
        let changed: Int
    }

    init(_ response: SearchResponse) {
        results = response.results.map(ResultDescription.init)
        nextCursor = response.nextCursor
        timings = response.timings.map {
            // Microseconds: the digits after them would only look like precision.
            Timing(stage: $0.stage, milliseconds: ($0.milliseconds * 1000).rounded() / 1000)
        }
        method = response.method
        searchedImageCount = response.searchedImageCount
        rules = response.rules?.map { Rule(rule: $0.rule, changed: $0.changed) }
    }
}

/// One picture that was found.
struct ResultDescription: Encodable {
    struct Duplicate: Encodable {
        let id: Int64
        let similarity: Float
        let path: String
        let fileName: String
        let width: Int
        let height: Int
        let links: ImageLinks
    }

    let id: Int64
    let similarity: Float
    let part: RegionDescription?
    let score: Float
    let probability: Float?
    let likeness: String?
    let path: String
    let fileName: String
    let width: Int
    let height: Int
    let links: ImageLinks
    let duplicates: [Duplicate]
    let explanation: ExplanationDescription?

    private enum CodingKeys: String, CodingKey {
        case likeness = "class"
        case id, similarity, part, score, probability, path, fileName, width, height, links, duplicates,
            explanation
    }

    init(_ result: SearchResult) {
        id = result.imageID
        similarity = result.similarity
        part = result.part.map(RegionDescription.init)
        score = result.score
        probability = result.probability
        likeness = result.likeness?.rawValue
        path = result.path
        fileName = SearchServer.fileName(of: result.path)
        width = result.width
        height = result.height
        links = ImageLinks(id: result.imageID)
        duplicates = result.duplicates.map {
            Duplicate(
                id: $0.imageID,
                similarity: $0.similarity,
                path: $0.path,
                fileName: SearchServer.fileName(of: $0.path),
                width: $0.width,
                height: $0.height,
                links: ImageLinks(id: $0.imageID)
            )
        }
        explanation = result.explanation.map(ExplanationDescription.init)
    }
}

/// Why a result is where it is.
struct ExplanationDescription: Encodable {
    struct Stage: Encodable {
        let stage: String
        let score: Float
    }

    struct Regions: Encodable {
        let query: RegionDescription?
        let image: RegionDescription
        let share: Float
    }

    let stages: [Stage]
    let rules: [String]
    let regions: Regions?

    init(_ explanation: Explanation) {
        stages = explanation.stages.map { Stage(stage: $0.stage, score: $0.score) }
        rules = explanation.rules
        regions = explanation.regions.map {
            Regions(
                query: $0.query.map(RegionDescription.init),
                image: RegionDescription($0.image),
                share: $0.share
            )
        }
    }
}

/// A rectangle, in parts of an upright picture.
struct RegionDescription: Encodable {
    let x: Double
    let y: Double
    let width: Double
    let height: Double

    init(_ region: PictureRegion) {
        (x, y, width, height) = (region.x, region.y, region.width, region.height)
    }
}
