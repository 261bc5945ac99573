internal import Catalog
internal import ImageDecoding
internal import QueryPipeline

/// Parts of a picture that are worth a query of their own.
struct CropsDescription: Encodable {
    struct SuggestedCropDescription: Encodable {
        let x: Double
        let y: Double
        let width: Double
        let height: Double
        let saliency: Float
    }

    let crops: [SuggestedCropDescription]

    init(_ crops: [SuggestedCrop]) {
        self.crops = crops.map {
            SuggestedCropDescription(
                x: $0.region.x,
                y: $0.region.y,
                width: $0.region.width,
                height: $0.region.height,
                saliency: $0.saliency
            )
        }
    }
}

/// Whether a picture is in the library.
struct CheckDescription: Encodable {
    let answer: String
    let matches: [ResultDescription]

    init(_ check: PictureCheck) {
        answer = check.answer.rawValue
        matches = check.matches.map(ResultDescription.init)
    }
}

/// Groups of copies.
struct DuplicatesDescription: Encodable {
    struct Group: Encodable {
        let kind: String
        let images: [ImageDescription]

        init(_ group: DuplicateGroup) {
            kind = group.kind.rawValue
            images = group.images.map { ImageDescription($0) }
        }
    }

    let groups: [Group]
    let groupCount: Int
    let nextCursor: String?
}

/// What pictures can be looked for by.
struct CollectionsDescription: Encodable {
    struct Folder: Encodable {
        let path: String
        let imageCount: Int
    }

    struct Tag: Encodable {
        let tag: String
        let imageCount: Int
    }

    struct Format: Encodable {
        let format: String
        let imageCount: Int
    }

    struct Camera: Encodable {
        let camera: String
        let imageCount: Int
    }

    let folders: [Folder]
    let tags: [Tag]
    let formats: [Format]
    let cameras: [Camera]

    init(
        _ groups: (folders: [ImageGroup], tags: [ImageGroup], formats: [ImageGroup], cameras: [ImageGroup])
    ) {
        folders = groups.folders.map { Folder(path: $0.name, imageCount: $0.imageCount) }
        tags = groups.tags.map { Tag(tag: $0.name, imageCount: $0.imageCount) }
        formats = groups.formats.map { Format(format: $0.name, imageCount: $0.imageCount) }
        cameras = groups.cameras.map { Camera(camera: $0.name, imageCount: $0.imageCount) }
    }
}

/// How a job stands.
struct JobDescription: Encodable {
    struct Links: Encodable {
        let job: String
        let events: String

        private enum CodingKeys: String, CodingKey {
            case job = "self"
            case events
        }
    }

    let job: IndexingJobs.Job

    private enum CodingKeys: String, CodingKey {
        case id, folder, state, found, done, added, refused, startedAt, endedAt, error, links
    }

    static func address(_ id: Int) -> String { "/v1/jobs/\(id)" }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(job.id, forKey: .id)
        try container.encodeIfPresent(job.folder, forKey: .folder)
        try container.encode(job.state, forKey: .state)
        try container.encode(job.found, forKey: .found)
        try container.encode(job.done, forKey: .done)
        try container.encode(job.added, forKey: .added)
        try container.encode(job.refused, forKey: .refused)
        try container.encode(job.startedAt, forKey: .startedAt)
        try container.encodeIfPresent(job.endedAt, forKey: .endedAt)
        try container.encodeIfPresent(job.error, forKey: .error)
        let address = Self.address(job.id)
        try container.encode(Links(job: address, events: address + "/events"), forKey: .links)
    }
}
