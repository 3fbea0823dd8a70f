import Configuration
import EventLoop
import HeartbeatProtocol
import ReceivingService
import ZeroMQ

/// The SUB sockets that receive heartbeats: one for nodes that connect to the service, one for nodes that it connects
/// to.
struct HeartbeatSockets: ~Copyable {
    let bound: [Endpoint]
    let count = 2
    private let listening: Socket
    private let connecting: Socket
    // Each reports the connections of one socket.
    private let listeningMonitor: Monitor
    private let connectingMonitor: Monitor

    /// - Parameter shard: The nodes whose heartbeats are received.
    init(bind: [Endpoint], connect: [Endpoint], shard: Shard = .whole, in context: Context) throws(ZeroMQError) {
        let listening = try Socket.heartbeatReceiver(.subscribe, in: context)
        for prefix in Self.prefixes(of: shard) { try listening.subscribe(to: prefix) }
        let listeningMonitor = try Monitor(of: listening, events: [.acceptFailed, .disconnected], in: context)
        let connecting = try Socket.heartbeatReceiver(.subscribe, in: context)
        for prefix in Self.prefixes(of: shard) { try connecting.subscribe(to: prefix) }
        let connectingMonitor = try Monitor(of: connecting, events: .disconnected, in: context)
        var bound: [Endpoint] = []
        for endpoint in bind {
            try listening.bind(to: endpoint)
            bound.append(try listening.lastEndpoint())
        }
        for endpoint in connect { try connecting.connect(to: endpoint) }
        self.bound = bound
        self.listening = listening
        self.connecting = connecting
        self.listeningMonitor = listeningMonitor
        self.connectingMonitor = connectingMonitor
    }

    private static func prefixes(of shard: Shard) -> [[UInt8]] {
        // Subscribes to everything, not to the prefix of heartbeats, so that other frames are counted and reported.
        shard == .whole ? [[]] : shard.firstBytes.map { HeartbeatFrame.magic + [$0] }
    }

    borrowing func add(to loop: inout EventLoop) {
        loop.add(listening)
        loop.add(connecting)
        loop.add(listeningMonitor)
        loop.add(connectingMonitor)
    }

    enum ConnectionEvent {
        case closed(Connections.ConnectionID)
        /// A connection could not be accepted, with the `errno`.
        case refused(Int32)
    }
    /// The next unread event of a connection; nil if all were read.
    borrowing func connectionEvent() throws(ZeroMQError) -> ConnectionEvent? {
        if let event = try listeningMonitor.next() {
            return event.event == .acceptFailed
                ? .refused(event.value) : .closed(Connections.ConnectionID(socket: 0, descriptor: event.value))
        }
        return try connectingMonitor.next().map { .closed(Connections.ConnectionID(socket: 1, descriptor: $0.value)) }
    }

    borrowing func receive(from index: Int, into message: inout Message) throws(ZeroMQError) -> Bool {
        try index == 0 ? listening.receive(into: &message) : connecting.receive(into: &message)
    }
}
