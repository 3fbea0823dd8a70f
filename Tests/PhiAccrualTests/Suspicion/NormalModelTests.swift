import PhiAccrual
import TestSupport
import Testing

@Suite struct `Suspicion under the normal model` {
    /// A model that has observed regular, jittery, or arbitrary gaps, by the seed.
    private func model(seed: UInt64) -> (NormalModel, SplitMix64) {
        var random = SplitMix64(seed: seed)
        var model = NormalModel(
            .init(window: .random(in: 2...200, using: &random), floor: [0, 0.01, 0.1, 0.5][Int(seed % 4)]))
        let interval = random.anyMagnitude() >> 12
        model.begin(announcedInterval: random.chance(0.5) ? interval : 0)
        for _ in 0..<Int.random(in: 1...300, using: &random) {
            let gap: Int64 =
                switch seed % 3 {
                case 0: interval
                case 1: interval + .random(in: -(interval / 4)...(interval / 4), using: &random)
                default: random.anyMagnitude() >> 10
                }
            model.observe(Arrival(gap: gap, step: 1))
        }
        model.observe(Arrival(gap: max(1, interval), step: 1))  // at least one positive gap
        return (model, random)
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func `never falls, and stays finite for a year of silence`(seed: UInt64)
        throws
    {
        var (model, random) = model(seed: seed)
        let silences = ([0, 1, .days(365), .max] + (0..<200).map { _ in random.anyMagnitude() }).sorted()
        var last = 0.0
        for silence in silences {
            let phi = try #require(model.phi(after: silence))
            #expect(phi.isFinite && phi >= last)
            last = phi
        }
        #expect(last > 8)
    }
    @Test(arguments: 0..<200 as Range<UInt64>) func `reaches the threshold at the promised timeout, to the nanosecond`(
        seed: UInt64
    ) throws {
        let (model, _) = model(seed: seed)
        let expected = try #require(model.expectedGap)
        for threshold in [0.5, 1, 3, 8, 16, 100, 1e4, 1e6] {
            let timeout = try #require(model.timeout(until: NormalModel.threshold(for: .phi(threshold))))
            guard timeout < .max / 2 else { continue }
            let atTimeout = try #require(model.phi(after: timeout))
            #expect(atTimeout >= threshold * (1 - 1e-12))
            // A double cannot represent every nanosecond of a timeout of weeks.
            let before = timeout - max(2, timeout >> 50)
            #expect(try #require(model.phi(after: before)) <= threshold * (1 + 1e-12))
            #expect(timeout >= expected)
            // Where φ differs measurably between the two instants, it is below the threshold at the earlier one.
            if atTimeout - (try #require(model.phi(after: before))) > 1e-9 {
                #expect(try #require(model.phi(after: before)) < threshold)
            }
        }
    }
    @Test(arguments: 0..<50 as Range<UInt64>) func `needs a longer timeout for a higher φ`(seed: UInt64) {
        let (model, _) = model(seed: seed)
        let timeouts = [0.01, 0.1, 0.5, 1, 2, 4, 8, 16, 64].map {
            model.timeout(until: NormalModel.threshold(for: .phi($0))) ?? .min
        }
        #expect(zip(timeouts, timeouts.dropFirst()).allSatisfy { $0 <= $1 })
        #expect((timeouts.first ?? 0) < (timeouts.last ?? 0))
    }
    @Test func `is φ of the fitted normal distribution`() throws {
        var model = NormalModel(.init(window: 4))
        for gap in [80, 120, 80, 120] as [Int64] { model.observe(Arrival(gap: .milliseconds(gap), step: 1)) }
        // Mean 100 ms, deviation 20 ms. The quantiles are from standard normal tables.
        #expect(model.expectedGap == .milliseconds(100))
        #expect(abs(try #require(model.phi(after: .milliseconds(100))) - 0.30102999566398120) < 1e-12)
        #expect(abs(try #require(model.phi(after: 161_804_646)) - 3) < 1e-6)  // 3.0902323 σ
        // 5.6120012441748 σ, rounded up.
        #expect(model.timeout(until: NormalModel.threshold(for: .phi(8))) == 212_240_025)
    }
}

@Suite struct `A normal model` {
    private func timeout(_ model: NormalModel, phi: Double = 8) -> Int64? {
        model.timeout(until: NormalModel.threshold(for: .phi(phi)))
    }
    @Test func `has no φ and no timeout before it knows an interval`() {
        var model = NormalModel(.init())
        for _ in 0..<2 {
            #expect(model.phi(after: .days(1)) == nil)
            #expect(timeout(model) == nil)
            #expect(model.expectedGap == nil)
            #expect(model.samples == 0)
            model.begin(announcedInterval: 0)
        }
    }
    @Test func `uses the announced interval until it has observed gaps`() {
        var model = NormalModel(.init())
        model.begin(announcedInterval: .seconds(1))
        #expect(model.expectedGap == .seconds(1))
        #expect(model.samples == 0)
        // One interval plus 5.612 deviations; a deviation is a quarter of the interval.
        #expect(timeout(model) == 2_403_000_312)
    }
    @Test func `uses the first gap as the interval if none was announced`() {
        var model = NormalModel(.init())
        model.begin(announcedInterval: 0)
        model.observe(Arrival(gap: .seconds(1), step: 1))
        #expect(model.expectedGap == .seconds(1))
        #expect(model.samples == 1)
        // Two prior gaps, each a quarter off, and one real gap: the deviation is √(2/3) of a quarter.
        #expect(timeout(model) == .seconds(1) + 1_145_544_958)
    }
    @Test func `counts the gaps in its window as samples`() {
        var model = NormalModel(.init(window: 10))
        model.begin(announcedInterval: .seconds(1))
        let samples = (0..<15).map { _ in
            model.observe(Arrival(gap: .seconds(1), step: 1))
            return model.samples
        }
        #expect(samples == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10, 10])
    }
    @Test func `keeps what it learned when a new schedule begins`() {
        var model = NormalModel(.init())
        for _ in 0..<50 { model.observe(Arrival(gap: .seconds(1), step: 1)) }
        let before = (timeout(model), model.expectedGap, model.samples)
        model.begin(announcedInterval: .hours(1))
        #expect((timeout(model), model.expectedGap, model.samples) == before)
    }
    @Test(arguments: [(0.1, 156_120_013), (0.5, 380_600_063), (0.01, 105_612_002)] as [(Double, Int64)])
    func `applies a floor to its deviation, in intervals`(floor: Double, expected: Int64) {
        var model = NormalModel(.init(window: 50, floor: floor))
        for _ in 0..<200 { model.observe(Arrival(gap: .milliseconds(100), step: 1)) }
        #expect(timeout(model) == expected)
    }
    @Test func `does not apply the floor if gaps vary by more`() {
        var model = NormalModel(.init(window: 2, floor: 0.1))
        for gap in [50, 150] as [Int64] { model.observe(Arrival(gap: .milliseconds(gap), step: 1)) }
        #expect(timeout(model) == 380_600_063)
    }
    @Test func `learns nothing from equal timestamps before it knows an interval`() throws {
        var model = NormalModel(.init())
        for _ in 0..<100 { model.observe(Arrival(gap: 0, step: 1)) }
        #expect(timeout(model) == nil && model.phi(after: 0) == nil && model.samples == 0)
    }
    @Test func `has a deviation above 0 even if all later timestamps are equal`() throws {
        var model = NormalModel(.init(window: 10))
        model.begin(announcedInterval: 1000)
        for _ in 0..<100 { model.observe(Arrival(gap: 0, step: 1)) }
        #expect(timeout(model) == 6)
        #expect(model.phi(after: 0) ?? 0 > 0.3)
        #expect(try #require(model.phi(after: .days(365))).isFinite)
    }
    @Test(arguments: [1, 2, 3, 4, 5, 7, .max - 1, .max] as [Int64]) func `uses any announced interval`(interval: Int64)
        throws
    {
        var model = NormalModel(.init())
        model.begin(announcedInterval: interval)
        let expected = min(interval, ArrivalWindow.maxGap)
        #expect(model.expectedGap == expected)
        #expect(try #require(timeout(model)) > expected)
        #expect(try #require(model.phi(after: .max)).isFinite)
    }
    @Test func `clamps negative gaps and steps`() {
        #expect(Arrival(gap: -5, step: -7) == Arrival(gap: 0, step: 1))
        #expect(Arrival(gap: .min, step: .min) == Arrival(gap: 0, step: 1))
    }
}
