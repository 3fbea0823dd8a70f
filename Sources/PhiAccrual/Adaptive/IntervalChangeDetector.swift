/// Watches whether the node's interval has changed for good: a run of gaps that are alike, and unlike it.
struct IntervalChangeDetector: Sendable {
    /// What the run's gaps are like, in nanoseconds per step.
    private(set) var interval: Float = 0
    /// Mean of all gaps since the run began, also those that do not fit.
    private(set) var mean: Float = 0
    private(set) var fits: UInt8 = 0
    private var misses: UInt8 = 0
    private var missesInARow: UInt8 = 0

    /// How far two gaps that are alike may be apart, as a share.
    static let tolerance: Float = 0.25
    /// After how many gaps a run is believed.
    private static let enough: UInt8 = 16
    private static let longest: UInt8 = 64

    /// Takes in a gap. Says whether a change may begin with it.
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
            // One stray gap in six, and never two in a row, breaks no run.
            if missesInARow > 1 || misses > Self.maxMisses(among: fits) || fits == 0 || fits == Self.longest {
                (interval, mean, fits, misses, missesInARow) = (gap, gap, 1, 0, 0)
                return mayBegin
            }
        }
        mean += (gap - mean) / Float(fits + misses)
        return mayBegin
    }

    private static func maxMisses(among fits: UInt8) -> UInt8 { fits / 6 + 1 }

    /// Whether a gap is like those of the run.
    func isLike(_ gap: Float) -> Bool { abs(gap - interval) < Self.tolerance * interval }

    /// Whether the run is long enough, and has few enough strays, to be an interval of its own.
    var isEstablished: Bool { fits >= Self.enough && isLike(mean) }

    /// Whether the run has gone on for so long that it is learned as any other.
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
