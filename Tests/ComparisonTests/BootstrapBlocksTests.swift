import PhiAccrual
import Testing

@testable import Comparison

@Suite struct `Bootstrap blocks` {
    /// For each node, the blocks of its evaluated arrivals in order.
    private func blocksByNode(_ recording: RecordedArrivals, _ plan: BootstrapBlocks) -> [[Int]] {
        var blocks = [[Int]](repeating: [], count: recording.nodes.count)
        for (heartbeat, block) in zip(recording.heartbeats, plan.blockOfHeartbeat) {
            if let block { blocks[heartbeat.node].append(Int(block)) }
        }
        return blocks
    }

    @Test(arguments: [[150, 700, 9001], [200, 201, 202, 203], [15_000, 15_000], [400], []])
    func
        `cover every heartbeat after the warm-up once, each in one node and one half`(counts: [Int])
    {
        let recording = RecordedArrivals.taking(turns: counts)
        let plan = BootstrapBlocks(recording)
        let byNode = blocksByNode(recording, plan)
        #expect(byNode.map(\.count) == counts.map { max(0, $0 - 200) })
        for blocks in byNode {
            #expect(blocks == blocks.sorted())
            let holdOut = blocks.map { plan.blocks[$0].half }
            #expect(holdOut == holdOut.sorted())
            #expect(holdOut.count { $0 == 0 } == blocks.count / 2)
        }
        // No two nodes share a block, and each block has the right number of heartbeats.
        #expect(byNode.map { Set($0).count }.reduce(0, +) == Set(byNode.joined()).count)
        for (number, block) in plan.blocks.enumerated() {
            #expect(block.heartbeats == byNode.joined().count { $0 == number })
            #expect(block.heartbeats <= 600)
        }
        #expect(plan.clusterCount == plan.blocks.count)
        #expect(
            plan.heartbeats(counting: plan.half(0)) + plan.heartbeats(counting: plan.half(1))
                == byNode.joined().count)
    }

    @Test func `use nodes as clusters from ten nodes on`() {
        let recording = RecordedArrivals.taking(turns: (0..<10).map { 300 + 10 * $0 })
        let plan = BootstrapBlocks(recording)
        #expect(plan.clusterCount == 10)
        for (node, blocks) in blocksByNode(recording, plan).enumerated() {
            #expect(Set(blocks.map { plan.blocks[$0].cluster }) == [node])
            #expect(blocks.count { plan.blocks[$0].half == 0 } == (100 + 10 * node) / 2)
        }
        #expect(BootstrapBlocks(RecordedArrivals.taking(turns: Array(repeating: 300, count: 9))).clusterCount == 18)
    }

    @Test func `stay few, however many nodes there are`() {
        let plan = BootstrapBlocks(RecordedArrivals.taking(turns: Array(repeating: 12, count: 3500)), warmUp: 10)
        #expect(plan.clusterCount == 1000 && plan.blocks.count == 2000)
        #expect(plan.heartbeats(counting: plan.whole) == 7000)
    }

    @Test func `are drawn as whole clusters, as many as there are`() {
        let plan = BootstrapBlocks(RecordedArrivals.taking(turns: Array(repeating: 300, count: 20)))
        var random = SplitMix64(seed: 1)
        var total = [Int](repeating: 0, count: 20)
        for _ in 0..<500 {
            let times = plan.resample(using: &random)
            #expect(times.reduce(0, +) == plan.blocks.count)
            for (block, times) in zip(plan.blocks, times) where block.half == 0 { total[block.cluster] += times }
            for cluster in 0..<20 { #expect(times[2 * cluster] == times[2 * cluster + 1]) }
        }
        // Each is drawn 500 times on average, give or take √500.
        for count in total { #expect(abs(Double(count) - 500) < 5 * 500.0.squareRoot()) }
    }
}
