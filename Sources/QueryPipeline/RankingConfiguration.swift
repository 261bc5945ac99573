internal import Catalog
public import Foundation
public import Reranking

/// What an operator wishes for the order of results; a small JSON file, described in docs/re-ranking.md.
public struct RankingConfiguration: Hashable, Sendable {
    /// Tells why a file is no configuration.
    public struct Fault: Error, Hashable, CustomStringConvertible {
        /// One line: what is wrong.
        public let description: String
    }

    /// What is added to the scores of images that fit a condition.
    public var boosts: [Boost]
    /// What makes two pictures copies of one.
    public var duplicates: DuplicateTest

    /// Creates a configuration; without boosts, and with the thresholds measured, unless told.
    public init(boosts: [Boost] = [], duplicates: DuplicateTest = .measured) {
        (self.boosts, self.duplicates) = (boosts, duplicates)
    }

    /// Reads `{"boosts": [{"name": …, "when": {"folder"|"tag"|"addedWithinDays": …}, "add": 0.05}]}`.
    ///
    /// - Throws: ``Fault``.
    public init(json: Data) throws {
        struct File: Decodable {
            let boosts: [Boost]?
        }
        do {
            self.init(boosts: try JSONDecoder().decode(File.self, from: json).boosts ?? [])
        } catch let error as DecodingError {
            throw Fault(description: Self.explanation(of: error))
        }
        if let fault = boosts.compactMap(\.fault).first { throw Fault(description: fault) }
    }

    /// The rules that rank candidates for a request, in their order; what spreads the results comes after them, since how deep
    /// a search has to look is told by scores, which it replaces.
    func rules(for request: SearchRequest, calibration: Calibration?) -> RankingRules {
        var rules: [any RankingRule] = [Exclusion(seesPrivate: request.audience == .administrators)]
        if let least = request.leastSimilarity { rules.append(LeastSimilarity(least)) }
        if let least = request.leastProbability, let calibration {
            rules.append(LeastProbability(least, calibration: calibration))
        }
        if request.foldsDuplicates { rules.append(NearDuplicates(duplicates)) }
        if !boosts.isEmpty { rules.append(Boosts(boosts, now: Date())) }
        return RankingRules(rules)
    }

    private static func explanation(of error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            "it lacks \"\((context.codingPath + [key]).map(\.stringValue).joined(separator: "."))\""
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is no JSON"
                : "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" is not what it should be"
        @unknown default: "it is not as expected"
        }
    }
}
