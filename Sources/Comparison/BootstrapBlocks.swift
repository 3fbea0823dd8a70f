import PhiAccrual

/// Assigns each judged heartbeat of a recording to a block for the bootstrap.
///
/// Successive heartbeats are not independent: one storm causes ten mistakes at once. Costs are therefore kept per
/// *cluster*. With at least ten nodes, each node is a cluster. With fewer, each run of a few hundred consecutive
/// heartbeats of a node is a cluster. A block is the part of a cluster that lies in one half of the recording. The
/// halves are per node: the first and the second half of the node's judged heartbeats.
public struct BootstrapBlocks: Sendable {
    public struct Block: Hashable, Sendable {
        public var cluster: Int
        /// 0: first half; 1: second half.
        public var half: Int
        /// Number of judged heartbeats in the block.
        public var heartbeats: Int
    }
    public private(set) var blocks: [Block] = []
    public private(set) var clusterCount = 0
    /// Block index for each heartbeat of the recording; nil: the heartbeat only trains the models and is not judged.
    public private(set) var blockOfHeartbeat: [Int32?] = []

    /// With at least this many nodes, the nodes are the clusters.
    static let minNodes = 10
    /// With more nodes than this, nodes share clusters. This bounds memory.
    static let maxClusters = 1000
    /// Consecutive heartbeats per run. Runs are longer in recordings that would otherwise have thousands of them.
    static let lengths = 200...400

    /// - Parameter warmUp: Number of arrivals of each node that are not judged.
    public init(_ trace: RecordedArrivals, warmUp: Int = DetectorComparison.warmUp) {
        let judged = trace.nodes.map { max(0, $0.arrivals - warmUp) }
        let layouts =
            judged.count >= Self.minNodes ? layNodes(judged.count) : layOutRuns(judged)
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

    /// Maps the judged heartbeats of one node to blocks.
    private struct Layout {
        /// Index of the node's first block in each half.
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

    private mutating func layOutRuns(_ judged: [Int]) -> [Layout] {
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

    /// Counts every block once.
    var whole: [Int] { blocks.map { _ in 1 } }
    func half(_ number: Int) -> [Int] { blocks.map { $0.half == number ? 1 : 0 } }
    /// Draws `clusterCount` clusters at random, with replacement.
    func resample(using random: inout SplitMix64) -> [Int] {
        var times = [Int](repeating: 0, count: clusterCount)
        for _ in times.indices { times[.random(in: times.indices, using: &random)] += 1 }
        return blocks.map { times[$0.cluster] }
    }
    func heartbeats(counting times: [Int]) -> Int { zip(blocks, times).reduce(0) { $0 + $1.0.heartbeats * $1.1 } }
}
