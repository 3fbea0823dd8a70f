/// Decides whether an arrival reveals a mistake (false suspicion). This is the one definition that every report uses.
///
/// A node is suspected from its deadline on, but not before the arrival that set that deadline. If the node is heard
/// later than that, it was up, and the suspicion was a mistake. An arrival restores trust unless its own deadline has
/// already passed. In that case the suspicion continues, and the next late arrival belongs to the same mistake. `Detector`
/// publishes the same verdicts.
///
/// A value of this type owns what one node and one level keep from arrival to arrival. Times are nanoseconds
/// of any one clock.
public struct MistakeRule: Hashable, Sendable {
    public enum Punctuality: Hashable, Sendable {
        /// At or before the deadline.
        case inTime
        /// After the deadline, within a mistake that an earlier arrival revealed. A detector that always suspects makes
        /// one mistake that never ends, and all its arrivals are late.
        case stillSuspected
        /// After the deadline of a trusted node.
        case mistake

        public var isLate: Bool { self != .inTime }
    }
    /// Whether the last arrival left the node suspected.
    public private(set) var isSuspected = false

    public init() {}

    /// Judges the arrival that ends the silence since `last`.
    /// - Parameter deadline: The deadline that was in force until this arrival.
    public mutating func receive(at now: Int64, after last: Int64, deadline: Int64) -> Punctuality {
        guard now > Self.suspicionStart(deadline: deadline, last: last) else { return .inTime }
        let isContinued = isSuspected && deadline <= last
        isSuspected = true
        return isContinued ? .stillSuspected : .mistake
    }

    /// Restores trust unless the deadline that the arrival at `now` set has already passed.
    /// - Parameter deadline: Nil if the arrival set no deadline; the node then cannot be suspected.
    public mutating func setDeadline(_ deadline: Int64?, at now: Int64) {
        if deadline.map({ $0 >= now }) ?? true { isSuspected = false }
    }

    /// When a node that was last heard at `last` is suspected.
    public static func suspicionStart(deadline: Int64, last: Int64) -> Int64 { max(deadline, last) }

    /// The timeout: time from the arrival that set a deadline to the suspicion, at least 0.
    public static func timeout(from last: Int64, until deadline: Int64) -> Int64 {
        Int64(clamping: Int128(suspicionStart(deadline: deadline, last: last)) - Int128(last))
    }
}
