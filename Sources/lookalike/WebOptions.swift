import ArgumentParser
import Foundation
import ImageDecoding
import PictureFetching
import QueryPipeline

/// Says whether pictures may be named by addresses; shared by the commands that take a picture to ask about.
struct WebOptions: ParsableArguments {
    @Flag(
        name: .customLong("allow-urls"),
        help: "Fetch pictures that are named by http or https addresses, from the public internet alone."
    )
    var allowsURLs = false

    /// Refuses addresses where they are not allowed; a file that is called so can be named with `./` before it.
    ///
    /// - Throws: `ValidationError`.
    func check(_ pictures: [String]) throws {
        guard !allowsURLs, let address = pictures.first(where: Self.isAddress) else { return }
        throw ValidationError("\(Self.shown(address)) is an address; give --allow-urls to have it fetched.")
    }

    /// Makes queries of the pictures that were named: files, standard input, and what lies at addresses.
    ///
    /// - Parameter limit: How many bytes one file may have.
    /// - Throws: ``FetchFailure``, or what reading standard input throws.
    func queries(of pictures: [String], upTo limit: Int) async throws -> [ImageQuery] {
        var queries: [ImageQuery] = []
        // Made when it is needed: it reads the system's certificates.
        var fetcher: PictureFetcher?
        for picture in pictures {
            guard Self.isAddress(picture) else {
                queries.append(try .named(picture, upTo: limit))
                continue
            }
            let known = fetcher ?? PictureFetcher()
            fetcher = known
            do {
                queries.append(.bytes(try await known.fetch([picture], upTo: limit)[0]))
            } catch {
                throw FetchFailure(address: Self.shown(picture), reason: error)
            }
        }
        return queries
    }

    static func isAddress(_ text: String) -> Bool {
        ["http://", "https://"].contains { text.lowercased().hasPrefix($0) }
    }

    /// An address without what may be meant for its server alone.
    static func shown(_ address: String) -> String {
        guard isAddress(address) else { return address }
        let (end, scheme) = (
            address.firstIndex { "?#".contains($0) } ?? address.endIndex, address.prefix { $0 != "/" }
        )
        let rest = address[scheme.endIndex..<end].dropFirst(2)
        let authority = rest.prefix { $0 != "/" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return "\(scheme)//\(host)\(rest[authority.endIndex...])"
    }
}

/// A picture could not be fetched from its address.
struct FetchFailure: Error, CustomStringConvertible {
    let address: String
    let reason: FetchError

    var description: String { "\(address): \(reason)" }
}
