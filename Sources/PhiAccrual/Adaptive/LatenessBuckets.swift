/// Buckets of lateness, counted in scales. They are finest where deadlines lie.
///
/// Above the smallest lateness, 1/64, there are two buckets per octave up to 1/16, four up to 4, two up to 128, and one
/// beyond. Below, there is one bucket for heartbeats on time and one or more for early ones. The number of a bucket is
/// read off the bits of a float: exponent and top two mantissa bits give the quarter octave, so no logarithm is needed.
enum LatenessBuckets {
    /// Binary exponent of the smallest lateness that differs from none.
    private static let lowest = -6
    /// Places of edges are counted from the smallest lateness. Edges before `fine` have two places per octave, edges
    /// before `coarse` have four.
    private static let fine = 4
    private static let coarse = 28
    private static let afterLast = 39
    /// The first quarter octave, counted from the smallest lateness, whose bucket spans half an octave again.
    private static let coarseQuarters = 32

    /// Number of buckets if `early` of them are for early heartbeats.
    static func count(early: Int) -> Int { early + 1 + afterLast }

    /// The bucket of any lateness, even an infinity or NaN.
    static func bucket(of lateness: Float, early: Int) -> Int {
        let octave = Int(lateness.magnitude.bitPattern >> 23) - 127 - lowest
        guard octave >= 0 else { return early }
        guard lateness > 0 else { return max(0, early - 1 - octave) }  // also NaN
        let quarter = Int(lateness.bitPattern >> 21) - (127 + lowest) * 4
        let place =
            quarter < 2 * fine
            ? quarter / 2 : quarter < coarseQuarters ? quarter - fine : coarse + (quarter - coarseQuarters) / 2
        return early + 1 + min(place, afterLast - 1)
    }

    /// Upper edge of bucket `number`, where the next bucket begins.
    static func edge(_ number: Int, early: Int) -> Float {
        let place = number - early
        guard place >= 0 else { return -Float(bitPattern: UInt32(127 + lowest - place - 1) << 23) }
        return Float(bitPattern: UInt32(quarters(toPlace: place) + (127 + lowest) * 4) << 21)
    }

    /// Number of quarter octaves from the smallest lateness to the edge at this place.
    static func quarters(toPlace place: Int) -> Int {
        place < fine ? 2 * place : place < coarse ? place + fine : coarseQuarters + 2 * (place - coarse)
    }
}
