import PhiAccrual
import TestSupport
import Testing

@Suite struct `In a random life` {
    static let levels = [("hasty", 0.2), ("suspect", 2.0), ("evict", 8.0)].compactMap {
        try? Level(name: $0, policy: .phi($1))
    }
    private func watch(retention: Int64?) -> Watch {
        Watch(levels: Self.levels, model: .init(window: 20), retention: retention)
    }
    private func isTransition(_ emitted: Emitted) -> Bool { if case .change = emitted { true } else { false } }
    private func instant(_ emitted: Emitted) -> Int64 {
        switch emitted {
        case .change(_, _, _, _, let at), .notice(_, let at), .hold(_, _, let at): at
        }
    }
    /// The naive detector cannot know the order of nodes that change at one instant.
    private func sorted(_ emitted: [Emitted]) -> [Emitted] {
        emitted.sorted { a, b in (instant(a), "\(a)") < (instant(b), "\(b)") }
    }

    @Test(arguments: 0..<24 as Range<UInt64>) func `a detector emits what a naive one emits`(seed: UInt64) {
        let retention: Int64? = [nil, .seconds(300), .seconds(2)][Int(seed % 3)]
        let isPunctual = seed % 2 == 0
        var watch = watch(retention: retention)
        var naive = NaiveDetector(levels: Self.levels, window: 20, retention: retention)
        var count = 0
        for step in RandomLife(
            seed: seed, nodes: seed < 12 ? 3 : seed < 23 ? 20 : 100, steps: seed < 23 ? 1500 : 10_000)
        {
            var (emitted, expected): ([Emitted], [Emitted]) = ([], [])
            if isPunctual {
                emitted += watch.advanceIdeally(before: step.now)
                expected += naive.advance(to: step.now - 1)
            }
            switch step.input {
            case .announced(let name):
                emitted += watch.announce(name, at: step.now)
                expected += naive.announce(name, at: step.now)
            case .heard(let heartbeat):
                emitted += watch.receive(heartbeat, at: step.now)
                expected += naive.receive(heartbeat, at: step.now)
            case .idle:
                emitted += watch.advance(to: step.now)
                expected += naive.advance(to: step.now)
            }
            emitted = emitted.filter(isTransition)
            count += emitted.count
            #expect(emitted.map(instant) == emitted.map(instant).sorted())
            guard sorted(emitted) == sorted(expected) else {
                Issue.record("at \(step): told \(emitted), expected \(expected)")
                return
            }
        }
        #expect(count > 100)
    }

    @Test func `every possible notice and outcome occurs`() {
        var (notices, heartbeatCounts): (Set<Notice.Code>, Set<HeartbeatOutcome>) = ([], [])
        for seed in 0..<5 as Range<UInt64> {
            var watch = watch(retention: .seconds(60))
            for step in RandomLife(seed: seed, nodes: 5, steps: 2000) {
                for case .notice(let notice) in watch.live(step) { notices.insert(notice.code) }
                if let outcome = watch.outcome { heartbeatCounts.insert(outcome) }
            }
        }
        #expect(
            notices
                == Set(Notice.Code.allCases).subtracting(
                    [.nameCollision, .budgetInfeasible, .budgetFeasible, .flapping, .paused, .resumed]))
        #expect(heartbeatCounts == Set(HeartbeatOutcome.allCases).subtracting([.tooManyNodes, .coalesced]))
    }

    @Test(arguments: 0..<5 as Range<UInt64>) func `equal inputs give equal events`(seed: UInt64) {
        var (one, other) = (watch(retention: .seconds(300)), watch(retention: .seconds(300)))
        let emitted = RandomLife(seed: seed, nodes: 10, steps: 2000).flatMap { one.live($0) }
        let emittedAgain = RandomLife(seed: seed, nodes: 10, steps: 2000).flatMap { other.live($0) }
        #expect(emitted == emittedAgain)
        #expect(emitted.count > 200)
    }

    @Test(arguments: 0..<5 as Range<UInt64>) func `a batch equals its heartbeats one by one`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var (singly, batched) = (watch(retention: nil).detector, watch(retention: nil).detector)
        var (events, eventsOfBatches): ([Event], [Event]) = ([], [])
        var batch: [Heartbeat] = []
        for step in RandomLife(seed: seed, nodes: 10, steps: 2000) {
            if case .heard(let heartbeat) = step.input { batch.append(heartbeat) }
            guard random.chance(0.2) else { continue }
            let now = Instant(nanoseconds: step.now)
            for heartbeat in batch { singly.receive(heartbeat, at: now, into: &events) }
            batched.receive(batch.span, at: now, into: &eventsOfBatches)
            singly.advance(to: now, into: &events)
            batched.advance(to: now, into: &eventsOfBatches)
            batch = []
        }
        #expect(events == eventsOfBatches)
        #expect(singly.heartbeatCounts == batched.heartbeatCounts)
        #expect(singly.heartbeatCounts[.fresh] > 500)
        let end = Instant(nanoseconds: .days(1))
        #expect(
            singly.statuses(from: 0, limit: 100, at: end).page == batched.statuses(from: 0, limit: 100, at: end).page)
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `each event begins where the last one ended`(seed: UInt64) throws {
        struct Place: Hashable {
            var node: NodeIdentity
            var level: Int
        }
        var watch = watch(retention: .seconds(300))
        var verdicts: [Place: Verdict] = [:]
        var last: Int64 = .min
        for step in RandomLife(seed: seed, nodes: 10, steps: 3000) {
            for event in watch.live(step) {
                guard case .transition(let transition) = event else { continue }
                let (at, evidence) = (transition.at.nanoseconds, transition.evidence)
                #expect(at >= last && at <= step.now)
                last = at
                let place = Place(node: transition.node, level: transition.level)
                #expect(transition.from == verdicts[place] ?? .new)
                #expect(transition.to != transition.from)
                verdicts[place] = transition.to == .forgotten ? nil : transition.to
                #expect(evidence.silence >= 0 && evidence.missing >= 0 && evidence.ownLate == 0)
                #expect(evidence.phi.map { $0 >= 0 && $0.isFinite } ?? true)
                if transition.to == .suspected, transition.from != .new {
                    #expect(evidence.silence == max(0, try #require(evidence.timeout)))
                }
            }
        }
        // The emitted verdicts are the detector's present verdicts.
        for status in watch.detector.statuses(from: 0, limit: 100, at: Instant(nanoseconds: last)).page {
            guard let identity = status.identity else { continue }
            for (level, state) in status.levels.enumerated() {
                #expect(state.verdict == verdicts[Place(node: identity, level: level)] ?? .new)
            }
        }
    }
}
