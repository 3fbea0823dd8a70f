import PhiAccrual

/// Whether heartbeats come faster than they can be taken in.
///
/// Who is behind for a second is overloaded, and no longer only when it has kept up for ten: what comes and goes at the
/// border is told once.
struct Overload {
    enum Change: Equatable {
        case begins
        /// After so long.
        case ends(Duration)
    }
    private static let patience: Duration = .seconds(1)
    private static let quietPeriod: Duration = .seconds(10)
    /// Since when it is, and when it was behind for too long last.
    private var present: (since: Instant, last: Instant)?

    /// Nobody looked until now: what was not seen is no calm.
    mutating func wasAway(until now: Instant) { present?.last = now }

    /// - Parameter time: For how long there has always been something left to read.
    mutating func change(incompleteFor time: Duration, at now: Instant) -> Change? {
        if time > Self.patience {
            defer { present = (present?.since ?? now - time, now) }
            return present == nil ? .begins : nil
        }
        guard let (since, last) = present, now - last >= Self.quietPeriod else { return nil }
        present = nil
        return .ends(last - since)
    }
}
