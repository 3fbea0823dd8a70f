import EventLoop
import SocketTestSupport
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(1))) final class `The subscriptions of a socket` {
    private let context: Context
    private let publisher: Socket
    private let subscriber: Socket

    init() throws {
        context = try Context()
        publisher = try Socket.bestEffortPublisher(queue: 16, in: context)
        subscriber = try Socket(.subscribe, in: context)
        try subscriber.set(.sendHighWaterMark, to: 0)  // a limit would drop subscriptions
        try publisher.bind(to: "tcp://127.0.0.1:*")
        try subscriber.connect(to: publisher.lastEndpoint())
    }

    // `#expect` cannot use a noncopyable value, so these functions read it.
    private func known(_ subscriptions: borrowing Subscriptions) -> Set<[UInt8]> { subscriptions.prefixes }
    private func excess(_ subscriptions: borrowing Subscriptions) -> Int { subscriptions.excess }

    /// Updates until `count` changes were reported, and returns how many were additions and removals.
    private func update(_ subscriptions: inout Subscriptions, until count: Int) throws -> (added: Int, removed: Int) {
        var poller = Poller()
        poller.add(publisher)
        var (added, removed) = (0, 0)
        while added + removed < count {
            guard try poller.wait(timeoutMilliseconds: eventTimeout) > 0 else { throw TimedOut() }
            let turn = try subscriptions.update(from: publisher)
            (added, removed) = (added + turn.added, removed + turn.removed)
        }
        return (added, removed)
    }

    @Test func `are known until they end`() throws {
        var subscriptions = Subscriptions(limit: 10)
        try subscriber.subscribe(to: [80, 1])
        try subscriber.subscribe(to: [])
        #expect(try update(&subscriptions, until: 2) == (2, 0))
        #expect(known(subscriptions) == [[80, 1], []])
        try subscriber.unsubscribe(from: [])
        #expect(try update(&subscriptions, until: 1) == (0, 1))
        #expect(known(subscriptions) == [[80, 1]])
        // A subscription that ends with its connection is reported too.
        let other = try Socket(.subscribe, in: context)
        try other.subscribe(to: [7])
        try other.connect(to: publisher.lastEndpoint())
        #expect(try update(&subscriptions, until: 1) == (1, 0))
        drop(other)
        #expect(try update(&subscriptions, until: 1) == (0, 1))
        #expect(known(subscriptions) == [[80, 1]])
    }

    @Test func `beyond the limit are only counted`() throws {
        var subscriptions = Subscriptions(limit: 2)
        for byte in 1...4 as ClosedRange<UInt8> { try subscriber.subscribe(to: [byte]) }
        #expect(try update(&subscriptions, until: 4) == (4, 0))
        #expect(known(subscriptions) == [[1], [2]])
        #expect(excess(subscriptions) == 2)
        for byte in [3, 1, 4] as [UInt8] { try subscriber.unsubscribe(from: [byte]) }
        #expect(try update(&subscriptions, until: 3) == (0, 3))
        #expect(known(subscriptions) == [[2]])
        #expect(excess(subscriptions) == 0)
    }

    @Test func `are received at most a thousand at a time`() throws {
        var subscriptions = Subscriptions(limit: 10_000)
        for number in 0..<1500 { try subscriber.subscribe(to: [UInt8(number / 256), UInt8(number % 256)]) }
        var poller = Poller()
        poller.add(publisher)
        while known(subscriptions).count < 1500, try poller.wait(timeoutMilliseconds: eventTimeout) > 0 {
            let turn = try subscriptions.update(from: publisher)
            #expect(turn.added <= 1000)
        }
        #expect(known(subscriptions).count == 1500)
    }
}
