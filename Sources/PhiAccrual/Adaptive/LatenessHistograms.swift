import BinaryCoding

/// Number of heartbeats in each bucket of all families and states.
typealias LatenessCounts = InlineArray<415, Float>

/// Lateness of one node's heartbeats: a histogram for each family and state.
///
/// A histogram of lateness counts the mistakes of every rule “suspect α scales after the centre”, for all α at once.
struct LatenessHistograms: Sendable {
    private(set) var counts = InlineArray<415, ApproximateCounter>(repeating: ApproximateCounter())
    /// Number of heartbeats counted.
    private(set) var total: UInt32 = 0
    // Sums over these heartbeats, in intervals: of the schedule's centre, and of the scale that two families share. As
    // `Float` they would lose a thousandth of each summand.
    private var centres: Double = 0
    private var scales: Double = 0

    private static let halvedAt: UInt32 = 65_536

    func values() -> LatenessCounts {
        let counts = counts.span
        var values = LatenessCounts(repeating: 0)
        for bucket in counts.indices { values[bucket] = counts[bucket].value }
        return values
    }

    /// The histogram of a family, all states added up.
    func pooled(_ family: Family) -> InlineArray<46, Float> {
        let counts = counts.span
        var pooled = InlineArray<46, Float>(repeating: 0)
        for state in family.states {
            let first = family.firstBucket(ofState: state)
            for bucket in 0..<family.bucketCount { pooled[bucket] += counts[first + bucket].value }
        }
        return pooled
    }

    /// Mean timeout of the rule “`lateness` scales after the centre”, in intervals: its intercept and slope.
    /// - Parameters:
    ///   - centre: When the schedule expects the next heartbeat, in intervals. It is part of the mean.
    ///   - scale: The scale of that heartbeat, in intervals. It is part of the mean.
    func meanTimeout(_ family: Family, nextCentre centre: Float, scale: Float) -> (intercept: Float, slope: Float) {
        let count = Double(total + 1)
        let meanScale = Float((scales + Double(scale)) / count)
        switch family {
        case .last: return (1, Family.lastScale)
        case .schedule: return (Float((centres + Double(centre)) / count), meanScale)
        case .bursts: return (1, meanScale)
        }
    }

    /// - Parameters:
    ///   - buckets: For each family, the index among all buckets.
    ///   - centre: When the schedule expected the heartbeat, in intervals.
    ///   - scale: In intervals.
    mutating func tally(_ buckets: InlineArray<3, Int>, centre: Float, scale: Float) {
        total += 1
        for family in buckets.indices {
            // Knuth's multiplicative hash of the count: the bits of one heartbeat do not predict those of the next.
            counts[buckets[family]].increment(random: (total &* 2_654_435_769) >> 8)
        }
        centres += Double(centre)
        scales += Double(scale)
        if total >= Self.halvedAt { halve() }
    }

    private mutating func halve() {
        var roundsUp = false
        for bucket in counts.indices { counts[bucket].halve(roundsUp: &roundsUp) }
        total /= 2
        centres /= 2
        scales /= 2
    }

    /// Removes the arrivals with the greatest lateness, `number` of them from each family.
    mutating func removeMostLate(_ number: Int) {
        for family in Family.allCases {
            var left = number
            for bucket in (family.firstEdge..<family.bucketCount).reversed() {
                for state in family.states {
                    while left > 0, counts[family.firstBucket(ofState: state) + bucket].decrement() { left -= 1 }
                }
            }
        }
        let kept = Double(total - min(total, UInt32(number))) / Double(max(1, total))
        total -= min(total, UInt32(number))
        centres *= kept
        scales *= kept
    }

    /// Number of gaps whose lateness, in the scale of `last`, falls into the same bucket or an adjacent one.
    func count(near lateness: Float) -> Float {
        let bucket = LatenessBuckets.bucket(of: lateness, early: Family.last.early)
        var near: Float = 0
        for neighbour in max(0, bucket - 1)...min(Family.last.bucketCount - 1, bucket + 1) {
            near += counts[neighbour].value
        }
        return near
    }
}

/// The same histograms over all nodes of a group.
///
/// A node borrows from them. n heartbeats of its own give no information about anything rarer than 1/n, but its group
/// may.
struct GroupHistograms: Sendable {
    private(set) var counts = LatenessCounts(repeating: 0)
    private(set) var totals = InlineArray<10, Float>(repeating: 0)
    private(set) var total: Float = 0
    /// Moving mean, over all nodes, of the difference between a gap and the mean gap, in intervals.
    private(set) var deviation: Float = 0.1

    static let bucketCount = 415
    private static let halvedAt: Float = 65_536
    /// Number of the group's own heartbeats that a profile counts as. With more, a profile of another network costs a
    /// new node many mistakes. With fewer, it lends nothing to states that occur only sometimes. `docs/quality.md` has
    /// figures.
    private static let profileWeight: Float = 100

    /// - Parameter profile: Statistics assumed before any node is heard.
    init(_ profile: LatenessProfile? = nil) {
        guard let profile else { return }
        let weight = Self.profileWeight / Float(LatenessProfile.heartbeats)
        for family in Family.allCases {
            for state in family.states {
                let first = family.firstBucket(ofState: state)
                for bucket in first..<first + family.bucketCount {
                    counts[bucket] = weight * Float(profile.counts[bucket])
                    totals[state] += counts[bucket]
                }
            }
        }
        total = Self.profileWeight
        deviation = Float(profile.deviation)
    }

    /// - Parameter deviation: The node's current deviation, in intervals.
    mutating func tally(_ buckets: InlineArray<3, Int>, states: InlineArray<3, Int>, deviation: Float) {
        self.deviation += max(0.001, 1 / (total + 1)) * (deviation - self.deviation)
        for family in buckets.indices {
            counts[buckets[family]] += 1
            totals[states[family]] += 1
        }
        total += 1
        if total >= Self.halvedAt { fade(to: 0.5) }
    }

    /// Counts of the group's nodes other than the one with the counts `own`.
    func others(than own: Span<Float>) -> LatenessCounts {
        let counts = counts.span
        var others = LatenessCounts(repeating: 0)
        for bucket in others.indices { others[bucket] = max(0, counts[bucket] - own[bucket]) }
        return others
    }

    mutating func fade(to share: Float) {
        for bucket in counts.indices { counts[bucket] *= share }
        for state in totals.indices { totals[state] *= share }
        total *= share
    }
}

// MARK: Stored state

extension LatenessHistograms: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(bytes: counts.span.bytes)
        writer.write(total)
        writer.write(centres)
        writer.write(scales)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        let codes = try reader.bytes()
        guard codes.count == counts.count else {
            throw CorruptData("a histogram has the wrong number of buckets, \(codes.count)")
        }
        for (bucket, code) in codes.enumerated() { counts[bucket] = ApproximateCounter(stored: code) }
        total = try reader.integer(in: 0...Self.halvedAt - 1)
        centres = try reader.double(in: 0 ... .greatestFiniteMagnitude)
        scales = try reader.double(in: 0 ... .greatestFiniteMagnitude)
    }
}

extension GroupHistograms: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(total)
        for bucket in counts.indices { writer.write(counts[bucket]) }
        for state in totals.indices { writer.write(totals[state]) }
        writer.write(deviation)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        total = try reader.float(in: 0...Self.halvedAt)
        // No bucket has more than all heartbeats, except for rounding and the tolerance of a profile.
        let most = total + total / 8
        for bucket in counts.indices { counts[bucket] = try reader.float(in: 0...most) }
        for state in totals.indices { totals[state] = try reader.float(in: 0...most) }
        deviation = try reader.float(in: 0...8)
    }
}
