import PhiAccrual
import Recordings

/// What a detector was told within the last minutes, and as it was before that.
///
/// Two stretches: one that grows, and the one before it. When the later is full, the earlier goes.
struct RecentInputs<Model: ArrivalModel>: Sendable {
    private struct Segment: Sendable {
        var detector: Detector<Model>
        var start: Instant
        var records: [RecordBuffer] = []
        var size = 0  // bytes
    }
    private var earlier: Segment?
    private var later: Segment

    /// A stretch ends after so many bytes, or so long.
    private static var maxBytes: Int { 32 << 20 }
    private static var longest: Duration { .seconds(600) }
    /// With more nodes nothing is kept: to copy the detector would take so long that heartbeats wait.
    private static var maxNodes: Int { 20_000 }
    /// Whether anything is kept of such a detector.
    static func fits(_ detector: Detector<Model>) -> Bool { detector.nodeCount <= maxNodes }

    init(from detector: Detector<Model>, at start: Instant) { later = Segment(detector: detector, start: start) }

    mutating func append(_ records: RecordBuffer, at now: Instant) {
        later.records.append(records)
        later.size += records.bytes.count
    }

    func isFull(of detector: Detector<Model>, at now: Instant) -> Bool {
        !Self.fits(detector) || later.size > Self.maxBytes || now - later.start > Self.longest
    }

    /// The same without what is too long ago; nil if the detector has become too large.
    func next(from detector: Detector<Model>, at now: Instant) -> RecentInputs? {
        guard Self.fits(detector) else { return nil }
        var next = self
        next.earlier = later
        next.later = Segment(detector: detector, start: now)
        return next
    }

    /// The detector as it was at the beginning, and when that was.
    var beginning: (detector: Detector<Model>, at: Instant) {
        let first = earlier ?? later
        return (first.detector, first.start)
    }
    /// All that it was told since, in order.
    func forEachInput(_ take: (DetectorInput) -> Void) {
        for stretch in [earlier, later].compactMap(\.self) {
            for records in stretch.records { records.forEachInput(take) }
        }
    }
}
