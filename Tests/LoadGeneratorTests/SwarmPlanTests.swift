import LoadGenerator
import PhiAccrual
import Testing

@Suite struct `The plan of a swarm` {
    private static func settings(seed: UInt64) -> SwarmPlan.Settings {
        var settings = SwarmPlan.Settings(nodes: 50, interval: .seconds(1), time: .seconds(100))
        (settings.crashes, settings.pauses, settings.beginWithin, settings.seed) = (7, 11, .seconds(20), seed)
        return settings
    }

    @Test func `is the same for equal seeds, and another for other seeds`() throws {
        let plan = try SwarmPlan(Self.settings(seed: 1))
        #expect(try SwarmPlan(Self.settings(seed: 1)) == plan)
        #expect(try SwarmPlan(Self.settings(seed: 2)).nodes != plan.nodes)
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func `crashes and pauses as many nodes as stated, after all have begun and before the end`(seed: UInt64) throws {
        let nodes = try SwarmPlan(Self.settings(seed: seed)).nodes
        #expect(nodes.count == 50 && Set(nodes.map(\.identity)).count == 50)
        #expect(nodes.count { $0.crash != nil } == 7 && nodes.count { $0.pause != nil } == 11)
        #expect(nodes.allSatisfy { (0..<20_000_000_000).contains($0.begin) })
        let changes = nodes.compactMap(\.crash) + nodes.compactMap { $0.pause?.lowerBound }
        #expect(changes.allSatisfy { (20_000_000_000...90_000_000_000).contains($0) })
        #expect(nodes.compactMap(\.pause).allSatisfy { $0.upperBound - $0.lowerBound == 2_000_000_000 })
    }

    @Test func `refuses a group whose name is invalid`() {
        var settings = Self.settings(seed: 1)
        settings.group = ""
        #expect(throws: InvalidName.self) { try SwarmPlan(settings) }
    }
}
