import BinaryCoding

/// The most recent inter-arrival gaps of one node, with their exact sums.
///
/// Gaps are whole nanoseconds, so removing a gap exactly undoes inserting it. A running sum of doubles would drift over
/// weeks of heartbeats and could end in a negative variance.
public struct ArrivalWindow: Sendable {
    /// Longer gaps count as this long. With this limit the sums below fit for every allowed capacity.
    public static let maxGap: Int64 = 1 << 54  // ns, 208 days
    public static let capacities = 2...100_000

    public private(set) var count = 0
    private var gaps: [Int64]  // ns; a ring that grows up to `capacity`
    private let capacity: Int
    private var next = 0
    private var sum: Int128 = 0  // ns
    private var sumOfSquares: Int128 = 0  // ns²; at most 10⁵ · 2¹⁰⁸ < 2¹²⁵

    public init(capacity: Int) {
        precondition(Self.capacities.contains(capacity), "a variance needs two gaps, and its sums have a limit")
        self.capacity = capacity
        gaps = []
    }

    /// Inserts a gap in nanoseconds; a negative gap counts as 0. A full window drops its oldest gap.
    public mutating func insert(_ gap: Int64) {
        let entering = min(max(0, gap), Self.maxGap)
        var leaving: Int64 = 0
        if count < capacity {
            gaps.append(entering)
            count += 1
        } else {
            leaving = gaps[next]
            gaps[next] = entering
        }
        next = next + 1 == capacity ? 0 : next + 1
        sum += Int128(entering) - Int128(leaving)
        sumOfSquares += Int128(entering) * Int128(entering) - Int128(leaving) * Int128(leaving)
    }

    /// Mean gap in nanoseconds; nil while empty.
    public var mean: Double? { count == 0 ? nil : sum.double / Double(count) }

    /// Population variance in ns², at least 0; nil while empty.
    public var variance: Double? {
        guard count > 0 else { return nil }
        // Σ(x − m)² about a whole number m near the mean is exact and small; Σx² − (Σx)²/n in doubles is neither.
        let middle = sum / Int128(count)
        let squares = sumOfSquares - 2 * middle * sum + Int128(count) * middle * middle
        let offset = (sum - middle * Int128(count)).double / Double(count)  // mean − middle, below 1 ns
        return max(0, squares.double / Double(count) - offset * offset)
    }
}

// Only the gaps are stored: sums of whole numbers are restored exactly from them.
extension ArrivalWindow {
    func write(to writer: inout BinaryWriter) {
        writer.write(gaps: gaps, oldest: count < capacity ? 0 : next)
    }

    init(capacity: Int, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(capacity: capacity)
        for gap in try reader.gaps(upTo: capacity) { insert(gap) }
    }
}

extension BinaryWriter {
    /// Writes the gaps of a window, oldest first.
    /// - Parameter oldest: Index of the oldest gap in the ring.
    mutating func write(gaps ring: [Int64], oldest: Int) {
        write(UInt32(ring.count))
        for gap in ring[oldest...] + ring[..<oldest] { write(gap) }
    }
}

extension BinaryReader {
    /// Reads the gaps of a window of this capacity, oldest first.
    mutating func gaps(upTo capacity: Int) throws(CorruptData) -> [Int64] {
        var gaps: [Int64] = []
        for _ in 0..<(try integer(UInt32.self, in: 0...UInt32(capacity))) {
            gaps.append(try integer(in: 0...ArrivalWindow.maxGap))
        }
        return gaps
    }
}
