extension Int64 {
    /// The first number at which something has come to hold, given about where that is.
    ///
    /// An inverse in doubles may be a few off; what it inverts decides. From 2⁵³ on neighbouring numbers are one double,
    /// and the first one is exact only to those.
    static func first(near estimate: Double, where holds: (Int64) -> Bool) -> Int64 {
        let step = Swift.max(1, Int64(saturating: estimate.ulp))
        var number = Int64(saturating: estimate.rounded(.up))
        for _ in 0..<8 {
            if holds(number) { break }
            number = number.addingSaturated(step)
        }
        for _ in 0..<8 {
            if !holds(number.subtractingSaturated(step)) { break }
            number = number.subtractingSaturated(step)
        }
        return number
    }
}
