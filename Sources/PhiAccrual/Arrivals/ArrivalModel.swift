/// What one fresh heartbeat tells about how a node's heartbeats arrive.
public struct Arrival: Hashable, Sendable {
    /// Nanoseconds since the node's previous fresh arrival, at least 0.
    public var gap: Int64
    /// How much the sequence number went up since then: 1 if nothing was lost, never below 1.
    public var step: Int64

    public init(gap: Int64, step: Int64) {
        self.gap = max(0, gap)
        self.step = max(1, step)
    }
}

/// Learns how one node's heartbeats arrive, and says how long to wait for the next one.
///
/// All times are nanoseconds since the last arrival, so a model never sees a clock. `Detector` owns one model per
/// node and calls `begin` at the first heartbeat of every incarnation and `observe` at every later fresh one.
///
/// What it learned can be written down and read again, and it then goes on exactly as it would have, bit by bit.
public protocol ArrivalModel: Sendable {
    associatedtype Parameters: Sendable
    /// What `timeout` needs to know of a policy, worked out once instead of at every heartbeat.
    associatedtype Threshold: Sendable

    /// What one node keeps per level while it follows a threshold.
    associatedtype LevelState: BinaryCodable & Sendable = NoLevelState
    /// What the nodes of one group learn together, and lend to those with few heartbeats of their own.
    associatedtype GroupState: BinaryCodable & Sendable = NoGroupState

    init(_ parameters: Parameters)
    /// Why this model cannot follow a policy; nil if it can.
    static func refusal(of policy: Policy) -> String?
    /// - Precondition: The policy is not refused.
    static func threshold(for policy: Policy) -> Threshold
    /// Where the pursuit of a threshold begins.
    static func levelState(of threshold: Threshold) -> LevelState
    /// What a group knows before any of its nodes is heard.
    static func makeGroupState(_ parameters: Parameters) -> GroupState

    /// A schedule starts here: the first heartbeat of a node, or of a new incarnation of it. What was learned stays.
    /// - Parameter announcedInterval: The spacing the sender announces, in nanoseconds; 0 if none.
    mutating func begin(announcedInterval: Int64)
    mutating func observe(_ arrival: Arrival, in group: inout GroupState)
    /// Comes after each `begin` and each `observe`, and when a policy was changed, for all levels of the node at once: what
    /// they share is worked out once.
    /// - Parameters:
    ///   - arrival: What was observed; nil after `begin`, and when a policy was changed.
    ///   - stampError: By how many nanoseconds stamps of arrivals may be too late at present; 0 where that is not known, as
    ///     in a trace.
    mutating func updateLevels(
        _ thresholds: Span<Threshold>, _ levelStates: inout MutableSpan<LevelState>, after arrival: Arrival?,
        timestampUncertainty: Int64,
        in group: inout GroupState)

    /// How long after the last arrival the node is suspected, in nanoseconds; below 0 if it should have been already.
    /// Nil while nothing is known of its interval.
    func timeout(until threshold: Threshold, in levelState: LevelState) -> Int64?
    /// What can be had instead of a budget that cannot be kept within its limit; nil while it can,
    /// or where that has not lasted.
    func shortfall(of threshold: Threshold, in levelState: LevelState) -> BudgetShortfall?
    /// How suspicious a silence of so many nanoseconds is: 0 or more, finite, never falling as the silence grows.
    /// Nil while nothing is known of the interval, and for models without a φ.
    func phi(after silence: Int64) -> Double?
    /// When the next heartbeat is expected, in nanoseconds after the last arrival.
    var expectedGap: Int64? { get }
    /// How many gaps were observed and are still remembered.
    var samples: Int { get }

    /// What the layout of stored models, level and group states is called, such as `adaptive/1`. State of another layout is
    /// not to be read.
    static var stateVersion: String { get }
    /// Writes down what was learned, but not the parameters.
    func write(to writer: inout BinaryWriter)
    /// Reads what was learned by a model with the same parameters. Where those differ, it is an error or a model that goes
    /// on with what it can use.
    init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData)
}

/// Why a budget of mistakes cannot be kept, in numbers.
public struct BudgetShortfall: Hashable, Sendable {
    /// Mistakes per heartbeat that come with the limit, or with the longest waits that there are.
    public var mistakesPerHeartbeat: Double
    /// The longest wait that the budget needs, in nanoseconds after the last arrival; nil if outages alone break it.
    public var neededTimeout: Int64?

    public init(mistakesPerHeartbeat: Double, neededTimeout: Int64?) {
        (self.mistakesPerHeartbeat, self.neededTimeout) = (mistakesPerHeartbeat, neededTimeout)
    }
}

/// The group state of a model whose nodes learn nothing from each other.
public struct NoGroupState: Hashable, Sendable, BinaryCodable {
    init() {}
    public func write(to writer: inout BinaryWriter) {}
    public init(from reader: inout BinaryReader) throws(CorruptData) {}
}

/// The pursuit of a threshold that depends on nothing but what was observed.
public struct NoLevelState: Hashable, Sendable, BinaryCodable {
    init() {}
    public func write(to writer: inout BinaryWriter) {}
    public init(from reader: inout BinaryReader) throws(CorruptData) {}
}

/// A model that only knows how suspicious a silence is, or how long it waits, and weighs no mistakes.
public protocol ClassicalModel: ArrivalModel where LevelState == NoLevelState, GroupState == NoGroupState {
    /// Whether a policy tells it when to suspect; if not, its parameters do.
    static var usesPolicy: Bool { get }
    mutating func observe(_ arrival: Arrival)
    func timeout(until threshold: Threshold) -> Int64?
}

extension ClassicalModel {
    public static func levelState(of threshold: Threshold) -> NoLevelState { NoLevelState() }
    public static func makeGroupState(_ parameters: Parameters) -> NoGroupState { NoGroupState() }
    public mutating func observe(_ arrival: Arrival, in group: inout NoGroupState) { observe(arrival) }
    public mutating func updateLevels(
        _ thresholds: Span<Threshold>, _ levelStates: inout MutableSpan<NoLevelState>, after arrival: Arrival?,
        timestampUncertainty: Int64,
        in group: inout NoGroupState
    ) {}
    public func shortfall(of threshold: Threshold, in levelState: NoLevelState) -> BudgetShortfall? { nil }
    public func timeout(until threshold: Threshold, in levelState: NoLevelState) -> Int64? { timeout(until: threshold) }
    public static func refusal(of policy: Policy) -> String? {
        usesPolicy && policy.phi == nil
            ? "only the adaptive detector weighs mistakes against time; this one takes 'phi=8'" : nil
    }
}

extension Policy {
    /// The φ asked for, of a policy that was not refused.
    var plainPhi: Double {
        guard let phi else { preconditionFailure("refused: \(self)") }
        return phi
    }
}
