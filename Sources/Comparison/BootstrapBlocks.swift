import PhiAccrual

/// Which heartbeats of a recording are judged, and which of them together.
///
/// Heartbeats that follow one another are not independent: a storm makes ten mistakes at once. So costs are kept per
/// *cluster*. Where there are at least ten nodes, each node is one; else each stretch of some hundred consecutive
/// heartbeats of a node is. A block is what a cluster has in one half of the recording: of each node, the first half of
/// its judged heartbeats and the second.
public struct BootstrapBlocks: Sendable {
    public struct Block: Hashable, Sendable {
        public var cluster: Int
        /// 0: of the first half, 1: of the second.
        public var half: Int
        /// How many are judged in it.
        public var heartbeats: Int
    }
    public private(set) var blocks: [Block] = []
    public private(set) var clusterCount = 0
    /// For each heartbeat of the recording the number of its block; nil: it is only learned from.
    public private(set) var blockOfHeartbeat: [Int32?] = []

    /// From so many nodes on, nodes are the clusters.
    static let minNodes = 10
    /// Nodes beyond share clusters, so that no number of nodes fills the memory.
    static let maxClusters = 1000
    /// Consecutive heartbeats of a stretch; longer where a recording is so long that there would be thousands of them.
    static let lengths = 200...400

    /// - Parameter warmUp: How many arrivals of each node come before judging begins.
    public init(_ trace: RecordedArrivals, warmUp: Int = DetectorComparison.warmUp) {
        let judged = trace.nodes.map { max(0, $0.arrivals - warmUp) }
        let layouts =
            judged.count >= Self.minNodes ? layNodes(judged.count) : layStretches(judged)
        var arrivals = [Int](repeating: 0, count: judged.count)
        blockOfHeartbeat = trace.heartbeats.map { heartbeat in
            guard heartbeat.arrival != nil else { return nil }
            let node = heartbeat.node
            let number = arrivals[node] - warmUp
            arrivals[node] += 1
            guard number >= 0 else { return nil }
            let block = layouts[node].block(ofHeartbeat: number, among: judged[node])
            blocks[block].heartbeats += 1
            return Int32(block)
        }
    }

    /// The blocks of one node.
    private struct Layout {
        /// Number of the first block in either half.
        var first: [Int]
        var blocksPerHalf = 1

        func block(ofHeartbeat number: Int, among count: Int) -> Int {
            let middle = count / 2
            guard number >= middle else { return first[0] + number * blocksPerHalf / middle }
            return first[1] + (number - middle) * blocksPerHalf / (count - middle)
        }
    }

    private mutating func layNodes(_ count: Int) -> [Layout] {
        clusterCount = min(count, Self.maxClusters)
        blocks = (0..<clusterCount).flatMap { cluster in
            (0..<2).map { Block(cluster: cluster, half: $0, heartbeats: 0) }
        }
        return (0..<count).map { node in
            let cluster = node % clusterCount
            return Layout(first: [2 * cluster, 2 * cluster + 1])
        }
    }

    private mutating func layStretches(_ judged: [Int]) -> [Layout] {
        let total = judged.reduce(0, +)
        let length = max(total / 2000, min(Self.lengths.upperBound, max(Self.lengths.lowerBound, total / 50)))
        return judged.map { count in
            let perHalf = max(1, (count / 2 + length / 2) / length)
            let first = blocks.count
            for number in 0..<2 * perHalf {
                blocks.append(Block(cluster: clusterCount + number, half: number / perHalf, heartbeats: 0))
            }
            clusterCount += 2 * perHalf
            return Layout(first: [first, first + perHalf], blocksPerHalf: perHalf)
        }
    }

    // MARK: How often each block counts

    /// Every block once.
    var whole: [Int] { blocks.map { _ in 1 } }
    func half(_ number: Int) -> [Int] { blocks.map { $0.half == number ? 1 : 0 } }
    /// As many clusters as there are, drawn by lot with repetition.
    func resample(using random: inout SplitMix64) -> [Int] {
        var times = [Int](repeating: 0, count: clusterCount)
        for _ in times.indices { times[.random(in: times.indices, using: &random)] += 1 }
        return blocks.map { times[$0.cluster] }
    }
    func heartbeats(counting times: [Int]) -> Int { zip(blocks, times).reduce(0) { $0 + $1.0.heartbeats * $1.1 } }
}
