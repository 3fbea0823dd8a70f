import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

@testable import StateStore

@Suite struct `A state folder of version 0.1.0` {
    /// Boot ID of the machine that made the fixtures.
    private static let boot = "6c3ba300-b9b4-491b-b44f-d685bb11166e"

    private func opened(_ name: String, boot: String?) throws -> (
        scratch: Scratch, store: StateStore, found: StoreContents
    ) {
        let scratch = Scratch()
        try Fixture.unpack("0.1.0/\(name)", to: scratch.path)
        let (store, found) = try scratch.open(boot: boot, at: 2_000_000_000_000)
        return (scratch, store, found)
    }
    private func expectOperatorChanges(_ found: StoreContents) throws {
        let policies = found.tunings.map { "\($0.level)=\($0.policy) for \($0.scope)" }
        let dead = try NodeIdentity(group: "lab", name: "dead")
        let expected = [
            Tuning(level: "evict", scope: .everyone, policy: .phi(9)),
            Tuning(level: "suspect", scope: .group("edge"), policy: .phi(5)),
            Tuning(level: "suspect", scope: .node(dead), policy: .price(2000)),
        ]
        #expect(Set(found.tunings) == Set(expected), "\(policies)")
        #expect(found.pauses.map(\.node.name) == ["resting"] && found.pauses.map(\.reason) == ["new disk"])
        #expect(found.pauses.allSatisfy { $0.key == NodeKey(of: $0.node) && $0.until > 1_800_000_000_000_000_000 })
    }

    @Test(arguments: ["stopped", "killed"])
    func `keeps its epoch and its events, byte for byte`(name: String) throws {
        let (_, _, found) = try opened(name, boot: Self.boot)
        let published = try Fixture.lines("0.1.0/\(name).events")
        #expect(found.warnings.isEmpty)
        #expect(found.events.map { String(decoding: $0.json, as: UTF8.self) } == published)
        #expect(published.count >= 40 && found.lastSequence == UInt64(published.count))
        let first = try EventMessage(try #require(found.events.first))
        #expect(first.place.epoch == found.epoch)
        for event in found.events { #expect(try EventMessage(event).topic == event.topic) }
        // The state has the last event of each topic; a forgotten node has none.
        let left = found.state.filter { $0.verdict == .left }.map { $0.topic.names.node }
        #expect(Set(left) == ["gone", "back"])
        #expect(!found.state.contains { $0.topic.names.node == "unwanted" })
    }

    @Test(arguments: ["stopped", "killed"]) func `keeps tuned policies and pauses`(name: String) throws {
        let (_, _, found) = try opened(name, boot: Self.boot)
        try expectOperatorChanges(found)
    }

    @Test func `keeps its epoch after a reboot if it was stopped, and begins a new log if it was killed`() throws {
        let stopped = try opened("stopped", boot: "another").found
        #expect(stopped.warnings.isEmpty)
        #expect(stopped.events.count == (try Fixture.lines("0.1.0/stopped.events").count))
        let killed = try opened("killed", boot: "another").found
        #expect(killed.warnings.count == 1 && killed.events.isEmpty && killed.epoch >= 2_000_000_000_000)
        try expectOperatorChanges(killed)
    }

    @Test(arguments: ["stopped", "killed"]) func `keeps what was learned, in its first layout`(name: String) throws {
        let (_, store, found) = try opened(name, boot: Self.boot)
        let nodes = try store.learnedNodes
        #expect(Set(nodes.compactMap(\.identity?.name)) == ["node-1", "node-2", "dead", "resting", "gone", "back"])
        #expect(Set(nodes.map(\.model) + found.groups.map(\.model)) == ["adaptive/2 node/1"])
        #expect(Detector<AdaptiveModel>.canRead("adaptive/2 node/1"))
        // All of it is read: each node continues with its samples.
        var detector = Detector<AdaptiveModel>(.init(levels: [.suspect()], model: .init(), seed: 1))
        var events: [Event] = []
        let now = Instant(nanoseconds: 0)
        for group in found.groups { try detector.restore(group: group.group, bytes: group.state) }
        for node in nodes {
            let identity = try #require(node.identity)
            let wasRead = detector.restore(
                identity, key: node.key, bytes: node.state, version: node.model, verdicts: [.trusted], incarnation: 1,
                soonest: now, latest: now, at: now, into: &events)
            let status = try #require(detector.status(of: node.key, at: now))
            #expect(wasRead && status.samples >= 20, "\(identity)")
        }
    }
}
