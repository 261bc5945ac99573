internal import ImageDecoding

extension Crop {
    /// Reads `left,top,width,height`: in parts of the picture's size, or, if one is above 1, in whole pixels.
    public init?(_ text: String) {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard numbers.count == 4, numbers.allSatisfy({ $0?.isFinite == true }) else { return nil }
        self.init(numbers.compactMap { $0 })
    }

    /// Takes left, top, width and height.
    public init?(_ numbers: [Double]) {
        precondition(numbers.count == 4, "a rectangle of \(numbers.count) numbers")
        if numbers.contains(where: { $0 > 1 }) {
            let pixels = numbers.compactMap { Int(exactly: $0) }
            guard pixels.count == 4, pixels.allSatisfy({ (0...1_000_000).contains($0) }), pixels[2] > 0,
                pixels[3] > 0
            else { return nil }
            self = .pixels(left: pixels[0], top: pixels[1], width: pixels[2], height: pixels[3])
        } else {
            let region = PictureRegion(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
            guard region.isInside else { return nil }
            self = .relative(region)
        }
    }
}
