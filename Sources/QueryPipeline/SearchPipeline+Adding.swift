public import ImageDecoding
internal import ImageEmbedding
public import SystemPackage

extension SearchPipeline {
    /// Returns the bytes of a picture's file, checked for kind, number and signature.
    public func encodedBytes(of path: FilePath) throws -> [UInt8] {
        try QueryError.wrapping { () throws(ImageDecodingError) in try decoder.encodedBytes(of: .file(path)) }
    }

    /// Decodes a picture and returns its format, such as `jpeg`.
    ///
    /// - Throws: ``QueryError/undecodable(_:)``.
    public func format(of bytes: [UInt8]) throws -> ImageFormat {
        try QueryError.wrapping { () throws(ImageDecodingError) in
            try decoder.thumbnail(of: .bytes(bytes), size: embedder.thumbnailSize).header.format
        }
    }
}
