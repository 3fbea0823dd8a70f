import Evaluation

/// Builds the input of `QualityRecorder` from arrivals in seconds, each with the deadline that it sets.
struct ArrivalBuilder {
    private(set) var arrivals: [JudgedArrival] = []

    /// Adds an arrival. Its previous deadline is the one that the node's last arrival set.
    mutating func add(
        _ node: Int = 0, at: Double, step: Int64? = 1, delay: Double? = nil, phi: Double? = nil, deadline: Double?
    ) {
        let last = arrivals.last { $0.node == node }
        arrivals.append(
            JudgedArrival(
                node: node, at: nanoseconds(at), step: last == nil ? nil : step, delay: delay.map(nanoseconds),
                phi: phi,
                previousDeadline: last?.deadline, deadline: deadline.map(nanoseconds)))
    }

    func report(warmUp: Int = 0) -> QualityReport {
        var recorder = QualityRecorder(warmUp: warmUp)
        for arrival in arrivals { recorder.record(arrival) }
        return recorder.report()
    }
}

func nanoseconds(_ seconds: Double) -> Int64 { Int64((seconds * 1e9).rounded()) }

/// Whether two values are equal within a tolerance, which is relative above 1.
func isClose(_ value: Double?, _ right: Double, within tolerance: Double = 1e-9) -> Bool {
    value.map { abs($0 - right) <= tolerance * max(1, abs(right)) } ?? false
}

/// A seeded generator for tests: SplitMix64.
struct Lot: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
