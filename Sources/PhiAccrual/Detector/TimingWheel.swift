/// Wakes entries at their instants, exactly and in order, for a cost that does not grow with their number.
///
/// A hierarchy of eight wheels of 64 slots. The lowest digit in which an entry's tick and the wheel's tick agree with
/// everything above names its wheel, its own digit there the slot; when the wheel's tick reaches a slot, its entries
/// move down. What is due within the present tick waits in a small heap, so order is exact to the nanosecond.
///
/// Source: Varghese and Lauck, “Hashed and hierarchical timing wheels”, SOSP 1987, scheme 7; bitmaps of occupied
/// slots replace the per-tick visit.
public struct TimingWheel: Sendable {
    /// Nanoseconds per tick, as a power of two: 2¹⁸ ns ≈ 0.26 ms.
    private static let tickBits: UInt64 = 18
    private static let wheels = 8
    private static let nowhere: Int32 = -1

    private struct Entry {
        var instant: Int64 = .max  // .max: not scheduled
        var next: Int32 = nowhere
        var previous: Int32 = nowhere
        var place: Int16 = -1  // wheel · 64 + slot; −1: in the heap, or not scheduled
    }
    private var entries: [Entry] = []
    private var heads = [Int32](repeating: nowhere, count: wheels * 64)
    private var occupied = [UInt64](repeating: 0, count: wheels)
    private var tick: UInt64 = 0
    /// What is due in the present tick or before. Entries rescheduled since are stale and skipped.
    private var imminent = InstantHeap()

    public init() {}

    /// When `entry` will next be looked at; `Int64.max` if it is not scheduled.
    public func instant(of entry: Int) -> Int64 { entry < entries.count ? entries[entry].instant : .max }
    /// Has the processor fetch an entry.
    @inline(__always) func prefetch(_ entry: Int) { entries.prefetch(entry..<entry + 1) }

    /// Has `entry` come up at `instant`, instead of when it was to before.
    public mutating func schedule(_ entry: Int, at instant: Int64) {
        while entries.count <= entry { entries.append(Entry()) }
        cancel(entry)
        guard instant != .max else { return }
        entries[entry].instant = instant
        file(entry)
    }

    public mutating func cancel(_ entry: Int) {
        guard entry < entries.count else { return }
        if entries[entry].place >= 0 { unlink(entry) }
        entries[entry].instant = .max
    }

    /// No entry comes up before this instant; it may be earlier than the first one by less than a slot.
    public mutating func nextInstant() -> Int64? {
        dropStale()
        let slot = nextSlot().map { Self.instant(ofTick: $0.tick) }
        guard let first = imminent.first?.instant else { return slot }
        return slot.map { min($0, first) } ?? first
    }

    /// Takes out the earliest entry due at `now` or before; its instant is no longer scheduled afterwards.
    public mutating func popDue(at now: Int64) -> Int? {
        let entry = firstDue(at: now)
        if let entry { cancel(entry) }
        return entry
    }

    /// The earliest entry due at `now` or before, still scheduled.
    mutating func firstDue(at now: Int64) -> Int? {
        let target = Self.tick(of: now)
        while true {
            dropStale()
            if let first = imminent.first, first.instant <= now { return first.entry }
            guard let slot = nextSlot(), slot.tick <= target else { break }
            expire(slot)
        }
        // Nothing lies between, so every entry keeps its wheel and slot under the later tick.
        tick = max(tick, target)
        return nil
    }

    private static func tick(of instant: Int64) -> UInt64 {
        (UInt64(bitPattern: instant) ^ (1 << 63)) >> tickBits  // the order of signed instants, from 0
    }
    private static func instant(ofTick tick: UInt64) -> Int64 { Int64(bitPattern: (tick << tickBits) ^ (1 << 63)) }

    private mutating func file(_ entry: Int) {
        let due = Self.tick(of: entries[entry].instant)
        guard due > tick else {
            imminent.insert(InstantHeap.Element(instant: entries[entry].instant, entry: entry))
            return
        }
        let wheel = (63 - (due ^ tick).leadingZeroBitCount) / 6
        let slot = Int(truncatingIfNeeded: due >> UInt64(6 * wheel)) & 63
        let place = wheel * 64 + slot
        let head = heads[place]
        entries[entry].place = Int16(place)
        entries[entry].next = head
        entries[entry].previous = Self.nowhere
        if head >= 0 { entries[Int(head)].previous = Int32(entry) }
        heads[place] = Int32(entry)
        occupied[wheel] |= 1 << UInt64(slot)
    }

    private mutating func unlink(_ entry: Int) {
        let (next, previous, place) = (entries[entry].next, entries[entry].previous, Int(entries[entry].place))
        if next >= 0 { entries[Int(next)].previous = previous }
        if previous >= 0 {
            entries[Int(previous)].next = next
        } else {
            heads[place] = next
            if next < 0 { occupied[place / 64] &= ~(1 << UInt64(place % 64)) }
        }
        entries[entry].place = -1
    }

    private struct Slot {
        var place: Int
        var tick: UInt64  // its first
    }

    /// The first occupied slot. All slots of a wheel that hold entries lie ahead of the wheel's own digit, and all of
    /// them before any of the next wheel.
    private func nextSlot() -> Slot? {
        for wheel in 0..<Self.wheels where occupied[wheel] != 0 {
            let slot = UInt64(occupied[wheel].trailingZeroBitCount)
            let shift = UInt64(6 * wheel)
            let above = tick & ~((64 << shift) &- 1)
            return Slot(place: wheel * 64 + Int(slot), tick: above | (slot << shift))
        }
        return nil
    }

    private mutating func expire(_ slot: Slot) {
        tick = slot.tick
        var entry = heads[slot.place]
        heads[slot.place] = Self.nowhere
        occupied[slot.place / 64] &= ~(1 << UInt64(slot.place % 64))
        while entry >= 0 {
            let next = entries[Int(entry)].next
            entries[Int(entry)].place = -1
            file(Int(entry))
            entry = next
        }
    }

    private mutating func dropStale() {
        while let first = imminent.first,
            entries[first.entry].instant != first.instant || entries[first.entry].place >= 0
        {
            imminent.removeFirst()
        }
    }
}

/// A binary heap of instants, the earliest first; at equal instants the lower entry, so that order never depends on
/// how entries got in.
struct InstantHeap: Sendable {
    struct Element: Sendable {
        var instant: Int64
        var entry: Int
        func precedes(_ other: Element) -> Bool { (instant, entry) < (other.instant, other.entry) }
    }
    private var elements: [Element] = []

    var first: Element? { elements.first }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0, element.precedes(elements[(child - 1) / 2]) {
            elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = elements.popLast(), !elements.isEmpty else { return }
        elements[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < elements.count {
                if elements[child].precedes(elements[least]) { least = child }
            }
            guard least != parent else { return }
            elements.swapAt(parent, least)
            parent = least
        }
    }
}
