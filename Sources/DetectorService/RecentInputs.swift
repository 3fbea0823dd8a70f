import PhiAccrual
import Recordings

/// The detector's inputs of the last minutes, and its state before them.
///
/// There are two segments: the present one, and the one before it. When the present segment is full, it replaces the
/// earlier one.
struct RecentInputs<Model: ArrivalModel>: Sendable {
    private struct Segment: Sendable {
        var detector: Detector<Model>
        var start: Instant
        var records: [RecordBuffer] = []
        var size = 0  // bytes
    }
    private var earlier: Segment?
    private var later: Segment

    /// Limits of a segment, in bytes and time.
    private static var maxBytes: Int { 32 << 20 }
    private static var longest: Duration { .seconds(600) }
    /// With more nodes nothing is kept: copying the detector would delay heartbeats.
    private static var maxNodes: Int { 20_000 }
    /// Whether the inputs of this detector are kept.
    static func fits(_ detector: Detector<Model>) -> Bool { detector.nodeCount <= maxNodes }

    init(from detector: Detector<Model>, at start: Instant) { later = Segment(detector: detector, start: start) }

    mutating func append(_ records: RecordBuffer, at now: Instant) {
        later.records.append(records)
        later.size += records.bytes.count
    }

    func isFull(of detector: Detector<Model>, at now: Instant) -> Bool {
        !Self.fits(detector) || later.size > Self.maxBytes || now - later.start > Self.longest
    }

    /// Drops the earlier segment and starts a new one; nil if the detector has become too large.
    func next(from detector: Detector<Model>, at now: Instant) -> RecentInputs? {
        guard Self.fits(detector) else { return nil }
        var next = self
        next.earlier = later
        next.later = Segment(detector: detector, start: now)
        return next
    }

    /// The detector's state at the beginning of the kept inputs, and the instant of that.
    var beginning: (detector: Detector<Model>, at: Instant) {
        let first = earlier ?? later
        return (first.detector, first.start)
    }
    /// Passes on all inputs since the beginning, in order.
    func forEachInput(_ body: (DetectorInput) -> Void) {
        for segment in [earlier, later].compactMap(\.self) {
            for records in segment.records { records.forEachInput(body) }
        }
    }
}
