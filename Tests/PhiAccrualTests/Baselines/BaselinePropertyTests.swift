import PhiAccrual
import TestSupport
import Testing

@Suite struct `Every baseline` {
    /// A detector that has observed regular, jittery, or arbitrary gaps, by the seed.
    private func experienced(_ text: String, seed: UInt64) throws -> (Baseline, SplitMix64) {
        var random = SplitMix64(seed: seed)
        var baseline = try Baseline(text)
        let interval = random.anyMagnitude() >> 20
        baseline.begin(announcing: random.chance(0.5) ? interval : 0)
        for _ in 0..<Int.random(in: 1...120, using: &random) {
            let gap: Int64 =
                switch seed % 3 {
                case 0: interval
                case 1: interval + .random(in: -(interval / 4)...(interval / 4), using: &random)
                default: random.anyMagnitude() >> 10
                }
            baseline.observe(after: gap, step: random.chance(0.1) ? random.anyMagnitude() >> 40 : 1)
            if random.chance(0.02) { baseline.begin() }
        }
        baseline.observe(after: interval)  // so an interval is known, even after `begin`
        return (baseline, random)
    }

    @Test(arguments: Baseline.specimens, 0..<12 as Range<UInt64>)
    func `with a φ has one that never falls and stays finite`(text: String, seed: UInt64) throws {
        var (baseline, random) = try experienced(text, seed: seed)
        let silences = ([.min, -1, 0, 1, .days(365), .max] + (0..<200).map { _ in random.anyMagnitude() }).sorted()
        let phis = silences.compactMap { baseline.phi(after: $0) }
        #expect(phis.isEmpty || phis.count == silences.count)
        #expect(phis.allSatisfy { $0.isFinite && $0 >= 0 })
        #expect(zip(phis, phis.dropFirst()).allSatisfy { $0 <= $1 })
        if Baseline.accrual.contains(text) { #expect(try #require(baseline.phi(after: .max)) > 8) }
    }
    @Test(arguments: Baseline.accrual, 0..<25 as Range<UInt64>)
    func `with a φ suspects at the first nanosecond at which φ reaches the threshold`(text: String, seed: UInt64)
        throws
    {
        let (baseline, _) = try experienced(text, seed: seed)
        for threshold in [1e-6, 0.1, 0.30102999566398114, 0.5, 1, 3, 8, 16, 100, 1e4, 1e6] {
            let timeout = try #require(baseline.timeout(phi: threshold))
            guard timeout > 0, timeout < .max / 2 else { continue }
            #expect(try #require(baseline.phi(after: timeout)) >= threshold)
            // A double cannot represent every nanosecond of a timeout of months.
            let before = timeout - (timeout < 1 << 52 ? 1 : 1 << 12)
            #expect(try #require(baseline.phi(after: before)) < threshold, "φ = \(threshold) at \(timeout)")
        }
    }
    @Test(arguments: Baseline.accrual, 0..<8 as Range<UInt64>) func `with a φ suspects later at a higher threshold`(
        text: String, seed: UInt64
    ) throws {
        let (baseline, _) = try experienced(text, seed: seed)
        let timeouts = try [0.01, 0.1, 0.5, 1, 2, 4, 8, 16, 64, 1000].map { try #require(baseline.timeout(phi: $0)) }
        #expect(zip(timeouts, timeouts.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(timeouts[0] < timeouts[9])
    }
    @Test(arguments: Baseline.specimens) func `without a φ ignores the policy`(text: String) throws {
        guard !Baseline.accrual.contains(text) else { return }
        let (baseline, _) = try experienced(text, seed: 1)
        #expect(baseline.timeout(phi: 1e-9) == baseline.timeout(phi: 1e6))
    }
    @Test func `declares whether it uses the policy`() {
        #expect(LogisticModel.usesPolicy && ExponentialModel.usesPolicy)
        #expect(!FixedModel.usesPolicy && !ChenModel.usesPolicy && !BertierModel.usesPolicy)
        #expect(!TwoWindowModel.usesPolicy && !EmpiricalModel.usesPolicy && !SelfTuningModel.usesPolicy)
    }

    @Test(arguments: Baseline.specimens) func `has no φ and no samples before a heartbeat`(text: String) throws {
        let baseline = try Baseline(text)
        #expect(baseline.phi(after: .days(1)) == nil)
        #expect(baseline.timeout() == (text.hasPrefix("fixed") ? .milliseconds(700) : nil))
        #expect(baseline.model.expectedGap == nil || text.contains("interval="))
        #expect(baseline.model.samples == 0)
    }
    @Test(arguments: Baseline.specimens) func `accepts any input`(text: String) throws {
        let extremes: [Int64] = [0, 1, 2, 3, 999_999, 1 << 53, 1 << 54, .max - 1, .max, -1, .min]
        var random = SplitMix64(seed: 7)
        for start in extremes {
            var baseline = try Baseline(text)
            if start % 2 == 0 { baseline.begin(announcing: start) }  // without `begin` it must not trap either
            for number in 0..<150 {
                var arrival = Arrival(gap: 0, step: 1)
                arrival.gap = extremes[Int(random.next() % 11)]  // bypasses the checks of the initialiser
                arrival.step = extremes[Int(random.next() % 11)]
                baseline.observe(arrival)
                if number % 37 == 36 { baseline.begin(announcing: extremes[Int(random.next() % 11)]) }
                for silence in extremes {
                    let phi = baseline.phi(after: silence)
                    #expect(phi.map { $0.isFinite && $0 >= 0 } ?? true)
                }
                _ = (baseline.timeout(phi: 1e-300), baseline.timeout(phi: 1e6), baseline.model.expectedGap)
                #expect(baseline.model.samples >= 0)
            }
        }
    }
    @Test(arguments: Baseline.specimens) func `accepts heartbeats that all have one timestamp`(text: String) throws {
        var baseline = try Baseline.begun(text)
        baseline.observe(every: 0, times: 1200)
        #expect(baseline.timeout() != nil)
        #expect(baseline.phi(after: .days(365))?.isFinite ?? true)
    }
    @Test(arguments: Baseline.specimens, [0, 1] as [UInt64]) func `depends only on its inputs`(
        text: String, seed: UInt64
    ) throws {
        let (first, _) = try experienced(text, seed: seed)
        let (second, _) = try experienced(text, seed: seed)
        #expect(first.timeout() == second.timeout())
        #expect(first.phi(after: 12345) == second.phi(after: 12345))
    }

    private func deadline<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) -> Int64? {
        var detector = Detector<Model>(.init(levels: [.suspect(.phi(8))], model: parameters))
        var events: [Event] = []
        for number in 0..<10 as Range<UInt32> {
            let heartbeat = Heartbeat(
                key: .named("a"), incarnation: 1, sequence: number, sent: nil, announcedInterval: 0, isLeaving: false)
            detector.receive(heartbeat, at: Instant(nanoseconds: .milliseconds(100) * Int64(number)), into: &events)
        }
        return detector.deadline(of: .named("a"), level: 0)?.nanoseconds
    }
    @Test func `works in the detector like any other model`() {
        #expect(deadline(FixedModel.self, .init()) == .milliseconds(900) + .seconds(3))
        #expect(deadline(ChenModel.self, .init()) == .milliseconds(1100))
        #expect(deadline(TwoWindowModel.self, .init()) == .milliseconds(1100))
        #expect(deadline(SelfTuningModel.self, .init()) == .milliseconds(1100))
        #expect(deadline(BertierModel.self, .init()) == .milliseconds(1000))
        #expect(deadline(EmpiricalModel.self, .init()) == .milliseconds(900) + 111_111_112)
        #expect(deadline(ExponentialModel.self, .cassandra) == .milliseconds(900) + 5_341_997_416)  // (2 + 0.9) / 10 s
        #expect(deadline(ExponentialModel.self, .chitchat) == .milliseconds(900) + 14_800_000_000)  // (25 + 0.9) / 14 s
    }
}
