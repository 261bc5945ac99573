public import ImageDecoding
internal import ImageEmbedding

extension SearchPipeline {
    /// Decodes a picture and returns its format, such as `jpeg`.
    ///
    /// - Throws: ``QueryError/undecodable(_:)``.
    public func format(of bytes: [UInt8]) throws -> ImageFormat {
        try QueryError.wrapping { () throws(ImageDecodingError) in
            try decoder.thumbnail(of: .bytes(bytes), size: embedder.thumbnailSize).header.format
        }
    }
}
