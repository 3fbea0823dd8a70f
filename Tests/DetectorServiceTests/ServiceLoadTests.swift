import Configuration
import Foundation
import HeartbeatProtocol
import Logging
import PhiClient
import Recordings
import StateStore
import TestSupport
import Testing

@testable import DetectorService
@testable import PhiAccrual

@Suite struct `A service under load` {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
    private func groups(_ count: Int) -> PolicyTable {
        var policies = PolicyTable(levels: [.suspect(.phi(8))])
        for number in 0..<count {
            policies.set(.phi(7), level: 0, from: Origin(.file, for: .group("g\(number)")))
        }
        return policies
    }

    // MARK: Learned state

    @Test func `schedules new nodes and passes in turn, and each new node once`() {
        let keys = (0..<12 as Range<UInt64>).map { NodeKey(rawValue: $0) }
        var checkpoints = LearnedStateSchedule(unpersisted: keys + keys, nodes: 0, at: at(0))
        #expect(checkpoints.next(ofPassWith: 2, at: at(9)) == nil)
        let pages = (1...7).map { checkpoints.next(ofPassWith: 2, at: at($0 * 60)) }
        #expect(
            pages == [
                .unpersisted(Array(keys[..<5])), .groups, .unpersisted(Array(keys[5..<10])), .pass(0),
                .unpersisted(Array(keys[10...])), .pass(0), nil,
            ])
        #expect(checkpoints.next(ofPassWith: 2, at: at(10_200)) == .groups)
    }

    @Test func `spreads a pass over time, and never takes an hour`() {
        for (nodes, most) in [(1000, 12.0), (10_000, 110), (1_000_000, 660)] {
            let pages = nodes / LearnedStateSchedule.pageSize
            var checkpoints = LearnedStateSchedule(unpersisted: [], nodes: nodes, at: at(0))
            var (now, seen) = (at(0), 0)
            while seen < pages {
                now = now + .microseconds(500)
                if case .pass = checkpoints.next(ofPassWith: pages, at: now) { seen += 1 }
            }
            #expect((most / 2...most).contains(now.nanoseconds.seconds), "\(nodes) nodes")
        }
    }

    @Test func `persists new nodes sooner than those of a pass`() {
        let keys = (0..<10 as Range<UInt64>).map { NodeKey(rawValue: $0) }
        var checkpoints = LearnedStateSchedule(unpersisted: keys, nodes: 0, at: at(0))
        let pages = (1...10).map { checkpoints.next(ofPassWith: 2, at: at($0 * 10)) }
        #expect(
            pages == [
                .unpersisted(Array(keys[..<5])), .groups, .unpersisted(Array(keys[5...])), .pass(0), nil, nil, nil, nil,
                .pass(0), nil,
            ])
    }

    @Test func `drops persisted groups without nodes, and counts those that it cannot read`() throws {
        let folder = try Folder()
        func open() throws -> (store: StateStore, found: StoreContents) {
            try StateStore.open(in: folder.path, keeping: 10, at: 1)
        }
        func persist() throws {
            let store = try open().store
            let (kept, nameless) = (try NodeIdentity(group: "kept", name: "n"), "")
            try store.store([
                StoredNode(key: NodeKey(of: kept), identity: kept, model: "another", state: [], lastArrival: 0)
            ])
            try store.store(["kept", "gone", nameless].map { StoredGroup(group: $0, model: "another", state: []) })
            try store.close()
        }
        func restore() throws -> (nodes: Int, unread: Int) {
            let (store, found) = try open()
            var detector = Detector<NormalModel>(.init(levels: [.suspect()], model: .init(), seed: 1))
            let deadlines = NodeRecovery.RejoinDeadlines(now: at(0), soonest: at(1), latest: at(2))
            let result = NodeRecovery(found, levels: detector.levels).restore(
                into: &detector, of: .whole, from: store, deadlines, civilOffset: 0, logger: Logger(label: "test"))
            try store.close()
            return (detector.nodeCount, result.unread)
        }
        try persist()
        #expect(try restore() == (nodes: 1, unread: 3))  // the node, its group, and the group without a name
        #expect(try open().found.groups.map(\.group) == ["", "kept"])
    }

    // MARK: Policies

    @Test func `reports timeouts only for the first overrides`() throws {
        let stage = try Stage { $0.policies = groups(25) }
        var client = try ControlClient(endpoint: stage.control)
        let answer: PoliciesAnswer = try client.request(.policies(of: nil), within: testTimeout)
        #expect(answer.overrides.count == 25)
        #expect(answer.overrides.prefix { $0.allows != nil }.count == 20)
        #expect(answer.overrides.suffix(5).allSatisfy { $0.allows == nil })
        stage.service.stop()
    }

    @Test func `keeps its policies if a new configuration has too many`() throws {
        let stage = try Stage()
        var old = ServiceConfiguration()
        (old.model, old.policies) = (DetectorSpec(NormalModel.Parameters()), groups(0))
        var new = old
        new.policies = groups(PolicyTable.maxScopes + 1)
        stage.service.reload(new.changes(from: old))
        var client = try ControlClient(endpoint: stage.control)
        let answer: PoliciesAnswer = try client.request(.policies(of: nil), within: testTimeout)
        #expect(answer.overrides.isEmpty && answer.levels.map(\.policy) == ["phi=8"])
        stage.service.stop()
    }

    @Test func `compares a proposal with the current policies, not with those of the past`() throws {
        var configuration = Detector<NormalModel>.Configuration(levels: [.suspect(.phi(1))], model: .init(), seed: 1)
        configuration.policies = PolicyTable(levels: [.suspect(.phi(1))])
        var recent = RecentInputs(from: Detector(configuration), at: at(0))
        let identity = try NodeIdentity(group: "g", name: "n")
        var (records, now) = (RecordBuffer(), Int64(0))
        records.append(.announcement(identity, NodeKey(of: identity), at: at(1)))
        for sequence in 1...400 as ClosedRange<UInt32> {
            now += sequence % 10 == 0 ? 200 : 100 + Int64(sequence % 3)
            records.append(
                .heartbeats([Heartbeat(key: NodeKey(of: identity), sequence: sequence)], at: at(now)))
        }
        var policies = configuration.policies
        policies.set(.phi(30), level: 0, from: Origin(.tune, for: .everyone))
        records.append(.policies(policies, at: at(now)))
        recent.append(records, at: at(now))

        func mistakes(under policy: Policy) -> (before: Int, after: Int) {
            var proposed = policies
            proposed.set(policy, level: 0, from: Origin(.tune, for: .everyone))
            let request = WhatIfRequest(policy: policy)
            let answer = WhatIf(
                recent: recent, request: request, level: 0, policies: policies, proposed: proposed, now: at(now)
            ).answer()
            return (answer.before.mistakes, answer.after.mistakes)
        }
        let same = mistakes(under: .phi(30))
        #expect(same.before == same.after)
        let strict = mistakes(under: .phi(1))
        #expect(strict.before == same.before && strict.after > strict.before + 20)
    }

    // MARK: Recordings

    @Test(.timeLimit(.minutes(1))) func `ends a recording without waiting, and waits for all at shutdown`() throws {
        let folder = try Folder()
        let beginning = SegmentStart(
            RecordingHeader(
                createdAt: 0, start: at(0), wallOffset: 0, program: "test", detector: "normal"))
        let recorder = try Recorder(RecordingBounds(folder: folder.path), beginning)
        let (disk, ending) = (DispatchSemaphore(value: 0), RecorderShutdown())
        recorder.begin {
            disk.wait()
            return beginning
        }
        var records = RecordBuffer()
        records.append(.timestampUncertainty(7))
        recorder.write(records)
        ending.add(recorder)
        disk.signal()
        ending.join()
        var reader = try RecordingReader([folder.path])
        var parts: [RecordingItem] = []
        while let part = try reader.next() { parts.append(part) }
        #expect(parts.last == .input(.timestampUncertainty(7)) && parts.count == 3)
    }
}
