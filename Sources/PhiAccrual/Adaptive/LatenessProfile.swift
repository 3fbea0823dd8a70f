/// How late heartbeats come on one kind of network: what a group of nodes showed, as shares of all heartbeats.
///
/// A group that begins with a profile lends it to nodes with few heartbeats of their own, as it lends what its nodes
/// showed, and the more the nodes show, the less of it is left. What a group has learned can be read out as a profile.
///
/// It speaks of a hundred thousand heartbeats. For each family and each of its states there is a table: how many of them
/// met this state and had a lateness in each bucket, from early to late. `Family` and `LatenessBuckets` say what that
/// means, so a profile is worth something only to the version of the detector that it was made for.
public struct LatenessProfile: Hashable, Sendable {
    /// How many heartbeats a profile speaks of.
    public static let heartbeats = 100_000
    /// How far the tables of a family may be off together: those of a profile that was mixed or written by hand are.
    private static let tolerance = heartbeats / 100

    /// For each bucket among those of all families.
    let counts: [Int32]
    /// How far gaps usually are from the mean gap, in intervals: 0 ... 8, in whole ten-thousandths.
    public let deviation: Double
    private static let deviations = 0.0...8

    /// The tables of each family, by its name: for each state the counts of its buckets, those that end in zeros cut off.
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
    ///   - tables: As the property has them.
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
                place: family.name, reason: "must have \(family.states.count) tables, found \(states.count)")
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
                place: family.name, reason: "must have counts that come to about \(heartbeats), found \(sum)")
        }
        return counts
    }

    /// Several in one.
    ///
    /// - Parameter parts: What is mixed, and how much each weighs; at least 0.
    /// - Returns: Nil if there is nothing to mix.
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

    /// What a group has learned; nil while that is nothing.
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

/// Tables that are no profile: where, what would be right, and what was found.
public struct InvalidLatenessProfile: Error, Hashable, Sendable, CustomStringConvertible {
    /// Such as `schedule[2][7]`: the family, its table, and the count, numbered from 0.
    public var place: String
    public var reason: String
    public var description: String { "\(place) \(reason)" }
}

extension Family {
    /// As files call it.
    fileprivate var name: String {
        switch self {
        case .last: "last"
        case .schedule: "schedule"
        case .bursts: "patches"
        }
    }
}
