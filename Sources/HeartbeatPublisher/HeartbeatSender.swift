import HeartbeatProtocol
import PhiAccrual
import ZeroMQ

/// A socket that publishes heartbeats and tracks its subscriptions.
///
/// A stale heartbeat is worthless, and sending never blocks the application: the queue is short, and nothing is queued
/// without a connection.
package struct HeartbeatSender: ~Copyable {
    package let boundEndpoints: [Endpoint]
    private let socket: Socket
    /// Interval at which a node announces itself even without new subscribers.
    package static let announcementInterval: Int64 = 10_000_000_000  // ns
    /// How often the socket is polled for subscriptions: each poll costs a system call.
    private static let subscriptionPollInterval: Int64 = 1_000_000  // ns
    /// One for each first byte of a key, and one for all keys.
    private var subscriptions = Subscriptions(limit: 257)
    private var newSubscribersUntil: Int64 = .min
    private var nextPoll: Int64 = .min

    /// - Parameters:
    ///   - queue: How many heartbeats may wait for a slow connection. A sender that serves many nodes needs more than
    ///     the few of one node.
    ///   - context: Nil for a new one.
    package init(
        connect: [Endpoint], bind: [Endpoint], queue: Int32 = 16, in context: Context? = nil
    ) throws(ZeroMQError) {
        // Peers see a PUB. An XPUB also reports subscriptions; verbose, it reports each one, even those that a relay
        // repeats.
        let context = if let context { context } else { try Context() }
        let socket = try Socket.bestEffortPublisher(queue: queue, in: context)
        try socket.set(.xpublishVerbose, to: 1)
        var bound: [Endpoint] = []
        for endpoint in bind {
            try socket.bind(to: endpoint)
            bound.append(try socket.lastEndpoint())
        }
        for endpoint in connect { try socket.connect(to: endpoint) }
        boundEndpoints = bound
        self.socket = socket
    }

    /// Whether nodes should announce themselves in every heartbeat: a subscription arrived within the last ten seconds,
    /// or none exists yet. A new subscriber should not receive a heartbeat without a name.
    package mutating func hasNewSubscribers(at now: Int64) throws(ZeroMQError) -> Bool {
        if now >= nextPoll {
            nextPoll = now.addingSaturated(Self.subscriptionPollInterval)
            if try subscriptions.update(from: socket).added > 0 {
                newSubscribersUntil = now.addingSaturated(10_000_000_000)
            }
        }
        return subscriptions.isEmpty || now < newSubscribersUntil
    }

    /// Drops the heartbeat if there is no connection, or if the connection is slower than the heartbeats.
    package borrowing func send(
        _ heartbeat: Heartbeat, announcing announcement: NodeAnnouncement? = nil
    ) throws(ZeroMQError) {
        if let announcement {
            try socket.send(HeartbeatFrame.encode(heartbeat, announcing: announcement))
        } else {
            let frame = HeartbeatFrame.compact(heartbeat)
            try frame.span.withUnsafeBytes { (bytes) throws(ZeroMQError) in _ = try socket.send(bytes) }
        }
    }

    /// Gives the last heartbeats 500 ms to leave after the socket is closed.
    package borrowing func lingerOnClose() throws(ZeroMQError) { try socket.set(.linger, to: 500) }
}
