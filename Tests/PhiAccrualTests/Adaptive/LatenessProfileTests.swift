import Foundation
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A lateness profile` {
    // MARK: Effect on new nodes

    @Test(arguments: [0, 1, 3, 10]) func `gives a new node a timeout that fits its lateness`(heartbeats: Int) throws {
        func newNodeTimeout(_ profile: LatenessProfile?) throws -> Int64 {
            var newNode = IsolatedNode(
                [.price(30)], announcedInterval: .seconds(1),
                group: AdaptiveModel.makeGroupState(.init(profile: profile)))
            for _ in 0..<heartbeats { newNode.observe(.seconds(1)) }
            return try #require(newNode.timeout())
        }
        let punctual = try newNodeTimeout(profile { _ in .seconds(1) })
        let late = try newNodeTimeout(losing(0.2, 3))
        let alone = try newNodeTimeout(nil)
        #expect(punctual > .seconds(1) && punctual <= alone)
        #expect(late > .seconds(4) && late < .seconds(8))
    }

    /// The controller must not search its first price while the timeout candidates contain only borrowed lateness,
    /// measured in scales.
    @Test(arguments: [0.1, 0.02]) func `keeps a budget from the first heartbeats on`(rate: Double) throws {
        func gap(_ random: inout SplitMix64) -> Int64 { Int64(1e9 + 4e8 * random.exponential()) }
        let profile = try profile(gap)
        var random = SplitMix64(seed: 31)
        var (mistakes, heartbeats) = (0, 0)
        for _ in 0..<500 {
            var newNode = IsolatedNode(
                [.mistakes(MistakeBudget(.perHeartbeat(rate)))], announcedInterval: .seconds(1),
                group: AdaptiveModel.makeGroupState(.init(profile: profile)))
            for _ in 0..<30 {
                let gap = gap(&random)
                heartbeats += 1
                if gap > (try #require(newNode.timeout())) { mistakes += 1 }
                newNode.observe(gap)
            }
        }
        let ratio = Double(mistakes) / Double(heartbeats) / rate
        #expect(ratio > 0.2 && ratio < 2, "\(ratio)")
    }

    @Test func `hardly affects a node with many heartbeats`() throws {
        var random = SplitMix64(seed: 32)
        let late = try losing(0.2, 8)
        var lent = IsolatedNode([.price(30)], group: AdaptiveModel.makeGroupState(.init(profile: late)))
        var alone = IsolatedNode([.price(30)])
        for _ in 0..<20_000 {
            let gap = Int64(1e9 + 5e7 * random.exponential())
            lent.observe(gap)
            alone.observe(gap)
        }
        let (with, without) = (try #require(lent.timeout()), try #require(alone.timeout()))
        #expect(Double(with) < 1.2 * Double(without))
    }

    @Test func `is outweighed by what the group has learned`() throws {
        let late = try losing(0.2, 8)
        func newNodeTimeout(_ group: AdaptiveModel.GroupState) throws -> Int64 {
            var newNode = IsolatedNode([.price(100)], announcedInterval: .seconds(1), group: group)
            for _ in 0..<5 { newNode.observe(.seconds(1)) }
            return try #require(newNode.timeout())
        }
        var experiencedNode = IsolatedNode(group: AdaptiveModel.makeGroupState(.init(profile: late)))
        for _ in 0..<30_000 { experiencedNode.observe(.seconds(1)) }
        #expect(try newNodeTimeout(AdaptiveModel.makeGroupState(.init(profile: late))) > .seconds(9))
        #expect(try newNodeTimeout(experiencedNode.group) < .seconds(3))
    }

    @Test func `is the starting point of every group of a detector`() throws {
        func deadline(_ profile: LatenessProfile?, group: String) throws -> Int64 {
            var detector = Detector<AdaptiveModel>(
                .init(levels: [.suspect(.price(100))], model: .init(profile: profile)))
            var events: [Event] = []
            let now = Instant(nanoseconds: 0)
            let key = NodeKey(rawValue: 7)
            detector.announce(try NodeIdentity(group: group, name: "a"), key: key, at: now, into: &events)
            detector.receive(Heartbeat(key: key, sequence: 0, announcedInterval: .seconds(1)), at: now, into: &events)
            return try #require(detector.deadline(of: key)).nanoseconds
        }
        let late = try losing(0.2, 8)
        for group in ["edge", "core"] {
            #expect(try deadline(late, group: group) > .seconds(9))
            #expect(try deadline(nil, group: group) < .seconds(9))
        }
    }

    // MARK: Contents

    @Test func `gives the share of heartbeats later than each edge`() throws {
        var random = SplitMix64(seed: 33)
        var node = IsolatedNode(announcedInterval: .seconds(1))
        var latenesses: [Double] = []
        for _ in 0..<5000 {
            // Early as often as late, so the interval stays the same.
            let lateness = min(0.75, 0.1 * random.exponential())
            for lateness in [lateness, -lateness] {
                latenesses.append(lateness)
                node.observe(Int64(1e9 * (1 + lateness)))
            }
        }
        let table = try #require(node.group.profile?.tables["last"]?.first)
        #expect(abs(table.reduce(0, +) - LatenessProfile.heartbeats) < 50)
        // Six buckets are for early heartbeats. The edges after them begin at 1/64: two per octave up to 1/16, then
        // four.
        var edges = [0.015625, 0.0234375, 0.03125, 0.046875]
        for octave in [0.0625, 0.125, 0.25, 0.5] { edges += [1, 1.25, 1.5, 1.75].map { $0 * octave } }
        for (number, edge) in edges.enumerated() {
            let share = Double(table.dropFirst(7 + number).reduce(0, +)) / Double(LatenessProfile.heartbeats)
            let expected = Double(latenesses.count { $0 > edge }) / Double(latenesses.count)
            #expect(abs(share - expected) < 0.01, "\(edge)")
        }
    }

    @Test func `survives a round trip through its tables and through a group`() throws {
        let profile = try profile { Int64(1e9 + 3e8 * $0.exponential()) }
        #expect(try LatenessProfile(tables: profile.tables, deviation: profile.deviation) == profile)
        let group = AdaptiveModel.makeGroupState(.init(profile: profile))
        #expect(group.profile == profile)
        #expect(AdaptiveModel.makeGroupState().profile == nil)
    }

    @Test func `mixed from others is their weighted mean`() throws {
        let early = try certain(bucket: 3)
        let late = try LatenessProfile(tables: certain(bucket: 40).tables, deviation: 0.5)
        let mixed = try #require(LatenessProfile(mixing: [(early, 3), (late, 1)]))
        #expect(mixed.deviation == 0.2)
        let table = try #require(mixed.tables["last"]?.first)
        #expect(table[3] == 75_000 && table[40] == 25_000)
        #expect(LatenessProfile(mixing: []) == nil)
        #expect(LatenessProfile(mixing: [(early, 0)]) == nil)
    }

    @Test(arguments: [
        Mistake("last", nil, says: "last is missing"),
        Mistake("lost", [[100_000]], says: "lost must be one of last, schedule, bursts"),
        Mistake("last", [[100_000], []], says: "last must have 1 table, found 2"),
        Mistake("schedule", [[100_000]], says: "schedule must have 3 tables, found 1"),
        Mistake("last", [[99_999, -1]], says: "last[0][1] must be a count from 0 to 100000, found -1"),
        Mistake("last", [[.max, .max]], says: "last[0][0] must be a count from 0 to 100000, found \(Int.max)"),
        Mistake("last", [Array(repeating: 1, count: 47)], says: "last[0] must have at most 46 counts, found 47"),
        Mistake(
            "bursts", [[], [], [1], [], [], []], says: "bursts must have counts that add up to about 100000, found 1"),
    ]) func `refuses invalid tables with the reason`(mistake: Mistake) throws {
        var tables = try certain(bucket: 0).tables
        tables[mistake.family] = mistake.tables
        let error = #expect(throws: InvalidLatenessProfile.self) { try LatenessProfile(tables: tables, deviation: 0.1) }
        #expect(error?.description == mistake.words)
    }

    @Test(arguments: [-0.1, 8.1, .nan, .infinity]) func `refuses a deviation outside 0 to 8`(deviation: Double) throws {
        let tables = try certain(bucket: 0).tables
        let error = #expect(throws: InvalidLatenessProfile.self) {
            try LatenessProfile(tables: tables, deviation: deviation)
        }
        #expect(error?.place == "deviation")
    }

    struct Mistake: Sendable, CustomStringConvertible {
        let family: String
        let tables: [[Int]]?
        let words: String
        init(_ family: String, _ tables: [[Int]]?, says words: String) {
            (self.family, self.tables, self.words) = (family, tables, words)
        }
        var description: String { words }
    }

    // MARK: Helpers

    /// The profile of a node after ten thousand heartbeats with these gaps and this many losses before each heartbeat.
    private func profile(
        _ gap: (inout SplitMix64) -> Int64, lost: (Int64) -> Int64 = { _ in 0 }
    ) throws -> LatenessProfile {
        var random = SplitMix64(seed: 30)
        var experiencedNode = IsolatedNode(announcedInterval: .seconds(1))
        for _ in 0..<10_000 {
            let gap = gap(&random)
            experiencedNode.observe(gap, step: 1 + lost(gap))
        }
        return try #require(experiencedNode.group.profile)
    }

    /// The profile of a node that is on time, except that `count` heartbeats are lost before a share of its heartbeats.
    private func losing(_ share: Double, _ count: Int64) throws -> LatenessProfile {
        try profile {
            $0.chance(share) ? .seconds(1 + count) : .seconds(1)
        } lost: {
            $0 / .seconds(1) - 1
        }
    }

    /// A profile with all heartbeats in one bucket of every family's first state.
    private func certain(bucket: Int) throws -> LatenessProfile {
        let table = Array(repeating: 0, count: bucket) + [LatenessProfile.heartbeats]
        return try LatenessProfile(
            tables: ["last": [table], "schedule": [table, [], []], "bursts": [table, [], [], [], [], []]],
            deviation: 0.1)
    }
}
