import BinaryCoding

/// Active holds on suspicions, and the last expired ones.
struct ActiveHolds: Sendable {
    /// The nodes that a hold covers: a group by its number, or all nodes if nil.
    typealias Scope = UInt16?

    /// A node whose silence is evidence for a hold.
    struct SampledNode: Hashable, Sendable {
        var slot: Int32
        var key: UInt64
    }
    struct Hold: Sendable {
        var scope: Scope
        var began: Int64  // ns
        var silentSince: Int64  // ns
        var until: Int64  // ns
        var nextCheck: Int64  // ns
        var heard: Int
        var sampledNodes: [SampledNode]
        /// The node whose silence is undecided, because the sample was too small; nil once the hold is published.
        var candidate: SampledNode?
    }
    /// Period of an active hold, or of the last hold of its scope if that expired.
    private struct Span {
        var began: Int64
        var until: Int64
        var isActive: Bool
        var isPublished: Bool
    }
    private(set) var active: [Hold] = []
    private var spans: [Scope: Span] = [:]
    /// When the next check of a hold is due; `Int64.max` if no check is due.
    private(set) var nextCheck: Int64 = .max  // ns

    /// The latest end of any of them.
    private var latest: Int64 = .min  // ns

    /// Whether there is neither an active hold nor an expired one to consider.
    var hasNoHolds: Bool { spans.isEmpty }
    /// The same for a node with this last arrival: no hold was active since.
    @inline(__always) func hasNoHolds(since lastArrival: Int64) -> Bool {
        spans.isEmpty || (active.isEmpty && lastArrival >= latest)
    }

    /// Interval between two checks of a hold.
    static let checkInterval: Int64 = 250_000_000  // ns
    /// Interval between two checks of an undecided hold while no node is heard. An arrival causes a check at once.
    static let undecidedCheckInterval: Int64 = 50_000_000  // ns

    /// Until when holds delay a suspicion of the node; `Int64.min` if they do not.
    func heldUntil(_ node: WatchedNode) -> Int64 {
        max(heldUntil(node, by: nil), heldUntil(node, by: node.group))
    }
    private func heldUntil(_ node: WatchedNode, by scope: Scope) -> Int64 {
        guard let span = spans[scope], span.isActive || node.lastArrival < span.until else { return .min }
        return span.until
    }
    /// Whether the node has been silent since before a hold that expired: one silence is held only once.
    func isExhausted(_ node: WatchedNode) -> Bool {
        [nil, node.group].contains { scope in
            spans[scope].map { !$0.isActive && node.lastArrival < $0.began } ?? false
        }
    }
    func isActive(for node: WatchedNode) -> Bool {
        [spans[nil], spans[node.group]].contains { $0?.isActive ?? false }
    }
    /// When the active, published hold that covers the node began; nil without one.
    func publishedSince(for node: WatchedNode) -> Int64? {
        [spans[nil], spans[node.group]].compactMap { $0.flatMap { $0.isActive && $0.isPublished ? $0.began : nil } }
            .min()
    }

    mutating func begin(_ hold: Hold) {
        active.append(hold)
        spans[hold.scope] = Span(
            began: hold.began, until: hold.until, isActive: true, isPublished: hold.candidate == nil)
        updateNextCheck()
    }
    /// Removes and returns the first active hold whose check is due.
    mutating func dequeueDue(at now: Int64) -> Hold? {
        guard let index = active.firstIndex(where: { $0.nextCheck <= now }) else { return nil }
        defer { updateNextCheck() }
        return active.remove(at: index)
    }
    mutating func reschedule(_ hold: Hold) {
        active.append(hold)
        updateNextCheck()
    }
    /// Schedules an immediate check of undecided holds, after a node was heard.
    mutating func recheckSoon(at now: Int64) {
        for index in active.indices where active[index].candidate != nil {
            active[index].nextCheck = max(now, active[index].began)
        }
        updateNextCheck()
    }
    mutating func release(_ hold: Hold) {
        spans[hold.scope] = nil
        updateNextCheck()
    }
    mutating func expire(_ hold: Hold) {
        spans[hold.scope]?.isActive = false
        updateNextCheck()
    }
    /// Extends active holds by a pause of the observer: in that time it could not hear the silent nodes.
    mutating func lengthen(by time: Int64) {
        for index in active.indices {
            active[index].until = active[index].until.addingSaturated(time)
            active[index].nextCheck = active[index].nextCheck.addingSaturated(time)
            spans[active[index].scope]?.until = active[index].until
        }
        updateNextCheck()
    }

    private mutating func updateNextCheck() {
        nextCheck = active.reduce(.max) { min($0, $1.nextCheck) }
        latest = spans.values.reduce(.min) { max($0, $1.until) }
    }
}

extension ActiveHolds: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(UInt32(active.count))
        for hold in active {
            writer.write(hold.scope) { $0.write($1) }
            for instant in [hold.began, hold.silentSince, hold.until, hold.nextCheck] { writer.write(instant) }
            writer.write(Int64(hold.heard))
            writer.write(UInt8(clamping: hold.sampledNodes.count))
            for node in hold.sampledNodes {
                writer.write(node)
            }
            writer.write(hold.candidate) { $0.write($1) }
        }
        let spans = spans.sorted { ($0.key.map(Int.init) ?? -1) < ($1.key.map(Int.init) ?? -1) }
        writer.write(UInt32(spans.count))
        for (scope, span) in spans {
            writer.write(scope) { $0.write($1) }
            writer.write(span.began)
            writer.write(span.until)
            writer.write(span.isActive)
            writer.write(span.isPublished)
        }
    }

    init(from reader: inout BinaryReader) throws(CorruptData) {
        for _ in 0..<(try reader.count(ofBytes: 43)) {
            let scope = try reader.optional { reader throws(CorruptData) in try reader.integer(UInt16.self) }
            var hold = Hold(
                scope: scope, began: try reader.integer(), silentSince: try reader.integer(),
                until: try reader.integer(), nextCheck: try reader.integer(),
                heard: Int(try reader.integer(Int64.self, in: 0...Int64(HoldRule.sampleSize))), sampledNodes: [])
            for _ in 0..<(try reader.integer(UInt8.self, in: 0...UInt8(HoldRule.sampleSize))) {
                hold.sampledNodes.append(try reader.state())
            }
            // Bounds the number of checks until the hold ends.
            guard hold.until.subtractingSaturated(hold.nextCheck) <= HoldRule.maxDurationLimit else {
                throw CorruptData("a hold is longer than the maximum")
            }
            hold.candidate = try reader.optional { reader throws(CorruptData) in try reader.state() }
            active.append(hold)
        }
        for _ in 0..<(try reader.count(ofBytes: 19)) {
            let scope = try reader.optional { reader throws(CorruptData) in try reader.integer(UInt16.self) }
            spans[scope] = Span(
                began: try reader.integer(), until: try reader.integer(), isActive: try reader.bool(),
                isPublished: try reader.bool())
        }
        // Each active hold has its own span.
        guard active.allSatisfy({ spans[$0.scope]?.until == $0.until && spans[$0.scope]?.isActive == true }),
            spans.values.count(where: \.isActive) == active.count
        else { throw CorruptData("a hold is inconsistent") }
        updateNextCheck()
    }
}

extension ActiveHolds.SampledNode: BinaryCodable {
    func write(to writer: inout BinaryWriter) {
        writer.write(slot)
        writer.write(key)
    }
    init(from reader: inout BinaryReader) throws(CorruptData) {
        slot = try reader.integer(in: 0...Int32.max)
        key = try reader.integer()
    }
}
