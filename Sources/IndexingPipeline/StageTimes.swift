/// A stage of indexing; its raw value is its name in reports.
enum IndexingStage: String, Sendable {
    /// Reading a file's bytes.
    case read
    /// Computing their SHA-256.
    case digest
    /// Turning them into pixels.
    case decode
    /// Turning pixels into a vector.
    case embed
    /// Committing to the catalog.
    case store
    /// Inserting into the index.
    case insert
    /// Writing the index snapshot.
    case save
}

/// Adds up the time that threads spent in each stage.
struct StageTimes: Sendable {
    private var durations: [IndexingStage: Duration] = [:]

    mutating func measure<Value, Failure: Error>(
        _ stage: IndexingStage,
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let start = ContinuousClock.now
        defer { durations[stage, default: .zero] += ContinuousClock.now - start }
        return try body()
    }

    mutating func add(_ other: StageTimes) {
        durations.merge(other.durations, uniquingKeysWith: +)
    }

    /// Seconds for each stage that ran, by the stage's name.
    var seconds: [String: Double] {
        Dictionary(uniqueKeysWithValues: durations.map { ($0.key.rawValue, $0.value / .seconds(1)) })
    }
}
