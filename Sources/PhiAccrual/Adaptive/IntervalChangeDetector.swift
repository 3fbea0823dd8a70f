import BinaryCoding

/// Detects that a node's interval may have changed for good, by a run of similar gaps. `AdaptiveModel` compares the run
/// with the interval that it knows.
struct IntervalChangeDetector: Sendable {
    /// Typical gap of the run, in nanoseconds per step.
    private(set) var interval: Float = 0
    /// Mean of all gaps since the run began, including stray ones.
    private(set) var mean: Float = 0
    private(set) var fits: UInt8 = 0
    private var misses: UInt8 = 0
    private var missesInARow: UInt8 = 0

    /// Relative difference below which a gap is similar to the run's interval.
    static let tolerance: Float = 0.25
    /// Number of similar gaps that establish a run.
    private static let enough: UInt8 = 16
    private static let longest: UInt8 = 64

    /// Records a gap. Returns whether a change may begin with it.
    mutating func observe(_ gap: Float) -> Bool {
        var mayBegin = false
        if isLike(gap), fits < Self.longest {
            fits += 1
            missesInARow = 0
            interval += (gap - interval) / Float(min(fits, Self.enough))
        } else {
            missesInARow += 1
            misses += 1
            mayBegin = missesInARow == 1
            // A run survives one stray gap in six, but never two in a row.
            if missesInARow > 1 || misses > Self.maxMisses(among: fits) || fits == 0 || fits == Self.longest {
                (interval, mean, fits, misses, missesInARow) = (gap, gap, 1, 0, 0)
                return mayBegin
            }
        }
        mean += (gap - mean) / Float(fits + misses)
        return mayBegin
    }

    private static func maxMisses(among fits: UInt8) -> UInt8 { fits / 6 + 1 }

    /// Whether a gap is similar to those of the run.
    func isLike(_ gap: Float) -> Bool { abs(gap - interval) < Self.tolerance * interval }

    /// Whether the run is long enough, and has few enough stray gaps, to be a new interval.
    var isEstablished: Bool { fits >= Self.enough && isLike(mean) }

    /// Whether the run is so long that its gaps are learned like any others.
    var isOld: Bool { fits >= Self.enough }

    mutating func end() { self = IntervalChangeDetector() }
}

extension IntervalChangeDetector: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(interval)
        writer.write(mean)
        for count in [fits, misses, missesInARow] { writer.write(count) }
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        interval = try reader.magnitude()
        mean = try reader.magnitude()
        fits = try reader.integer(in: 0...Self.longest)
        misses = try reader.integer(in: 0...Self.maxMisses(among: fits))
        missesInARow = try reader.integer(in: 0...1)
    }
}
