import PhiAccrual
import TestSupport
import Testing

@Suite struct `The empirical detector` {
    @Test func `suspects when the given share of the gaps is at most the scaled silence`() throws {
        var baseline = try Baseline.begun("empirical window=10 threshold=0.8 scaling-factor=0.5")
        for gap in [100, 130, 90, 200, 110] as [Int64] { baseline.observe(after: .milliseconds(gap)) }
        // Four of five gaps are at most 130 ms.
        #expect(baseline.timeout() == .milliseconds(260))
        #expect(baseline.model.expectedGap == .milliseconds(110))
        #expect(baseline.model.samples == 5)
    }
    @Test func `at a threshold of 1 has the longest gap in its window as its timeout`() throws {
        var baseline = try Baseline.begun("empirical window=4 threshold=1 scaling-factor=1")
        baseline.observe(after: .hours(1))
        baseline.observe(every: .seconds(1), times: 3)
        #expect(baseline.timeout() == .hours(1))
        baseline.observe(after: .seconds(1))
        #expect(baseline.timeout() == .seconds(1))
    }
    @Test func `has a φ of at most the logarithm of its number of gaps plus one`() throws {
        var baseline = try Baseline.begun("empirical scaling-factor=1")
        baseline.observe(every: .seconds(1), times: 99)
        #expect(baseline.phi(after: .milliseconds(999)) == 0)
        #expect(baseline.phi(after: .seconds(1)) == 2)
        #expect(baseline.phi(after: .max) == 2)
    }
    @Test func `uses the announced interval as a gap until it has observed some`() throws {
        var baseline = try Baseline.begun("empirical window=2 scaling-factor=0.5", announcing: .seconds(1))
        #expect(baseline.timeout() == .seconds(2))
        #expect(baseline.model.samples == 0)
        baseline.observe(every: .milliseconds(100), times: 2)
        #expect(baseline.timeout() == .milliseconds(200))
        #expect(baseline.model.samples == 2)
        #expect(try Baseline.begun("empirical").timeout() == nil)
    }
    @Test(arguments: 0..<60 as Range<UInt64>) func `keeps its gaps sorted`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let window = Int.random(in: 1...20, using: &random)
        let alphabet = Int64.random(in: 1...40, using: &random)  // few values, so many gaps are equal
        var baselines = try (0...window).map {
            try Baseline.begun("empirical window=\(window) threshold=\(Double($0) / Double(window)) scaling-factor=1")
        }
        var gaps: [Int64] = []
        for _ in 0..<100 {
            let gap = Int64.random(in: 0...alphabet, using: &random)
            gaps.append(gap)
            for index in baselines.indices { baselines[index].observe(after: gap) }
            guard gaps.count >= window else { continue }
            let sorted = gaps.suffix(window).sorted()
            #expect(baselines.map { $0.timeout() } == [0] + sorted)
        }
    }
}

@Suite struct `The self-tuning detector` {
    private func model(_ pairs: [(name: String, value: String)]) throws -> SelfTuningModel {
        var model = SelfTuningModel(
            try .init(parsing: [("interval", "100ms"), ("slot", "4"), ("window", "1"), ("margin", "40ms")] + pairs))
        model.begin(announcedInterval: 0)
        return model
    }
    private func observe(_ model: inout SelfTuningModel, _ gaps: [Int64]) {
        for gap in gaps { model.observe(Arrival(gap: .milliseconds(gap), step: 1)) }
    }
    @Test func `widens its margin after too many mistakes if the detection time allows`() throws {
        var model = try model([("mistake-rate", "1"), ("alpha", "20ms"), ("beta", "0.5"), ("query-accuracy", "0")])
        observe(&model, [150, 50, 100])
        #expect(model.feedback == nil)
        #expect(model.timeout(until: ()) == .milliseconds(140))
        observe(&model, [100])
        // One mistake in 400 ms is 2.5 per second.
        #expect(model.feedback == .raised)
        #expect(model.timeout(until: ()) == .milliseconds(150))
        observe(&model, [149, 51, 100, 100])
        #expect(model.feedback == .satisfied)
        #expect(model.timeout(until: ()) == .milliseconds(150))
    }
    @Test func `steers by query accuracy too`() throws {
        var model = try model([("mistake-rate", "100"), ("query-accuracy", "0.95"), ("alpha", "20ms")])
        observe(&model, [160, 100, 100, 100])  // wrong for 20 of 460 ms
        #expect(model.feedback == .satisfied)
        observe(&model, [165, 100, 100, 100])  // wrong for 25 of 465 ms
        #expect(model.feedback == .raised)
    }
    @Test func `narrows its margin if it was too slow, but not below 0`() throws {
        var model = try model([("detection-time", "125ms"), ("alpha", "30ms"), ("beta", "1"), ("mistake-rate", "0")])
        observe(&model, [100, 100, 100, 100])
        #expect(model.feedback == .lowered)
        #expect(model.timeout(until: ()) == .milliseconds(110))
        observe(&model, [100, 100, 100, 100])
        #expect(model.feedback == .satisfied)
        var strict = try self.model([("detection-time", "1ms"), ("alpha", "30ms"), ("beta", "1")])
        observe(&strict, Array(repeating: 100, count: 12))
        #expect(strict.timeout(until: ()) == .milliseconds(100))
        #expect(strict.feedback == .lowered)
    }
    @Test func `reports that no margin can help, and keeps its margin`() throws {
        var model = try model([("detection-time", "50ms"), ("mistake-rate", "0")])
        observe(&model, [150, 150, 150, 150])
        #expect(model.feedback == .infeasible)
        #expect(model.timeout(until: ()) == .milliseconds(140))
    }
}
