import HeartbeatProtocol
import Testing

@testable import DetectorService
@testable import PhiAccrual

@Suite struct `The event log` {
    @Test func `numbers events without gaps and links those of one topic`() throws {
        var log = EventLog(epoch: 7, capacity: 100)
        let places = try [
            log.add("a", .learning), log.add("b", .learning), log.add("a", .trusted), log.add("a", .suspected),
        ]
        #expect(places.map(\.sequence) == [1, 2, 3, 4])
        #expect(places.map(\.previous) == [0, 0, 1, 3])
        #expect(places.allSatisfy { $0.epoch == 7 })
    }

    @Test func `returns the events since a sequence number, page by page`() throws {
        var log = EventLog(epoch: 7, capacity: 100)
        for _ in 0..<5 { _ = try log.add("a", .trusted) }
        let first = try #require(log.events(since: 1, prefix: "", limit: 2))
        #expect(first.events.map(\.sequence) == [2, 3])
        #expect(first.more && first.through == 3)
        let second = try #require(log.events(since: 3, prefix: "", limit: 2))
        #expect(second.events.map(\.sequence) == [4, 5])
        #expect(!second.more && second.through == 5)
        #expect(try #require(log.events(since: 5, prefix: "", limit: 2)).events.isEmpty)
    }

    @Test func `reports events that are gone or not yet there`() throws {
        var log = EventLog(epoch: 7, capacity: 3)
        for _ in 0..<5 { _ = try log.add("a", .trusted) }
        #expect(log.events(since: 1, prefix: "", limit: 10) == nil)
        #expect(log.events(since: 2, prefix: "", limit: 10)?.events.map(\.sequence) == [3, 4, 5])
        #expect(log.events(since: 6, prefix: "", limit: 10) == nil)
    }

    @Test func `filters by topic and still reports how far the page is complete`() throws {
        var log = EventLog(epoch: 7, capacity: 100)
        for node in ["node-1", "node-10", "node-1", "node-2"] { _ = try log.add(node, .trusted) }
        let page = try #require(log.events(since: 0, prefix: "e1/suspect/g/node-1/", limit: 10))
        #expect(page.events.map(\.sequence) == [1, 3])
        #expect(page.through == 4)
    }

    @Test func `filters topics by their bytes`() throws {
        var log = EventLog(epoch: 7, capacity: 100)
        for node in ["\u{E9}", "e\u{301}x"] { _ = try log.add(node, .trusted) }
        #expect(log.events(since: 0, prefix: "e1/suspect/g/\u{E9}", limit: 10)?.events.map(\.sequence) == [1])
        #expect(log.events(since: 0, prefix: "e1/suspect/g/e", limit: 10)?.events.map(\.sequence) == [2])
    }

    @Test func `keeps the last event of each node as state, and drops forgotten nodes`() throws {
        var log = EventLog(epoch: 7, capacity: 2)
        for (node, verdict) in [
            ("a", Verdict.learning), ("b", .learning), ("a", .trusted), ("c", .learning), ("b", .suspected),
            ("c", .forgotten),
        ] {
            _ = try log.add(node, verdict)
        }
        let state = log.snapshot(since: 0, prefix: "", limit: 10)
        #expect(state.events.map(\.sequence) == [3, 5])
        #expect(state.through == 6)
        #expect(log.snapshot(since: 3, prefix: "", limit: 10).events.map(\.sequence) == [5])
        let paged = log.snapshot(since: 0, prefix: "", limit: 1)
        #expect(paged.events.map(\.sequence) == [3])
        #expect(paged.more && paged.through == 3)
        #expect(try log.add("c", .learning).previous == 0)  // a node that comes back is new
    }

    @Test func `counts the nodes of each verdict`() throws {
        var log = EventLog(epoch: 7, capacity: 100)
        var verdicts: [String: Verdict] = [:]
        for (node, verdict) in [
            ("a", Verdict.learning), ("b", .learning), ("a", .trusted), ("b", .trusted), ("a", .suspected),
            ("b", .left), ("c", .learning), ("a", .forgotten),
        ] {
            _ = try log.add(node, verdict, from: verdicts[node] ?? .new)
            verdicts[node] = verdict
        }
        #expect(log.counts["suspect"]?.filter { $0.value > 0 } == [.left: 1, .learning: 1])
    }

    @Test func `keeps its state small when one node changes forever`() throws {
        var log = EventLog(epoch: 7, capacity: 10)
        for index in 0..<5000 { _ = try log.add("a", index % 2 == 0 ? .suspected : .trusted) }
        #expect(log.snapshot(since: 0, prefix: "", limit: 10).events.map(\.sequence) == [5000])
        #expect(log.state.count <= 65)
    }

    @Test func `drops the notices of forgotten nodes`() throws {
        var log = EventLog(epoch: 7, capacity: 10)
        _ = try log.add("a", .trusted)
        #expect(try log.addNotice(of: "a").previous == 0)
        #expect(try log.addNotice(of: "a").previous == 2)
        _ = try log.add("a", .forgotten, from: .trusted)
        #expect(try log.addNotice(of: "a").previous == 0)
    }
}

extension EventLog {
    mutating func add(_ node: String, _ verdict: Verdict, from: Verdict = .new) throws -> EventPosition {
        let topic = FeedTopic(level: "suspect", group: "g", node: node)
        let place = nextPlace(on: topic, at: Timestamp(unixNanoseconds: 0))
        let transition = Transition(
            node: try NodeIdentity(group: "g", name: node), incarnation: 1, level: 0,
            effectivePolicy: .init(policy: .phi(8)),
            from: from, to: verdict,
            at: Instant(nanoseconds: 0),
            evidence: Evidence(
                phi: nil, silence: 0, expected: nil, timeout: nil, missing: 0, senderLate: nil, ownLate: 0, samples: 0))
        let message = EventMessage.transition(TransitionMessage(transition, level: "suspect", at: place))
        append(StoredEvent(message), of: message)
        return place
    }
    mutating func addNotice(of node: String) throws -> EventPosition {
        let identity = try NodeIdentity(group: "g", name: node)
        let topic = FeedTopic(level: nil, group: "g", node: node)
        let place = nextPlace(on: topic, at: Timestamp(unixNanoseconds: 0))
        let notice = Notice(
            code: .takeover, key: NodeKey(of: identity), node: identity, incarnation: 1, at: Instant(nanoseconds: 0))
        let message = EventMessage.notice(NoticeMessage(notice, levels: [.suspect()], at: place))
        append(StoredEvent(message), of: message)
        return place
    }
}
