import EventLoop
import Testing
import ZeroMQ

/// How long a test waits for an event that is certain to happen, in milliseconds. Only a failing test waits this long.
let eventTimeout = 20_000

struct TimedOut: Error {}

/// Waits for the next message and returns its frames.
func nextMessage(from socket: borrowing Socket, maximumFrames: Int = 16) throws -> [[UInt8]] {
    var poller = Poller()
    poller.add(socket)
    while true {
        if let frames = try socket.receiveMultipart(maximumFrames: maximumFrames) { return frames }
        guard try poller.wait(timeoutMilliseconds: eventTimeout) > 0 else { throw TimedOut() }
    }
}

/// Waits for the next event of a kind, skips all others, and returns its value and endpoint.
func next(
    _ wanted: Monitor.Events, from monitor: borrowing Monitor
) throws -> (value: Int32, endpoint: Endpoint) {
    var poller = Poller()
    poller.add(monitor)
    while true {
        while let (event, value, endpoint) = try monitor.next() {
            if event == wanted { return (value, endpoint) }
        }
        guard try poller.wait(timeoutMilliseconds: eventTimeout) > 0 else { throw TimedOut() }
    }
}

/// Closes a socket or monitor now. Without this, the compiler may close it any time after its last use.
func drop(_ socket: consuming Socket) {}
func drop(_ monitor: consuming Monitor) {}

/// An XPUB, and a SUB whose subscription is in effect.
struct Subscription: ~Copyable {
    let publisher: Socket
    let subscriber: Socket

    init(_ endpoint: Endpoint = "inproc://feed", prefix: [UInt8] = [], in context: Context) throws {
        let publisher = try Socket(.xpublish, in: context)
        let subscriber = try Socket(.subscribe, in: context)
        try publisher.bind(to: endpoint)
        try subscriber.subscribe(to: prefix)
        try subscriber.connect(to: publisher.lastEndpoint())
        #expect(try nextMessage(from: publisher) == [[1] + prefix])
        self.publisher = publisher
        self.subscriber = subscriber
    }
}

/// A PUSH and a PULL that are connected.
struct Pipeline: ~Copyable {
    let push: Socket
    let pull: Socket

    init(queue: Int32 = 1000, in context: Context) throws {
        let push = try Socket(.push, in: context)
        let pull = try Socket(.pull, in: context)
        try push.set(.sendHighWaterMark, to: queue)
        try pull.set(.receiveHighWaterMark, to: queue)
        try pull.bind(to: "inproc://pipeline")
        try push.connect(to: "inproc://pipeline")
        self.push = push
        self.pull = pull
    }
}
