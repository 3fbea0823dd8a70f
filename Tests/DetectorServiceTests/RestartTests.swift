import Configuration
import Foundation
import HeartbeatProtocol
import HeartbeatPublisher
import PhiAccrual
import PhiClient
import StateStore
import TestSupport
import Testing

@testable import DetectorService
@testable import PhiAccrual

@Suite struct `A service with a state store` {
    /// A folder for successive runs of one service, on the same endpoints.
    private struct Site {
        let folder: Folder
        init() throws { folder = try Folder() }

        func start(_ change: (inout ServiceConfiguration) -> Void = { _ in }) throws -> Stage {
            try Stage { configuration in
                configuration.heartbeats = ["ipc://\(folder.path)/h"]
                configuration.events = ["ipc://\(folder.path)/e"]
                configuration.control = ["ipc://\(folder.path)/c"]
                configuration.state = "\(folder.path)/state"
                change(&configuration)
            }
        }
    }

    @Test func `continues its log for connected and for new subscribers`() throws {
        let site = try Site()
        let first = try site.start()
        let node = try first.publisher("edge-1")
        var audience = try first.audience()
        #expect(try audience.next(of: "edge-1").to == .learning)
        let before = try audience.next(of: "edge-1")
        #expect(before.to == .trusted)
        first.service.stop()

        let second = try site.start()
        var late = try second.audience(from: .snapshot)
        #expect(try late.next(of: "edge-1") == before)
        var historian = try second.audience(from: .beginning)
        #expect(try historian.next(of: "edge-1").to == .learning)
        #expect(try historian.next(of: "edge-1") == before)
        // The service would miss the goodbye before the node has reconnected.
        try second.waitForSamples("edge-1")
        node.leave()
        let after = try audience.next(of: "edge-1")
        #expect(after.to == .left && after.from == .trusted && after.place.epoch == before.place.epoch)
        #expect(after.place.sequence == before.place.sequence + 1)
        #expect(after.place.previous == before.place.sequence)
        #expect(try late.next(of: "edge-1") == after)
        second.service.stop()
    }

    @Test func `suspects nodes that died while it was down, and keeps what it learned of the others`() throws {
        let site = try Site()
        let first = try site.start()
        let (living, dead) = (try first.publisher("living"), try first.publisher("dead"))
        var audience = try first.audience()
        try audience.waitForTrust(in: ["living", "dead"])
        try first.waitForSamples("living", until: 20)
        first.service.stop()
        dead.stop()

        let second = try site.start()
        let known = try second.node("living")
        #expect(known.samples >= 20 && known.levels["suspect"]?.state == "trusted")
        let (usual, left) = try second.timeLeft(of: "dead")
        // Five seconds to reconnect plus the usual timeout, and some more if the service was paused itself.
        #expect(left > 0 && left < 5 + usual + 2)
        let suspicion = try audience.next(of: "dead")
        #expect(suspicion.from == .trusted && suspicion.to == .suspected)
        #expect(suspicion.silenceSeconds > 5 + usual - 1e-6)
        // No other node was suspected.
        try second.waitForSamples("living")
        living.leave()
        #expect(try audience.next(of: "living").from == .trusted)
        second.service.stop()
    }

    @Test func `expects the nodes of its shard, and forgets the others`() throws {
        let names = (1...20).map { "node-\($0)" }
        let shards = try ["1/2", "2/2"].map { try Shard(parsing: $0) }
        let nodes = try names.map { try NodeIdentity(group: "edge", name: $0) }
        let site = try Site()
        for shard in shards + [shards[0]] {
            let stage = try site.start { ($0.shard, $0.expected) = (shard, nodes) }
            let ours = nodes.filter { shard.contains(NodeKey(of: $0)) }
            #expect(ours.count > 3)
            #expect(try stage.status.nodes == ours.count)
            stage.service.stop()
        }
    }

    @Test func `starts a new log if the old one may lack events, and still knows the nodes`() throws {
        let site = try Site()
        let first = try site.start { $0.joinWithin = .seconds(5) }
        let (living, dead) = (try first.publisher("living"), try first.publisher("dead"))
        var audience = try first.audience()
        try audience.waitForTrust(in: ["living", "dead"])
        let epoch = try first.status.epoch
        try first.waitForSamples("living", until: 20)
        first.service.stop()
        dead.stop()
        try FileManager.default.removeItem(atPath: "\(site.folder.path)/state/complete")

        let second = try site.start { $0.joinWithin = .seconds(5) }
        #expect(try second.status.epoch > epoch)
        #expect(try second.node("living").samples >= 20)
        let anew = try audience.next(of: "living")
        #expect(anew.from == .new && anew.to != .suspected && anew.place.epoch > epoch)
        second.service.stop()

        // A node without an event in the new log is restored too.
        let third = try site.start { $0.joinWithin = .seconds(5) }
        let suspicion = try audience.next(of: "dead")
        #expect(suspicion.from == .new && suspicion.to == .suspected)
        living.leave()
        third.service.stop()
    }

    @Test func `keeps policies and pauses as long as they apply`() throws {
        let site = try Site()
        let first = try site.start()
        let node = try first.publisher("edge-1")
        var audience = try first.audience()
        try audience.waitForTrust(in: ["edge-1"])
        let identity = try NodeIdentity(group: "edge", name: "edge-1")
        var client = try ControlClient(endpoint: first.control)
        let request = TuneRequest(level: "suspect", policy: .phi(9), scope: .group("edge"))
        let _: TuneAnswer = try client.request(.tune(request), within: testTimeout)
        let pause = try PauseRequest(identity, for: .seconds(1), reason: "disk")
        let _: PauseAnswer = try client.request(.pause(pause), within: testTimeout)
        #expect(try audience.nextNotice().kind == .tune)
        #expect(try audience.nextNotice().code == "paused")
        first.service.stop()
        node.stop()

        let second = try site.start()
        let policies: PoliciesAnswer = try client.request(.policies(of: nil), within: testTimeout)
        #expect(policies.overrides.map(\.policy) == ["phi=9"])
        #expect(policies.overrides.map(\.origin) == ["tune, group edge"])
        // The end of the pause is published. Its start is not published again.
        #expect(try audience.nextNotice().code == "resumed")
        second.service.stop()

        let otherLevel = try Level(name: "alarm", policy: .phi(8))
        let third = try site.start { $0.policies = PolicyTable(levels: [otherLevel]) }
        let none: PoliciesAnswer = try client.request(.policies(of: nil), within: testTimeout)
        #expect(none.overrides.isEmpty)
        third.service.stop()
        let fourth = try site.start()
        let gone: PoliciesAnswer = try client.request(.policies(of: nil), within: testTimeout)
        #expect(gone.overrides.isEmpty)
        let explained: ExplainAnswer = try client.request(.explain(identity), within: testTimeout)
        #expect(explained.pause == nil)
        fourth.service.stop()
    }

    @Test func `drops the pause of a node in another shard`() throws {
        let site = try Site()
        let first = try site.start()
        let node = try first.publisher("edge-1")
        var audience = try first.audience()
        try audience.waitForTrust(in: ["edge-1"])
        let identity = try NodeIdentity(group: "edge", name: "edge-1")
        var client = try ControlClient(endpoint: first.control)
        let _: PauseAnswer = try client.request(
            .pause(PauseRequest(identity, for: .seconds(3600), reason: "disk")), within: testTimeout)
        first.service.stop()

        let other = try #require(
            ["1/2", "2/2"].map { try Shard(parsing: $0) }.first { !$0.contains(NodeKey(of: identity)) })
        let second = try site.start { $0.shard = other }
        #expect(try second.status.nodes == 0)
        second.service.stop()

        // The node still sends heartbeats, and is new to a service that has all shards again.
        let third = try site.start()
        try audience.waitForTrust(in: ["edge-1"])
        let explained: ExplainAnswer = try client.request(.explain(identity), within: testTimeout)
        #expect(explained.pause == nil)
        node.stop()
        third.service.stop()
    }

    @Test func `publishes every known node for a new level, once`() throws {
        let site = try Site()
        let first = try site.start()
        let (living, gone) = (try first.publisher("living"), try first.publisher("gone"))
        var audience = try first.audience()
        try audience.waitForTrust(in: ["living", "gone"])
        gone.leave()
        while try audience.next(of: "gone").to != .left {}
        first.service.stop()

        let levels = [Level.suspect(.phi(8)), try Level(name: "evict", policy: .phi(12))]
        func restart() throws -> Stage { try site.start { $0.policies = PolicyTable(levels: levels) } }
        let second = try restart()
        var late = try second.audience(from: .snapshot)
        let published = [try audience.nextTransition(), try audience.nextTransition()]
        #expect(published.allSatisfy { $0.level == "evict" && $0.from == .new })
        #expect(
            Dictionary(uniqueKeysWithValues: published.map { ($0.node, $0.to) }) == ["living": .trusted, "gone": .left])
        #expect(published.first?.explanation == "State restored after restart; first event for this level.")
        #expect(try (0..<4).map { _ in try late.nextTransition() }.suffix(2) == published[...])
        let last = try second.status.sequence
        second.service.stop()

        let third = try restart()
        try third.waitForSamples("living")
        #expect(try third.status.sequence == last)
        living.stop()
        third.service.stop()
    }

    @Test func `ends a hold that the earlier run left open`() throws {
        let site = try Site()
        try {
            let (store, found) = try StateStore.open(in: "\(site.folder.path)/state", at: 7)
            var log = EventLog(found, levels: [], capacity: 10)
            func hold(_ turn: HoldChange.Phase, of group: String?) throws {
                let start = Instant(nanoseconds: 0)
                let change = HoldChange(
                    phase: turn, group: group, at: start, began: start, silentSince: start, overdue: 9, heard: 0,
                    nodes: 9)
                let message = EventMessage(.hold(change), levels: []) {
                    log.nextPlace(on: $0, at: Timestamp(unixNanoseconds: $1.nanoseconds))
                }
                let event = StoredEvent(message)
                log.append(event, of: message)
                try store.append([event])
            }
            for group in ["over", "open", nil] { try hold(.begins, of: group) }
            try hold(.released, of: "over")
            try hold(.expired, of: nil)
        }()
        for _ in 0..<2 {  // the second run must not end it again
            let stage = try site.start()
            var audience = try stage.audience()
            let published = try (0..<6).map { _ in try audience.nextNotice() }
            #expect(published.map(\.kind).allSatisfy { $0 == .hold })
            #expect(
                published.last?.code == "released" && published.last?.group == "open"
                    && published.last?.place.sequence == 6)
            #expect(try stage.status.sequence == 6)
            stage.service.stop()
        }
    }

    @Test func `does not restore forgotten nodes`() throws {
        let site = try Site()
        let first = try site.start()
        let node = try first.publisher("edge-1")
        var audience = try first.audience()
        try audience.waitForTrust(in: ["edge-1"])
        node.stop()
        var client = try ControlClient(endpoint: first.control)
        let identity = try NodeIdentity(group: "edge", name: "edge-1")
        let _: ForgetAnswer = try client.request(.forget(identity), within: testTimeout)
        while try audience.next(of: "edge-1").to != .forgotten {}
        first.service.stop()
        let second = try site.start()
        #expect(try second.status.nodes == 0)
        second.service.stop()
        // A new log does not restore them either.
        try FileManager.default.removeItem(atPath: "\(site.folder.path)/state/complete")
        let third = try site.start()
        #expect(try third.status.nodes == 0)
        third.service.stop()
    }

    @Test func `reports its state store`() throws {
        let site = try Site()
        let stage = try site.start()
        let store = try #require(try stage.status.stateStore)
        #expect(store == StatusAnswer.StateStoreStatus(folder: "\(site.folder.path)/state", events: 0, lost: nil))
        stage.service.stop()
        let withoutStore = try Stage()
        #expect(try withoutStore.status.stateStore == nil)
        withoutStore.service.stop()
    }

    @Test func `refuses a folder that another service uses`() throws {
        let site = try Site()
        let first = try site.start()
        #expect(throws: StoreError.inUse(folder: "\(site.folder.path)/state", process: getpid())) {
            try Stage { $0.state = "\(site.folder.path)/state" }
        }
        first.service.stop()
    }
}

extension Stage {
    var status: StatusAnswer {
        get throws {
            var client = try ControlClient(endpoint: control)
            return try client.status(within: testTimeout)
        }
    }
    func node(_ name: String) throws -> NodesAnswer.Node {
        var client = try ControlClient(endpoint: control)
        let answer: NodesAnswer = try client.request(
            .node(try NodeIdentity(group: "edge", name: name)), within: testTimeout)
        return try #require(answer.nodes.first)
    }
    /// Waits until the service has `samples` samples of the node; without a number, until it has one more than now.
    func waitForSamples(_ name: String, until samples: Int? = nil) throws {
        let enough = try samples ?? node(name).samples + 1
        try #require(try repeatedly { try node(name).samples >= enough }, "\(name) was not heard often enough")
    }
    /// A node's timeout and the time left until its deadline, in seconds.
    func timeLeft(of name: String) throws -> (usual: Double, left: Double) {
        let level = try #require(try node(name).levels["suspect"])
        return (try #require(level.thresholdSeconds), try #require(level.secondsLeft))
    }
}

extension Audience {
    mutating func waitForTrust(in names: Set<String>) throws {
        var left = names
        while !left.isEmpty {
            guard let item = try subscriber.next(timeout: testTimeout) else { throw NothingCame() }
            if case .event(.transition(let event), _) = item, event.to == .trusted { left.remove(event.node) }
        }
    }
    mutating func nextTransition() throws -> TransitionMessage {
        while let item = try subscriber.next(timeout: testTimeout) {
            if case .event(.transition(let transition), _) = item { return transition }
        }
        throw NothingCame()
    }
    mutating func nextNotice() throws -> NoticeMessage {
        while let item = try subscriber.next(timeout: testTimeout) {
            if case .event(.notice(let notice), _) = item { return notice }
        }
        throw NothingCame()
    }
}
