/// Whether heartbeats arrive faster than the loop can receive them.
///
/// The loop is overloaded once it has been behind for a second, and no longer once it has kept up for ten seconds. A
/// load close to the limit is then reported once.
struct Overload {
    enum Change: Equatable {
        case begins
        /// After this duration.
        case ends(Duration)
    }
    private static let minBacklog: Duration = .seconds(1)
    private static let quietPeriod: Duration = .seconds(10)
    /// Since when the loop is overloaded, and when it was last behind for too long.
    private var present: (since: Instant, last: Instant)?

    /// Notes that the loop was paused until now. The pause does not count as a time in which it kept up.
    mutating func notePause(until now: Instant) { present?.last = now }

    /// - Parameter time: How long the sockets have not been drained completely.
    mutating func change(incompleteFor time: Duration, at now: Instant) -> Change? {
        if time > Self.minBacklog {
            defer { present = (present?.since ?? now - time, now) }
            return present == nil ? .begins : nil
        }
        guard let (since, last) = present, now - last >= Self.quietPeriod else { return nil }
        present = nil
        return .ends(last - since)
    }
}
