import Foundation
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A budget of mistakes` {
    @Test func `that its limit does not let be kept is told of once, and again when it can be`() throws {
        var random = SplitMix64(seed: 21)
        let budget = MistakeBudget(.perHeartbeat(0.001), within: .milliseconds(1500))
        var detector = Detector<AdaptiveModel>(.init(levels: [.suspect(.mistakes(budget))], model: .init()))
        var events: [Event] = []
        var now = Instant(nanoseconds: 0)
        func notices() -> [Notice] {
            events.compactMap { if case .notice(let notice) = $0, notice.code != .unnamed { notice } else { nil } }
        }
        func beat(_ sequence: Int, late: Double) {
            now = Instant(nanoseconds: now.nanoseconds + Int64(1e9 + late * 1e9))
            let heartbeat = Heartbeat(key: .named("a"), incarnation: 1, sequence: UInt32(sequence))
            detector.receive(heartbeat, at: now, into: &events)
        }
        for sequence in 1...3000 { beat(sequence, late: 0.01 * Double.random(in: 0...1, using: &random)) }
        #expect(notices() == [])
        for sequence in 3001...4000 {
            beat(sequence, late: random.chance(0.1) ? Double.random(in: 0...3, using: &random) : 0)
        }
        let told = notices()
        #expect(told.map(\.code) == [.infeasible])
        #expect(told.first?.level == 0)
        let shortfall = try #require(told.first?.shortfall)
        #expect(shortfall.mistakesPerHeartbeat > 0.0015)
        #expect(try #require(shortfall.neededWait) > .milliseconds(1500))
    }
}
