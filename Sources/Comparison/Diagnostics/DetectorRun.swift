import PhiAccrual

/// One detector's way through a trace, heartbeat by heartbeat, as the machine itself goes it.
///
/// Nodes have no names, so they are one group.
struct DetectorRun<Model: ArrivalModel> {
    let policy: Policy
    let parameters: Model.Parameters

    /// One heartbeat, which the detector is about to take or has just taken. Times are nanoseconds.
    struct Step {
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
        /// Whether it came after its deadline, which is what curves count.
        var isMistake: Bool

        /// Whether everybody has learned enough of the node by now to be judged.
        var isJudged: Bool { number >= DetectorComparison.warmUp }
    }

    func run(
        _ trace: RecordedArrivals, before: (Step, Detector<Model>) -> Void,
        after: (Step, Detector<Model>) -> Void = { _, _ in }
    ) {
        var detector = Detector<Model>(
            .init(levels: [.suspect(policy)], model: parameters, capacity: Int(Int32.max)))
        var events: [Event] = []
        var nodes = [NodeState](repeating: NodeState(), count: trace.nodes.count)
        for (heartbeat, now) in zip(trace.heartbeats, trace.times) {
            let (key, instant) = (NodeKey(rawValue: UInt64(heartbeat.node)), Instant(nanoseconds: now))
            var node = nodes[heartbeat.node]
            detector.advanceIdeally(before: instant, into: &events)
            events.removeAll(keepingCapacity: true)
            guard let arrival = heartbeat.arrival else {
                detector.receive(Heartbeat(key: key, sequence: 0), at: instant, into: &events)
                nodes[heartbeat.node].last = now
                continue
            }
            let deadline = detector.deadline(of: key).map { max($0.nanoseconds, node.last) }
            let isLate = deadline.map { now > $0 } ?? false
            let step = Step(
                node: heartbeat.node, key: key, number: node.gaps, last: node.last, now: now,
                suspectedSince: node.isSuspected ? node.last : isLate ? deadline : nil,
                isMistake: isLate)
            before(step, detector)
            node.sequence &+= UInt32(truncatingIfNeeded: arrival.step)
            detector.receive(Heartbeat(key: key, sequence: node.sequence), at: instant, into: &events)
            let isOverdue = detector.deadline(of: key).map { $0 < instant } ?? false
            node.isSuspected = (node.isSuspected || isLate) && isOverdue
            node.gaps += 1
            node.last = now
            nodes[heartbeat.node] = node
            after(step, detector)
        }
    }

    private struct NodeState {
        var sequence: UInt32 = 0
        var gaps = 0
        var last: Int64 = 0  // ns
        /// An arrival whose own new deadline has passed already leaves suspicion as it was.
        var isSuspected = false
    }
}
