import PhiAccrual
import ZeroMQ

/// A PUB socket set up for heartbeats, and its word on who connected.
///
/// A stale heartbeat is worthless and the application is never blocked: little is queued, nothing without a connection.
struct HeartbeatOutlet: ~Copyable {
    let boundEndpoints: [String]
    private let socket: Socket
    private let monitor: Monitor
    /// How often a node introduces itself anyway.
    static let introductionEvery: Int64 = 10_000_000_000  // ns
    private var newcomersUntil: Int64 = .min

    /// - Parameter queue: How many heartbeats may wait for a slow connection. More than one node's few, if the outlet
    ///   serves many nodes.
    init(connect: [String], bind: [String], queue: Int32 = 16) throws(ZeroMQError) {
        let context = try Context()
        let socket = try Socket(.publish, in: context)
        try socket.set(.sendHighWaterMark, to: queue)
        try socket.set(.immediate, to: 1)  // else a restarted detector is fed what was queued for its predecessor
        try socket.set(.linger, to: 0)
        try socket.set(.reconnectInterval, to: 100)  // libzmq adds jitter of as much
        try socket.set(.reconnectIntervalMaximum, to: 2000)
        try socket.set(.tcpMaximumRetransmitTime, to: 10_000)
        // Connected before the socket is: no event is missed.
        let monitor = try Monitor(of: socket, events: [.connected, .accepted], in: context)
        var bound: [String] = []
        for endpoint in bind {
            try socket.bind(to: endpoint)
            bound.append(try socket.lastEndpoint())
        }
        for endpoint in connect { try socket.connect(to: endpoint) }
        boundEndpoints = bound
        self.socket = socket
        self.monitor = monitor
    }

    /// Whether somebody connected within the last ten seconds, so that nodes should introduce themselves each time: a
    /// PUB cannot see when a subscription is in force.
    mutating func hasNewcomers(at now: Int64) throws(ZeroMQError) -> Bool {
        while try monitor.next() != nil { newcomersUntil = now.addingSaturated(10_000_000_000) }
        return now < newcomersUntil
    }

    /// Drops the frame if nobody is connected, or the connection is slower than the heartbeats.
    borrowing func send(_ frame: [UInt8]) throws(ZeroMQError) { try socket.send(frame) }

    /// Lets what was sent last get out when the outlet is closed.
    borrowing func lingerOnClose() throws(ZeroMQError) { try socket.set(.linger, to: 500) }
}
