import EventLoop
import HeartbeatProtocol
import Synchronization
import ZeroMQ

/// The sockets for events (XPUB) and requests (ROUTER).
struct EventSockets: ~Copyable {
    let boundEvents: [Endpoint]
    let boundControl: [Endpoint]
    private let events: Socket
    private let control: Socket
    private let outbox = ReplyOutbox()

    init(
        events eventEndpoints: [Endpoint], control controlEndpoints: [Endpoint], in context: Context
    ) throws(ZeroMQError) {
        let events = try Socket(.xpublish, in: context)
        // A subscriber that is this far behind loses events, detects that by their numbers, and requests them.
        try events.set(.sendHighWaterMark, to: 10_000)
        try events.set(.linger, to: 500)
        // Incoming messages are subscriptions, and libzmq keeps each at a hundred times its size.
        try events.setMaximumMessageSize(1024)
        try events.set(.handshakeInterval, to: 3000)
        let control = try Socket(.router, in: context)
        try control.set(.routerMandatory, to: 1)  // otherwise replies to a client that is gone are lost unnoticed
        try control.set(.linger, to: 500)
        try control.set(.handshakeInterval, to: 3000)
        try control.setMaximumMessageSize(65_536)
        let boundEvents = try Self.bind(events, to: eventEndpoints)
        let boundControl = try Self.bind(control, to: controlEndpoints)
        (self.boundEvents, self.boundControl) = (boundEvents, boundControl)
        self.events = events
        self.control = control
    }

    private static func bind(_ socket: borrowing Socket, to endpoints: [Endpoint]) throws(ZeroMQError) -> [Endpoint] {
        var bound: [Endpoint] = []
        for endpoint in endpoints {
            try socket.bind(to: endpoint)
            bound.append(try socket.lastEndpoint())
        }
        return bound
    }

    borrowing func add(to loop: inout EventLoop) {
        loop.add(events)
        loop.add(control)
    }

    borrowing func publish(_ event: StoredEvent, epoch: UInt64) throws(ZeroMQError) {
        let header = FeedHeader(epoch: epoch, sequence: event.sequence)
        try events.send([Array(event.topic.description.utf8), header.encoded, event.json])
    }
    borrowing func publish(_ beacon: Beacon) throws {
        let header = FeedHeader(epoch: beacon.epoch, sequence: beacon.sequence)
        try events.send([Array(Beacon.topic.utf8), header.encoded, WireJSON.encode(beacon)])
    }

    /// Subscriptions arrive as messages; unread, they would accumulate without bound.
    borrowing func dropSubscriptions() throws(ZeroMQError) {
        for _ in 0..<1024 {
            guard try events.receiveMultipart(maximumFrames: 1) != nil else { return }
        }
    }

    /// The next message; nil if none has arrived. One that cannot be answered counts as a message too: a client that
    /// sends nothing else must not keep the thread from its other work.
    borrowing func receive() throws(ZeroMQError) -> Incoming? {
        guard let frames = try control.receiveMultipart(maximumFrames: 8) else { return nil }
        // The frames before the request address its sender: an identity, and the empty frame of a REQ socket.
        guard frames.count >= 2, let json = frames.last else { return .unanswerable }
        var id: Int64 = 0
        let request: Result<ControlRequest, ControlError>
        do throws(ControlError) {
            request = .success(try ControlFrame.reading(json, id: &id).request())
        } catch {
            request = .failure(error)
        }
        return .request(
            ReceivedRequest(request: request, sink: outbox.sink(envelope: Array(frames.dropLast()), id: id)))
    }
    enum Incoming {
        case request(ReceivedRequest)
        /// Too many frames, or no sender to reply to.
        case unanswerable
    }

    /// Sends the replies that are in the sinks of requests. Never blocks: a client that is gone, or does not read, gets
    /// no reply and asks again.
    borrowing func sendReplies() { for frames in outbox.removeAll() { _ = try? control.send(frames) } }
}

/// Replies that wait to be sent through the ROUTER socket. Sinks may be called anywhere, but a socket belongs to one
/// thread.
private final class ReplyOutbox: Sendable {
    private let replies = Mutex<[[[UInt8]]]>([])

    /// - Parameters:
    ///   - envelope: Frames that address the client.
    ///   - id: The request's id, which is returned with the reply.
    func sink(envelope: [[UInt8]], id: Int64) -> ReplySink {
        ReplySink { [self] reply in
            guard let json = try? ControlReply<StatusAnswer>.json(id: id, reply) else { return }
            replies.withLock { $0.append(envelope + [json]) }
        }
    }

    func removeAll() -> [[[UInt8]]] {
        replies.withLock { replies in
            defer { replies = [] }
            return replies
        }
    }
}
