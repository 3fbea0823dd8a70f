import EventLoop
import HeartbeatProtocol
import HeartbeatPublisher
import PhiAccrual
import ZeroMQ

/// Publishes heartbeats of many nodes according to a plan: a load, and the ground truth to evaluate detectors against.
///
/// Open loop: heartbeats are sent at their scheduled instants, whatever becomes of them. Those within one fifth of a
/// millisecond are sent together.
public final class Swarm: Sendable {
    /// What really happened to a node.
    public struct GroundTruth: Hashable, Sendable {
        public enum Event: String, Sendable { case start, crash, leave }
        public var node: NodeIdentity
        public var event: Event
        /// Unix nanoseconds.
        public var at: Int64
    }
    private let end: WakeUp
    private let thread: SocketThread

    /// Starts publishing.
    /// - Parameters:
    ///   - connections: Number of connections to each endpoint, which the nodes share. More than one requires that
    ///     `bind` is empty.
    ///   - report: Called on the swarm's thread for each event.
    ///   - ended: Called on the swarm's thread when the swarm has ended.
    public init(
        _ plan: SwarmPlan, connect: [Endpoint], bind: [Endpoint] = [], connections: Int = 1,
        report: @escaping @Sendable (GroundTruth) -> Void, ended: @escaping @Sendable () -> Void
    ) throws {
        precondition(connections >= 1 && (connections == 1 || bind.isEmpty))
        let context = try Context(maximumSockets: connections == 1 ? nil : Int32(clamping: connections))
        // Room for a burst of heartbeats from all nodes.
        let queue = Int32(clamping: 1000 + 2 * plan.nodes.count / connections)
        var outlets: [SwarmSender] = []
        for _ in 0..<connections {
            outlets.append(SwarmSender(try HeartbeatSender(connect: connect, bind: bind, queue: queue, in: context)))
        }
        let timer = try DeadlineTimer()
        let end = try WakeUp()
        self.end = end
        let loop = EventLoop(until: end, timer: timer)
        thread = try SocketThread(name: "phi-swarm", owning: SwarmRun(plan, outlets: outlets, loop: loop)) { run in
            var run = run
            // An error here means that the context was shut down, so no peer is left to send to.
            try? run.run(report: report)
            ended()
        }
    }

    deinit { end.signal() }

    /// Sends a goodbye for every node that is up, and returns when they are sent.
    public func leave() {
        end.signal()
        thread.join()
    }
}

/// A sender shared by some of the nodes. A class, because an array cannot contain noncopyable values.
private final class SwarmSender {
    var sender: HeartbeatSender
    init(_ sender: consuming HeartbeatSender) { self.sender = sender }
}

/// The data of a node that a heartbeat needs, next to each other in memory.
private struct SwarmNode {
    /// Index of the node in the plan.
    let number: Int
    let key: NodeKey
    /// The interval, counted from the start, in which the node begins, and when its heartbeats are due within each
    /// interval.
    let firstRound: Int64
    let phase: Int64  // ns
    let crash: Int64  // never: .max
    let pause: Range<Int64>
    /// Sequence number of its next heartbeat.
    var sequence: Int64 = 0
    /// When the node announces its name even without new subscribers.
    var nextAnnouncement: Int64 = .min
    var isAlive = true

    init(_ node: SwarmPlan.Node, number: Int, interval: Int64) {
        (self.number, key) = (number, NodeKey(of: node.identity))
        (firstRound, phase) = node.begin.quotientAndRemainder(dividingBy: interval)
        (crash, pause) = (node.crash ?? .max, node.pause ?? 0..<0)
    }
}

private struct SwarmRun: ~Copyable {
    /// Minimum sleep: a large swarm that woke for each heartbeat would do little else.
    private static let minSleep: Int64 = 200_000  // ns

    private let plan: SwarmPlan
    private let interval: Int64  // ns
    private let jitter: Int64  // ns
    private let incarnation = UInt32(truncatingIfNeeded: WallClock.now / 1_000_000_000)
    private let announcements: [NodeAnnouncement]
    /// In the order of their heartbeats within an interval, so that memory is accessed sequentially.
    private var nodes: [SwarmNode]
    private let outlets: [SwarmSender]
    private var loop: EventLoop
    /// The next heartbeat of the schedule: its interval, counted from the start, and its node.
    private var round: Int64 = 0
    private var next = 0
    /// Nodes whose heartbeat is delayed by jitter.
    private var late = TimingWheel()
    private var random: SplitMix64
    private var start: Int64 = 0

    init(_ plan: SwarmPlan, outlets: [SwarmSender], loop: consuming EventLoop) throws(LabelsTooLong) {
        self.plan = plan
        let interval = plan.settings.interval.nanoseconds
        (self.interval, jitter) = (interval, plan.settings.jitter.nanoseconds)
        var announcements: [NodeAnnouncement] = []
        for node in plan.nodes { announcements.append(try NodeAnnouncement(identity: node.identity)) }
        self.announcements = announcements
        nodes = plan.nodes.enumerated().map { SwarmNode($1, number: $0, interval: interval) }
        nodes.sort { $0.phase < $1.phase }
        random = SplitMix64(seed: plan.settings.seed &+ 1)
        self.outlets = outlets
        self.loop = loop
    }

    mutating func run(report: (Swarm.GroundTruth) -> Void) throws {
        start = MonotonicClock.now.nanoseconds
        let over = start.addingSaturated(plan.settings.time.nanoseconds)
        var awake = start
        while true {
            let due = min(nextDue, late.nextInstant() ?? over)
            try loop.wait(
                until: Instant(nanoseconds: min(over, max(due, awake.addingSaturated(Self.minSleep)))))
            if loop.isStopped { break }
            let now = MonotonicClock.now.nanoseconds
            awake = now
            if now >= over { break }
            // Bounded, so that a swarm that cannot keep up still ends on time.
            var left = 10_000
            while left > 0, let place = late.popDue(at: now) {
                try beat(place, report: report)
                left -= 1
            }
            while left > 0, nextDue <= now {
                if round >= nodes[next].firstRound { try isDue(next, report: report) }
                schedule()
                left -= 1
            }
        }
        try leave(report: report)
    }

    private mutating func isDue(_ place: Int, report: (Swarm.GroundTruth) -> Void) throws {
        guard jitter > 0 else { return try beat(place, report: report) }
        // The delayed heartbeat is still pending although the next one is due: send it now.
        if late.instant(of: place) != .max { try beat(place, report: report) }
        guard nodes[place].isAlive else { return }
        late.schedule(place, at: nextDue.addingSaturated(Int64.random(in: 0...jitter, using: &random)))
    }

    /// Instant of the next heartbeat in the schedule.
    private var nextDue: Int64 {
        let (offset, overflow) = round.multipliedReportingOverflow(by: interval)
        return overflow ? .max : start.addingSaturated(offset).addingSaturated(nodes[next].phase)
    }

    private mutating func schedule() {
        next += 1
        if next == nodes.count { (round, next) = (round + 1, 0) }
    }

    /// Assigns nodes to senders in turn, so that each sender serves equally many.
    private func sender(of number: Int) -> SwarmSender { outlets[number % outlets.count] }

    private mutating func beat(_ place: Int, report: (Swarm.GroundTruth) -> Void) throws {
        let (now, node) = (MonotonicClock.now.nanoseconds, nodes[place])
        guard node.isAlive else { return }
        let age = now - start
        if node.sequence == 0 { report(truth(node, .start, at: now)) }
        if age >= node.crash {
            nodes[place].isAlive = false
            report(truth(node, .crash, at: start.addingSaturated(node.crash)))
            return
        }
        let isLost = plan.settings.loss > 0 && Double.random(in: 0..<1, using: &random) < plan.settings.loss
        if !node.pause.contains(age), !isLost {
            let announces =
                try sender(of: node.number).sender.hasNewSubscribers(at: now) || now >= node.nextAnnouncement
            if announces { nodes[place].nextAnnouncement = now.addingSaturated(HeartbeatSender.announcementInterval) }
            try send(node, at: now, announcing: announces)
        }
        nodes[place].sequence += 1
    }

    private func send(_ node: SwarmNode, at now: Int64, announcing: Bool, isLeaving: Bool = false) throws {
        let heartbeat = Heartbeat(
            key: node.key, incarnation: incarnation, sequence: UInt32(truncatingIfNeeded: node.sequence), sent: now,
            announcedInterval: interval, isLeaving: isLeaving)
        try sender(of: node.number).sender.send(
            heartbeat, announcing: announcing ? announcements[node.number] : nil)
    }

    private func leave(report: (Swarm.GroundTruth) -> Void) throws {
        for sender in outlets { try sender.sender.lingerOnClose() }
        let now = MonotonicClock.now.nanoseconds
        for node in nodes where node.isAlive && node.sequence > 0 {
            try send(node, at: now, announcing: true, isLeaving: true)
            report(truth(node, .leave, at: now))
        }
    }

    private func truth(_ node: SwarmNode, _ event: Swarm.GroundTruth.Event, at instant: Int64) -> Swarm.GroundTruth {
        Swarm.GroundTruth(
            node: plan.nodes[node.number].identity, event: event, at: instant.addingSaturated(WallClock.offset))
    }
}
