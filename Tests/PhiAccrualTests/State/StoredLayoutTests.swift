import BinaryCoding
import TestSupport
import Testing

@testable import PhiAccrual

@Suite struct `The stored bytes` {
    private func bytes(_ values: any BinaryCodable...) -> [UInt8] {
        var writer = BinaryWriter()
        for value in values { value.write(to: &writer) }
        return writer.bytes
    }

    @Test func `of every part of a node's state are pinned`() throws {
        var golden = GoldenBytes("node.txt")
        var node = WatchedNode(key: NodeKey(rawValue: 0x0102_0304_0506_0708))
        golden.add("watched node, new", bytes(node))
        (node.lastArrival, node.lastSent, node.senderLate) = (0x1112_1314_1516_1718, 0x2122_2324_2526_2728, -5)
        (node.infeasibleLevels, node.confirmations, node.flags) = (0x81, 3, .all)
        (node.group, node.missing, node.incarnation, node.sequence) = (0x3132, 0x41, 0x5152_5354, 0x6162_6364)
        node.state.phase = .trusted
        for level in [0, 2, 7] { node.state.suspect(atLevel: level) }
        golden.add("watched node, every field", bytes(node))
        for (flag, name) in [
            (WatchedNode.Flags.contended, "contended"), (.paused, "paused"), (.exempt, "exempt"), (.kept, "kept"),
            (.undecided, "undecided"), (.coalesced, "coalesced"),
        ] { golden.add("flag \(name)", [flag.rawValue]) }
        for (phase, name) in [
            (NodeState.Phase.new, "new"), (.learning, "learning"), (.trusted, "trusted"), (.left, "left"),
        ] { golden.add("phase \(name)", [phase.rawValue]) }

        var cold = NodeColdState()
        golden.add("cold state, empty", bytes(cold))
        cold.identity = try NodeIdentity(group: "edge", name: "ü-1")
        cold.contender = ContendingSender(
            Heartbeat(key: NodeKey(rawValue: 1), incarnation: 0x7172_7374, sequence: 0x8182_8384))
        cold.contender?.observeAccepted()
        (cold.discarded, cold.silentSince, cold.disconnectedAt) = (9, 0x11, 0x22)
        cold.emitted = [.unnamed, .duplicateNode, .paused]
        cold.pause = Pause(until: Instant(nanoseconds: 0x33), reason: "new disk")
        let rule = RecoveryRule(minConsecutive: 2, flaps: 3, within: 5, quietPeriod: 7)
        var recovery = Recovery()
        recovery.suspected(at: 0x44, under: rule)
        recovery.suspected(at: 0x55, under: rule)
        _ = recovery.heard(at: 0x66, inTime: true, under: rule)
        cold.recoveries = [Recovery(), recovery]
        golden.add("cold state, every field", bytes(cold))
        let codes: [Notice.Code] = [
            .unnamed, .takeover, .duplicateNode, .nameCollision, .budgetInfeasible, .budgetFeasible, .flapping, .paused,
            .resumed,
        ]
        for code in codes { golden.add("notice \(code)", code.rawValue) }
        try golden.check()
    }

    @Test func `of policies, rules, and holds are pinned`() throws {
        var golden = GoldenBytes("policies.txt")
        let node = try NodeIdentity(group: "edge", name: "n")
        let policies: [Policy] = [
            .phi(8), .price(1000), .mistakes(MistakeBudget(.perHeartbeat(0.001))),
            .mistakes(MistakeBudget(.every(1e15), within: 3_000_000_000)),
        ]
        for policy in policies { golden.add("policy \(policy)", bytes(policy)) }
        for source in Origin.Source.allCases {
            golden.add("origin \(source.rawValue)", bytes(Origin(source)))
        }
        golden.add("origin of a group", bytes(Origin(.tune, for: .group("edge"))))
        golden.add("origin of a node", bytes(Origin(.tune, for: .node(node))))
        var table = PolicyTable(levels: [.suspect(.phi(8)), try Level(name: "evict", policy: .price(1e12))])
        golden.add("policy table without entries", bytes(table))
        table.set(.phi(3), level: 0, from: Origin(.file, for: .group("edge")))
        table.set(.price(2), level: 1, from: Origin(.tune, for: .node(node)))
        golden.add("policy table with entries", bytes(table))
        golden.add("recovery rule, default", bytes(RecoveryRule()))
        golden.add(
            "recovery rule with damping", bytes(RecoveryRule(minConsecutive: 2, flaps: 3, within: 5, quietPeriod: 7)))
        golden.add("hold rule", bytes(HoldRule(share: 0.25, minExcess: 4, maxDuration: 11)))
        var holds = ActiveHolds()
        golden.add("no holds", bytes(holds))
        let sampled = [ActiveHolds.SampledNode(slot: 5, key: 0x0102), .init(slot: 6, key: 0x0304)]
        holds.begin(
            .init(
                scope: nil, began: 0x11, silentSince: 0x22, until: 0x33, nextCheck: 0x44, heard: 1,
                sampledNodes: sampled,
                candidate: nil))
        holds.begin(
            .init(
                scope: 7, began: 0x55, silentSince: 0x66, until: 0x77, nextCheck: 0x88, heard: 2, sampledNodes: [],
                candidate: sampled[0]))
        golden.add("holds, one published and one undecided", bytes(holds))
        try golden.check()
    }

    @Test func `of every detector's nodes, groups, and checkpoint are pinned`() throws {
        var golden = GoldenBytes("detectors.txt")
        let specs = [
            "adaptive", "normal,window=3", "logistic,max-sample-size=3", "exponential,sampling-window-size=3",
            "fixed,timeout=700ms", "chen,window=3", "bertier,window=3", "two-window,n1=1,n2=3", "empirical,window=3",
            "self-tuning,slot=2,window=3",
        ]
        for spec in specs {
            var life = GoldenLife()
            let stored = try DetectorSpec(parsing: spec).open(&life)
            golden.add("\(spec): version", stored.version)
            golden.add("\(spec): persisted node", stored.node)
            golden.add("\(spec): persisted groups", stored.groups)
            golden.add("\(spec): checkpoint", stored.checkpoint)
        }
        try golden.check()
    }

    @Test func `leave out a notice of a later version, and keep the others`() throws {
        var cold = NodeColdState()
        cold.emitted = [.flapping]
        var known = bytes(cold)
        let place = try #require(known.indices.first { known[$0...].starts(with: Array("flapping".utf8)) })
        known[place + 7] = UInt8(ascii: "k")
        var reader = BinaryReader(known)
        let read: NodeColdState = try reader.state()
        #expect(reader.isAtEnd && read.emitted.isEmpty)
        cold.emitted = [.paused, .flapping]
        reader = BinaryReader(bytes(cold))
        #expect(try (reader.state() as NodeColdState).emitted == [.paused, .flapping])
    }

    @Test func `of version 0.1.0 have one flag per notice`() throws {
        var old = BinaryWriter()
        for isPresent in [false, false] { old.write(isPresent) }  // neither identity nor contender
        old.write(4 as Int64)
        for position in 0..<9 { old.write([1, 4, 8].contains(position)) }
        for isPresent in [false, false, false] { old.write(isPresent) }
        old.write(0 as UInt8)
        var reader = BinaryReader(old.bytes)
        reader.layout = StateLayout.codesByPosition
        let read: NodeColdState = try reader.state()
        #expect(reader.isAtEnd && read.discarded == 4)
        #expect(read.emitted == [.takeover, .budgetInfeasible, .resumed])
    }
}

/// A detector with the given model, after a short life that uses most fields of a checkpoint.
private struct GoldenLife: ModelVisitor {
    typealias Outcome = Stored

    struct Stored {
        var version: String
        var node, groups, checkpoint: [UInt8]
    }

    func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws -> Stored {
        let levels = [Level.suspect(.phi(8)), try Level(name: "evict", policy: .phi(16))]
        var configuration = Detector<Model>.Configuration(
            levels: levels, model: parameters, retention: .hours(1), capacity: 100, seed: 5)
        configuration.hold = HoldRule()
        configuration.recovery = RecoveryRule(minConsecutive: 2, flaps: 3)
        var detector = Detector<Model>(configuration)
        var events: [Event] = []
        func instant(_ time: Int64) -> Instant { Instant(nanoseconds: time) }
        for (number, name) in ["a", "b", "gone", "unnamed"].enumerated() {
            let identity = try NodeIdentity(group: number == 1 ? "rack" : "lab", name: name)
            if name != "unnamed" { detector.announce(identity, key: .named(name), at: instant(0), into: &events) }
            for sequence in 0..<5 {
                let heartbeat = Heartbeat(
                    key: .named(name), incarnation: 1, sequence: UInt32(sequence), announcedInterval: .seconds(1))
                let arrival = .seconds(Int64(sequence)) + .milliseconds(Int64(number))
                detector.receive(heartbeat, at: instant(arrival), into: &events)
            }
        }
        detector.apply(
            .pause(.named("b"), until: instant(.hours(2)), reason: "disk", at: instant(.seconds(5))), into: &events)
        detector.apply(.forgetting(.named("gone"), at: instant(.seconds(5))), into: &events)
        let node = try #require(detector.persistedNode(of: .named("a")))
        var (groups, checkpoint) = (BinaryWriter(), BinaryWriter())
        for group in detector.persistedGroups { groups.write(bytes: group.bytes) }
        detector.write(to: &checkpoint)
        return Stored(
            version: Detector<Model>.persistedVersion, node: node.bytes, groups: groups.bytes,
            checkpoint: checkpoint.bytes)
    }
}
