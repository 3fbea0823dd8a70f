/// How late heartbeats came, counted by size: four buckets to the octave.
///
/// A histogram of lateness is the tally of every rule “suspect α scales after the centre”, for all α at once.
struct LatenessHistogram: Sendable {
    static let bucketCount = 56
    /// Number of edges between buckets. Edge `j` is where bucket `j` ends and bucket `j + 1` begins.
    static let edgeCount = bucketCount - 1

    /// Bucket 0 holds what comes early, bucket 1 what comes neither early nor late, the last bucket everything above the
    /// last edge.
    private(set) var counts = InlineArray<56, UInt16>(repeating: 0)

    /// Counts one heartbeat.
    /// - Parameters:
    ///   - lateness: In scales; anything at all.
    ///   - lowest: Exponent of two of the lowest lateness told apart.
    mutating func tally(_ lateness: Float, lowest: Int) {
        let bucket = Self.bucket(of: lateness, lowest: lowest)
        counts[bucket] &+= 1  // all are halved before 65,536 are counted
    }

    /// A float's exponent and its two upper mantissa bits are the number of its quarter octave: no logarithm is needed.
    static func bucket(of lateness: Float, lowest: Int) -> Int {
        guard lateness > edge(0, lowest: lowest) else { return 0 }  // also what is no number
        guard lateness > 0 else { return 1 }
        let quarterOctave = Int(lateness.bitPattern >> 21) - (127 + lowest) * 4
        return min(max(1, quarterOctave + 2), bucketCount - 1)
    }

    /// Edge 0 is −2^lowest; edge `j` from 1 on is 2^lowest · (1, 5/4, 6/4, 7/4) · 2^octave.
    static func edge(_ j: Int, lowest: Int) -> Float {
        let size = Float(bitPattern: UInt32(truncatingIfNeeded: (127 + lowest) * 4 + max(0, j - 1)) << 21)
        return j == 0 ? -size : size
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
