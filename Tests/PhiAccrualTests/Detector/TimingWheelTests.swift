import TestSupport
import Testing

@testable import PhiAccrual

@Suite struct `A timing wheel` {
    /// A reference implementation with a sorted array.
    private struct Agenda {
        struct Item: Comparable {
            var instant: Int64
            var entry: Int
            static func < (a: Item, b: Item) -> Bool { (a.instant, a.entry) < (b.instant, b.entry) }
        }
        private(set) var items: [Item] = []
        private var instants: [Int: Int64] = [:]

        func instant(of entry: Int) -> Int64 { instants[entry] ?? .max }
        mutating func cancel(_ entry: Int) {
            guard let instant = instants.removeValue(forKey: entry) else { return }
            items.remove(at: place(of: Item(instant: instant, entry: entry)))
        }
        mutating func schedule(_ entry: Int, at instant: Int64) {
            cancel(entry)
            guard instant != .max else { return }
            let item = Item(instant: instant, entry: entry)
            items.insert(item, at: place(of: item))
            instants[entry] = instant
        }
        mutating func popDue(at now: Int64) -> Item? {
            guard let first = items.first, first.instant <= now else { return nil }
            cancel(first.entry)
            return first
        }
        private func place(of item: Item) -> Int {
            var (low, high) = (0, items.count)
            while low < high {
                let middle = (low + high) / 2
                if items[middle] < item { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }
    private func pop(_ wheel: inout TimingWheel, at now: Int64) -> Agenda.Item? {
        let instant = wheel.firstDue(at: now).map(wheel.instant(of:))
        guard let entry = wheel.popDue(at: now) else { return nil }
        return Agenda.Item(instant: instant ?? .max, entry: entry)
    }
    /// A random instant, nanoseconds to years away and mostly ahead; sometimes exactly on a tick or at an end of time.
    private func instant(near now: Int64, _ random: inout SplitMix64) -> Int64 {
        let distance = random.anyMagnitude() >> Int64.random(in: 0...20, using: &random)
        switch Double.random(in: 0..<1, using: &random) {
        case ..<0.02: return [.min, .min + 1, .max - 1, .max, 0, -1][Int.random(in: 0..<6, using: &random)]
        case ..<0.10: return now.subtractingSaturated(distance)
        case ..<0.15: return now
        case ..<0.30: return now.addingSaturated(distance) & ~((1 << 18) - 1)
        case ..<0.40: return now.addingSaturated(.random(in: 0...(1 << 18), using: &random))
        // At boundaries where slots of several wheels begin.
        case ..<0.50:
            let begin =
                now.addingSaturated(distance) & ~((1 << [26, 34, 42][Int.random(in: 0..<3, using: &random)]) - 1)
            return begin.addingSaturated(.random(in: 0...(1 << 18), using: &random))
        default: return now.addingSaturated(distance)
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>) func `agrees with a sorted array`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var (wheel, agenda) = (TimingWheel(), Agenda())
        // The origin of a clock can be anywhere, even before 0.
        var now: Int64 = [0, .min, -(.days(365)), .days(365 * 50)][Int(seed % 4)]
        for _ in 0..<20_000 {
            let entry = Int.random(in: 0..<100, using: &random)
            switch Double.random(in: 0..<1, using: &random) {
            case ..<0.60:
                let instant = instant(near: now, &random)
                wheel.schedule(entry, at: instant)
                agenda.schedule(entry, at: instant)
            case ..<0.70:
                wheel.cancel(entry)
                agenda.cancel(entry)
            case ..<0.90:
                #expect(pop(&wheel, at: now) == agenda.popDue(at: now))
            default:
                // Advances by nanoseconds to days, or exactly to the promised instant.
                let step = random.anyMagnitude() >> Int64.random(in: 5...40, using: &random)
                now = random.chance(0.3) ? max(now, wheel.nextInstant() ?? now) : now.addingSaturated(step)
                if random.chance(0.001) { now = now.subtractingSaturated(.days(1)) }
                while let expected = agenda.popDue(at: now) { #expect(pop(&wheel, at: now) == expected) }
                #expect(wheel.popDue(at: now) == nil)
            }
            #expect(wheel.instant(of: entry) == agenda.instant(of: entry))
            let (next, first) = (wheel.nextInstant(), agenda.items.first?.instant)
            #expect((next == nil) == (first == nil))
            #expect(next ?? .max <= first ?? .max)
        }
    }
    @Test(arguments: [0, 1, 18, 24, 30, 36, 42, 48, 54, 60, 62]) func `reaches an entry in a few steps, however far`(
        power: Int
    ) throws {
        for start in [Int64.min, -1, 0, .days(400)] {
            for offset in -1...1 as ClosedRange<Int64> {
                var wheel = TimingWheel()
                #expect(wheel.popDue(at: start) == nil)
                let instant = max(start, start.addingSaturated((1 << Int64(power)) + offset))
                wheel.schedule(7, at: instant)
                var steps = 0
                while true {
                    steps += 1
                    try #require(steps <= 7, "one for each wheel, and one for the entry")
                    let promised = wheel.nextInstant()
                    let next = try #require(promised)
                    #expect(next <= instant)
                    guard let popped = pop(&wheel, at: next) else { continue }
                    #expect(popped == Agenda.Item(instant: instant, entry: 7))
                    #expect(next == instant)
                    break
                }
                #expect(wheel.nextInstant() == nil)
            }
        }
    }
    @Test(arguments: 0..<6 as Range<Int64>) func `wakes early by less than a slot`(wheelNumber: Int64) throws {
        var random = SplitMix64(seed: UInt64(wheelNumber))
        for _ in 0..<1000 {
            let now = Int64(truncatingIfNeeded: random.next() >> 2)
            let instant = now + Int64(truncatingIfNeeded: random.next() >> UInt64(max(2, 38 - 8 * wheelNumber)))
            // The lowest wheel whose 256 slots reach the instant.
            var bits: Int64 = 18
            while (instant >> bits) - (now >> bits) >= 256 { bits += 8 }
            guard instant >> 18 > now >> 18 else { continue }
            var wheel = TimingWheel()
            _ = wheel.popDue(at: now)
            wheel.schedule(0, at: instant)
            let promised = wheel.nextInstant()
            let next = try #require(promised)
            #expect(next > now && next <= instant)
            #expect(instant - next < 1 << bits)
        }
    }
    @Test(arguments: [(50, 100), (100, 50)]) func `keeps the order at a boundary of two wheels`(
        far: Int64, near: Int64
    ) {
        var wheel = TimingWheel()
        _ = wheel.popDue(at: 0)
        let begin: Int64 = 1 << 26  // start of the second wheel's next slot
        wheel.schedule(0, at: begin + far)
        #expect(wheel.popDue(at: begin - (1 << 20)) == nil)
        wheel.schedule(1, at: begin + near)  // now within reach of the first wheel
        let order = [wheel.popDue(at: begin + 1000), wheel.popDue(at: begin + 1000)]
        #expect(order == (far < near ? [0, 1] : [1, 0]))
    }
    @Test func `does not move an entry that is rescheduled to a later instant`() {
        var wheel = TimingWheel()
        _ = wheel.popDue(at: 0)
        wheel.schedule(0, at: .seconds(1))
        for second in 2...100 as ClosedRange<Int64> { wheel.schedule(0, at: .seconds(second)) }
        #expect(wheel.instant(of: 0) == .seconds(100))
        let early = wheel.nextInstant()
        #expect(early.map { $0 <= .seconds(1) } == true)
        #expect(wheel.popDue(at: .seconds(2)) == nil)
        // The entry is now stored for its present instant, not for each earlier one.
        let next = wheel.nextInstant()
        #expect(next.map { $0 > .seconds(80) } == true)
        wheel.schedule(0, at: .seconds(3))
        #expect(wheel.popDue(at: .seconds(3)) == 0)
        #expect(wheel.nextInstant() == nil)
    }
    @Test func `returns entries of one instant in their order, whichever came first`() {
        var (wheel, random) = (TimingWheel(), SplitMix64(seed: 3))
        for entry in (0..<200).shuffled(using: &random) { wheel.schedule(entry, at: .days(9)) }
        var order: [Int] = []
        while let entry = wheel.popDue(at: .days(10)) { order.append(entry) }
        #expect(order == Array(0..<200))
    }
    @Test func `does not return an entry again that was popped, cancelled, or moved`() {
        var wheel = TimingWheel()
        for entry in 0..<4 { wheel.schedule(entry, at: 100) }
        wheel.cancel(0)
        wheel.schedule(1, at: 100)
        wheel.schedule(2, at: .days(1))
        #expect(wheel.popDue(at: 100) == 1)
        #expect(wheel.popDue(at: 100) == 3)
        #expect(wheel.popDue(at: .hours(23)) == nil)
        #expect(wheel.popDue(at: .days(1)) == 2)
        #expect(wheel.nextInstant() == nil)
        wheel.cancel(999)
        #expect(wheel.instant(of: 999) == .max)
    }
    @Test func `schedules nothing at the end of time`() {
        var wheel = TimingWheel()
        wheel.schedule(0, at: .max)
        wheel.schedule(1, at: .max - 1)
        #expect(wheel.instant(of: 0) == .max)
        #expect(wheel.popDue(at: .max - 2) == nil)
        #expect(wheel.popDue(at: .max) == 1)
        #expect(wheel.popDue(at: .max) == nil)
    }
}
