import PhiAccrual

/// Runs one `Detector` through a trace, heartbeat by heartbeat.
///
/// Nodes are not announced by name, so all of them are in one group.
struct DetectorRun<Model: ArrivalModel> {
    let policy: Policy
    let parameters: Model.Parameters

    /// One heartbeat that the detector is about to receive or has just received. Times are nanoseconds.
    struct Step {
        /// Index of the node in the trace.
        var node: Int
        var key: NodeKey
        /// Index of the node's gap that this heartbeat ends.
        var number: Int
        /// Arrival of the node's previous heartbeat.
        var last: Int64
        var now: Int64
        /// Start of the current suspicion; nil if the node was trusted until this heartbeat.
        var suspectedSince: Int64?
        /// Whether the heartbeat arrived after its deadline. `ParetoCurve` counts late heartbeats too.
        var isLate: Bool

        /// Whether the warm-up of this node is over.
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
            let wasSuspected = node.rule.isSuspected
            var lateSince: Int64?
            if let deadline = detector.deadline(of: key)?.nanoseconds,
                node.rule.receive(at: now, after: node.last, deadline: deadline).isLate
            {
                lateSince = MistakeRule.suspicionStart(deadline: deadline, last: node.last)
            }
            let step = Step(
                node: heartbeat.node, key: key, number: node.gaps, last: node.last, now: now,
                suspectedSince: wasSuspected ? node.last : lateSince, isLate: lateSince != nil)
            before(step, detector)
            node.sequence &+= UInt32(truncatingIfNeeded: arrival.step)
            detector.receive(Heartbeat(key: key, sequence: node.sequence), at: instant, into: &events)
            node.rule.setDeadline(detector.deadline(of: key)?.nanoseconds, at: now)
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
        var rule = MistakeRule()
    }
}
