import EventLoop
import Foundation
import HeartbeatProtocol
import HeartbeatPublisher
import Logging
import PhiAccrual
import TestSupport
import Testing
import ZeroMQ

@testable import HeartbeatRelay

@Suite struct `A relay` {
    @Test func `forwards heartbeats byte for byte to every detector, in each node's order`() throws {
        let stage = try RelayStage(detectors: 2)
        let nodes = [try stage.node(), try stage.node()]
        for node in nodes { #expect(try node.isSubscribed()) }
        var detectors: [FakeDetector] = []
        for index in 0..<2 {
            detectors.append(try stage.detector(index))
            // The relay forwards each detector's subscription to each node.
            for node in nodes { #expect(try node.isSubscribed(by: detectors[index])) }
        }
        let frames = try ["a", "b"].map { try Self.frames(of: $0, count: 500) }
        for number in 0..<500 { for (node, frames) in zip(nodes, frames) { try node.send(frames[number]) } }
        for detector in detectors {
            var arrived = [[UInt8]: [[UInt8]]]()
            for _ in 0..<1000 {
                let frame = try detector.next()
                arrived[Array(frame[2..<10]), default: []].append(frame)
            }
            for sent in frames { #expect(arrived[Array(sent[0][2..<10])] == sent) }
        }
        stage.relay.stop()
        #expect(stage.relay.counts.heartbeats == 1000)
        #expect(stage.relay.counts.detectors.map(\.sent) == [1000, 1000])
    }

    @Test func `drops malformed heartbeats, and counts them by reason`() throws {
        let stage = try RelayStage(detectors: 1)
        let node = try stage.node()
        #expect(try node.isSubscribed())
        let detector = try stage.detector(0)
        #expect(try node.isSubscribed(by: detector))
        let heartbeat = try Self.frames(of: "a", count: 2)
        var strange = heartbeat[1]
        strange[10] = 9
        try node.send(heartbeat[0])
        for garbage: [UInt8] in [[], Array("hello".utf8), Array(heartbeat[1].prefix(31)), strange] {
            try node.send(garbage)
        }
        try node.socket.send([heartbeat[1], heartbeat[1]])
        try node.send(heartbeat[1])
        #expect(try detector.next() == heartbeat[0])
        #expect(try detector.next() == heartbeat[1])
        stage.relay.stop()
        let counts = stage.relay.counts
        #expect(counts.malformed == [.empty: 1, .foreign: 1, .tooShort: 1, .unknownVersion: 1, .multipart: 1])
        #expect(counts.heartbeats == 2 && counts.detectors[0].sent == 2)
    }

    @Test func `drops heartbeats for an absent detector, and forwards them when it is back`() throws {
        let stage = try RelayStage(detectors: 2)
        let node = try stage.node()
        #expect(try node.isSubscribed())
        let present = try stage.detector(0)
        #expect(try node.isSubscribed(by: present))
        let frames = try Self.frames(of: "a", count: 2)
        try node.send(frames[0])
        #expect(try present.next() == frames[0])
        var late: FakeDetector? = try stage.detector(1)
        #expect(try node.isSubscribed(by: late))
        try node.send(frames[1])
        #expect(try present.next() == frames[1])
        #expect(try late?.next() == frames[1])
        #expect(stage.relay.counts.detectors.map(\.absent) == [0, 1])
        late = nil
        let isGone = try repeatedly {
            try node.send(frames[1])
            return stage.relay.counts.detectors[1].absent > 1
        }
        #expect(isGone && stage.relay.counts.detectors[0].absent == 0)
        stage.relay.stop()
    }

    @Test func `forwards to a detector with a shard only the shard's heartbeats`() throws {
        let stage = try RelayStage(detectors: 2)
        let node = try stage.node()
        #expect(try node.isSubscribed())
        let frames = try ["a", "b"].map { try Self.frames(of: $0, count: 2) }
        let share = try stage.detector(0, subscribingTo: Array(frames[0][0].prefix(3)))
        #expect(try node.isSubscribed(by: share))
        let whole = try stage.detector(1)
        #expect(try node.isSubscribed(by: whole))
        for frame in frames.joined() { try node.send(frame) }
        for frame in frames.joined() { #expect(try whole.next() == frame) }
        for frame in frames[0] { #expect(try share.next() == frame) }
        stage.relay.stop()
        let counts = stage.relay.counts.detectors
        #expect(counts.map(\.sent) == [2, 4])
        #expect(counts.map(\.unwanted) == [2, 0] && counts.map(\.absent) == [0, 0])
        #expect(try !share.receiveAny())
    }

    @Test func `makes nodes announce themselves to a detector that comes back`() throws {
        let stage = try RelayStage(detectors: 1)
        var outlet = try HeartbeatSender(connect: [stage.relay.boundEndpoints[0]], bind: [])
        // Virtual time: each look advances it by half a second, so a subscriber counts as new for twenty looks.
        var now: Int64 = 0
        let heartbeat = Heartbeat(
            key: NodeKey(of: try NodeIdentity(group: "lab", name: "a")), incarnation: 1, sequence: 1, sent: nil,
            announcedInterval: 1_000_000_000, isLeaving: false)
        func look() throws -> Bool {
            now += 500_000_000
            return try outlet.hasNewSubscribers(at: now)
        }
        for _ in 0..<2 {
            let detector = try stage.detector(0)
            let isSeen = try repeatedly {
                try detector.poll()
                return try look()
            }
            #expect(isSeen)
            let isHeard = try repeatedly {
                try outlet.send(heartbeat)
                return try detector.receiveAny()
            }
            #expect(isHeard)
            // A subscriber does not stay new forever.
            var isStill = true
            for _ in 0..<100 where isStill {
                now += 10_000_000_000
                isStill = try look()
            }
            #expect(!isStill)
        }
        stage.relay.stop()
    }

    @Test func `counts the heartbeats that a slow detector misses, and sends them to the others`() throws {
        let stage = try RelayStage(detectors: 2)
        let node = try stage.node()
        #expect(try node.isSubscribed())
        let quick = try stage.detector(0)
        #expect(try node.isSubscribed(by: quick))
        let stuck = try stage.detector(1)
        #expect(try node.isSubscribed(by: stuck))
        let frame = try Self.frames(of: "a", count: 1)[0]
        var received = 0
        for _ in 0..<30_000 where stage.relay.counts.detectors[1].slow == 0 {
            for _ in 0..<100 { try node.send(frame) }
            for _ in 0..<100 where try quick.next() == frame { received += 1 }
        }
        let counts = stage.relay.counts
        #expect(counts.detectors[1].slow > 0)
        #expect(counts.detectors[0].slow == 0 && counts.detectors[0].absent == 0 && received >= 65_536)
        stage.relay.stop()
        withExtendedLifetime(stuck) {}
    }

    @Test func `refuses an impossible configuration`() throws {
        func mistake(_ from: [Endpoint], _ to: [Endpoint], gather: Duration = .zero) -> String? {
            var configuration = HeartbeatRelay.Configuration()
            (configuration.from, configuration.to, configuration.gather) = (from, to, gather)
            return configuration.mistake
        }
        let (here, there): (Endpoint, Endpoint) = ("tcp://*:7720", "tcp://127.0.0.1:7710")
        #expect(mistake([here], [there]) == nil)
        #expect(mistake(["tcp://127.0.0.1:*"], [there]) == nil)
        #expect(mistake(["tcp://10.0.0.1:7710"], [there]) == nil)
        #expect(mistake([], [there])?.contains("to bind") == true)
        #expect(mistake([here], [])?.contains("to connect to") == true)
        #expect(mistake([here], [there, there])?.contains("twice") == true)
        #expect(mistake([here], [there], gather: .seconds(2))?.contains("0s to 1s") == true)
        #expect(mistake(["tcp://*:7710"], [there])?.contains("circulate forever") == true)
        #expect(mistake([there], ["tcp://localhost:7710"])?.contains("circulate forever") == true)
        #expect(mistake(["ipc:///run/a"], ["ipc:///run/a"])?.contains("circulate forever") == true)
        #expect(throws: InvalidRelay.self) { try HeartbeatRelay(.init(), logger: Logger(label: "test")) }
        var configuration = HeartbeatRelay.Configuration()
        (configuration.from, configuration.to) = (["tcp://127.0.0.1:77l0"], [there])
        let error = #expect(throws: ZeroMQError.self) {
            try HeartbeatRelay(configuration, logger: Logger(label: "test"))
        }
        #expect(error.map { "\($0)".contains("77l0") } == true)
    }

    /// A node's heartbeats: every tenth announces its name, and the last of more than two says goodbye.
    private static func frames(of name: String, count: Int) throws -> [[UInt8]] {
        let identity = try NodeIdentity(group: "edge", name: name)
        let announcement = try NodeAnnouncement(identity: identity, labels: ["zone": "a"])
        return (0..<count).map { number in
            let heartbeat = Heartbeat(
                key: NodeKey(of: identity), incarnation: 1, sequence: UInt32(number), sent: Int64(number),
                announcedInterval: 1_000_000_000, isLeaving: number == count - 1 && count > 2)
            return HeartbeatFrame.encode(heartbeat, announcing: number % 10 == 0 ? announcement : nil)
        }
    }
}

/// A relay whose detectors have not started yet, with a temporary folder for their endpoints.
private final class RelayStage {
    let relay: HeartbeatRelay
    private let folder: URL

    init(detectors: Int) throws {
        // Short, since the path of a local socket can have at most 107 bytes.
        folder = URL(fileURLWithPath: "/tmp/phi-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        var configuration = HeartbeatRelay.Configuration()
        configuration.from = ["tcp://127.0.0.1:*"]
        configuration.to = (0..<detectors).map { [folder] in "ipc://\(folder.path)/\($0)" }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        relay = try HeartbeatRelay(configuration, logger: logger)
    }

    deinit {
        relay.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    func node() throws -> RelayedNode { try RelayedNode(to: relay.boundEndpoints[0]) }
    func detector(_ index: Int, subscribingTo prefix: [UInt8] = []) throws -> FakeDetector {
        try FakeDetector(at: "ipc://\(folder.path)/\(index)", subscribingTo: prefix)
    }
}

/// A node that receives subscriptions.
private final class RelayedNode {
    let socket: Socket

    init(to endpoint: Endpoint) throws {
        socket = try Socket(.xpublish, in: Context())
        try socket.set(.xpublishVerbose, to: 1)
        try socket.set(.sendHighWaterMark, to: 0)
        try socket.connect(to: endpoint)
    }

    /// Waits for the next subscription, the relay's own or a detector's. Returns false if none comes.
    func isSubscribed(by detector: FakeDetector? = nil) throws -> Bool {
        try repeatedly {
            try detector?.poll()
            return try socket.receiveMultipart() == [[1]]
        }
    }
    func send(_ frame: [UInt8]) throws { try socket.send(frame) }
}

/// A subscriber in a detector's place.
private final class FakeDetector {
    private let socket: Socket

    init(at endpoint: Endpoint, subscribingTo prefix: [UInt8]) throws {
        // A separate context, so that the endpoint is free again when the socket is gone.
        socket = try Socket(.subscribe, in: Context())
        try socket.subscribe(to: prefix)
        try socket.bind(to: endpoint)
    }

    func next() throws -> [UInt8] {
        var poller = Poller()
        poller.add(socket)
        try #require(try poller.wait(timeoutMilliseconds: 60_000) == 1, "nothing came")
        return try #require(try socket.receiveMultipart()?.first)
    }

    /// Receives a message, if one has arrived, and returns whether it did.
    func receiveAny() throws -> Bool { try socket.receiveMultipart() != nil }

    /// Lets the socket accept connections and send its subscriptions. It does so only when its owner calls it.
    func poll() throws {
        var poller = Poller()
        poller.add(socket)
        try poller.wait(timeoutMilliseconds: 0)
    }
}

@Suite struct `A node` {
    @Test func `announces its name to new subscribers, and while it has none`() throws {
        var outlet = try HeartbeatSender(connect: [], bind: ["tcp://127.0.0.1:*"])
        // Virtual time, in nanoseconds.
        #expect(try outlet.hasNewSubscribers(at: 0))
        #expect(try outlet.hasNewSubscribers(at: 1_000_000_000_000))
        var now: Int64 = 1_000_000_000_000
        func saysItsName() throws -> Bool {
            now += 1_000_000_000
            return try outlet.hasNewSubscribers(at: now)
        }
        for _ in 0..<2 {
            var detector: Socket? = try Socket(.subscribe, in: Context())
            try detector?.subscribe(to: [])
            try detector?.connect(to: outlet.boundEndpoints[0])
            let isKnown = try repeatedly { try !saysItsName() }
            #expect(isKnown)
            #expect(try !saysItsName())
            detector = nil
            let isAlone = try repeatedly { try saysItsName() }
            #expect(isAlone)
            for _ in 0..<20 { #expect(try saysItsName()) }
        }
    }
}
