import HeartbeatProtocol
import PhiAccrual
import SystemClocks
import ZeroMQ

/// Publishes for many nodes at once, by plan: a load, and a truth to judge detectors by.
///
/// Open loop: heartbeats are sent at their instants, whatever becomes of them; those of one fifth of a millisecond together.
public final class Swarm: Sendable {
    /// What really happened to a node.
    public struct Truth: Hashable, Sendable {
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
        tell: @escaping @Sendable (Truth) -> Void, ended: @escaping @Sendable () -> Void
    ) throws {
        precondition(connections >= 1 && (connections == 1 || bind.isEmpty))
        let context = try Context(maximumSockets: connections == 1 ? nil : Int32(clamping: connections))
        // Room for a burst of everyone's heartbeats.
        let queue = Int32(clamping: 1000 + 2 * plan.nodes.count / connections)
        var outlets: [SwarmOutlet] = []
        for _ in 0..<connections {
            outlets.append(SwarmOutlet(try HeartbeatOutlet(connect: connect, bind: bind, queue: queue, in: context)))
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
    var outlet: HeartbeatOutlet
    init(_ outlet: consuming HeartbeatOutlet) { self.outlet = outlet }
}

private struct SwarmRun: ~Copyable {
    /// A large swarm that woke for each heartbeat would do little else.
    private static let shortestSleep: Int64 = 200_000  // ns

    private let plan: SwarmPlan
    private let incarnation = UInt32(truncatingIfNeeded: WallClock.now / 1_000_000_000)
    private let introductions: [Introduction]
    private let keys: [NodeKey]
    private let outlets: [SwarmOutlet]
    private var timer: DeadlineTimer
    private var wheel = TimingWheel()
    private var slots: [Int64]  // of the schedule, the next one per node
    private var nextIntroductions: [Int64]
    private var isAlive: [Bool]
    private var random: SplitMix64
    private var start: Int64 = 0

    init(_ plan: SwarmPlan, outlets: [SwarmOutlet], timer: consuming DeadlineTimer) throws(LabelsTooLong) {
        self.plan = plan
        var introductions: [Introduction] = []
        for node in plan.nodes { introductions.append(try Introduction(identity: node.identity)) }
        self.introductions = introductions
        keys = plan.nodes.map { NodeKey(of: $0.identity) }
        slots = Array(repeating: 0, count: plan.nodes.count)
        nextIntroductions = Array(repeating: .min, count: plan.nodes.count)
        isAlive = Array(repeating: true, count: plan.nodes.count)
        random = SplitMix64(seed: plan.settings.seed &+ 1)
        self.outlets = outlets
        self.timer = timer
    }

    mutating func run(until end: WakeUp, tell: (Swarm.Truth) -> Void) throws {
        var poller = Poller()
        let ended = poller.add(fileDescriptor: end.fileDescriptor)
        _ = poller.add(fileDescriptor: timer.fileDescriptor)
        start = MonotonicClock.now.nanoseconds
        let over = start.addingSaturated(plan.settings.time.nanoseconds)
        for node in plan.nodes.indices { schedule(node) }
        var awake = start
        while true {
            let next = max(wheel.nextInstant() ?? over, awake.addingSaturated(Self.shortestSleep))
            timer.arm(at: Instant(nanoseconds: min(over, next)))
            _ = try poller.wait(timeoutMilliseconds: nil)
            if poller.isReadable(ended) { break }
            timer.clear()
            let now = MonotonicClock.now.nanoseconds
            awake = now
            if now >= over { break }
            // Bounded, so that a swarm that cannot keep up still ends in time.
            for _ in 0..<10_000 {
                guard let node = wheel.popDue(at: now) else { break }
                try beat(node, tell: tell)
            }
        }
        try leave(tell: tell)
    }

    private mutating func schedule(_ node: Int) {
        let interval = plan.settings.interval.nanoseconds
        let (offset, overflow) = slots[node].multipliedReportingOverflow(by: interval)
        guard !overflow else { return }
        let jitter = plan.settings.jitter.nanoseconds
        let late = jitter > 0 ? Int64.random(in: 0...jitter, using: &random) : 0
        wheel.schedule(
            node, at: start.addingSaturated(offset).addingSaturated(plan.nodes[node].begin).addingSaturated(late))
    }

    /// Nodes take turns, so that each outlet has as many.
    private func outlet(of node: Int) -> SwarmOutlet { outlets[node % outlets.count] }

    private mutating func beat(_ node: Int, tell: (Swarm.Truth) -> Void) throws {
        let now = MonotonicClock.now.nanoseconds
        let age = now - start
        if slots[node] == 0 { tell(truth(node, .start, at: now)) }
        if let crash = plan.nodes[node].crash, age >= crash {
            isAlive[node] = false
            tell(truth(node, .crash, at: start.addingSaturated(crash)))
            return
        }
        let isPaused = plan.nodes[node].pause?.contains(age) ?? false
        let isLost = plan.settings.loss > 0 && Double.random(in: 0..<1, using: &random) < plan.settings.loss
        if !isPaused, !isLost {
            let introduces = try outlet(of: node).outlet.hasNewcomers(at: now) || now >= nextIntroductions[node]
            if introduces { nextIntroductions[node] = now.addingSaturated(HeartbeatOutlet.introductionEvery) }
            try send(node, at: now, introducing: introduces)
        }
        slots[node] += 1
        schedule(node)
    }

    private func send(_ node: Int, at now: Int64, introducing: Bool, isLeaving: Bool = false) throws {
        let heartbeat = Heartbeat(
            key: keys[node], incarnation: incarnation, sequence: UInt32(truncatingIfNeeded: slots[node]), sent: now,
            announcedInterval: plan.settings.interval.nanoseconds, isLeaving: isLeaving)
        try outlet(of: node).outlet.send(
            HeartbeatFrame.encode(heartbeat, introducing: introducing ? introductions[node] : nil))
    }

    private func leave(tell: (Swarm.Truth) -> Void) throws {
        for outlet in outlets { try outlet.outlet.lingerOnClose() }
        let now = MonotonicClock.now.nanoseconds
        for node in plan.nodes.indices where isAlive[node] && slots[node] > 0 {
            try send(node, at: now, introducing: true, isLeaving: true)
            tell(truth(node, .leave, at: now))
        }
    }

    private func truth(_ node: Int, _ event: Swarm.Truth.Event, at instant: Int64) -> Swarm.Truth {
        Swarm.Truth(node: plan.nodes[node].identity, event: event, at: instant.addingSaturated(WallClock.offset))
    }
}
