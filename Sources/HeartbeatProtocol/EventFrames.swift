/// The first frame of an event message, which subscribers filter by.
///
/// Each part ends with `/`. Otherwise a subscription to `node-1` would match `node-10` too.
public struct FeedTopic: Hashable, Sendable, CustomStringConvertible {
    /// The prefix of all event topics.
    public static let prefix = "e1/"
    public let description: String

    /// Each nil part becomes `-`.
    public init(level: String?, group: String?, node: String?) {
        description = "\(Self.prefix)\(level ?? "-")/\(group ?? "-")/\(node ?? "-")/"
    }

    /// The names that the topic consists of.
    public var names: (level: String?, group: String?, node: String?) {
        let parts = description.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        func name(_ index: Int) -> String? {
            guard index < parts.count else { return nil }
            let name = String(Substring(parts[index]))
            return name == "-" ? nil : name
        }
        return (name(1), name(2), name(3))
    }

    // Compares bytes, as subscriptions do: strings are equal even if only their canonical forms are.
    public static func == (a: FeedTopic, b: FeedTopic) -> Bool {
        a.description.utf8.elementsEqual(b.description.utf8)
    }
    public func hash(into hasher: inout Hasher) { for byte in description.utf8 { hasher.combine(byte) } }
}

/// The second frame of an event or beacon: epoch and sequence, 8 bytes each, big-endian.
public struct FeedHeader: Hashable, Sendable {
    public var epoch: UInt64
    public var sequence: UInt64

    public init(epoch: UInt64, sequence: UInt64) { (self.epoch, self.sequence) = (epoch, sequence) }

    /// Nil unless there are exactly 16 bytes.
    public init?(decoding bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        epoch = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        sequence = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    public var encoded: [UInt8] {
        withUnsafeBytes(of: (epoch.bigEndian, sequence.bigEndian)) { Array($0) }
    }
}

/// The state of the feed, published every second. Without it, the loss of the last events would go unnoticed.
public struct Beacon: Codable, Hashable, Sendable {
    public static let topic = "b1/"

    public struct AtLevel: Codable, Hashable, Sendable {
        /// Sequence of the last event of this level; 0 if there was none.
        public var sequence: UInt64
        /// Number of nodes by verdict.
        public var counts: [String: Int]
        public init(sequence: UInt64, counts: [String: Int]) { (self.sequence, self.counts) = (sequence, counts) }
    }
    public var kind = "beacon"
    public var epoch: UInt64
    /// Sequence of the last event; 0 if there was none.
    public var sequence: UInt64
    public var levels: [String: AtLevel]

    public init(epoch: UInt64, sequence: UInt64, levels: [String: AtLevel]) {
        (self.epoch, self.sequence, self.levels) = (epoch, sequence, levels)
    }
}
