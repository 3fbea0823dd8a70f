import EventLoop
import HeartbeatProtocol
import PhiAccrual
import ReceivingService
import ZeroMQ

/// The socket that the nodes of a relay connect to.
struct RelayReceiver: ~Copyable {
    let bound: [Endpoint]
    private let socket: Socket
    private let monitor: Monitor

    init(bind: [Endpoint], in context: Context) throws(ZeroMQError) {
        let socket = try Socket.heartbeatReceiver(.xsubscribe, in: context)
        let monitor = try Monitor(of: socket, events: .acceptFailed, in: context)
        // Subscribes to everything, so that frames that are no heartbeats are counted. Later connections get the
        // subscription too.
        try socket.send(Self.subscription)
        var bound: [Endpoint] = []
        for endpoint in bind {
            try socket.bind(to: endpoint)
            bound.append(try socket.lastEndpoint())
        }
        self.bound = bound
        self.socket = socket
        self.monitor = monitor
    }

    private static let subscription: [UInt8] = [1]

    borrowing func add(to loop: inout EventLoop) {
        loop.add(socket)
        loop.add(monitor)
    }

    /// Sends the subscription to all nodes again, so that they announce themselves. Publishers that watch for
    /// subscriptions (`HeartbeatSender`) see every repetition; a PUB socket ignores a subscription that it knows.
    borrowing func repeatSubscription() throws(ZeroMQError) { try socket.send(Self.subscription) }

    /// Receives the next frame without blocking. Returns false if no frame has arrived.
    borrowing func receive(into message: inout Message) throws(ZeroMQError) -> Bool {
        try socket.receive(into: &message)
    }

    /// The next `errno` for which a connection could not be accepted; nil if all were read.
    borrowing func refusal() throws(ZeroMQError) -> Int32? { try monitor.next()?.value }
}

/// The connection to one detector. Each has its own socket, so that a slow detector does not delay the others, and its
/// losses are counted. A class, since an array cannot contain noncopyable values.
final class RelaySender {
    private let socket: Socket
    /// One for each first byte of a key, and one for everything.
    private var subscriptions = Subscriptions(limit: 257)
    /// Per first byte of a key: whether the detector subscribed to such heartbeats.
    private var wanted = InlineArray<256, Bool>(repeating: false)

    /// Heartbeats that may be pending for a slow detector: 5 MB of compact heartbeats, 70 MB of the longest.
    private static let queue: Int32 = 65_536

    init(to endpoint: Endpoint, in context: Context) throws(ZeroMQError) {
        socket = try Socket.bestEffortPublisher(queue: Self.queue, in: context)
        try socket.set(.xpublishNoDrop, to: 1)  // otherwise drops could not be counted
        try socket.connect(to: endpoint)
    }

    func add(to loop: inout EventLoop) { loop.add(socket) }

    /// Whether the detector is connected and has subscribed to anything.
    var isSubscribed: Bool { !subscriptions.isEmpty || subscriptions.excess > 0 }

    /// Whether the detector subscribed to heartbeats of this node: it may have one shard of all nodes.
    func wants(_ key: NodeKey) -> Bool { wanted[Int(key.firstByte)] }

    /// Reads the detector's changed subscriptions. Returns whether one was added.
    func drainSubscriptions() throws(ZeroMQError) -> Bool {
        let (added, removed) = try subscriptions.update(from: socket)
        if added + removed > 0 { noteWanted() }
        return added > 0
    }

    /// A longer prefix counts as a subscription to all nodes with the same first byte of the key.
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

    /// - Returns: False if the queue is full.
    func send(_ bytes: UnsafeRawBufferPointer) throws(ZeroMQError) -> Bool { try socket.send(bytes) }
}
