import BinaryCoding

/// The most recent gaps of one node, sorted by length.
///
/// Inserting a gap costs one binary search, and the gaps between the entering and the leaving one move by one place: a
/// copy of 4 KB on average for a thousand gaps, 400 KB for a hundred thousand.
struct SortedGaps: Sendable {
    private var arrived: [Int64] = []  // ns; a ring that grows up to `capacity`
    private var ascending: [Int64] = []  // ns
    private var next = 0
    private let capacity: Int

    init(capacity: Int) {
        precondition(capacity >= 1)
        self.capacity = capacity
    }

    var count: Int { ascending.count }

    mutating func insert(_ gap: Int64) {
        let entering = min(max(0, gap), ArrivalWindow.maxGap)
        if count < capacity {
            arrived.append(entering)
            ascending.insert(entering, at: countAtMost(entering))
        } else {
            replace(arrived[next], by: entering)
            arrived[next] = entering
        }
        next = next + 1 == capacity ? 0 : next + 1
    }

    private mutating func replace(_ leaving: Int64, by entering: Int64) {
        var place = countAtMost(leaving) - 1
        let last = ascending.count - 1
        while place < last, ascending[place + 1] < entering {
            ascending[place] = ascending[place + 1]
            place += 1
        }
        while place > 0, ascending[place - 1] > entering {
            ascending[place] = ascending[place - 1]
            place -= 1
        }
        ascending[place] = entering
    }

    /// Number of gaps that are at most this long.
    func countAtMost(_ gap: Int64) -> Int {
        var (low, high) = (0, ascending.count)
        while low < high {
            let middle = (low + high) / 2
            if ascending[middle] <= gap { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The gap with this rank in ascending order.
    /// - Parameter rank: From 1 to `count`.
    func gap(rank: Int) -> Int64 { ascending[rank - 1] }
}

extension SortedGaps {
    func write(to writer: inout BinaryWriter) {
        writer.write(gaps: arrived, oldest: count < capacity ? 0 : next)
    }

    init(capacity: Int, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(capacity: capacity)
        arrived = try reader.gaps(upTo: capacity)
        ascending = arrived.sorted()
        next = count == capacity ? 0 : count
    }
}
