import BinaryCoding

/// The interval between a sender's heartbeats: Chen's η, Bertier's Δi.
///
/// Detectors that compute with sequence numbers assume that it is known: given as a parameter, otherwise announced by
/// the sender. A recording often has neither. Then it is learned from arrivals: time since an anchor, divided by the
/// increase of the sequence number. The anchor moves on every 2,048 numbers, so the model follows a lasting change of
/// the interval.
struct SendingInterval: Sendable {
    private struct Span: Sendable {
        var time: Int128 = 0  // ns
        var steps: Int128 = 0
    }
    private let given: Int64?  // ns
    private var announced: Int64 = 0  // ns; 0 if not announced
    private var older = Span()
    private var newer = Span()
    private static let anchorDistance: Int128 = 2048

    init(given: Duration?) { self.given = given?.nanoseconds }

    mutating func begin(announcedInterval: Int64) {
        if announcedInterval > 0 { announced = announcedInterval }
    }
    /// What was learned in an earlier incarnation stays: only gaps within one incarnation are added.
    mutating func observe(_ arrival: Arrival) {
        add(arrival, to: &older)
        add(arrival, to: &newer)
        if newer.steps >= Self.anchorDistance {
            older = newer
            newer = Span()
        }
    }
    private func add(_ arrival: Arrival, to span: inout Span) {
        let (gap, step) = arrival.bounded
        span.time += Int128(gap)
        span.steps += Int128(step)
    }

    /// Nanoseconds and the sequence numbers that they span, both whole so that nothing is rounded; nil while nothing is
    /// known.
    var ratio: (time: Int128, steps: Int128)? {
        if let given { return (Int128(given), 1) }
        if announced > 0 { return (Int128(min(announced, ArrivalWindow.maxGap)), 1) }
        return older.steps > 0 ? (older.time, older.steps) : nil
    }
    var nanoseconds: Double? { ratio.map { $0.time.double / $0.steps.double } }
}

// A given interval is a parameter, so it is not stored.
extension SendingInterval {
    func write(to writer: inout BinaryWriter) {
        writer.write(announced)
        for span in [older, newer] {
            writer.write(span.time)
            writer.write(span.steps)
        }
    }

    init(given: Duration?, from reader: inout BinaryReader) throws(CorruptData) {
        self.init(given: given)
        announced = try reader.integer(in: 0...(.max))
        older = try Self.span(from: &reader, upTo: Int128(2 * Arrival.maxStep))
        newer = try Self.span(from: &reader, upTo: Self.anchorDistance - 1)
    }
    private static func span(from reader: inout BinaryReader, upTo steps: Int128) throws(CorruptData) -> Span {
        var span = Span()
        span.time = try reader.integer(in: 0...steps * Int128(ArrivalWindow.maxGap))
        span.steps = try reader.integer(in: 0...steps)
        return span
    }
}
