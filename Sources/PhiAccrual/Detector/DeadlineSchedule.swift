/// The deadlines of all nodes and levels, and the timing wheel that finds the next one. Nothing else writes either.
///
/// A deadline is the instant at which a level suspects a node that stays silent. The wheel holds one instant per slot: the
/// first at which something happens to the node. The detector computes it, since it also depends on the node's state, on
/// holds, and on retention. A deadline that becomes later leaves the wheel as it is: the old instant then comes too early,
/// and the caller schedules the slot again.
struct DeadlineSchedule: Sendable {
    /// No deadline: the level suspects nothing, or suspects already.
    static let none = Int64.max

    private var deadlines: LevelTable<Int64>  // ns
    private var wheel = TimingWheel()

    init(levels: Int) { deadlines = LevelTable(levels: levels) }

    // MARK: Deadlines

    @inline(__always) subscript(slot: Int, level: Int) -> Int64 { deadlines[slot, level] }

    /// Adds a slot behind the last one, without deadlines.
    mutating func appendSlot() { deadlines.appendRow { _ in Self.none } }

    var slotCount: Int { deadlines.rowCount }

    @inline(__always) mutating func set(_ slot: Int, _ level: Int, to instant: Int64) {
        deadlines[slot, level] = instant
    }

    /// Sets a deadline a timeout after an instant. Without a timeout it removes the deadline.
    @inline(__always) mutating func set(_ slot: Int, _ level: Int, _ timeout: Int64?, after instant: Int64) {
        deadlines[slot, level] = timeout.map(instant.addingSaturated) ?? Self.none
    }

    /// Moves a deadline that lies at or after `start` to a later instant. Returns whether it lay there.
    @discardableResult
    mutating func postpone(_ slot: Int, _ level: Int, from start: Int64, by time: Int64) -> Bool {
        let deadline = deadlines[slot, level]
        guard deadline != Self.none, deadline >= start else { return false }
        deadlines[slot, level] = deadline.addingSaturated(time)
        return true
    }

    /// Moves every deadline at or after `start` to a later instant, and leaves the wheel as it is.
    ///
    /// - Complexity: Linear in the number of slots and levels, at about a nanosecond each.
    mutating func postponeAll(from start: Int64, by time: Int64) {
        deadlines.updateAll { deadline in
            if deadline >= start { deadline = deadline.addingSaturated(time) }  // `none` stays what it is
        }
    }

    /// Clears all deadlines of a slot, and removes it from the wheel.
    mutating func clear(_ slot: Int) {
        deadlines.setRow(slot) { _ in Self.none }
        wheel.cancel(slot)
    }

    // MARK: The wheel

    /// The instant at which the slot comes up next; `none` removes it from the wheel.
    @inline(__always) mutating func schedule(_ slot: Int, at instant: Int64) { wheel.schedule(slot, at: instant) }

    mutating func unschedule(_ slot: Int) { wheel.cancel(slot) }

    /// When the slot comes up.
    func instant(of slot: Int) -> Int64 { wheel.instant(of: slot) }

    /// The first slot that comes up at or before `now`; nil if none does.
    mutating func firstDue(at now: Int64) -> Int? { wheel.firstDue(at: now) }

    /// The first instant at which a slot may come up; nil if none will.
    mutating func nextInstant() -> Int64? { wheel.nextInstant() }

    @inline(__always) func prefetch(_ slot: Int) {
        deadlines.prefetch(slot)
        wheel.prefetch(slot)
    }
}
