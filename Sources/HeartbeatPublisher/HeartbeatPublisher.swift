import EventLoop
import HeartbeatProtocol
import PhiAccrual
import ZeroMQ

/// Publishes one node's heartbeats from its own thread, and never blocks the application.
///
/// ```swift
/// let publisher = try HeartbeatPublisher(
///     group: "edge", node: "edge-1", to: ["tcp://127.0.0.1:7710"], every: .seconds(1))
/// // … the application's work …
/// publisher.leave()
/// ```
///
/// A process that ends without `leave()` is suspected, as intended.
public final class HeartbeatPublisher: Sendable {
    public struct Configuration: Sendable {
        public var identity: NodeIdentity
        /// Describe the node, such as its zone.
        public var labels: [String: String] = [:]
        /// Spacing of heartbeats: above 0.
        public var interval: Duration
        /// Detectors to connect to.
        public var connect: [Endpoint] = []
        /// Endpoints to bind, for detectors that connect to their nodes.
        public var bind: [Endpoint] = []
        /// Number of this start; nil uses the Unix time in seconds.
        public var incarnation: UInt32?

        public init(identity: NodeIdentity, interval: Duration) {
            (self.identity, self.interval) = (identity, interval)
        }
    }

    /// The bound endpoints, with wildcards resolved.
    public let boundEndpoints: [Endpoint]
    /// Number of this start.
    public let incarnation: UInt32
    private let end: WakeUp
    private let ending: StopReason
    private let thread: SocketThread

    /// Starts publishing. The first heartbeat is sent at once.
    /// - Throws: `InvalidName`, `LabelsTooLong`, `InvalidInterval`, or `ZeroMQError` if an endpoint cannot be used.
    public init(_ configuration: Configuration) throws {
        let interval = configuration.interval.nanoseconds
        guard interval > 0 else { throw InvalidInterval(interval: configuration.interval) }
        let announcement = try NodeAnnouncement(identity: configuration.identity, labels: configuration.labels)
        let incarnation =
            configuration.incarnation ?? UInt32(truncatingIfNeeded: WallClock.now / 1_000_000_000)
        let sender = try HeartbeatSender(connect: configuration.connect, bind: configuration.bind)
        boundEndpoints = sender.boundEndpoints
        self.incarnation = incarnation
        let (end, ending) = (try WakeUp(), StopReason())
        (self.end, self.ending) = (end, ending)
        let beat = Heartbeat(
            key: NodeKey(of: configuration.identity), incarnation: incarnation, sequence: 0, sent: 0,
            announcedInterval: interval)
        let loop = EventLoop(until: end, timer: try DeadlineTimer())
        thread = try SocketThread(name: "phi-beat", owning: HeartbeatLoop(sender: sender, loop: loop)) { loop in
            var loop = loop
            // An error here means that the context was shut down, so no peer is left to send to.
            try? loop.run(beat, announcing: announcement, sayingGoodbye: ending)
        }
    }

    public convenience init(group: String, node: String, to endpoints: [Endpoint], every interval: Duration) throws {
        var configuration = Configuration(identity: try NodeIdentity(group: group, name: node), interval: interval)
        configuration.connect = endpoints
        try self.init(configuration)
    }

    deinit { end.signal() }

    /// Sends a goodbye and stops, so that the node's silence does not count as a failure. Returns when the goodbye has
    /// been sent, within half a second.
    public func leave() {
        ending.isGoodbye.store(true, ordering: .relaxed)
        stop()
    }

    /// Stops without a goodbye, like a crash.
    public func stop() {
        end.signal()
        thread.join()
    }
}

/// The interval between heartbeats is not above 0.
public struct InvalidInterval: Error, Hashable, Sendable, CustomStringConvertible {
    public let interval: Duration
    public var description: String {
        "invalid interval between heartbeats, \(interval): give a duration above 0, such as 1s"
    }
}
