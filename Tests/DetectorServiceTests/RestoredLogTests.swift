import Foundation
import HeartbeatProtocol
import StateStore
import Testing

@testable import DetectorService
@testable import PhiAccrual

@Suite struct `A restored log` {
    /// A log and a state store with the same events.
    private struct Pair {
        let folder: Folder
        let store: StateStore
        var log: EventLog

        init(capacity: Int) throws {
            folder = try Folder()
            let (store, found) = try StateStore.open(in: folder.path, keeping: capacity, at: 7)
            self.store = store
            log = EventLog(epoch: found.epoch, capacity: capacity)
        }
        mutating func add(_ message: EventMessage) throws {
            let event = StoredEvent(message)
            try store.append([event])
            log.append(event, of: message)
        }
        mutating func transition(
            of node: String, from: Verdict = .new, to verdict: Verdict, at level: String = "suspect"
        ) throws {
            let topic = FeedTopic(level: level, group: "g", node: node)
            let transition = Transition(
                node: try NodeIdentity(group: "g", name: node), incarnation: 1, level: 0,
                effectivePolicy: .init(policy: .phi(8)), from: from, to: verdict, at: Instant(nanoseconds: 0),
                evidence: Evidence(
                    phi: nil, silence: 0, expected: nil, timeout: nil, missing: 0, senderLate: nil, ownLate: 0,
                    samples: 0)
            )
            let place = log.nextPlace(on: topic, at: Timestamp(unixNanoseconds: 0))
            try add(.transition(TransitionMessage(transition, level: level, at: place)))
        }
        mutating func notice(of node: String) throws {
            let topic = FeedTopic(level: nil, group: "g", node: node)
            let identity = try NodeIdentity(group: "g", name: node)
            let notice = Notice(
                code: .takeover, key: NodeKey(of: identity), node: identity, incarnation: 1,
                at: Instant(nanoseconds: 0))
            let place = log.nextPlace(on: topic, at: Timestamp(unixNanoseconds: 0))
            try add(.notice(NoticeMessage(notice, levels: [.suspect()], at: place)))
        }
        /// The log that the next run restores.
        func restored(levels: [String] = ["suspect", "evict"], capacity: Int) throws -> EventLog {
            let copy = try folder.killed()
            return EventLog(
                try StateStore.open(in: copy.path, keeping: capacity, at: 9).found, levels: levels,
                capacity: capacity)
        }
    }

    private func sequences(_ page: EventLog.Page?) -> [UInt64]? { page?.events.map(\.sequence) }

    @Test(arguments: 0..<20 as Range<UInt64>) func `equals the log of the earlier run`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let capacity = Int.random(in: 1...200, using: &random)
        var pair = try Pair(capacity: capacity)
        var verdicts: [FeedTopic: Verdict] = [:]
        let nodes = (0..<6).map { "n\($0)" }
        for _ in 0..<Int.random(in: 0...250, using: &random) {
            let node = nodes.randomElement(using: &random) ?? ""
            if Int.random(in: 0..<5, using: &random) == 0 {
                try pair.notice(of: node)
                continue
            }
            // A forgotten node is forgotten at every level.
            let isForgotten = Int.random(in: 0..<10, using: &random) == 0
            let all = ["suspect", "evict"]
            for level in isForgotten ? all : [all.randomElement(using: &random) ?? ""] {
                let topic = FeedTopic(level: level, group: "g", node: node)
                let verdict =
                    isForgotten
                    ? .forgotten
                    : [Verdict.learning, .trusted, .suspected, .left]
                        .randomElement(using: &random) ?? .trusted
                try pair.transition(of: node, from: verdicts[topic] ?? .new, to: verdict, at: level)
                verdicts[topic] = isForgotten ? nil : verdict
            }
        }
        let (log, restored) = (pair.log, try pair.restored(capacity: capacity))
        #expect(restored.epoch == log.epoch && restored.lastSequence == log.lastSequence)
        #expect(
            sequences(restored.snapshot(since: 0, prefix: "", limit: 1000))
                == sequences(log.snapshot(since: 0, prefix: "", limit: 1000)))
        #expect(
            restored.snapshot(since: 0, prefix: "", limit: 1000).events.map(\.json)
                == log.snapshot(since: 0, prefix: "", limit: 1000).events.map(\.json))
        for since in Set((0..<20).map { _ in UInt64.random(in: 0...log.lastSequence + 1, using: &random) }) {
            let before = log.events(since: since, prefix: "", limit: 1000)
            guard before != nil || since > log.lastSequence else { continue }  // the store may keep more events
            #expect(sequences(restored.events(since: since, prefix: "", limit: 1000)) == sequences(before))
        }
        for level in ["suspect", "evict"] {
            #expect(
                restored.counts[level]?.filter { $0.value > 0 } ?? [:]
                    == log.counts[level]?.filter { $0.value > 0 } ?? [:])
        }
        for node in nodes {
            for level in ["suspect", "evict", nil] {
                let topic = FeedTopic(level: level, group: "g", node: node)
                let time = Timestamp(unixNanoseconds: 0)
                #expect(restored.nextPlace(on: topic, at: time) == log.nextPlace(on: topic, at: time))
            }
            if capacity > 150 {
                let identity = try NodeIdentity(group: "g", name: node)
                #expect(
                    restored.lastEvents(of: identity, limit: 5) == log.lastEvents(of: identity, limit: 5))
            }
        }
    }

    @Test func `drops the state of removed levels, and keeps all events`() throws {
        var pair = try Pair(capacity: 100)
        for level in ["suspect", "old"] { try pair.transition(of: "a", to: .trusted, at: level) }
        let log = try pair.restored(levels: ["suspect"], capacity: 100)
        #expect(sequences(log.snapshot(since: 0, prefix: "", limit: 10)) == [1])
        #expect(sequences(log.events(since: 0, prefix: "", limit: 10)) == [1, 2])
        #expect(log.counts["old"] == nil)
    }
}

/// A temporary folder, removed when it goes out of scope.
final class Folder {
    let path: String

    init() throws {
        // Short, since the path of a local socket can have at most 107 bytes.
        path = "/tmp/phi-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A copy of the files as a kill of the process would leave them now.
    func killed() throws -> Folder {
        let copy = try Folder()
        for name in try FileManager.default.contentsOfDirectory(atPath: path)
        where name != "lock" && !name.hasSuffix("-shm") {
            try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        return copy
    }
}
