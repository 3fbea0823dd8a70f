import Testing

@testable import PhiAccrual

@Suite struct `A schedule of deadlines` {
    private static func schedule(slots: Int, levels: Int = 2) -> DeadlineSchedule {
        var schedule = DeadlineSchedule(levels: levels)
        for _ in 0..<slots { schedule.appendSlot() }
        return schedule
    }

    @Test func `has none until one is set, and keeps levels apart`() {
        var schedule = Self.schedule(slots: 2)
        schedule.set(1, 0, 30, after: 100)
        schedule.set(0, 1, to: 7)
        #expect([schedule[0, 0], schedule[0, 1], schedule[1, 0], schedule[1, 1]] == [.max, 7, 130, .max])
        schedule.set(1, 0, nil, after: 100)
        #expect(schedule[1, 0] == DeadlineSchedule.none)
    }

    @Test func `postpones a deadline that lies at or after an instant, and no other`() {
        var schedule = Self.schedule(slots: 1)
        schedule.set(0, 0, to: 50)
        let moved = [51, 50].map { schedule.postpone(0, 0, from: $0, by: 10) }
        #expect(moved == [false, true] && schedule[0, 0] == 60)
        let wasMoved = schedule.postpone(0, 1, from: 0, by: 10)
        #expect(!wasMoved && schedule[0, 1] == DeadlineSchedule.none)
    }

    @Test func `postpones all deadlines at once, never beyond the end of time`() {
        var schedule = Self.schedule(slots: 3, levels: 1)
        for (slot, instant) in [(0, 10), (1, 20), (2, Int64.max - 5)] { schedule.set(slot, 0, to: instant) }
        schedule.postponeAll(from: 20, by: 100)
        #expect((0..<3).map { schedule[$0, 0] } == [10, 120, .max])
    }

    @Test func `finds the slot that comes up first, until it is cleared`() {
        var schedule = Self.schedule(slots: 2)
        schedule.schedule(0, at: 2_000_000_000)
        schedule.schedule(1, at: 1_000_000_000)
        let first = [999_999_999, 1_000_000_000].map { schedule.firstDue(at: $0) }
        #expect(first == [nil, 1])
        schedule.clear(1)
        let second = [1_999_999_999, 2_000_000_000].map { schedule.firstDue(at: $0) }
        #expect(second == [nil, 0] && schedule.instant(of: 1) == DeadlineSchedule.none)
    }
}
