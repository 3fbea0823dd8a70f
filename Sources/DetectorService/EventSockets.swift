import HeartbeatProtocol
import ZeroMQ

/// The sockets of events (XPUB) and requests (ROUTER).
struct EventSockets: ~Copyable {
    let boundEvents: [String]
    let boundControl: [String]
    private let events: Socket
    private let control: Socket

    init(events eventEndpoints: [String], control controlEndpoints: [String], in context: Context) throws(ZeroMQError) {
        let events = try Socket(.xpublish, in: context)
        // A subscriber this far behind loses events, sees it by their numbers, and asks for what it lost.
        try events.set(.sendHighWaterMark, to: 10_000)
        try events.set(.linger, to: 500)
        // What comes in are subscriptions, and libzmq keeps them at a hundred times their size.
        try events.setMaximumMessageSize(1024)
        try events.set(.handshakeInterval, to: 3000)
        let control = try Socket(.router, in: context)
        try control.set(.routerMandatory, to: 1)  // else replies to who is gone vanish unseen
        try control.set(.linger, to: 500)
        try control.set(.handshakeInterval, to: 3000)
        try control.setMaximumMessageSize(65_536)
        let boundEvents = try Self.bind(events, to: eventEndpoints)
        let boundControl = try Self.bind(control, to: controlEndpoints)
        (self.boundEvents, self.boundControl) = (boundEvents, boundControl)
        self.events = events
        self.control = control
    }

    private static func bind(_ socket: borrowing Socket, to endpoints: [String]) throws(ZeroMQError) -> [String] {
        var bound: [String] = []
        for endpoint in endpoints {
            try socket.bind(to: endpoint)
            bound.append(try socket.lastEndpoint())
        }
        return bound
    }

    borrowing func add(to poller: inout Poller) {
        _ = poller.add(events)
        _ = poller.add(control)
    }

    borrowing func publish(_ topic: String, _ header: FeedHeader, _ json: [UInt8]) throws(ZeroMQError) {
        try events.send([Array(topic.utf8), header.encoded, json])
    }

    /// Subscriptions come in as messages; unread, they would pile up without bound.
    borrowing func dropSubscriptions() throws(ZeroMQError) {
        for _ in 0..<1024 {
            guard try events.receiveMultipart(maximumFrames: 1) != nil else { return }
        }
    }

    borrowing func request() throws(ZeroMQError) -> [[UInt8]]? { try control.receiveMultipart(maximumFrames: 8) }

    /// Nobody is waited for: who is gone, or does not read, gets no reply and asks again.
    borrowing func reply(_ frames: [[UInt8]]) { _ = try? control.send(frames) }
}
