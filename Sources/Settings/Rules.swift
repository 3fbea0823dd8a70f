/// When the silence of many at once is doubted instead of believed.
public struct HoldRule: Hashable, Sendable {
    /// Which share of the nodes that should have been heard must be overdue: above 0, at most 1.
    public var share: Double
    /// How many more of them than were heard: 2 to 64.
    public var least: Int
    /// After which time a hold ends whatever is known by then, in nanoseconds: above 0.
    public var longest: Int64

    public init(share: Double = 0.5, least: Int = 3, longest: Int64 = 30_000_000_000) {
        (self.share, self.least, self.longest) = (share, least, longest)
    }
}

/// How a suspected node comes to be trusted again.
public struct RecoveryRule: Hashable, Sendable {
    /// How many heartbeats in a row must be in time: 1 or more.
    public var steady: Int
    /// So many suspicions within the time `within` make a node one that flaps: 1 to 64; nil takes none for one.
    public var flaps: Int?
    /// In nanoseconds: above 0.
    public var within: Int64
    /// How long a node that flaps must be in time before it is trusted again, in nanoseconds: above 0.
    public var calm: Int64

    public init(
        steady: Int = 1, flaps: Int? = nil, within: Int64 = 600_000_000_000, calm: Int64 = 60_000_000_000
    ) {
        (self.steady, self.flaps, self.within, self.calm) = (steady, flaps, within, calm)
    }
}
