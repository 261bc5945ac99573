internal import Foundation

/// A query's results as a judge sees them: the grade of each, best-ranked first, and what there was to find.
///
/// The definitions are those of the chapter, and of Manning, Raghavan & Schütze, *Introduction to Information
/// Retrieval*, ch. 8; docs/evaluation.md tells when each of them lies. A grade is 0 (unrelated) to 5 (the same); a
/// result counts as relevant from ``relevantGrade`` on. A folder's or a table's label gives 0 or 5.
public struct GradedRanking: Sendable, Hashable {
    /// The best grade a judge can give.
    public static let bestGrade = 5
    /// The least grade at which a result counts as relevant for the metrics that know only yes and no.
    public static let relevantGrade = 3

    /// Grades of the results in their order; what nobody judged has grade 0.
    public let grades: [Int]
    /// Grades of everything there is to find, best first; zeros may be left out.
    public let ideal: [Int]

    /// Describes a ranking.
    ///
    /// - Parameters:
    ///   - grades: Of the results, in their order.
    ///   - judged: Of everything that was judged for the query, in any order; `grades` unless told.
    public init(grades: [Int], judged: [Int]? = nil) {
        self.grades = grades
        ideal = (judged ?? grades).filter { $0 > 0 }.sorted(by: >)
    }

    /// How many relevant pictures there are to find.
    public var relevantCount: Int { ideal.prefix { $0 >= Self.relevantGrade }.count }

    private func hits(at k: Int) -> Int {
        grades.prefix(k).count { $0 >= Self.relevantGrade }
    }

    /// Returns the share of the first `k` results that are relevant; places without a result count as misses.
    ///
    /// - Precondition: `k` is at least 1, here and below.
    public func precision(at k: Int) -> Double {
        precondition(k >= 1, "a share of the first \(k) results")
        return Double(hits(at: k)) / Double(k)
    }

    /// Returns the share of the relevant pictures that are among the first `k` results; 0 when there is nothing to find.
    public func recall(at k: Int) -> Double {
        precondition(k >= 1, "a share found among the first \(k) results")
        return relevantCount == 0 ? 0 : Double(hits(at: k)) / Double(relevantCount)
    }

    /// 1 / the rank of the first relevant result; 0 when there is none.
    public var reciprocalRank: Double {
        guard let first = grades.firstIndex(where: { $0 >= Self.relevantGrade }) else { return 0 }
        return 1 / Double(first + 1)
    }

    /// The mean, over the relevant pictures, of the precision at the rank of each; one that is not found counts as 0.
    ///
    /// The area under the query's precision–recall curve.
    public var averagePrecision: Double {
        guard relevantCount > 0 else { return 0 }
        var (found, sum) = (0, 0.0)
        for (index, grade) in grades.enumerated() where grade >= Self.relevantGrade {
            found += 1
            sum += Double(found) / Double(index + 1)
        }
        return sum / Double(relevantCount)
    }

    /// Returns the discounted cumulative gain of the first `k` results: the sum of grade / log₂(rank + 1).
    ///
    /// Järvelin & Kekäläinen, *Cumulated gain-based evaluation of IR techniques*, 2002, with the grade itself as gain.
    public func discountedCumulativeGain(at k: Int) -> Double { Self.discounted(grades.prefix(k)) }

    /// Returns the discounted cumulative gain at `k` as a share of that of the best possible order; 0 when there is
    /// nothing to find.
    public func normalizedGain(at k: Int) -> Double {
        precondition(k >= 1, "the gain of the first \(k) results")
        let best = Self.discounted(ideal.prefix(k))
        return best == 0 ? 0 : discountedCumulativeGain(at: k) / best
    }

    private static func discounted(_ grades: ArraySlice<Int>) -> Double {
        grades.enumerated().reduce(0) { $0 + Double($1.element) / log2(Double($1.offset + 2)) }
    }

    /// The points of the precision–recall curve at recall 0, 0.05, …, 1: at each the best precision that is reached at
    /// that recall or a higher one.
    ///
    /// - Complexity: O(results).
    public var precisionAtRecallLevels: [Double] {
        var levels = [Double](repeating: 0, count: Self.recallLevels.count)
        guard relevantCount > 0 else { return levels }
        var found = 0
        for (index, grade) in grades.enumerated() where grade >= Self.relevantGrade {
            found += 1
            let precision = Double(found) / Double(index + 1)
            // The last level that this recall reaches.
            let level = found * (levels.count - 1) / relevantCount
            levels[level] = max(levels[level], precision)
        }
        for level in levels.indices.dropLast().reversed() {
            levels[level] = max(levels[level], levels[level + 1])
        }
        return levels
    }

    /// The recalls that ``precisionAtRecallLevels`` belongs to.
    public static let recallLevels = (0...20).map { Double($0) / 20 }
}
