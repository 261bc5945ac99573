public import Catalog
internal import Crypto
public import ImageDecoding
internal import ImageLibrary
internal import SystemPackage

extension PictureDecoding {
    /// Returns the bytes of an image's file as they were when it was indexed, of the first file that still has them.
    ///
    /// Who may see an image may not therefore see what has been put in its file's place since.
    ///
    /// - Throws: ``QueryError/imageFileGone(_:)`` when no file holds them any more.
    public func encodedBytes(of image: StoredImage) throws(QueryError) -> [UInt8] {
        for location in image.locations {
            guard let bytes = try? encodedBytes(of: .file(location.path)),
                SHA256.hash(data: bytes).elementsEqual(image.description.contentHash)
            else { continue }
            return bytes
        }
        throw .imageFileGone(image.id)
    }
}

extension Library {
    /// Returns the image that lies at a path.
    ///
    /// - Throws: ``QueryError/unknownPath(_:)`` when there is none that these people may see, or an error of the catalog.
    func imageID(at path: FilePath, for audience: Audience) throws -> ImageID {
        guard let id = try catalog.imageID(at: path), try catalog.image(id, for: audience) != nil else {
            throw QueryError.unknownPath(path)
        }
        return id
    }
}
