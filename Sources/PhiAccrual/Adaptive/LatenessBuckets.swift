/// How lateness, counted in scales, falls into buckets: finest where deadlines lie.
///
/// Above a smallest lateness, two buckets to the octave up to 1/16, four up to 4, two up to 128, and one for all beyond.
/// Below, one for what comes on time and one or more for what comes early. The number of a bucket is read off the bits of
/// a float: its exponent and two upper mantissa bits are the number of its quarter octave, and no logarithm is needed.
enum LatenessBuckets {
    /// Exponent of two of the smallest lateness told from none.
    private static let lowest = -6
    /// The places of edges above the smallest are counted from it: those with two to the octave end before `fine`, those
    /// with four before `coarse`.
    private static let fine = 4
    private static let coarse = 28
    private static let afterLast = 39
    /// The first quarter octave, counted from the smallest, that has a bucket of half an octave again.
    private static let coarseQuarters = 32

    /// How many buckets there are if so many are for what comes early.
    static func count(early: Int) -> Int { early + 1 + afterLast }

    /// The bucket of a lateness, which may be anything at all.
    static func bucket(of lateness: Float, early: Int) -> Int {
        let octave = Int(lateness.magnitude.bitPattern >> 23) - 127 - lowest
        guard octave >= 0 else { return early }
        guard lateness > 0 else { return max(0, early - 1 - octave) }  // also what is no number
        let quarter = Int(lateness.bitPattern >> 21) - (127 + lowest) * 4
        let place =
            quarter < 2 * fine
            ? quarter / 2 : quarter < coarseQuarters ? quarter - fine : coarse + (quarter - coarseQuarters) / 2
        return early + 1 + min(place, afterLast - 1)
    }

    /// Where bucket `number` ends and the next begins.
    static func edge(_ number: Int, early: Int) -> Float {
        let place = number - early
        guard place >= 0 else { return -Float(bitPattern: UInt32(127 + lowest - place - 1) << 23) }
        return Float(bitPattern: UInt32(quarters(toPlace: place) + (127 + lowest) * 4) << 21)
    }

    /// Quarter octaves between the smallest lateness and the edge in this place.
    static func quarters(toPlace place: Int) -> Int {
        place < fine ? 2 * place : place < coarse ? place + fine : coarseQuarters + 2 * (place - coarse)
    }
}
