/// The cosine of the angle between two vectors, computed in double precision.
public func cosineSimilarity(_ first: [Float], _ second: [Float]) -> Double {
    func dot(_ left: [Float], _ right: [Float]) -> Double {
        zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return dot(first, second) / (dot(first, first) * dot(second, second)).squareRoot()
}
