/// Decides when a detector may trust that it would have heard a node.
///
/// A detector that does not read its sockets hears no node, and silence then says nothing about the nodes. This value is
/// given what the caller did and what its clocks showed, as instants. It concludes which time to ignore, when deadlines
/// may be handled, by how much timestamps may be late, and what to report. It owns no clock, socket, or timer: equal
/// inputs give equal conclusions.
///
/// One turn of the caller's loop, in this order: `worked`, `nextWakeUp`, sleep until then or until something arrives,
/// `polled`, `read`, `beganTurn`, receive (with `timestamped` for each batch), `drained`, and `mayAdvance`.
public struct SelfObservation: Sendable {
    /// What the caller must do because of what was observed, in the given order.
    public enum Conclusion: Hashable, Sendable {
        /// No node could be heard in this time: postpone open deadlines, and learn no gap that reaches into it.
        case ignoreSilence(from: Instant, to: Instant)
        case report(Finding, at: Instant)
    }
    public enum Finding: Hashable, Sendable {
        /// The detector was stopped or starved for this long.
        case paused(Duration)
        /// Heartbeats arrive faster than they are received, and have for a second.
        case overloaded
        /// The overload is over, after this long.
        case caughtUp(Duration)
        /// The machine was suspended for this long.
        case machineSuspended(Duration)
        /// Civil time was set by this much; negative: back.
        case clockStepped(Duration)
    }

    /// A loop that acts later than this was stopped or starved, and so was the libzmq thread that reads the connections.
    /// The sockets then report “nothing more” while heartbeats lie in the system's buffers.
    static let toleratedLateness: Duration = .milliseconds(10)
    /// Time for that thread to read them. After a pause longer than this, the detector does not learn from what it reads.
    static let recoveryTime: Duration = .milliseconds(100)
    /// Upper bound on one extension of a pause while a backlog is drained.
    static let maxExtension: Duration = .seconds(1)
    /// Interval of wake-ups that reveal pauses.
    static let tick: Int64 = 100_000_000  // ns
    /// How long nodes may take to reconnect: publishers wait up to 2 s between attempts, plus a random time of up to 2 s.
    public static let reconnectionTime: Duration = .seconds(5)

    /// Since when the sockets have not been drained completely; nil while they are.
    private var incompleteSince: Instant?
    /// Until when no deadline is handled, because the loop itself was late.
    private var recoversUntil: Instant?
    /// When the last long pause ended, and until when silence is ignored because of it.
    private var lastPause: (end: Instant, ignoredUntil: Instant)?
    private var overload = Overload()
    private var uncertainty: TimestampUncertainty
    private var clocks = ClockWatch()

    public init(at now: Instant) { uncertainty = TimestampUncertainty(at: now) }

    /// By how much the timestamps of arrivals may be too late at present, in nanoseconds; at most a second.
    public var timestampUncertainty: Int64 { uncertainty.nanoseconds }

    // MARK: Waiting

    /// The loop did not poll its sockets between two instants, because it was at work or was stopped.
    public mutating func worked(from start: Instant, to end: Instant, into conclusions: inout [Conclusion]) {
        if end - start > Self.recoveryTime { paused(from: start, to: end, into: &conclusions) }
    }

    /// When to wake if nothing arrives: at the next deadline or the end of a recovery, and at each tick, since a late tick
    /// reveals a pause.
    public func nextWakeUp(after now: Instant, deadline: Instant?) -> Instant {
        let tick = Instant(nanoseconds: (now.nanoseconds / Self.tick + 1) * Self.tick)
        return min(tick, recoversUntil ?? deadline ?? tick)
    }

    /// The loop waited in its poller, which was to wake it at `wakeUp` at the latest.
    public mutating func polled(
        from start: Instant, to end: Instant, wakeUp: Instant, into conclusions: inout [Conclusion]
    ) {
        uncertainty.waited(from: start, to: end)
        guard end > wakeUp else { return }
        uncertainty.woken(late: end - max(wakeUp, start), at: end)
        paused(from: max(wakeUp, start), to: end, into: &conclusions)
    }

    // MARK: Clocks

    /// The clocks, read together at `now`.
    public mutating func read(_ reading: ClockReading, at now: Instant, into conclusions: inout [Conclusion]) {
        for finding in clocks.read(reading) {
            switch finding {
            case .suspended(let time):
                // No node is heard before it notices that its connection is dead and makes another.
                recoversUntil = now + Self.recoveryTime
                conclusions.append(.ignoreSilence(from: now, to: now + Self.reconnectionTime))
                conclusions.append(.report(.machineSuspended(time), at: now))
            case .stepped(let time): conclusions.append(.report(.clockStepped(time), at: now))
            }
        }
    }

    // MARK: Receiving

    /// The loop begins to receive at `start`, after it woke at `awake`.
    public mutating func beganTurn(at start: Instant, awake: Instant) {
        // Deadlines in that time wait until everything that arrived in it has been read.
        if start - awake > Self.toleratedLateness { recoversUntil = start + Self.recoveryTime }
    }

    /// Heartbeats were timestamped at `now`.
    public mutating func timestamped(at now: Instant) { uncertainty.stamped(at: now) }

    /// The turn that began at `start` received all that had arrived until then, or only a part.
    public mutating func drained(
        completely isComplete: Bool, since start: Instant, into conclusions: inout [Conclusion]
    ) {
        if isComplete {
            incompleteSince = nil
            uncertainty.emptied(at: start)
        } else {
            incompleteSince = incompleteSince ?? start
            extendPause(at: start, into: &conclusions)
        }
        switch overload.change(incompleteFor: start - (incompleteSince ?? start), at: start) {
        case .begins: conclusions.append(.report(.overloaded, at: start))
        case .ends(let time): conclusions.append(.report(.caughtUp(time), at: start))
        case nil: break
        }
    }

    /// Whether deadlines up to `start` may be handled. Ask only after everything that arrived until then was received.
    ///
    /// - Parameter now: The present instant, which is later than `start` by the time that receiving took.
    public mutating func mayAdvance(to start: Instant, nextDeadline: Instant?, at now: @autoclosure () -> Instant)
        -> Bool
    {
        if let end = recoversUntil {
            if start < end { return false }
            (recoversUntil, lastPause) = (nil, nil)
            return true
        }
        // The loop was stopped while at work. A stop while it waited would have been detected.
        guard let nextDeadline, start - nextDeadline > Self.toleratedLateness else { return true }
        recoversUntil = now() + Self.recoveryTime
        return false
    }

    // MARK: Pauses

    /// The loop did not read its sockets in this time, or not the latest arrivals.
    private mutating func paused(from start: Instant, to end: Instant, into conclusions: inout [Conclusion]) {
        let time = end - start
        guard time > Self.toleratedLateness else { return }
        let recovered = end + Self.recoveryTime
        recoversUntil = recovered
        guard time > Self.recoveryTime else { return }
        incompleteSince = nil  // a pause is no overload
        overload.notePause(until: end)
        lastPause = (end, recovered)
        conclusions.append(.ignoreSilence(from: start, to: recovered))
        conclusions.append(.report(.paused(time), at: end))
    }

    /// A backlog built up during a pause, and what is read now has late timestamps.
    private mutating func extendPause(at now: Instant, into conclusions: inout [Conclusion]) {
        guard recoversUntil != nil, let (end, ignoredUntil) = lastPause else { return }
        recoversUntil = max(recoversUntil ?? now, now + Self.recoveryTime)
        guard now + Self.recoveryTime > ignoredUntil else { return }
        // Each extension is as long as the time since the pause, because it costs a scan of every node. It is bounded,
        // because an extension that is too long delays every suspicion.
        let until = now + max(Self.recoveryTime, min(Self.maxExtension, now - end))
        conclusions.append(.ignoreSilence(from: ignoredUntil, to: until))
        lastPause = (end, until)
    }
}
