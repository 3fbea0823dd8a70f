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

    @Test(arguments: 0..<100 as Range<UInt64>) func `reaches φ at the promised timeout`(seed: UInt64) throws {
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

    @Test func `has no φ and no timeout before it knows an interval`() {
        var node = IsolatedNode([.phi(8), .price(100), .mistakes(MistakeBudget(.perHeartbeat(0.01)))])
        #expect(node.model.phi(after: .seconds(1)) == nil)
        for level in 0..<3 { #expect(node.timeout(level) == nil) }
        node.observe(0)
        #expect(node.model.expectedGap == nil)
        node.begin(announcedInterval: .seconds(1))
        #expect(node.model.expectedGap == .seconds(1))
        for level in 0..<3 { #expect(node.timeout(level) ?? 0 > .seconds(1)) }
    }

    @Test func `is calibrated: one silence in 10^φ exceeds φ`() throws {
        var random = SplitMix64(seed: 7)
        var node = IsolatedNode()
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

    @Test(arguments: [0.01, 0.003]) func `keeps a mistake budget`(rate: Double) {
        var random = SplitMix64(seed: 3)
        let gaps = (0..<100_000).map { _ in Arrival(gap: Int64(1e9 + 3e8 * random.exponential()), step: 1) }
        var sweep = ThresholdSweep<AdaptiveModel>(
            [AdaptiveModel.threshold(for: .mistakes(MistakeBudget(.perHeartbeat(rate))))],
            group: AdaptiveModel.makeGroupState())
        sweep.run(gaps, with: AdaptiveModel(.init()), unit: 1e9, warmUp: 200)
        let ratio = Double(sweep.costs[0].mistakes) / Double(sweep.samples) / rate
        #expect(ratio > 1 / 1.5 && ratio < 1.5, "\(ratio)")
    }

    @Test func `never exceeds the within limit, and reports when the limit breaks the budget`() throws {
        var random = SplitMix64(seed: 4)
        let rate = MistakeBudget.Rate.perHeartbeat(1e-3)
        var node = IsolatedNode([
            .mistakes(MistakeBudget(rate, within: .milliseconds(1500))), .mistakes(MistakeBudget(rate)),
            .mistakes(MistakeBudget(rate, within: .seconds(60))),
        ])
        for _ in 0..<5000 {
            node.observe(Int64(1e9 + 3e8 * random.exponential()))
            #expect(try #require(node.timeout()) <= .milliseconds(1500))
        }
        // A share e^(−0.5/0.3) of exponential delays with a mean of 0.3 s exceeds half a second.
        let shortfall = try #require(node.shortfall(0))
        #expect(
            shortfall.mistakesPerHeartbeat > 0.5 * exp(-5.0 / 3) && shortfall.mistakesPerHeartbeat < 2 * exp(-5.0 / 3))
        #expect(try #require(shortfall.neededTimeout) > .seconds(2))
        #expect(node.shortfall(1) == nil)
        #expect(node.shortfall(2) == nil)
    }

    // MARK: What changes a timeout and what does not

    /// Policies with timeouts from short to long. At one heartbeat per second, the last one is the service's default.
    private static let policies: [Policy] = [
        .price(10), .price(100), .price(1000), .mistakes(MistakeBudget(.perHeartbeat(1e-3))),
        .mistakes(MistakeBudget(.perHeartbeat(1.0 / 86_400))),
    ]

    @Test(arguments: [0.005, 0.05], [true, false]) func `keeps its timeout after one outage of five minutes`(
        jitter: Double, isLost: Bool
    ) throws {
        var random = SplitMix64(seed: 11)
        var node = IsolatedNode(Self.policies)
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

    @Test(arguments: [0.1, 0.3, 0.5, 2, 3, 10], [0.005, 0.05]) func `adapts to an interval that changes permanently`(
        factor: Double, jitter: Double
    ) throws {
        var random = SplitMix64(seed: 12)
        // The control is the same node without the change: its timeout keeps falling as the model learns.
        var (node, minConsecutive) = (IsolatedNode(Self.policies), IsolatedNode(Self.policies))
        for number in 0..<1300 {
            let interval = number < 1000 ? 1e9 : factor * 1e9
            let gap = 1 + jitter * random.normal()
            node.observe(Int64(interval * gap))
            minConsecutive.observe(Int64(1e9 * gap))
            guard number >= 1050 else { continue }
            for level in Self.policies.indices {
                let timeout = Double(try #require(node.timeout(level))) / interval
                let share = timeout / (Double(try #require(minConsecutive.timeout(level))) / 1e9)
                // A strict budget needs a timeout where bucket edges are at least a quarter apart.
                #expect(share > 0.7 && share < (level < 4 ? 1.25 : 1.4), "\(number) \(Self.policies[level]): \(share)")
            }
        }
    }

    /// A sender that chooses at random between two intervals has not changed its interval, however long a run of one of
    /// them gets.
    @Test func `does not mistake a run of one known interval for a change`() throws {
        var random = SplitMix64(seed: 13)
        var node = IsolatedNode([.price(100)])
        for _ in 0..<5000 { node.observe(random.chance(0.3) ? .seconds(1) : .seconds(3)) }
        let usual = try #require(node.timeout())
        for _ in 0..<40 { node.observe(.seconds(1)) }
        #expect(try #require(node.timeout()) > usual * 3 / 4)
    }

    @Test func `gives a new node a timeout from what its group has learned`() throws {
        func groupAfter(_ delay: (inout SplitMix64) -> Int64) -> AdaptiveModel.GroupState {
            var random = SplitMix64(seed: 14)
            var experiencedNode = IsolatedNode()
            for _ in 0..<10_000 { experiencedNode.observe(.seconds(1) + delay(&random)) }
            return experiencedNode.group
        }
        func newNodeTimeout(_ group: AdaptiveModel.GroupState) throws -> Int64 {
            var newNode = IsolatedNode([.price(30)], group: group)
            for _ in 0..<3 { newNode.observe(.seconds(1)) }
            return try #require(newNode.timeout())
        }
        let alone = try newNodeTimeout(AdaptiveModel.makeGroupState())
        let amongPunctual = try newNodeTimeout(groupAfter { _ in 0 })
        let amongLate = try newNodeTimeout(groupAfter { $0.chance(0.2) ? .seconds(3) : 0 })
        #expect(amongPunctual < alone)
        #expect(amongLate > amongPunctual + .seconds(1))
    }

    // MARK: Edge cases

    @Test func `keeps its timeout at a restart if the node learned nothing new`() throws {
        var random = SplitMix64(seed: 5)
        var node = IsolatedNode([.price(100)])
        for _ in 0..<5 { node.observe(.milliseconds(100)) }
        let before = try #require(node.timeout())
        // What its group learns here would change the choice of timeout.
        for _ in 0..<5000 { node.groupHears(Int64.random(in: .milliseconds(1)...(.milliseconds(900)), using: &random)) }
        node.begin(announcedInterval: .milliseconds(100))
        #expect(node.timeout() == before)
        for _ in 0..<20 { node.observe(.milliseconds(100)) }
        #expect(try #require(node.timeout()) != before, "\(before)")
    }

    @Test func `never suspects within the timestamp uncertainty of the expected arrival`() throws {
        let policies = [Policy.phi(0.1), .price(0.01), try Policy(parsing: "mistakes=1/1s")]
        var (known, unknown) = (IsolatedNode(policies), IsolatedNode(policies))
        var random = SplitMix64(seed: 1)
        for _ in 0..<1000 {
            let gap = 100_000_000 + Int64.random(in: -20_000...20_000, using: &random)
            known.observe(gap, timestampUncertainty: 3_000_000)
            unknown.observe(gap)
        }
        for level in policies.indices {
            #expect(try #require(unknown.timeout(level)) < 101_000_000)
            // The schedule expects the heartbeat at 100 ms, give or take about 20 µs.
            #expect(try #require(known.timeout(level)) > 102_900_000)
            #expect(try #require(known.timeout(level)) < 104_000_000)
        }
    }

    @Test func `adds the timestamp uncertainty after a restart too, unless a limit is lower`() throws {
        let within = try Policy(parsing: "mistakes=1/1000hb,within=101ms")
        var node = IsolatedNode([.price(10), .phi(1), within])
        for _ in 0..<1000 { node.observe(100_000_000) }
        node.begin(announcedInterval: 100_000_000, timestampUncertainty: 50_000_000)
        #expect(try #require(node.timeout(0)) >= 149_900_000)
        #expect(try #require(node.timeout(1)) >= 149_900_000)
        #expect(node.timeout(2) == 101_000_000)
    }

    @Test func `does not steer by timeouts that timestamp uncertainty extended`() throws {
        let policies = [try Policy(parsing: "mistakes=1/100hb")]
        var node = IsolatedNode(policies)
        var random = SplitMix64(seed: 1)
        // Lateness is 1 ms on average: 1 % of heartbeats are later than 4.6 ms, 8 % are later than 2.5 ms.
        func beat(timestampUncertainty: Int64) {
            let late = -log(Double.random(in: 0..<1, using: &random).nextUp)
            node.observe(10_000_000 + Int64(1e6 * late), timestampUncertainty: timestampUncertainty)
        }
        for _ in 0..<10_000 { beat(timestampUncertainty: 0) }
        let before = try #require(node.timeout())
        for _ in 0..<10_000 { beat(timestampUncertainty: 20_000_000) }
        #expect(try #require(node.timeout()) > 30_000_000)
        // No mistake happened meanwhile. That must not make the controller accept more mistakes now.
        for _ in 0..<100 {
            beat(timestampUncertainty: 0)
            // More than 4 % of heartbeats are later than 3.2 ms.
            let timeout = try #require(node.timeout())
            #expect(timeout > 13_200_000, "\(timeout), and \(before) before")
        }
    }

    @Test func `reports when outages alone break a budget`() throws {
        let policies = [try Policy(parsing: "mistakes=1/1000hb")]
        var node = IsolatedNode(policies)
        for number in 1...700 {
            node.observe(number % 100 == 0 ? .seconds(10) : 10_000_000)
            if number < 450 { #expect(node.shortfall() == nil, "a few outages may be bad luck") }
        }
        let shortfall = try #require(node.shortfall())
        #expect(shortfall.neededTimeout == nil)
        #expect(abs(shortfall.mistakesPerHeartbeat - 0.01) < 0.003)
        // Outages do not lengthen the timeout of the other heartbeats.
        #expect(try #require(node.timeout()) < .milliseconds(100))
        for _ in 0..<20_000 { node.observe(10_000_000) }
        #expect(node.shortfall() == nil)
    }

    @Test func `does not grow more certain with every outage it has seen`() throws {
        var (few, many) = (IsolatedNode(), IsolatedNode())
        for number in 1...2000 {
            few.observe(number % 400 == 0 ? .seconds(100) : 10_000_000)
            many.observe(number % 20 == 0 ? .seconds(100) : 10_000_000)
        }
        for silence in [Int64.seconds(20), .seconds(60), .seconds(200)] {
            #expect(try #require(many.model.phi(after: silence)) <= #require(few.model.phi(after: silence)))
            #expect(try #require(many.model.phi(after: silence)) < 2.5)
        }
    }

    @Test func `has a timeout for any φ`() throws {
        for gap in [1, 1000, Int64.hours(1), .max] {
            var node = IsolatedNode([.phi(1e6), .phi(60), .phi(1e-9)])
            for _ in 0..<10 { node.observe(gap, step: .max) }
            for level in 0..<3 { #expect(try #require(node.timeout(level)) >= 0) }
        }
    }

    @Test func `accepts any arrivals that a network can produce`() throws {
        let extremes: [Int64] = [0, 1, 2, .seconds(1), .days(200), .max / 2, .max]
        for gap in extremes {
            for other in extremes {
                var node = IsolatedNode(
                    [.phi(8), .price(100), .mistakes(MistakeBudget(.every(1e15)))], announcedInterval: other)
                for number in 0..<200 {
                    node.observe(number % 3 == 0 ? gap : other, step: number % 5 == 0 ? .max : 1)
                    if let phi = node.model.phi(after: other) { #expect(phi.isFinite && phi >= 0) }
                    for level in 0..<3 { #expect(node.timeout(level) ?? 0 >= 0) }
                }
            }
        }
    }

    @Test func `fits into 512 bytes`() {
        #expect(MemoryLayout<AdaptiveModel>.size <= 512)
    }

    private func node(_ policies: [Policy] = [], random: inout SplitMix64, gaps: Int) -> IsolatedNode {
        let interval = 1 + random.anyMagnitude() >> 16
        var node = IsolatedNode(policies, announcedInterval: random.chance(0.5) ? interval : 0)
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
    /// A standard normal draw, by the Box–Muller transform.
    fileprivate mutating func normal() -> Double {
        (2 * exponential()).squareRoot() * cos(2 * Double.pi * Double.random(in: 0..<1, using: &self))
    }
}
