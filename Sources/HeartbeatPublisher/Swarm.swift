import HeartbeatProtocol
import PhiAccrual
import SystemClocks
import ZeroMQ

/// Publishes for many nodes at once, by plan: a load, and a truth to judge detectors by.
///
/// Open loop: heartbeats are sent at their instants, whatever becomes of them; those of one fifth of a millisecond together.
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
    ///   - connections: How many connections to each endpoint the nodes share. More than one only with endpoints to
    ///     connect to.
    ///   - tell: Called on the swarm's thread as things happen.
    ///   - ended: Called on the swarm's thread when it is over.
    public init(
        _ plan: SwarmPlan, connect: [String], bind: [String] = [], connections: Int = 1,
        tell: @escaping @Sendable (GroundTruth) -> Void, ended: @escaping @Sendable () -> Void
    ) throws {
        precondition(connections >= 1 && (connections == 1 || bind.isEmpty))
        let context = try Context(maximumSockets: connections == 1 ? nil : Int32(clamping: connections))
        // Room for a burst of everyone's heartbeats.
        let queue = Int32(clamping: 1000 + 2 * plan.nodes.count / connections)
        var outlets: [SwarmOutlet] = []
        for _ in 0..<connections {
            outlets.append(SwarmOutlet(try HeartbeatSender(connect: connect, bind: bind, queue: queue, in: context)))
        }
        let timer = try DeadlineTimer()
        let end = try WakeUp()
        self.end = end
        thread = try SocketThread(name: "phi-swarm", owning: SwarmRun(plan, outlets: outlets, timer: timer)) { run in
            var run = run
            // An error here means that the context is gone, and with it everyone to tell.
            try? run.run(until: end, tell: tell)
            ended()
        }
    }

    deinit { end.signal() }

    /// All living nodes say goodbye. Returns when that is sent.
    public func leave() {
        end.signal()
        thread.join()
    }
}

/// What some of the nodes share. A class, since an array holds nothing that cannot be copied.
private final class SwarmOutlet {
    var outlet: HeartbeatSender
    init(_ outlet: consuming HeartbeatSender) { self.outlet = outlet }
}

/// What a heartbeat needs of its node, side by side.
private struct SwarmNode {
    /// Its place in the plan.
    let number: Int
    let key: NodeKey
    /// In which interval after the start it begins, and when its heartbeats are due within each.
    let firstRound: Int64
    let phase: Int64  // ns
    let crash: Int64  // never: .max
    let pause: Range<Int64>
    /// Number of its next heartbeat.
    var sequence: Int64 = 0
    /// When it says its name anyway.
    var nextIntroduction: Int64 = .min
    var isAlive = true

    init(_ node: SwarmPlan.Node, number: Int, interval: Int64) {
        (self.number, key) = (number, NodeKey(of: node.identity))
        (firstRound, phase) = node.begin.quotientAndRemainder(dividingBy: interval)
        (crash, pause) = (node.crash ?? .max, node.pause ?? 0..<0)
    }
}

private struct SwarmRun: ~Copyable {
    /// A large swarm that woke for each heartbeat would do little else.
    private static let minSleep: Int64 = 200_000  // ns

    private let plan: SwarmPlan
    private let interval: Int64  // ns
    private let jitter: Int64  // ns
    private let incarnation = UInt32(truncatingIfNeeded: WallClock.now / 1_000_000_000)
    private let introductions: [NodeAnnouncement]
    /// In the order in which they are heard within an interval, so that memory is gone through from its start to its end.
    private var nodes: [SwarmNode]
    private let outlets: [SwarmOutlet]
    private var timer: DeadlineTimer
    /// The schedule's next heartbeat: in which interval after the start, and of which node.
    private var round: Int64 = 0
    private var next = 0
    /// Nodes whose heartbeat is late.
    private var late = TimingWheel()
    private var random: SplitMix64
    private var start: Int64 = 0

    init(_ plan: SwarmPlan, outlets: [SwarmOutlet], timer: consuming DeadlineTimer) throws(LabelsTooLong) {
        self.plan = plan
        let interval = plan.settings.interval.nanoseconds
        (self.interval, jitter) = (interval, plan.settings.jitter.nanoseconds)
        var introductions: [NodeAnnouncement] = []
        for node in plan.nodes { introductions.append(try NodeAnnouncement(identity: node.identity)) }
        self.introductions = introductions
        nodes = plan.nodes.enumerated().map { SwarmNode($1, number: $0, interval: interval) }
        nodes.sort { $0.phase < $1.phase }
        random = SplitMix64(seed: plan.settings.seed &+ 1)
        self.outlets = outlets
        self.timer = timer
    }

    mutating func run(until end: WakeUp, tell: (Swarm.GroundTruth) -> Void) throws {
        var poller = Poller()
        let ended = poller.add(fileDescriptor: end.fileDescriptor)
        _ = poller.add(fileDescriptor: timer.fileDescriptor)
        start = MonotonicClock.now.nanoseconds
        let over = start.addingSaturated(plan.settings.time.nanoseconds)
        var awake = start
        while true {
            let due = min(nextDue, late.nextInstant() ?? over)
            timer.arm(at: Instant(nanoseconds: min(over, max(due, awake.addingSaturated(Self.minSleep)))))
            _ = try poller.wait(timeoutMilliseconds: nil)
            if poller.isReadable(ended) { break }
            timer.clear()
            let now = MonotonicClock.now.nanoseconds
            awake = now
            if now >= over { break }
            // Bounded, so that a swarm that cannot keep up still ends in time.
            var left = 10_000
            while left > 0, let place = late.popDue(at: now) {
                try beat(place, tell: tell)
                left -= 1
            }
            while left > 0, nextDue <= now {
                if round >= nodes[next].firstRound { try isDue(next, tell: tell) }
                goOn()
                left -= 1
            }
        }
        try leave(tell: tell)
    }

    private mutating func isDue(_ place: Int, tell: (Swarm.GroundTruth) -> Void) throws {
        guard jitter > 0 else { return try beat(place, tell: tell) }
        // So late that the next one is due as well.
        if late.instant(of: place) != .max { try beat(place, tell: tell) }
        guard nodes[place].isAlive else { return }
        late.schedule(place, at: nextDue.addingSaturated(Int64.random(in: 0...jitter, using: &random)))
    }

    /// When the schedule has its next heartbeat.
    private var nextDue: Int64 {
        let (offset, overflow) = round.multipliedReportingOverflow(by: interval)
        return overflow ? .max : start.addingSaturated(offset).addingSaturated(nodes[next].phase)
    }

    private mutating func goOn() {
        next += 1
        if next == nodes.count { (round, next) = (round + 1, 0) }
    }

    /// Nodes take turns, so that each outlet has as many.
    private func outlet(of number: Int) -> SwarmOutlet { outlets[number % outlets.count] }

    private mutating func beat(_ place: Int, tell: (Swarm.GroundTruth) -> Void) throws {
        let (now, node) = (MonotonicClock.now.nanoseconds, nodes[place])
        guard node.isAlive else { return }
        let age = now - start
        if node.sequence == 0 { tell(truth(node, .start, at: now)) }
        if age >= node.crash {
            nodes[place].isAlive = false
            tell(truth(node, .crash, at: start.addingSaturated(node.crash)))
            return
        }
        let isLost = plan.settings.loss > 0 && Double.random(in: 0..<1, using: &random) < plan.settings.loss
        if !node.pause.contains(age), !isLost {
            let announces =
                try outlet(of: node.number).outlet.hasNewSubscribers(at: now) || now >= node.nextIntroduction
            if announces { nodes[place].nextIntroduction = now.addingSaturated(HeartbeatSender.introductionEvery) }
            try send(node, at: now, introducing: announces)
        }
        nodes[place].sequence += 1
    }

    private func send(_ node: SwarmNode, at now: Int64, introducing: Bool, isLeaving: Bool = false) throws {
        let heartbeat = Heartbeat(
            key: node.key, incarnation: incarnation, sequence: UInt32(truncatingIfNeeded: node.sequence), sent: now,
            announcedInterval: interval, isLeaving: isLeaving)
        try outlet(of: node.number).outlet.send(
            heartbeat, introducing: introducing ? introductions[node.number] : nil)
    }

    private func leave(tell: (Swarm.GroundTruth) -> Void) throws {
        for outlet in outlets { try outlet.outlet.lingerOnClose() }
        let now = MonotonicClock.now.nanoseconds
        for node in nodes where node.isAlive && node.sequence > 0 {
            try send(node, at: now, introducing: true, isLeaving: true)
            tell(truth(node, .leave, at: now))
        }
    }

    private func truth(_ node: SwarmNode, _ event: Swarm.GroundTruth.Event, at instant: Int64) -> Swarm.GroundTruth {
        Swarm.GroundTruth(
            node: plan.nodes[node.number].identity, event: event, at: instant.addingSaturated(WallClock.offset))
    }
}
