internal import Catalog
internal import Foundation
internal import ImageDecoding
internal import QueryPipeline
internal import SystemPackage

/// The JSON of a search: what to look for, and the options.
struct SearchBody: Decodable {
    /// One picture of a query.
    struct Example: Decodable {
        let image: Int64?
        let path: String?
        let vector: [Float]?
        let upload: Int?
        let bytes: String?
        let url: String?
        let crop: Rectangle?
        let weight: Float?

        static let names: Set<String> = [
            "image", "path", "vector", "upload", "bytes", "url", "crop", "weight",
        ]
    }

    /// A part of a picture.
    struct Rectangle: Decodable {
        let x: Double
        let y: Double
        let width: Double
        let height: Double

        static let names: Set<String> = ["x", "y", "width", "height"]
    }

    let examples: [Example]?
    let options: SearchOptions

    private enum CodingKeys: String, CodingKey {
        case examples
    }

    init(from decoder: any Decoder) throws {
        examples = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(
            [Example].self,
            forKey: .examples
        )
        options = try SearchOptions(from: decoder)
    }

    /// Reads the body; a name that means nothing is refused, since it would be a wrong answer to ignore it.
    ///
    /// - Throws: ``RequestFault/malformedRequest(_:)``.
    init(json: some DataProtocol) throws {
        let data = Data(json)
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw RequestFault.malformedRequest("it is no JSON object")
        }
        try Self.refuse(object, otherThan: SearchOptions.names.union(["examples"]))
        if let filter = object["filter"] as? [String: Any] {
            try Self.refuse(filter, otherThan: FilterOptions.names)
        }
        for example in object["examples"] as? [Any] ?? [] {
            guard let example = example as? [String: Any] else { continue }
            try Self.refuse(example, otherThan: Example.names)
            if let crop = example["crop"] as? [String: Any] {
                try Self.refuse(crop, otherThan: Rectangle.names)
            }
        }
        do {
            self = try JSONDecoder().decode(SearchBody.self, from: data)
        } catch let error as DecodingError {
            throw RequestFault.malformedRequest(error.place)
        }
    }

    /// Refuses names that mean nothing.
    ///
    /// - Throws: ``RequestFault/malformedRequest(_:)``.
    static func refuse(_ object: [String: Any], otherThan known: Set<String>) throws {
        guard let other = object.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw RequestFault.malformedRequest("there is no field \"\(other)\" there")
    }

    /// The addresses of the pictures that have to be fetched, in their order.
    ///
    /// - Throws: ``RequestFault/malformedRequest(_:)`` when an example is not one picture: nobody is asked for it then.
    func urls() throws -> [String] {
        for example in examples ?? [] { try example.checkIsOnePicture() }
        return examples?.compactMap(\.url) ?? []
    }

    /// The pictures to look for; without any named, each upload is one.
    ///
    /// - Parameters:
    ///   - uploads: The files that came with the request.
    ///   - fetched: The files that lie at ``urls()``.
    /// - Throws: ``RequestFault/malformedRequest(_:)`` or ``QueryError``.
    func queryExamples(uploads: [[UInt8]], fetched: [[UInt8]] = []) throws -> [QueryExample] {
        guard let examples else { return uploads.map { QueryExample(.bytes($0)) } }
        var fetched = fetched[...]
        return try examples.map { example in
            let crop = try example.crop.map { rectangle -> Crop in
                guard let crop = Crop([rectangle.x, rectangle.y, rectangle.width, rectangle.height]) else {
                    throw QueryError.malformedCrop
                }
                return crop
            }
            return QueryExample(
                try example.picture(uploads: uploads, fetched: &fetched),
                crop: crop,
                weight: example.weight ?? 1
            )
        }
    }
}

extension SearchBody.Example {
    /// - Parameter fetched: The files that are left for the examples with addresses; this one's is taken away.
    fileprivate func picture(uploads: [[UInt8]], fetched: inout ArraySlice<[UInt8]>) throws -> ImageQuery {
        try checkIsOnePicture()
        if let image { return .image(image) }
        if let path {
            guard path.hasPrefix("/"), !path.contains("\0") else {
                throw RequestFault.malformedRequest("a path is absolute")
            }
            return .storedFile(FilePath(path))
        }
        if let vector { return .vector(vector) }
        if let upload {
            guard uploads.indices.contains(upload) else {
                throw RequestFault.malformedRequest("there is no upload \(upload); the first is 0")
            }
            return .bytes(uploads[upload])
        }
        if let bytes {
            guard let data = Data(base64Encoded: bytes), !data.isEmpty else {
                throw RequestFault.malformedRequest("bytes are a picture's file in base64")
            }
            return .bytes([UInt8](data))
        }
        guard let file = fetched.popFirst() else {
            preconditionFailure("an address was not fetched before its example is used")
        }
        return .bytes(file)
    }

    fileprivate func checkIsOnePicture() throws {
        let isNamed = [image != nil, path != nil, vector != nil, upload != nil, bytes != nil, url != nil]
        guard isNamed.count(where: \.self) == 1 else {
            throw RequestFault.malformedRequest(
                "an example has one of image, path, vector, upload, bytes and url"
            )
        }
    }
}

extension DecodingError {
    /// Which field is not what it should be.
    var place: String {
        let path: [any CodingKey]
        switch self {
        case .keyNotFound(let key, let context): path = context.codingPath + [key]
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            path = context.codingPath
        @unknown default: path = []
        }
        let names = path.map { $0.intValue.map(String.init) ?? $0.stringValue }
        return "\"\(names.joined(separator: "."))\" is missing or not what it should be"
    }
}
