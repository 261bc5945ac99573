internal import Catalog
internal import QueryPipeline

/// What the routes ask of the house behind them; every call blocks and belongs on ``BlockingWorkers``.
///
/// `SearchPipeline` is the one real implementation. The protocol exists so that a test can make each of the
/// pipeline's errors happen on demand; nothing but this file and the tests conforms to it.
protocol SearchBackend: Sendable {
    func search(_ request: SearchRequest) throws -> SearchResponse
    func image(id: Int64, for audience: Audience) throws -> ImageRecord?
    func thumbnail(id: Int64, longerSide: Int, for audience: Audience) throws -> [UInt8]?
    func readiness() throws -> Readiness
    func statistics() throws -> LibraryStatistics
    func examples(count: Int) throws -> [ImageRecord]
    func keep(_ interaction: Interaction, for audience: Audience) throws -> Bool
}

extension SearchPipeline: SearchBackend {}
