import Configuration
import EventLoop
import HeartbeatProtocol
import HeartbeatPublisher
import Logging
import PhiAccrual
import PhiClient
import TestSupport
import Testing
import ZeroMQ

@testable import DetectorService

@Suite struct `The service` {
    @Test func `publishes that a node joins, falls silent, and comes back`() throws {
        let stage = try Stage()
        let first = try stage.publisher("edge-1")
        var audience = try stage.audience()
        #expect(try audience.next(of: "edge-1").to == .learning)
        #expect(try audience.next(of: "edge-1").to == .trusted)
        first.stop()
        let suspicion = try audience.next(of: "edge-1")
        #expect(suspicion.to == .suspected && suspicion.level == "suspect" && suspicion.threshold.policy == "phi=8")
        #expect((suspicion.phi ?? 0) > 7.99)
        let second = try stage.publisher("edge-1", incarnation: first.incarnation + 1)
        let recovery = try audience.next(of: "edge-1")
        #expect(recovery.to == .trusted && recovery.incarnation == first.incarnation + 1)
        #expect(recovery.place.previous == suspicion.place.sequence)
        second.leave()
        #expect(try audience.next(of: "edge-1").to == .left)
        stage.service.stop()
    }

    @Test func `connects to nodes that bind`() throws {
        var configuration = HeartbeatPublisher.Configuration(
            identity: try NodeIdentity(group: "edge", name: "bound"), interval: .milliseconds(50))
        configuration.bind = ["tcp://127.0.0.1:*"]
        let publisher = try HeartbeatPublisher(configuration)
        let stage = try Stage { $0.connect = publisher.boundEndpoints }
        var audience = try stage.audience()
        #expect(try audience.next(of: "bound").to == .learning)
        publisher.leave()
        while try audience.next(of: "bound").to != .left {}
        stage.service.stop()
    }

    @Test func `sends a late subscriber the state, or all events on request`() throws {
        let stage = try Stage()
        let publisher = try stage.publisher("edge-1")
        var early = try stage.audience()
        while try early.next(of: "edge-1").to != .trusted {}
        var late = try stage.audience(from: .snapshot)
        #expect(try late.next(of: "edge-1").to == .trusted)
        var historian = try stage.audience(from: .beginning)
        #expect(try historian.next(of: "edge-1").to == .learning)
        #expect(try historian.next(of: "edge-1").to == .trusted)
        publisher.leave()
        stage.service.stop()
    }

    @Test func `watches a node without a name, and announces it once it has one`() throws {
        let stage = try Stage()
        var audience = try stage.audience()
        let socket = try Socket(.publish, in: Context())
        try socket.connect(to: stage.heartbeats)
        let identity = try NodeIdentity(group: "edge", name: "shy")
        var heartbeat = Heartbeat(key: NodeKey(of: identity), sequence: 0, announcedInterval: 3_600_000_000_000)
        // A PUB socket cannot see when a subscription takes effect, so the test sends until the service receives it.
        let notice = try audience.nextNotice {
            heartbeat.sequence += 1
            try socket.send(HeartbeatFrame.encode(heartbeat))
        }
        #expect(notice.code == "unnamed" && notice.key == NodeKey(of: identity).description)
        heartbeat.sequence += 1
        try socket.send(HeartbeatFrame.encode(heartbeat, announcing: NodeAnnouncement(identity: identity)))
        let announcement = try audience.next(of: "shy")
        #expect(announcement.from == .new)
        stage.service.stop()
    }

    @Test func `forgets a node after a long silence, and announces it again when it comes back`() throws {
        let stage = try Stage { $0.retention = .milliseconds(300) }
        var audience = try stage.audience()
        for _ in 0..<2 {
            let publisher = try stage.publisher("edge-1")
            #expect(try audience.next(of: "edge-1").from == .new)
            publisher.stop()
            while try audience.next(of: "edge-1").to != .forgotten {}
        }
        stage.service.stop()
    }

    @Test func `stores nothing for the goodbye of an unknown node`() throws {
        let stage = try Stage()
        let identity = try NodeIdentity(group: "edge", name: "stranger")
        let goodbye = HeartbeatFrame.encode(
            Heartbeat(key: NodeKey(of: identity), sequence: 0, isLeaving: true),
            announcing: try NodeAnnouncement(identity: identity))
        let socket = try Socket(.publish, in: Context())
        try socket.connect(to: stage.heartbeats)
        var client = try ControlClient(endpoint: stage.control)
        // A PUB socket cannot see when a subscription takes effect, so the test sends until the service receives it.
        var status = try client.status(within: testTimeout)
        for _ in 0..<6000 where (status.heartbeats["unknown-goodbye"] ?? 0) == 0 {
            try socket.send(goodbye)
            status = try client.status(within: testTimeout)
        }
        #expect((status.heartbeats["unknown-goodbye"] ?? 0) > 0)
        #expect(status.nodes == 0)
        stage.service.stop()
    }

    @Test func `answers every request, or reports why not`() throws {
        let stage = try Stage()
        let publisher = try stage.publisher("edge-1")
        var audience = try stage.audience()
        while try audience.next(of: "edge-1").to != .trusted {}

        var client = try ControlClient(endpoint: stage.control)
        let status = try client.status(within: testTimeout)
        #expect(status.nodes == 1 && status.levels.map(\.name) == ["suspect"])
        #expect(status.timestampUncertaintySeconds > 0 && status.timestampUncertaintySeconds <= 1)
        let node = try #require(try client.nodes(within: testTimeout).first)
        #expect(node.group == "edge" && node.node == "edge-1" && node.levels["suspect"]?.state == "trusted")
        #expect((node.levels["suspect"]?.secondsLeft ?? 0) > 0)

        func refusal(_ change: (inout ControlFrame) -> Void) throws -> ControlError.Code? {
            var request = ControlFrame(id: 0, action: "events")
            change(&request)
            do {
                let _: EventsAnswer<EventMessage> = try client.request(request, within: testTimeout)
                return nil
            } catch let error as ControlError { return error.code }
        }
        #expect(try refusal { $0.since = 0 } == nil)
        #expect(try refusal { $0.since = 1_000_000 } == .gone)
        #expect(try refusal { $0.epoch = 1 } == .otherEpoch)
        #expect(try refusal { $0.action = "dance" } == .unknownRequest)
        #expect(try refusal { ($0.action, $0.node) = ("nodes", "a/b/c") } == .unknownNode)
        publisher.leave()
        stage.service.stop()
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"id":1}"#, #"{"do":7}"#, #"{"do":"events","since":-1}"#,
        #"{"do":"events","since":"x"}"#, #"{"id":"x","do":"status"}"#, #"{"do":"nodes","cursor":9e99}"#,
        String(repeating: "[", count: 10_000),
    ])
    func `answers a malformed request with an error`(request: String) throws {
        let stage = try Stage()
        let socket = try Socket(.dealer, in: Context())
        try socket.connect(to: stage.control)
        try socket.send([Array(request.utf8)])
        var poller = Poller()
        poller.add(socket)
        #expect(try poller.wait(timeoutMilliseconds: 30_000) == 1)
        let json = try #require(try socket.receiveMultipart()?.last)
        let reply = try WireJSON.decode(ControlReply<StatusAnswer>.self, from: json)
        #expect(reply.error?.code == .malformed)
        #expect(reply.error?.message.isEmpty == false)
        stage.service.stop()
    }

    @Test func `answers an invalid cursor with no nodes`() throws {
        let stage = try Stage()
        var client = try ControlClient(endpoint: stage.control)
        for cursor in [-1, 5, Int.max, Int.min] {
            var request = ControlFrame(id: 0, action: "nodes")
            request.cursor = cursor
            let answer: NodesAnswer = try client.request(request, within: testTimeout)
            #expect(answer.nodes.isEmpty && answer.cursor == nil)
        }
        stage.service.stop()
    }

    @Test func `reports which endpoint it cannot use`() throws {
        let stage = try Stage()
        var configuration = ServiceConfiguration()
        configuration.heartbeats = [stage.heartbeats]
        configuration.events = ["tcp://127.0.0.1:*"]
        configuration.control = ["tcp://127.0.0.1:*"]
        let error = #expect(throws: ZeroMQError.self) {
            try DetectorService(configuration, logger: Logger(label: "test"))
        }
        #expect(error.map { "\($0)".contains(stage.heartbeats.address) } == true)
        stage.service.stop()
    }

    @Test func `publishes what it knows before it stops`() throws {
        let stage = try Stage()
        let publisher = try stage.publisher("edge-1")
        var audience = try stage.audience()
        while try audience.next(of: "edge-1").to != .trusted {}
        publisher.leave()
        while try audience.next(of: "edge-1").to != .left {}
        stage.service.stop()
        stage.service.stop()  // a second stop does nothing
    }
}

/// A service on free ports.
struct Stage {
    let service: DetectorService
    var heartbeats: Endpoint { service.endpoints.heartbeats[0] }
    var control: Endpoint { service.endpoints.control[0] }

    init(clocks: ServiceClocks = .system, _ change: (inout ServiceConfiguration) -> Void = { _ in }) throws {
        var configuration = ServiceConfiguration()
        configuration.heartbeats = ["tcp://127.0.0.1:*"]
        configuration.events = ["tcp://127.0.0.1:*"]
        configuration.control = ["tcp://127.0.0.1:*"]
        // Pauses of a loaded machine must not cause suspicions: the timeout is 57 intervals.
        configuration.model = DetectorSpec(NormalModel.Parameters(floor: 10))
        configuration.policies = PolicyTable(levels: [.suspect(.phi(8))])
        change(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        service = try DetectorService(configuration, clocks: clocks, logger: logger)
    }

    func publisher(_ node: String, incarnation: UInt32 = 1000) throws -> HeartbeatPublisher {
        var configuration = HeartbeatPublisher.Configuration(
            identity: try NodeIdentity(group: "edge", name: node), interval: .milliseconds(50))
        configuration.connect = [heartbeats]
        configuration.incarnation = incarnation
        return try HeartbeatPublisher(configuration)
    }

    func audience(from start: FeedReplica.Start = .beginning) throws -> Audience {
        Audience(
            subscriber: try FeedSubscriber(
                events: service.endpoints.events[0], control: control, from: start, wakeUp: WakeUp()))
    }
}

/// A subscriber that waits for what a test expects.
struct Audience: ~Copyable {
    struct NothingCame: Error {}
    var subscriber: FeedSubscriber

    mutating func next(of node: String) throws -> TransitionMessage {
        while let item = try subscriber.next(timeout: testTimeout) {
            if case .event(.transition(let transition), _) = item, transition.node == node { return transition }
        }
        throw NothingCame()
    }

    mutating func nextNotice(while acting: () throws -> Void = {}) throws -> NoticeMessage {
        for _ in 0..<6000 {
            try acting()
            if case .event(.notice(let notice), _)? = try subscriber.next(timeout: .milliseconds(10)) { return notice }
        }
        throw NothingCame()
    }
}
