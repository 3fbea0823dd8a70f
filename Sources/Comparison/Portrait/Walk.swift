import PhiAccrual

/// One detector's way through a trace, heartbeat by heartbeat, as the machine itself goes it.
///
/// Nodes are taken together, in the order in which their heartbeats come. Each begins at 0: of many traces that is how they
/// were put together.
struct Walk<Model: ArrivalModel> {
    let policy: Policy
    let parameters: Model.Parameters

    /// One heartbeat, which the detector is about to take or has just taken. Times are nanoseconds.
    struct Moment {
        /// In the trace's order.
        var node: Int
        var key: NodeKey
        /// Which of the node's gaps it ends.
        var number: Int
        /// When the heartbeat before came.
        var last: Int64
        var now: Int64
        /// Since when the node was suspected; nil if it was trusted to the end.
        var suspectedSince: Int64?
        /// Whether it was trusted until its deadline passed.
        var isMistake: Bool

        /// Whether everybody has learned enough of the node by now to be judged.
        var isJudged: Bool { number >= Contest.warmUp }
    }

    func run(
        _ trace: RecordedArrivals, before: (Moment, Detector<Model>) -> Void,
        after: (Moment, Detector<Model>) -> Void = { _, _ in }
    ) {
        var detector = Detector<Model>(.init(levels: [.suspect(policy)], model: parameters, capacity: Int(Int32.max)))
        var events: [Event] = []
        var sequences = [UInt32](repeating: 0, count: trace.nodes.count)
        var isSuspected = [Bool](repeating: false, count: trace.nodes.count)
        for node in trace.nodes.indices {
            detector.receive(
                Heartbeat(key: Self.key(node), sequence: 0), at: Instant(nanoseconds: 0), into: &events)
        }
        for (node, number, last, now) in Self.order(trace) {
            let (key, instant) = (Self.key(node), Instant(nanoseconds: now))
            detector.advanceIdeally(before: instant, into: &events)
            events.removeAll(keepingCapacity: true)
            let deadline = detector.deadline(of: key).map { max($0.nanoseconds, last) }
            let isLate = deadline.map { now > $0 } ?? false
            let isMistake = isLate && !isSuspected[node]
            let since = isSuspected[node] ? last : isLate ? deadline : nil
            let moment = Moment(
                node: node, key: key, number: number, last: last, now: now, suspectedSince: since, isMistake: isMistake)
            before(moment, detector)
            sequences[node] &+= UInt32(truncatingIfNeeded: trace.nodes[node].arrivals[number].step)
            detector.receive(Heartbeat(key: key, sequence: sequences[node]), at: instant, into: &events)
            let isOverdue = detector.deadline(of: key).map { $0 < instant } ?? false
            isSuspected[node] = (isSuspected[node] || isLate) && isOverdue
            after(moment, detector)
        }
    }

    private static func key(_ node: Int) -> NodeKey { NodeKey(rawValue: UInt64(node)) }

    private static func order(_ trace: RecordedArrivals) -> [(node: Int, number: Int, last: Int64, now: Int64)] {
        var heartbeats: [(node: Int, number: Int, last: Int64, now: Int64)] = []
        heartbeats.reserveCapacity(trace.samples)
        for (node, arrivals) in trace.nodes.map(\.arrivals).enumerated() {
            var last: Int64 = 0
            for (number, arrival) in arrivals.enumerated() {
                let now = last.addingSaturated(arrival.gap)
                heartbeats.append((node, number, last, now))
                last = now
            }
        }
        heartbeats.sort { ($0.now, $0.node, $0.number) < ($1.now, $1.node, $1.number) }
        return heartbeats
    }
}
