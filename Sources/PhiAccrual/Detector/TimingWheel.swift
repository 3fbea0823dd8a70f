/// Fires entries at their instants, exactly and in order, at a cost that does not grow with their number.
///
/// A hierarchy of wheels of 256 slots. Each slot is as long as the whole wheel below. An entry lies in the lowest wheel
/// that reaches as far as its instant. When the wheel's tick reaches a slot, the entries of that slot move down.
/// Entries due within the present tick lie in a small heap, so their order is exact to the nanosecond.
///
/// An entry whose instant is postponed stays in its slot and moves when that slot is reached. Heartbeats postpone most
/// deadlines before they are due, and that costs nothing.
///
/// Source: Varghese and Lauck, “Hashed and hierarchical timing wheels”, SOSP 1987, scheme 7; bitmaps of occupied slots
/// replace the per-tick visit.
public struct TimingWheel: Sendable {
    /// Nanoseconds per tick, as a power of two: 2¹⁸ ns ≈ 0.26 ms. Slots of the second wheel are 67 ms long, and it
    /// reaches 17 s ahead. An entry due in some seconds is therefore moved once, and never with many others.
    private static let tickBits: UInt64 = 18
    private static let slotBits: UInt64 = 8
    private static let slots = 256
    private static let wheels = 6
    private static let nowhere: Int32 = -1

    private struct Entry {
        var instant: Int64 = .max  // .max: not scheduled
        /// The instant that its place is for: its own, or an earlier one.
        var filed: Int64 = .max
        var next: Int32 = nowhere
        var previous: Int32 = nowhere
        var place: Int16 = -1  // wheel · 256 + slot; −1: in the heap, or not scheduled
    }
    private var entries: [Entry] = []
    private var heads = [Int32](repeating: nowhere, count: wheels * slots)
    private var occupied = [UInt64](repeating: 0, count: wheels * slots / 64)  // a bit per place
    private var tick: UInt64 = 0
    /// Entries of the present tick and before. Entries that were moved since are stale and skipped.
    private var imminent = InstantHeap()

    public init() {}

    /// When `entry` is due; `Int64.max` if it is not scheduled.
    public func instant(of entry: Int) -> Int64 { entry < entries.count ? entries[entry].instant : .max }
    /// Prefetches an entry.
    @inline(__always) func prefetch(_ entry: Int) { entries.prefetch(entry..<entry + 1) }

    /// Schedules `entry` at `instant`, instead of its earlier instant.
    public mutating func schedule(_ entry: Int, at instant: Int64) {
        guard instant != .max else { return cancel(entry) }
        while entries.count <= entry { entries.append(Entry()) }
        entries[entry].instant = instant
        guard instant < entries[entry].filed else { return }
        if entries[entry].place >= 0 { unlink(entry) }
        file(entry)
    }

    public mutating func cancel(_ entry: Int) {
        guard entry < entries.count else { return }
        if entries[entry].place >= 0 { unlink(entry) }
        (entries[entry].instant, entries[entry].filed) = (.max, .max)
    }

    /// No entry is due before this instant. It may be earlier than the first due instant: by at most a slot, or because
    /// an entry was postponed.
    public mutating func nextInstant() -> Int64? {
        settleImminent()
        let slot = nextSlot().map { Self.instant(ofTick: $0.tick) }
        guard let first = imminent.first?.instant else { return slot }
        return slot.map { min($0, first) } ?? first
    }

    /// Removes and returns the earliest entry due at `now` or before.
    public mutating func popDue(at now: Int64) -> Int? {
        let entry = firstDue(at: now)
        if let entry { cancel(entry) }
        return entry
    }

    /// The earliest entry due at `now` or before; it stays scheduled.
    mutating func firstDue(at now: Int64) -> Int? {
        let target = Self.tick(of: now)
        while true {
            settleImminent()
            let slot = nextSlot()
            // Slots of several wheels may begin at one tick. All of them come before any entry that is due in it.
            if let slot, slot.tick == tick {
                expire(slot)
            } else if let first = imminent.first, first.instant <= now {
                return first.entry
            } else if let slot, slot.tick <= target {
                expire(slot)
            } else {
                // No slot begins in between, so every entry's place is right for the later tick as well.
                tick = max(tick, target)
                return nil
            }
        }
    }

    private static func tick(of instant: Int64) -> UInt64 {
        (UInt64(bitPattern: instant) ^ (1 << 63)) >> tickBits  // maps signed instants to unsigned, in the same order
    }
    private static func instant(ofTick tick: UInt64) -> Int64 { Int64(bitPattern: (tick << tickBits) ^ (1 << 63)) }

    private mutating func file(_ entry: Int) {
        let instant = entries[entry].instant
        entries[entry].filed = instant
        let due = Self.tick(of: instant)
        guard due > tick else {
            imminent.insert(InstantHeap.Element(instant: instant, entry: entry))
            return
        }
        let wheel = Self.wheel(for: due, at: tick)
        let place = Int(wheel) * Self.slots + Self.digit(of: due, wheel)
        let head = heads[place]
        entries[entry].place = Int16(place)
        entries[entry].next = head
        entries[entry].previous = Self.nowhere
        if head >= 0 { entries[Int(head)].previous = Int32(entry) }
        heads[place] = Int32(entry)
        occupied[place / 64] |= 1 << UInt64(place % 64)
    }

    /// The lowest wheel that has a slot ahead for a tick.
    private static func wheel(for due: UInt64, at tick: UInt64) -> UInt64 {
        var wheel: UInt64 = 0
        while (due >> (slotBits * wheel)) - (tick >> (slotBits * wheel)) >= UInt64(slots) { wheel += 1 }
        return wheel
    }
    /// Index of the slot of a wheel that contains a tick.
    private static func digit(of tick: UInt64, _ wheel: UInt64) -> Int {
        Int(truncatingIfNeeded: tick >> (slotBits * wheel)) & (slots - 1)
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
        var tick: UInt64  // first tick of the slot
    }

    /// The occupied slot that begins first. It never begins before the present tick, which never passes it.
    private func nextSlot() -> Slot? {
        var first: Slot?
        for wheel in 0..<UInt64(Self.wheels) {
            let digit = Self.digit(of: tick, wheel)
            guard let distance = distanceToOccupied(from: digit, inWheel: Int(wheel)) else { continue }
            let begin = ((tick >> (Self.slotBits * wheel)) &+ UInt64(distance)) << (Self.slotBits * wheel)
            guard first.map({ begin < $0.tick }) ?? true else { continue }
            first = Slot(place: Int(wheel) * Self.slots + (digit + distance) & (Self.slots - 1), tick: begin)
        }
        return first
    }

    /// Distance in slots to the first occupied one; the search wraps around.
    private func distanceToOccupied(from digit: Int, inWheel wheel: Int) -> Int? {
        let words = Self.slots / 64
        var word = digit / 64
        var bits = occupied[wheel * words + word] & (~0 << UInt64(digit % 64))
        for _ in 0...words {
            if bits != 0 { return (word * 64 + bits.trailingZeroBitCount - digit) & (Self.slots - 1) }
            word = (word + 1) % words
            bits = occupied[wheel * words + word]
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

    /// Makes the first heap entry valid: removes entries that were moved, and files postponed ones again.
    private mutating func settleImminent() {
        while let first = imminent.first {
            let found = entries[first.entry]
            if found.filed == first.instant, found.instant == first.instant { return }
            imminent.removeFirst()
            if found.filed == first.instant { file(first.entry) }
        }
    }
}

/// A binary heap of instants, the earliest first. At equal instants the lower entry comes first, so the order does not
/// depend on the order of insertion.
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
