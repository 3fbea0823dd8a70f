/// When silence is too common to be the nodes' own: many fall silent at once, and few are heard.
///
/// Then it is our cable, or theirs, that was cut, more likely than that they all died. Suspicions are held back until the
/// nodes are heard again, or it has lasted too long to be doubted.
public struct HoldRule: Hashable, Sendable {
    /// Of the nodes that should have been heard, this share must be overdue: above 0, at most 1.
    public var share: Double
    /// And so many more than were heard, at least 2: of few, most fall silent at once by chance.
    public var minExcess: Int
    /// After this time suspicions are told all the same; above 0, at most `maxDurationLimit`.
    public var maxDuration: Int64  // ns
    /// An hour. All that time a hold is looked at every few milliseconds, and a step of time over it takes as many looks.
    public static let maxDurationLimit: Int64 = 3_600_000_000_000  // ns

    public init(share: Double = 0.5, minExcess: Int = 3, maxDuration: Int64 = 30_000_000_000) {
        precondition(share > 0 && share <= 1, "a share")
        precondition((2...HoldRule.sampleSize).contains(minExcess), "a mass is more than one, and is seen in a sample")
        precondition((1...Self.maxDurationLimit).contains(maxDuration), "a hold takes time, and not for ever")
        (self.share, self.minExcess, self.maxDuration) = (share, minExcess, maxDuration)
    }

    /// How many nodes are listened to at most.
    static let sampleSize = 64
    /// How many are asked for it: many may have nothing to say, since it is not their time.
    static let maxSampled = 1024
}

/// Suspicions of a whole group, or of all nodes, begin to be held back, or are no longer.
public struct HoldChange: Hashable, Sendable {
    public enum Phase: String, Hashable, Sendable {
        case begins
        /// The silent are heard again. The time of the hold is held against nobody.
        case released
        /// It lasted as long as a hold may. The silent are suspected.
        case expired
    }
    public var phase: Phase
    /// Nil: all groups.
    public var group: String?
    public var at: Instant
    /// When it began.
    public var began: Instant
    /// When one of the silent was heard last.
    public var silentSince: Instant
    /// Of the nodes asked: how many were overdue, and how many had been heard when they should.
    public var overdue: Int
    public var heard: Int
    /// How many nodes it concerns.
    public var nodes: Int
}
