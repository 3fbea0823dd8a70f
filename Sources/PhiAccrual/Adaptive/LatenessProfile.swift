/// How late heartbeats come on one kind of network: the statistics of a group of nodes, as shares of all heartbeats.
///
/// A group can start with a profile. It lends the profile to nodes with few heartbeats, as it lends the statistics of
/// its other nodes. The profile's weight shrinks as these accumulate. A group's statistics can be exported as a
/// profile.
///
/// A profile describes 100,000 heartbeats. Each state of each family has a table: how many heartbeats met this state
/// and had a lateness in each bucket, from early to late. `Family` and `LatenessBuckets` define what that means, so a
/// profile is useful only to the detector version that it was made for.
public struct LatenessProfile: Hashable, Sendable {
    /// Number of heartbeats that a profile describes.
    public static let heartbeats = 100_000
    /// How far the counts of a family may miss this sum: those of a mixed or handwritten profile do not add up exactly.
    private static let tolerance = heartbeats / 100

    /// One count per bucket, over all families.
    let counts: [Int32]
    /// Mean difference between a gap and the mean gap, in intervals: 0 ... 8, rounded to ten-thousandths.
    public let deviation: Double
    private static let deviations = 0.0...8

    /// The tables of each family, by its name: for each state the counts of its buckets, without trailing zeros.
    public var tables: [String: [[Int]]] {
        var tables: [String: [[Int]]] = [:]
        for family in Family.allCases {
            tables[family.name] = family.states.map { state in
                let first = family.firstBucket(ofState: state)
                let table = counts[first..<first + family.bucketCount].map(Int.init)
                return Array(table.prefix((table.lastIndex { $0 > 0 } ?? -1) + 1))
            }
        }
        return tables
    }

    /// - Parameters:
    ///   - tables: In the format of the property `tables`.
    ///   - deviation: In intervals, from 0 to 8; rounded to ten-thousandths.
    public init(tables: [String: [[Int]]], deviation: Double) throws(InvalidLatenessProfile) {
        guard Self.deviations.contains(deviation) else {
            throw InvalidLatenessProfile(
                place: "deviation", reason: "must be a number of intervals from 0 to 8, found \(deviation)")
        }
        self.deviation = Self.rounded(deviation)
        if let stranger = tables.keys.sorted().first(where: { name in !Family.allCases.contains { $0.name == name } }) {
            let known = Family.allCases.map(\.name).joined(separator: ", ")
            throw InvalidLatenessProfile(place: stranger, reason: "must be one of \(known)")
        }
        var counts: [Int32] = []
        for family in Family.allCases {
            guard let states = tables[family.name] else {
                throw InvalidLatenessProfile(place: family.name, reason: "is missing")
            }
            counts += try Self.counts(states, of: family)
        }
        self.counts = counts
    }

    private static func counts(_ states: [[Int]], of family: Family) throws(InvalidLatenessProfile) -> [Int32] {
        guard states.count == family.states.count else {
            throw InvalidLatenessProfile(
                place: family.name, reason: "must have \(counted(family.states.count, "table")), found \(states.count)")
        }
        var counts: [Int32] = []
        var sum = 0
        for (state, table) in states.enumerated() {
            guard table.count <= family.bucketCount else {
                throw InvalidLatenessProfile(
                    place: "\(family.name)[\(state)]",
                    reason: "must have at most \(family.bucketCount) counts, found \(table.count)")
            }
            for (bucket, count) in table.enumerated() {
                guard (0...heartbeats + tolerance).contains(count) else {
                    throw InvalidLatenessProfile(
                        place: "\(family.name)[\(state)][\(bucket)]",
                        reason: "must be a count from 0 to \(heartbeats), found \(count)")
                }
                sum += count
                counts.append(Int32(count))
            }
            counts += Array(repeating: 0, count: family.bucketCount - table.count)
        }
        guard abs(sum - heartbeats) <= tolerance else {
            throw InvalidLatenessProfile(
                place: family.name, reason: "must have counts that add up to about \(heartbeats), found \(sum)")
        }
        return counts
    }

    /// Mixes several profiles into one.
    ///
    /// - Parameter parts: Profiles and their weights; a weight is at least 0.
    /// - Returns: Nil unless the sum of the weights is finite and above 0.
    public init?(mixing parts: [(profile: LatenessProfile, weight: Double)]) {
        let total = parts.reduce(0) { $0 + $1.weight }
        guard total > 0, total.isFinite else { return nil }
        var sums = [Double](repeating: 0, count: GroupHistograms.bucketCount)
        for part in parts {
            for bucket in sums.indices { sums[bucket] += Double(part.profile.counts[bucket]) * part.weight / total }
        }
        counts = sums.map { Int32($0.rounded()) }
        deviation = Self.rounded(parts.reduce(0) { $0 + $1.profile.deviation * $1.weight / total })
    }

    /// The statistics of a group as a profile; nil if the group has none.
    init?(_ group: borrowing GroupHistograms) {
        guard group.total > 0 else { return nil }
        var counts: [Int32] = []
        for bucket in 0..<GroupHistograms.bucketCount {
            counts.append(Int32((group.counts[bucket] / group.total * Float(Self.heartbeats)).rounded()))
        }
        self.counts = counts
        deviation = Self.rounded(Double(group.deviation))
    }

    private static func rounded(_ deviation: Double) -> Double {
        (min(deviations.upperBound, deviation) * 1e4).rounded() / 1e4
    }
}

/// Invalid tables: where the error is, what is valid, and what was found.
public struct InvalidLatenessProfile: Error, Hashable, Sendable, CustomStringConvertible {
    /// Location such as `schedule[2][7]`: the family, its table, and the count, numbered from 0.
    public var place: String
    public var reason: String
    public var description: String { "\(place) \(reason)" }
}

extension Family {
    /// The family's name in files.
    fileprivate var name: String {
        switch self {
        case .last: "last"
        case .schedule: "schedule"
        case .bursts: "bursts"
        }
    }
}
