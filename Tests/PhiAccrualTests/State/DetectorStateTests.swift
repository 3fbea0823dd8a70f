import BinaryCoding
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A detector read from its stored state` {
    private func life(_ seed: UInt64, _ model: NormalModel.Parameters = .init(window: 20)) -> Detector<NormalModel> {
        var configuration = Detector<NormalModel>.Configuration(
            levels: .three, model: model, retention: .seconds(300), seed: seed)
        configuration.recovery = RecoveryRule(
            minConsecutive: 2, flaps: 3, within: .seconds(300), quietPeriod: .seconds(2))
        configuration.hold = HoldRule(minExcess: 2, maxDuration: .seconds(20))
        return Detector(configuration)
    }
    private func copy<Model>(_ detector: Detector<Model>, _ model: Model.Parameters) throws -> Detector<Model> {
        var writer = BinaryWriter()
        detector.write(to: &writer)
        var reader = BinaryReader(writer.bytes)
        let copy = try Detector<Model>(model: model, from: &reader)
        #expect(reader.isAtEnd)
        return copy
    }
    private func apply<Model>(_ detector: inout Detector<Model>, _ step: RandomLife.Step) -> [Event] {
        var events: [Event] = []
        let now = Instant(nanoseconds: step.now)
        detector.advanceIdeally(before: now, into: &events)
        switch step.input {
        case .announced(let name):
            if let identity = try? NodeIdentity(group: "lab", name: name) {
                detector.announce(identity, key: .named(name), at: now, into: &events)
            }
        case .heard(let heartbeat): detector.receive(heartbeat, at: now, into: &events)
        case .idle: detector.advance(to: now, into: &events)
        }
        return events
    }

    @Test(arguments: 0..<8 as Range<UInt64>) func `decides like the original from then on`(seed: UInt64) throws {
        var detector = life(seed)
        var other: Detector<NormalModel>?
        var emitted = 0
        for (number, step) in RandomLife(seed: seed, nodes: 12, steps: 4000).enumerated() {
            // Reads a new copy from time to time, so that unusual moments are covered.
            if number % 97 == 50 { other = try copy(other ?? detector, .init(window: 20)) }
            let events = apply(&detector, step)
            if var present = other {
                #expect(apply(&present, step) == events)
                other = present
                emitted += events.count
            }
        }
        #expect(emitted > 300)
    }
    @Test func `decides like the original with the default model`() throws {
        var configuration = Detector<AdaptiveModel>.Configuration(
            levels: Level.standard(for: .adaptive(.init())), model: .init(), seed: 5)
        configuration.hold = HoldRule()
        var (detector, other) = (Detector(configuration), Detector(configuration))
        var emitted = 0
        for (number, step) in RandomLife(seed: 9, nodes: 12, steps: 4000).enumerated() {
            let events = apply(&detector, step)
            if number % 97 == 0 { other = try copy(detector, .init()) } else { #expect(apply(&other, step) == events) }
            emitted += events.count
        }
        #expect(emitted > 100)
    }
    @Test func `with damage is an error or keeps running`() throws {
        var detector = life(3)
        let steps = Array(RandomLife(seed: 3, nodes: 4, steps: 600))
        for step in steps.prefix(300) { _ = apply(&detector, step) }
        var writer = BinaryWriter()
        detector.write(to: &writer)
        var random = SplitMix64(seed: 7)
        var errors = 0
        for _ in 0..<400 {
            var bytes = writer.bytes
            if random.chance(0.3) {
                bytes.removeLast(.random(in: 1...bytes.count, using: &random))
            } else {
                // Extreme bytes are more dangerous than others, and eight-byte integers made of them most of all.
                let (first, byte) = (
                    Int.random(in: bytes.indices, using: &random), UInt8.random(in: 0...255, using: &random)
                )
                let count = random.chance(0.5) ? 1 : min(8, bytes.count - first)
                for index in first..<first + count { bytes[index] = count == 1 ? byte : 0xFF }
                if count == 8, random.chance(0.5) { bytes[first + 7] = random.chance(0.5) ? 0x7F : 0x80 }
            }
            var reader = BinaryReader(bytes)
            guard var read = try? Detector<NormalModel>(model: .init(window: 20), from: &reader) else {
                errors += 1
                continue
            }
            for step in steps.suffix(100) { _ = apply(&read, step) }
            var events: [Event] = []
            read.advance(to: Instant(nanoseconds: .max), into: &events)
        }
        #expect((50...399).contains(errors))
    }
    @Test func `of another model is refused`() throws {
        var writer = BinaryWriter()
        life(1).write(to: &writer)
        var reader = BinaryReader(writer.bytes)
        #expect(throws: CorruptData.self) { try Detector<FixedModel>(model: .init(), from: &reader) }
    }
}

@Suite struct `A node restored after a restart` {
    private func restored(
        _ verdicts: [Verdict?], bytes: Bool = true, levels: [Level] = [.suspect(.phi(3))]
    ) throws -> (watch: Watch, timeout: Int64, wasRead: Bool) {
        let before = Watch.trusting("a", levels: levels)
        let persisted = try #require(before.detector.persistedNodes(from: 0, limit: 10).page.first)
        var (watch, events) = (Watch(levels: levels), [Event]())
        let wasRead = watch.detector.restore(
            persisted.identity, key: persisted.key, bytes: bytes ? persisted.bytes : [1, 2, 3], verdicts: verdicts,
            incarnation: 1,
            soonest: Instant(nanoseconds: .hours(5) + .seconds(4)),
            latest: Instant(nanoseconds: .hours(5) + .seconds(60)),
            at: Instant(nanoseconds: .hours(5)), into: &events)
        #expect(events.isEmpty, "nothing changed")
        return (watch, try #require(before.status("a")?.levels[0].timeout), wasRead)
    }

    @Test func `is suspected after its usual timeout if it stays silent`() throws {
        var (watch, timeout, _) = try restored([.trusted])
        let due = .hours(5) + .seconds(4) + timeout
        #expect(watch.verdict("a") == .trusted)
        #expect(watch.advance(to: due - 1).isEmpty)
        #expect(watch.advance(to: due) == [.change("a", .trusted, .suspected, at: due)])
    }
    @Test func `continues where it was, and learns nothing from the downtime`() throws {
        var (watch, timeout, _) = try restored([.trusted])
        let samples = try #require(watch.status("a")?.samples)
        #expect(samples == 99)
        #expect(watch.receive("a", 5000, at: .hours(5) + .seconds(1)).isEmpty)
        #expect(watch.status("a")?.samples == samples)
        #expect(watch.deadline("a") == .hours(5) + .seconds(1) + timeout)
        #expect(watch.status("a")?.missing == 4900)
        #expect(watch.receive("a", 99, at: .hours(5) + .seconds(1)).isEmpty)
        #expect(watch.outcome == .outOfOrder)
    }
    @Test func `stays suspected until it is heard`() throws {
        var (watch, _, _) = try restored([.suspected])
        #expect(watch.advance(to: .hours(6)).isEmpty)
        #expect(watch.receive("a", 100, at: .hours(6)) == [.change("a", .suspected, .trusted, at: .hours(6))])
    }
    @Test func `that was never heard is learning from its first heartbeat`() throws {
        var (watch, events) = (Watch(), [Event]())
        watch.detector.restore(
            try NodeIdentity(group: "lab", name: "a"), key: .named("a"), bytes: nil, verdicts: [.suspected],
            incarnation: 0, soonest: Instant(nanoseconds: 0), latest: Instant(nanoseconds: 0),
            at: Instant(nanoseconds: 0), into: &events)
        #expect(events.isEmpty)
        #expect(watch.receive("a", 0, at: 5) == [.change("a", .suspected, .learning, at: 5)])
    }
    @Test func `is forgotten after the retention time, downtime included`() throws {
        let before = Watch.trusting("a")
        let persisted = try #require(before.detector.persistedNodes(from: 0, limit: 10).page.first)
        var (watch, events) = (Watch(retention: .hours(24)), [Event]())
        watch.detector.restore(
            persisted.identity, key: persisted.key, bytes: persisted.bytes, verdicts: [.suspected], incarnation: 1,
            lastHeard: Instant(nanoseconds: -.hours(20)), soonest: Instant(nanoseconds: 0),
            latest: Instant(nanoseconds: 0), at: Instant(nanoseconds: 0), into: &events)
        #expect(watch.status("a", at: 0)?.lastArrival == Instant(nanoseconds: -.hours(20)))
        #expect(watch.advance(to: .hours(4)) == [.change("a", .suspected, .forgotten, at: .hours(4))])
    }
    @Test func `that left is never suspected`() throws {
        var (watch, _, _) = try restored([.left])
        #expect(watch.advance(to: .days(9)).isEmpty)
    }
    @Test func `with unreadable bytes has until the latest instant to be heard`() throws {
        var (watch, _, wasRead) = try restored([.trusted], bytes: false)
        #expect(!wasRead)
        let due = .hours(5) + .seconds(60)
        #expect(watch.advance(to: due - 1).isEmpty)
        #expect(watch.advance(to: due) == [.change("a", .trusted, .suspected, at: due)])
    }
    @Test func `has the policies of the new run`() throws {
        let before = Watch.trusting("a", levels: [.suspect(.phi(3))])
        let persisted = try #require(before.detector.persistedNodes(from: 0, limit: 10).page.first)
        var (watch, events) = (Watch(levels: [.suspect(.phi(9))]), [Event]())
        watch.detector.restore(
            persisted.identity, key: persisted.key, bytes: persisted.bytes, verdicts: [.trusted], incarnation: 1,
            soonest: Instant(nanoseconds: 0), latest: Instant(nanoseconds: 0), at: Instant(nanoseconds: 0),
            into: &events)
        #expect(
            watch.status("a")?.levels[0].timeout
                == Watch.trusting("a", levels: [.suspect(.phi(9))]).status("a")?.levels[0].timeout)
    }
    @Test func `uses what it learned at a new level too`() throws {
        let before = Watch.trusting("a", levels: [.suspect(.phi(3))])
        let persisted = try #require(before.detector.persistedNode(of: .named("a")))
        let levels = [.suspect(.phi(3)), try Level(name: "evict", policy: .phi(9))]
        var (watch, events) = (Watch(levels: levels), [Event]())
        let wasRead = watch.detector.restore(
            persisted.identity, key: persisted.key, bytes: persisted.bytes, verdicts: [.trusted, nil], incarnation: 1,
            soonest: Instant(nanoseconds: 0), latest: Instant(nanoseconds: 0), at: Instant(nanoseconds: 0),
            into: &events)
        #expect(wasRead)
        #expect(
            watch.status("a")?.levels.map(\.timeout)
                == Watch.trusting("a", levels: levels).status("a")?.levels.map(\.timeout)
        )
    }

    private func emitted(
        _ verdicts: [Verdict?], last: Verdict? = nil, incarnation: UInt32 = 1
    ) throws -> (watch: Watch, emitted: [Emitted], evidence: Evidence?) {
        let persisted = try #require(Watch.trusting("a").detector.persistedNode(of: .named("a")))
        var (watch, events) = (Watch(levels: .three), [Event]())
        watch.detector.restore(
            persisted.identity, key: persisted.key, bytes: incarnation == 0 ? nil : persisted.bytes, verdicts: verdicts,
            last: last, incarnation: incarnation, soonest: Instant(nanoseconds: 4), latest: Instant(nanoseconds: 4),
            at: Instant(nanoseconds: 3), into: &events)
        guard case .transition(let transition)? = events.first else { return (watch, events.emitted, nil) }
        return (watch, events.emitted, transition.evidence)
    }

    @Test func `emits its verdict at a new level`() throws {
        let (_, emitted, evidence) = try emitted([.trusted, nil, .trusted], last: .trusted)
        #expect(emitted == [.change("a", level: 1, .new, .trusted, at: 3)])
        #expect(evidence?.isRestored == true)
    }
    @Test func `is trusted at a new level if only another level suspects it`() throws {
        var (watch, emitted, _) = try emitted([.suspected, nil, .trusted], last: .suspected)
        #expect(emitted == [.change("a", level: 1, .new, .trusted, at: 3)])
        let later = watch.advance(to: .hours(1))
        #expect(
            later.count == 2
                && later.allSatisfy { if case .change(_, _, .trusted, .suspected, _) = $0 { true } else { false } })
    }
    @Test func `has left at a new level too`() throws {
        #expect(try emitted([.left, nil, .left], last: .left).emitted == [.change("a", level: 1, .new, .left, at: 3)])
    }
    @Test func `emits its last verdict if all levels are new`() throws {
        for verdict in [Verdict.learning, .trusted, .left] {
            #expect(
                try emitted([nil, nil, nil], last: verdict).emitted
                    == (0..<3).map { .change("a", level: $0, .new, verdict, at: 3) })
        }
        // When the new levels would have suspected the node is unknown, so they begin with trust.
        #expect(
            try emitted([nil, nil, nil], last: .suspected).emitted
                == (0..<3).map { .change("a", level: $0, .new, .trusted, at: 3) })
    }
    @Test func `emits the change since the last verdict at a level that was missing`() throws {
        #expect(
            try emitted([.left, .trusted, .left], last: .left).emitted == [
                .change("a", level: 1, .trusted, .left, at: 3)
            ])
        #expect(
            try emitted([.left, .suspected, .left], last: .left).emitted == [
                .change("a", level: 1, .suspected, .left, at: 3)
            ]
        )
        #expect(
            try emitted([.trusted, .left, .trusted], last: .trusted).emitted
                == [.change("a", level: 1, .left, .trusted, at: 3)])
        #expect(
            try emitted([.trusted, .learning, .trusted], last: .trusted).emitted
                == [.change("a", level: 1, .learning, .trusted, at: 3)])
        #expect(try emitted([.trusted, .suspected, .trusted], last: .trusted).emitted == [])
        #expect(
            try emitted([.learning, .trusted, .learning], last: .learning).emitted.allSatisfy {
                $0 != .change("a", level: 1, .trusted, .learning, at: 3)
            })
    }
    @Test func `that was never heard emits nothing at a new level`() throws {
        var (watch, emitted, _) = try emitted([.suspected, nil, nil], last: .suspected, incarnation: 0)
        #expect(emitted == [])
        #expect(watch.advance(to: 4) == [1, 2].map { .change("a", level: $0, .new, .suspected, at: 4) })
    }

    @Test func `that is paused is suspected only afterwards, and emits only the end of the pause`() throws {
        var (watch, timeout, _) = try restored([.trusted])
        let until = .hours(5) + .seconds(30)
        watch.detector.restore(Pause(until: Instant(nanoseconds: until), reason: "disk"), of: .named("a"))
        #expect(watch.advance(to: until - 1).isEmpty)
        var events: [Event] = []
        watch.detector.advance(to: Instant(nanoseconds: until), into: &events)
        guard case .notice(let notice)? = events.first, events.count == 1 else {
            Issue.record("\(events)")
            return
        }
        #expect(notice.code == .resumed && notice.at.nanoseconds == until)
        #expect(watch.advance(to: until + timeout) == [.change("a", .trusted, .suspected, at: until + timeout)])
    }
    @Test func `benefits from the restored state of its group`() throws {
        var events: [Event] = []
        var before = Detector<AdaptiveModel>(.init(levels: [.suspect(.price(100))], model: .init()))
        let a = try NodeIdentity(group: "g", name: "a")
        before.announce(a, key: .named("a"), at: Instant(nanoseconds: 0), into: &events)
        for number in 0..<500 as Range<Int64> {
            before.receive(
                Heartbeat(key: .named("a"), sequence: UInt32(number), announcedInterval: .seconds(1)),
                at: Instant(nanoseconds: .seconds(number) + number % 5 * .milliseconds(2)), into: &events)
        }
        func newNodeTimeout(_ detector: Detector<AdaptiveModel>) throws -> Int64 {
            var detector = detector
            detector.announce(
                try NodeIdentity(group: "g", name: "b"), key: .named("b"), at: Instant(nanoseconds: 0), into: &events)
            for number in 0..<3 as Range<Int64> {
                detector.receive(
                    Heartbeat(key: .named("b"), sequence: UInt32(number), announcedInterval: .seconds(1)),
                    at: Instant(nanoseconds: .seconds(number)), into: &events)
            }
            return try #require(detector.status(of: .named("b"), at: Instant(nanoseconds: 0))?.levels[0].timeout)
        }
        let fresh = Detector<AdaptiveModel>(.init(levels: [.suspect(.price(100))], model: .init()))
        var after = fresh
        for persisted in before.persistedGroups { try after.restore(group: persisted.group, bytes: persisted.bytes) }
        #expect(try newNodeTimeout(after) == newNodeTimeout(before))
        #expect(try newNodeTimeout(after) < newNodeTimeout(fresh))
        #expect(throws: CorruptData.self) { try after.restore(group: "g", bytes: [1, 2]) }
    }
}
