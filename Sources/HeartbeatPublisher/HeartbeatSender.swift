import HeartbeatProtocol
import PhiAccrual
import ZeroMQ

/// A socket set up to publish heartbeats, and its word on who subscribed.
///
/// A stale heartbeat is worthless and the application is never blocked: little is queued, nothing without a connection.
struct HeartbeatSender: ~Copyable {
    let boundEndpoints: [String]
    private let socket: Socket
    /// How often a node introduces itself anyway.
    static let introductionEvery: Int64 = 10_000_000_000  // ns
    /// How often subscriptions are looked for: asking the socket costs a system call.
    private static let subscriptionPollInterval: Int64 = 1_000_000  // ns
    /// One for each byte that a key may begin with, and one for everything.
    private var subscriptions = Subscriptions(limit: 257)
    private var newcomersUntil: Int64 = .min
    private var nextLook: Int64 = .min

    /// - Parameters:
    ///   - queue: How many heartbeats may wait for a slow connection. More than one node's few, if the outlet serves many
    ///     nodes.
    ///   - context: Nil for one of its own.
    init(
        connect: [String], bind: [String], queue: Int32 = 16, in context: Context? = nil
    ) throws(ZeroMQError) {
        // To others it is a PUB. It also tells of subscriptions, and of each: those that a relay passes on are repeated.
        let context = if let context { context } else { try Context() }
        let socket = try Socket.bestEffortPublisher(queue: queue, in: context)
        try socket.set(.xpublishVerbose, to: 1)
        var bound: [String] = []
        for endpoint in bind {
            try socket.bind(to: endpoint)
            bound.append(try socket.lastEndpoint())
        }
        for endpoint in connect { try socket.connect(to: endpoint) }
        boundEndpoints = bound
        self.socket = socket
    }

    /// Whether somebody subscribed within the last ten seconds, so that nodes should introduce themselves each time; also as
    /// long as nobody did, for whoever does so now should get no heartbeat without a name.
    mutating func hasNewSubscribers(at now: Int64) throws(ZeroMQError) -> Bool {
        if now >= nextLook {
            nextLook = now.addingSaturated(Self.subscriptionPollInterval)
            if try subscriptions.update(from: socket).added > 0 { newcomersUntil = now.addingSaturated(10_000_000_000) }
        }
        return subscriptions.isEmpty || now < newcomersUntil
    }

    /// Drops the frame if nobody is connected, or the connection is slower than the heartbeats.
    borrowing func send(
        _ heartbeat: Heartbeat, introducing announcement: NodeAnnouncement? = nil
    ) throws(ZeroMQError) {
        if let announcement {
            try socket.send(HeartbeatFrame.encode(heartbeat, introducing: announcement))
        } else {
            let frame = HeartbeatFrame.compact(heartbeat)
            try frame.span.withUnsafeBytes { (bytes) throws(ZeroMQError) in _ = try socket.send(bytes) }
        }
    }

    /// Lets what was sent last get out when the outlet is closed.
    borrowing func lingerOnClose() throws(ZeroMQError) { try socket.set(.linger, to: 500) }
}
