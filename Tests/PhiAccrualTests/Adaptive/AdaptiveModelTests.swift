import Foundation
import PhiAccrual
import TestSupport
import Testing

@Suite struct `The adaptive model` {
    @Test(arguments: 0..<100 as Range<UInt64>) func `never becomes less suspicious, and stays finite for a year`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        let node = node(random: &random, gaps: Int.random(in: 1...3000, using: &random))
        let silences = ([0, 1, .days(365), .max] + (0..<300).map { _ in random.anyMagnitude() }).sorted()
        var last = 0.0
        for silence in silences {
            let phi = try #require(node.model.phi(after: silence))
            #expect(phi.isFinite && phi >= last - 1e-9, "\(silence)")
            last = phi
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `reaches φ at the instant promised`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let phis = [0.01, 0.1, 0.5, 1, 2, 3, 4, 8, 12]
        let node = node(phis.map(Policy.phi), random: &random, gaps: Int.random(in: 1...3000, using: &random))
        for (level, phi) in phis.enumerated() {
            let timeout = try #require(node.timeout(level))
            guard timeout < .max / 4 else { continue }
            let slack = 2 + timeout >> 40
            #expect(try #require(node.model.phi(after: timeout.addingSaturated(slack))) >= phi * (1 - 1e-9))
            #expect(try #require(node.model.phi(after: timeout - slack)) <= phi * (1 + 1e-9) + 1e-9)
        }
    }

    @Test func `knows nothing before an interval`() {
        var node = LoneNode([.phi(8), .price(100), .mistakes(MistakeBudget(.perHeartbeat(0.01)))])
        #expect(node.model.phi(after: .seconds(1)) == nil)
        for level in 0..<3 { #expect(node.timeout(level) == nil) }
        node.observe(0)
        #expect(node.model.expectedGap == nil)
        node.begin(announcedInterval: .seconds(1))
        #expect(node.model.expectedGap == .seconds(1))
        for level in 0..<3 { #expect(node.timeout(level) ?? 0 > .seconds(1)) }
    }

    @Test func `is true: one silence in 10^φ lasts that long`() throws {
        var random = SplitMix64(seed: 7)
        var node = LoneNode()
        var exceeded = [0, 0, 0]
        let count = 200_000
        for number in 0..<count {
            let gap = Int64(100e6 + 20e6 * random.exponential())
            if number >= count / 10, let phi = node.model.phi(after: gap) {
                for level in 1...3 where phi > Double(level) { exceeded[level - 1] += 1 }
            }
            node.observe(gap)
        }
        for level in 1...3 {
            let promised = 0.9 * Double(count) * [0.1, 0.01, 0.001][level - 1]
            let ratio = Double(exceeded[level - 1]) / promised
            #expect(ratio > 0.5 && ratio < 2, "φ = \(level): \(ratio)")
        }
    }

    // MARK: Budgets

    @Test(arguments: [0.01, 0.003]) func `keeps a budget of mistakes`(rate: Double) {
        var random = SplitMix64(seed: 3)
        let gaps = (0..<100_000).map { _ in Arrival(gap: Int64(1e9 + 3e8 * random.exponential()), step: 1) }
        var sweep = ThresholdSweep<AdaptiveModel>(
            [AdaptiveModel.threshold(for: .mistakes(MistakeBudget(.perHeartbeat(rate))))],
            group: AdaptiveModel.makeGroupState())
        sweep.run(gaps, with: AdaptiveModel(.init()), unit: 1e9, warmUp: 200)
        let ratio = Double(sweep.costs[0].mistakes) / Double(sweep.samples) / rate
        #expect(ratio > 1 / 1.5 && ratio < 1.5, "\(ratio)")
    }

    @Test func `never waits longer than within, and says when that breaks the budget`() throws {
        var random = SplitMix64(seed: 4)
        let rate = MistakeBudget.Rate.perHeartbeat(1e-3)
        var node = LoneNode([
            .mistakes(MistakeBudget(rate, within: .milliseconds(1500))), .mistakes(MistakeBudget(rate)),
            .mistakes(MistakeBudget(rate, within: .seconds(60))),
        ])
        for _ in 0..<5000 {
            node.observe(Int64(1e9 + 3e8 * random.exponential()))
            #expect(try #require(node.timeout()) <= .milliseconds(1500))
        }
        // Of exponential delays with a mean of 0.3 s, e^(−0.5/0.3) are longer than half a second.
        let shortfall = try #require(node.shortfall(0))
        #expect(
            shortfall.mistakesPerHeartbeat > 0.5 * exp(-5.0 / 3) && shortfall.mistakesPerHeartbeat < 2 * exp(-5.0 / 3))
        #expect(try #require(shortfall.neededTimeout) > .seconds(2))
        #expect(node.shortfall(1) == nil)
        #expect(node.shortfall(2) == nil)
    }

    // MARK: What must not, and what must, change a margin

    /// Policies from cautious to careless, and the one that services start with.
    private static let policies: [Policy] = [
        .price(10), .price(100), .price(1000), .mistakes(MistakeBudget(.perHeartbeat(1e-3))),
        .mistakes(MistakeBudget(.perHeartbeat(1.0 / 86_400))),
    ]

    @Test(arguments: [0.005, 0.05], [true, false]) func `forgives one outage of five minutes`(
        jitter: Double, isLost: Bool
    ) throws {
        var random = SplitMix64(seed: 11)
        var node = LoneNode(Self.policies)
        var usual = Array(repeating: Int64(0), count: Self.policies.count)
        for number in 0..<2001 {
            let isOutage = number == 1000
            node.observe(
                Int64((isOutage ? 301e9 : 1e9) + jitter * 1e9 * random.normal()), step: isOutage && isLost ? 301 : 1)
            for level in Self.policies.indices {
                let timeout = try #require(node.timeout(level))
                if number >= 600, number < 1000 { usual[level] = max(usual[level], timeout) }
                if number >= 1000 { #expect(timeout - usual[level] < .seconds(1), "\(number) \(Self.policies[level])") }
            }
        }
    }

    @Test(arguments: [0.1, 0.3, 0.5, 2, 3, 10], [0.005, 0.05]) func `follows an interval that changes for good`(
        factor: Double, jitter: Double
    ) throws {
        var random = SplitMix64(seed: 12)
        // Beside it the same node without the change: what is usual goes on falling as more is known.
        var (node, minConsecutive) = (LoneNode(Self.policies), LoneNode(Self.policies))
        for number in 0..<1300 {
            let interval = number < 1000 ? 1e9 : factor * 1e9
            let gap = 1 + jitter * random.normal()
            node.observe(Int64(interval * gap))
            minConsecutive.observe(Int64(1e9 * gap))
            guard number >= 1050 else { continue }
            for level in Self.policies.indices {
                let timeout = Double(try #require(node.timeout(level))) / interval
                let share = timeout / (Double(try #require(minConsecutive.timeout(level))) / 1e9)
                // What a strict budget asks for lies where edges are a quarter apart and more.
                #expect(share > 0.7 && share < (level < 4 ? 1.25 : 1.4), "\(number) \(Self.policies[level]): \(share)")
            }
        }
    }

    /// A sender of two intervals at random has not changed its interval, however long a run of one of them is.
    @Test func `does not take an old habit for a change`() throws {
        var random = SplitMix64(seed: 13)
        var node = LoneNode([.price(100)])
        for _ in 0..<5000 { node.observe(random.chance(0.3) ? .seconds(1) : .seconds(3)) }
        let usual = try #require(node.timeout())
        for _ in 0..<40 { node.observe(.seconds(1)) }
        #expect(try #require(node.timeout()) > usual * 3 / 4)
    }

    @Test func `a newcomer borrows from its group`() throws {
        func groupAfter(_ delay: (inout SplitMix64) -> Int64) -> AdaptiveModel.GroupState {
            var random = SplitMix64(seed: 14)
            var veteran = LoneNode()
            for _ in 0..<10_000 { veteran.observe(.seconds(1) + delay(&random)) }
            return veteran.group
        }
        func newNodeTimeout(_ group: AdaptiveModel.GroupState) throws -> Int64 {
            var newcomer = LoneNode([.price(30)], group: group)
            for _ in 0..<3 { newcomer.observe(.seconds(1)) }
            return try #require(newcomer.timeout())
        }
        let alone = try newNodeTimeout(AdaptiveModel.makeGroupState())
        let amongPunctual = try newNodeTimeout(groupAfter { _ in 0 })
        let amongLate = try newNodeTimeout(groupAfter { $0.chance(0.2) ? .seconds(3) : 0 })
        #expect(amongPunctual < alone)
        #expect(amongLate > amongPunctual + .seconds(1))
    }

    // MARK: Anything at all

    @Test func `does not choose anew where nothing was learned`() throws {
        var random = SplitMix64(seed: 5)
        var node = LoneNode([.price(100)])
        for _ in 0..<5 { node.observe(.milliseconds(100)) }
        let before = try #require(node.timeout())
        // What its group learns meanwhile would change its mind.
        for _ in 0..<5000 { node.groupHears(Int64.random(in: .milliseconds(1)...(.milliseconds(900)), using: &random)) }
        node.begin(announcedInterval: .milliseconds(100))
        #expect(node.timeout() == before)
        for _ in 0..<20 { node.observe(.milliseconds(100)) }
        #expect(try #require(node.timeout()) != before, "\(before)")
    }

    @Test func `suspects nobody sooner after the expected arrival than stamps are wrong`() throws {
        let policies = [Policy.phi(0.1), .price(0.01), try Policy(parsing: "mistakes=1/1s")]
        var (known, unknown) = (LoneNode(policies), LoneNode(policies))
        var random = SplitMix64(seed: 1)
        for _ in 0..<1000 {
            let gap = 100_000_000 + Int64.random(in: -20_000...20_000, using: &random)
            known.observe(gap, timestampUncertainty: 3_000_000)
            unknown.observe(gap)
        }
        for level in policies.indices {
            #expect(try #require(unknown.timeout(level)) < 101_000_000)
            // The schedule expects it within some twenty microseconds of a hundred milliseconds.
            #expect(try #require(known.timeout(level)) > 102_900_000)
            #expect(try #require(known.timeout(level)) < 104_000_000)
        }
    }

    @Test func `keeps that distance after a restart, but for a limit`() throws {
        let within = try Policy(parsing: "mistakes=1/1000hb,within=101ms")
        var node = LoneNode([.price(10), .phi(1), within])
        for _ in 0..<1000 { node.observe(100_000_000) }
        node.begin(announcedInterval: 100_000_000, timestampUncertainty: 50_000_000)
        #expect(try #require(node.timeout(0)) >= 149_900_000)
        #expect(try #require(node.timeout(1)) >= 149_900_000)
        #expect(node.timeout(2) == 101_000_000)
    }

    @Test func `does not learn from waits that an error of stamps stretched`() throws {
        let policies = [try Policy(parsing: "mistakes=1/100hb")]
        var node = LoneNode(policies)
        var random = SplitMix64(seed: 1)
        // Late by a millisecond on average: one in a hundred by more than 4.6 ms, eight in a hundred by more than 2.5.
        func beat(timestampUncertainty: Int64) {
            let late = -log(Double.random(in: 0..<1, using: &random).nextUp)
            node.observe(10_000_000 + Int64(1e6 * late), timestampUncertainty: timestampUncertainty)
        }
        for _ in 0..<10_000 { beat(timestampUncertainty: 0) }
        let before = try #require(node.timeout())
        for _ in 0..<10_000 { beat(timestampUncertainty: 20_000_000) }
        #expect(try #require(node.timeout()) > 30_000_000)
        // None was mistaken meanwhile. That is no reason to think that many may be.
        for _ in 0..<100 {
            beat(timestampUncertainty: 0)
            // More than four in a hundred are later than 3.2 ms.
            let timeout = try #require(node.timeout())
            #expect(timeout > 13_200_000, "\(timeout), and \(before) before")
        }
    }

    @Test func `says when outages alone break a budget`() throws {
        let policies = [try Policy(parsing: "mistakes=1/1000hb")]
        var node = LoneNode(policies)
        for number in 1...700 {
            node.observe(number % 100 == 0 ? .seconds(10) : 10_000_000)
            if number < 450 { #expect(node.shortfall() == nil, "a few outages may be bad luck") }
        }
        let shortfall = try #require(node.shortfall())
        #expect(shortfall.neededTimeout == nil)
        #expect(abs(shortfall.mistakesPerHeartbeat - 0.01) < 0.003)
        // They are no reason to wait longer for the others.
        #expect(try #require(node.timeout()) < .milliseconds(100))
        for _ in 0..<20_000 { node.observe(10_000_000) }
        #expect(node.shortfall() == nil)
    }

    @Test func `is not surer of an outage the more of them there were`() throws {
        var (few, many) = (LoneNode(), LoneNode())
        for number in 1...2000 {
            few.observe(number % 400 == 0 ? .seconds(100) : 10_000_000)
            many.observe(number % 20 == 0 ? .seconds(100) : 10_000_000)
        }
        for silence in [Int64.seconds(20), .seconds(60), .seconds(200)] {
            #expect(try #require(many.model.phi(after: silence)) <= #require(few.model.phi(after: silence)))
            #expect(try #require(many.model.phi(after: silence)) < 2.5)
        }
    }

    @Test func `finds an end to the wait for any φ`() throws {
        for gap in [1, 1000, Int64.hours(1), .max] {
            var node = LoneNode([.phi(1e6), .phi(60), .phi(1e-9)])
            for _ in 0..<10 { node.observe(gap, step: .max) }
            for level in 0..<3 { #expect(try #require(node.timeout(level)) >= 0) }
        }
    }

    @Test func `takes anything that a network can bring`() throws {
        let extremes: [Int64] = [0, 1, 2, .seconds(1), .days(200), .max / 2, .max]
        for gap in extremes {
            for other in extremes {
                var node = LoneNode(
                    [.phi(8), .price(100), .mistakes(MistakeBudget(.every(1e15)))], announcedInterval: other)
                for number in 0..<200 {
                    node.observe(number % 3 == 0 ? gap : other, step: number % 5 == 0 ? .max : 1)
                    if let phi = node.model.phi(after: other) { #expect(phi.isFinite && phi >= 0) }
                    for level in 0..<3 { #expect(node.timeout(level) ?? 0 >= 0) }
                }
            }
        }
    }

    @Test func `fits into half a kilobyte`() {
        #expect(MemoryLayout<AdaptiveModel>.size <= 512)
    }

    private func node(_ policies: [Policy] = [], random: inout SplitMix64, gaps: Int) -> LoneNode {
        let interval = 1 + random.anyMagnitude() >> 16
        var node = LoneNode(policies, announcedInterval: random.chance(0.5) ? interval : 0)
        for _ in 0..<gaps {
            let gap =
                switch Int.random(in: 0..<10, using: &random) {
                case 0: interval * 2
                case 1: random.anyMagnitude() >> 16
                default: interval + .random(in: 0...(interval / 4), using: &random)
                }
            node.observe(gap, step: Int64.random(in: 1...2, using: &random))
        }
        return node
    }
}

extension SplitMix64 {
    /// By Box and Muller.
    fileprivate mutating func normal() -> Double {
        (2 * exponential()).squareRoot() * cos(2 * Double.pi * Double.random(in: 0..<1, using: &self))
    }
}
