extension Int64 {
    /// The first number for which a condition is true, given an estimate of it. Above that number the condition stays
    /// true.
    ///
    /// An inverse computed in doubles may be a few off, so the condition itself decides. From 2⁵³ on, neighbouring
    /// numbers share one double, and the result is exact only to those.
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
