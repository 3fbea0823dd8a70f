import BinaryCoding

/// What one fresh heartbeat reveals about how a node's heartbeats arrive.
public struct Arrival: Hashable, Sendable {
    /// Nanoseconds since the node's previous fresh arrival, at least 0.
    public var gap: Int64
    /// Increase of the sequence number since then: 1 if nothing was lost, never below 1.
    public var step: Int64

    public init(gap: Int64, step: Int64) {
        self.gap = max(0, gap)
        self.step = max(1, step)
    }
}

/// Learns how one node's heartbeats arrive, and computes the timeout for the next one.
///
/// All times are nanoseconds since the last arrival, so a model never sees a clock. `Detector` owns one model per node.
/// It calls `begin` at the first heartbeat of every incarnation and `observe` at every later fresh one.
///
/// The learned state can be written and read back. The model then continues exactly as before, bit for bit.
public protocol ArrivalModel: Sendable {
    associatedtype Parameters: Sendable
    /// What `timeout` needs from a policy, computed once instead of at every heartbeat.
    associatedtype Threshold: Sendable

    /// State that one node keeps per level while it follows a threshold.
    associatedtype LevelState: BinaryCodable & Sendable = NoLevelState
    /// Statistics that the nodes of a group share. Nodes with few heartbeats of their own borrow from them.
    associatedtype GroupState: BinaryCodable & Sendable = NoGroupState

    init(_ parameters: Parameters)
    /// Whether a policy decides when to suspect; if not, the parameters do.
    static var usesPolicy: Bool { get }
    /// Why this model cannot follow a policy; nil if it can.
    static func refusal(of policy: Policy) -> String?
    /// - Precondition: `refusal(of:)` is nil for the policy.
    static func threshold(for policy: Policy) -> Threshold
    /// The initial level state for a threshold.
    static func levelState(of threshold: Threshold) -> LevelState
    /// The initial state of a group, before any of its nodes is heard.
    static func makeGroupState(_ parameters: Parameters) -> GroupState

    /// Starts a schedule: at the first heartbeat of a node, or of a new incarnation of it. What was learned stays.
    /// - Parameter announcedInterval: The interval that the sender announces, in nanoseconds; 0 if none.
    mutating func begin(announcedInterval: Int64)
    mutating func observe(_ arrival: Arrival, in group: inout GroupState)
    /// Updates all levels of the node at once, so that work they share is done once. Call it after each `begin`, after
    /// each `observe`, and when a policy was changed.
    /// - Parameters:
    ///   - arrival: What was observed; nil after `begin`, and when a policy was changed.
    ///   - timestampUncertainty: Nanoseconds by which timestamps of arrivals may currently be too late; 0 where that is
    ///     not known, as in a trace.
    mutating func updateLevels(
        _ thresholds: Span<Threshold>, _ levelStates: inout MutableSpan<LevelState>, after arrival: Arrival?,
        timestampUncertainty: Int64,
        in group: inout GroupState)

    /// Time from the last arrival to the suspicion, in nanoseconds; negative if the node should have been suspected
    /// before that arrival. Nil while the interval is not known.
    func timeout(until threshold: Threshold, in levelState: LevelState) -> Int64?
    /// What is achievable if a budget cannot be met within its limit. Nil while the budget is feasible, or until it has
    /// been infeasible for long enough.
    func shortfall(of threshold: Threshold, in levelState: LevelState) -> BudgetShortfall?
    /// Suspicion φ after a silence in nanoseconds: 0 or more, finite, never falling as the silence grows. Nil while the
    /// interval is not known, and for models without φ.
    func phi(after silence: Int64) -> Double?
    /// Expected time of the next heartbeat, in nanoseconds after the last arrival.
    var expectedGap: Int64? { get }
    /// Number of gaps that were observed and still count.
    var samples: Int { get }

    /// Version of the stored layout of models, level states, and group states, such as `adaptive/2`. Do not read state
    /// of another version.
    static var stateVersion: String { get }
    /// Writes what was learned, but not the parameters.
    func write(to writer: inout BinaryWriter)
    /// Reads what a model with the same parameters learned. If the parameters differ, it throws, or gives a model that
    /// continues with the part that it can use.
    init(_ parameters: Parameters, from reader: inout BinaryReader) throws(CorruptData)
}

/// Why a budget of mistakes cannot be met, in numbers.
public struct BudgetShortfall: Hashable, Sendable {
    /// Mistakes per heartbeat at the limit, or at the maximum timeout if outages alone exceed the budget.
    public var mistakesPerHeartbeat: Double
    /// The maximum timeout that the budget needs, in nanoseconds after the last arrival; nil if outages alone exceed
    /// the budget.
    public var neededTimeout: Int64?

    public init(mistakesPerHeartbeat: Double, neededTimeout: Int64?) {
        (self.mistakesPerHeartbeat, self.neededTimeout) = (mistakesPerHeartbeat, neededTimeout)
    }
}

/// The group state of a model whose nodes share no statistics.
public struct NoGroupState: Hashable, Sendable, BinaryCodable {
    init() {}
    public func write(to writer: inout BinaryWriter) {}
    public init(from reader: inout BinaryReader) throws(CorruptData) {}
}

/// The level state of a model whose timeouts depend only on what was observed.
public struct NoLevelState: Hashable, Sendable, BinaryCodable {
    init() {}
    public func write(to writer: inout BinaryWriter) {}
    public init(from reader: inout BinaryReader) throws(CorruptData) {}
}

/// A baseline model: it computes φ or a timeout, and does not weigh mistakes against time.
public protocol BaselineModel: ArrivalModel where LevelState == NoLevelState, GroupState == NoGroupState {
    mutating func observe(_ arrival: Arrival)
    func timeout(until threshold: Threshold) -> Int64?
}

extension BaselineModel {
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
            ? "only the adaptive detector supports it; baseline detectors support 'phi=8'" : nil
    }
}

extension Policy {
    /// The φ threshold of a policy that was not refused.
    var phiThreshold: Double {
        guard let phi else { preconditionFailure("refused: \(self)") }
        return phi
    }
}
