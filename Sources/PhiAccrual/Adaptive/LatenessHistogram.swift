/// How late heartbeats came, counted by size: four buckets to the octave.
///
/// A histogram of lateness is the tally of every rule “suspect α scales after the centre”, for all α at once.
struct LatenessHistogram: Sendable {
    static let bucketCount = 56
    /// Number of edges between buckets. Edge `j` is where bucket `j` ends and bucket `j + 1` begins.
    static let edgeCount = bucketCount - 1

    /// Bucket 0 holds everything up to edge 0, the last bucket everything above the last edge.
    private(set) var counts = InlineArray<56, UInt16>(repeating: 0)

    /// Counts one heartbeat.
    /// - Parameters:
    ///   - lateness: In scales; anything at all.
    ///   - lowest: Exponent of two of edge 0.
    mutating func tally(_ lateness: Float, lowest: Int) {
        let bucket = Self.bucket(of: lateness, lowest: lowest)
        counts[bucket] &+= 1  // all are halved before 65,536 are counted
    }

    /// A float's exponent and its two upper mantissa bits are the number of its quarter octave: no logarithm is needed.
    static func bucket(of lateness: Float, lowest: Int) -> Int {
        guard lateness > 0 else { return 0 }  // also what is no number
        let quarterOctave = Int(lateness.bitPattern >> 21) - (127 + lowest) * 4
        return min(max(0, quarterOctave + 1), bucketCount - 1)
    }

    /// Edge `j`: 2^lowest · (1, 5/4, 6/4, 7/4) · 2^octave.
    static func edge(_ j: Int, lowest: Int) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: (127 + lowest) * 4 + j) << 21)
    }

    /// Halves all counts, so that the past fades. Odd ones are rounded up and down in turn: rounding down alone would
    /// erase the tail.
    mutating func halve() {
        var roundsUp = false
        for bucket in 0..<Self.bucketCount where counts[bucket] > 0 {
            let count = counts[bucket]
            counts[bucket] = count / 2 + (count % 2 == 1 && roundsUp ? 1 : 0)
            if count % 2 == 1 { roundsUp.toggle() }
        }
    }
}
