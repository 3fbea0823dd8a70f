import HeartbeatProtocol
import PhiAccrual
import ZeroMQ

/// Where the nodes of a relay connect to.
struct RelayInlet: ~Copyable {
    let bound: [String]
    private let socket: Socket
    private let monitor: Monitor

    init(bind: [String], in context: Context) throws(ZeroMQError) {
        let socket = try HeartbeatSockets.open(.xsubscribe, in: context)
        let monitor = try Monitor(of: socket, events: .acceptFailed, in: context)
        // To everything: what is no heartbeat is to be counted. Whoever connects later is told of it as well.
        try socket.send(Self.subscription)
        var bound: [String] = []
        for endpoint in bind {
            try socket.bind(to: endpoint)
            bound.append(try socket.lastEndpoint())
        }
        self.bound = bound
        self.socket = socket
        self.monitor = monitor
    }

    private static let subscription: [UInt8] = [1]

    borrowing func add(to poller: inout Poller) {
        poller.add(socket)
        poller.add(monitor)
    }

    /// Tells all nodes that somebody subscribed, so that they introduce themselves. Those that watch for subscriptions
    /// (`HeartbeatSender`) see it as often as it is told; a PUB takes no notice of what it knows.
    borrowing func repeatSubscription() throws(ZeroMQError) { try socket.send(Self.subscription) }

    /// The next frame, without waiting.
    borrowing func receive(into message: inout Message) throws(ZeroMQError) -> Bool {
        try socket.receive(into: &message)
    }

    /// The `errno` for which a connection could not be taken in, once for each.
    borrowing func refusal() throws(ZeroMQError) -> Int32? { try monitor.next()?.value }
}

/// The connection to one detector. Each has its own socket, so that a slow one is not held against the others, and
/// what it loses is counted. A class, since an array holds nothing that cannot be copied.
final class RelayOutlet {
    private let socket: Socket
    /// One for each byte that a key may begin with, and one for everything.
    private var subscriptions = Subscriptions(limit: 257)
    /// Whether heartbeats are subscribed to whose key begins with a byte.
    private var wanted = InlineArray<256, Bool>(repeating: false)

    /// What may wait for a detector that does not keep up: 5 MB of compact heartbeats, 70 MB of the longest.
    private static let queue: Int32 = 65_536

    init(to endpoint: String, in context: Context) throws(ZeroMQError) {
        socket = try Socket.bestEffortPublisher(queue: Self.queue, in: context)
        try socket.set(.xpublishNoDrop, to: 1)  // or drops could not be counted
        try socket.connect(to: endpoint)
    }

    func add(to poller: inout Poller) { poller.add(socket) }

    /// Whether the detector is connected, and wants anything.
    var isSubscribed: Bool { !subscriptions.isEmpty || subscriptions.excess > 0 }

    /// Whether the detector wants heartbeats of this node: it may have a share of all.
    func wants(_ key: NodeKey) -> Bool { wanted[Int(key.firstByte)] }

    /// Takes in what the detector subscribed to since the last time, and says whether there was a new subscription.
    func drainSubscriptions() throws(ZeroMQError) -> Bool {
        let (added, removed) = try subscriptions.update(from: socket)
        if added + removed > 0 { noteWanted() }
        return added > 0
    }

    /// A longer prefix counts as if it were for all nodes whose keys begin alike.
    private func noteWanted() {
        wanted = InlineArray(repeating: subscriptions.excess > 0)
        for prefix in subscriptions.prefixes {
            if HeartbeatFrame.magic.starts(with: prefix) {
                wanted = InlineArray(repeating: true)
            } else if prefix.starts(with: HeartbeatFrame.magic) {
                wanted[Int(prefix[HeartbeatFrame.magic.count])] = true
            }
        }
    }

    /// - Returns: False if as many wait for the detector as may.
    func send(_ bytes: UnsafeRawBufferPointer) throws(ZeroMQError) -> Bool { try socket.send(bytes) }
}
