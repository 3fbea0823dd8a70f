import EventLoop
import Foundation
import SocketTestSupport
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) struct `A socket` {
    let context: Context

    init() throws { context = try Context() }

    static var endpoints: [Endpoint] {
        ["inproc://feed", "tcp://127.0.0.1:*", "ipc://\(FileManager.default.temporaryDirectory.path)/\(UUID()).sock"]
    }

    @Test(arguments: endpoints) func `delivers a published frame to its subscriber`(endpoint: Endpoint) throws {
        let feed = try Subscription(endpoint, prefix: [80, 72], in: context)
        try feed.publisher.send([1, 2, 3])
        try feed.publisher.send([80, 72, 7])
        #expect(try nextMessage(from: feed.subscriber) == [[80, 72, 7]])
        #expect(try feed.subscriber.receiveMultipart() == nil)
    }

    @Test func `of kind publish reaches a subscriber too`() throws {
        let publisher = try Socket(.publish, in: context)
        let subscriber = try Socket(.subscribe, in: context)
        try publisher.bind(to: "tcp://127.0.0.1:*")
        try subscriber.subscribe(to: [])
        try subscriber.connect(to: publisher.lastEndpoint())
        var poller = Poller()
        poller.add(subscriber)
        // A PUB cannot see when a subscription takes effect.
        repeat { try publisher.send([9]) } while try poller.wait(timeoutMilliseconds: 10) == 0
        #expect(try nextMessage(from: subscriber) == [[9]])
    }

    @Test func `no longer receives what it unsubscribed from`() throws {
        let feed = try Subscription(prefix: [5], in: context)
        try feed.subscriber.subscribe(to: [6])
        try feed.subscriber.unsubscribe(from: [5])
        #expect(try nextMessage(from: feed.publisher) == [[1, 6]])
        #expect(try nextMessage(from: feed.publisher) == [[0, 5]])
        try feed.publisher.send([5])
        try feed.publisher.send([6])
        #expect(try nextMessage(from: feed.subscriber) == [[6]])
    }

    @Test func `delivers all frames of a message together, empty ones too`() throws {
        let feed = try Subscription("tcp://127.0.0.1:*", in: context)
        let message: [[UInt8]] = [[101], [], Array(repeating: 7, count: 100_000), [1]]
        #expect(try feed.publisher.send(message))
        #expect(try nextMessage(from: feed.subscriber) == message)
    }

    @Test func `drops a whole message with too many frames and continues with the next`() throws {
        let pipeline = try Pipeline(in: context)
        try pipeline.push.send([[1], [2], [3], [4], [5]])
        try pipeline.push.send([[6], [7], [8]])
        #expect(try nextMessage(from: pipeline.pull, maximumFrames: 3) == [])
        #expect(try nextMessage(from: pipeline.pull, maximumFrames: 3) == [[6], [7], [8]])
    }

    @Test func `receives ten thousand frames into one reused message`() throws {
        let pipeline = try Pipeline(queue: 0, in: context)
        var message = Message()
        #expect(message.count == 0)
        for number in 0..<10_000 {
            // Small bodies are inside the zmq_msg_t, large ones on the heap. Both kinds must be released.
            try pipeline.push.send(Array(repeating: UInt8(truncatingIfNeeded: number), count: number % 100))
        }
        for number in 0..<10_000 {
            try #require(try pipeline.pull.receive(into: &message))
            #expect(message.count == number % 100 && !message.hasMore)
            #expect(message.withUnsafeBytes { $0.allSatisfy { $0 == UInt8(truncatingIfNeeded: number) } })
        }
        #expect(try !pipeline.pull.receive(into: &message))
    }

    @Test func `reports for each frame whether more follow`() throws {
        let pipeline = try Pipeline(in: context)
        try pipeline.push.send([1], more: true)
        var message = Message()
        #expect(try !pipeline.pull.receive(into: &message))  // the message is not complete yet
        try pipeline.push.send([2])
        #expect(try pipeline.pull.receive(into: &message))
        #expect(message.bytes == [1] && message.hasMore)
        #expect(try pipeline.pull.receive(into: &message))
        #expect(message.bytes == [2] && !message.hasMore)
    }

    @Test func `with a full queue reports that it did not send`() throws {
        let pipeline = try Pipeline(queue: 1, in: context)  // one message on each side
        #expect(try pipeline.push.send([1]))
        #expect(try pipeline.push.send([[2], [2]]))
        #expect(try !pipeline.push.send([3]))
        #expect(try !pipeline.push.send([[4], [4], [4]]))
        #expect(try nextMessage(from: pipeline.pull) == [[1]])
        #expect(try nextMessage(from: pipeline.pull) == [[2], [2]])
        #expect(try pipeline.pull.receiveMultipart() == nil)
    }

    @Test func `without a peer reports that it did not send`() throws {
        let push = try Socket(.push, in: context)
        #expect(try !push.send([1]))
    }

    @Test func `of kind router reports a missing peer`() throws {
        let router = try Socket(.router, in: context)
        try router.set(.routerMandatory, to: 1)
        try router.bind(to: "tcp://127.0.0.1:*")
        #expect(try !router.send([Array("missing".utf8), [1]]))

        let dealer = try Socket(.dealer, in: context)
        try dealer.set(.routingID, to: Array("node".utf8))
        try dealer.connect(to: router.lastEndpoint())
        try dealer.send([1])
        #expect(try nextMessage(from: router) == [Array("node".utf8), [1]])
        #expect(try router.send([Array("node".utf8), [2]]))
        #expect(try nextMessage(from: dealer) == [[2]])

        drop(dealer)
        let clock = ContinuousClock()
        let end = clock.now + .milliseconds(eventTimeout)
        while try router.send([Array("node".utf8), [3]]) { try #require(clock.now < end) }
    }

    @Test func `disconnects a peer whose message is too large`() throws {
        let pull = try Socket(.pull, in: context)
        let push = try Socket(.push, in: context)
        let monitor = try Monitor(of: pull, events: [.disconnected], in: context)
        try pull.setMaximumMessageSize(16)
        try pull.bind(to: "tcp://127.0.0.1:*")
        try push.connect(to: pull.lastEndpoint())
        try push.send([UInt8](repeating: 1, count: 17))
        _ = try next(.disconnected, from: monitor)
        #expect(try pull.receiveMultipart() == nil)
    }

    @Test func `knows the connection of a received frame`() throws {
        let pull = try Socket(.pull, in: context)
        let push = try Socket(.push, in: context)
        let monitor = try Monitor(of: pull, events: [.accepted], in: context)
        try pull.bind(to: "tcp://127.0.0.1:*")
        try push.connect(to: pull.lastEndpoint())
        try push.send([1])
        let (descriptor, _) = try next(.accepted, from: monitor)
        var poller = Poller()
        poller.add(pull)
        #expect(try poller.wait(timeoutMilliseconds: eventTimeout) == 1)
        var message = Message()
        #expect(message.sourceFileDescriptor == nil)
        #expect(try pull.receive(into: &message))
        #expect(message.sourceFileDescriptor == descriptor)
        #expect(message.property("Peer-Address") == "127.0.0.1")
        #expect(message.property("User-Id") == nil)
    }

    @Test(arguments: Socket.Kind.allCases) func `can be created in every kind`(kind: Socket.Kind) throws {
        let socket = try Socket(kind, in: context)
        try socket.bind(to: "inproc://\(kind)")
        #expect(try socket.lastEndpoint() == "inproc://\(kind)")
    }
}
