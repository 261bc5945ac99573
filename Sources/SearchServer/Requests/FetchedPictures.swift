internal import PictureFetching

/// Fetches the pictures that requests name by their addresses, where the operator allows that.
struct FetchedPictures: Sendable {
    /// How many addresses one search may name.
    static let maximumURLCount = 4
    /// How many requests may have pictures fetched at once: fewer than there are places for bodies, so that servers elsewhere
    /// which are slow do not keep uploads out.
    static let maximumFetchCount = 8

    /// Nil where the operator does not allow it.
    let fetcher: PictureFetcher?
    /// The most bytes of a request's body; what is fetched counts with it.
    let maximumByteCount: Int
    private let places = Places(count: maximumFetchCount)

    init(fetcher: PictureFetcher?, maximumByteCount: Int) {
        (self.fetcher, self.maximumByteCount) = (fetcher, maximumByteCount)
    }

    /// Returns the files that lie at these addresses, in their order.
    ///
    /// - Parameter bodyByteCount: How much of the limit the request has used up itself.
    /// - Throws: ``RequestFault/urlsNotAllowed``, ``RequestFault/malformedRequest(_:)``, ``RequestFault/tooBusy``, or
    ///   `FetchError`.
    func pictures(at urls: [String], besides bodyByteCount: Int) async throws -> [[UInt8]] {
        guard !urls.isEmpty else { return [] }
        guard let fetcher else { throw RequestFault.urlsNotAllowed }
        guard urls.count <= Self.maximumURLCount else {
            throw RequestFault.malformedRequest("there are up to \(Self.maximumURLCount) examples with a url")
        }
        return try await places.occupy {
            try await fetcher.fetch(urls, upTo: max(0, maximumByteCount - bodyByteCount))
        }
    }
}
