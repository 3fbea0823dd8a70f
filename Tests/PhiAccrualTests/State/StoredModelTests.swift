import BinaryCoding
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A stored model` {
    /// Specs of each kind, with default and with other parameters.
    static let specimens =
        ["adaptive", "normal", "normal,window=2,floor=0", "normal,window=50"]
        + Baseline.specimens.map { $0.split(separator: " ").joined(separator: ",") }

    @Test(arguments: specimens, seeds(6, quickly: 2))
    func `continues exactly like the original`(text: String, seed: UInt64) throws {
        var interruption = Interruption(seed: seed)
        try DetectorSpec(parsing: text).open(&interruption)
    }

    @Test(arguments: specimens, seeds(3, quickly: 1))
    func `that was damaged is refused or keeps working`(text: String, seed: UInt64) throws {
        var damage = Damage(seed: seed)
        try DetectorSpec(parsing: text).open(&damage)
    }

    @Test(arguments: specimens) func `that was truncated is refused`(text: String) throws {
        var cut = Cut()
        try DetectorSpec(parsing: text).open(&cut)
    }

    @Test func `has a layout version that begins with its name`() throws {
        var names = Names()
        for text in Self.specimens { try DetectorSpec(parsing: text).open(&names) }
        #expect(names.versions.count == 10)
        #expect(names.versions.allSatisfy { $0.key == $0.value.split(separator: "/").first ?? "" })
    }

    @Test func `with a short window refuses the bytes of a longer one`() throws {
        var long = StoredNodes<NormalModel>(.init(window: 100))
        for input in NodeLives(seed: 3).prefix(400) { long.apply(input) }
        #expect(throws: CorruptData.self) {
            try StoredNodes<NormalModel>(.init(window: 10), reading: long.bytes)
        }
    }
}

/// Two nodes of one group, with one level for each policy that the model supports.
private struct StoredNodes<Model: ArrivalModel> {
    private var models: [Model]
    private var group: Model.GroupState
    private var levelStates: [[Model.LevelState]]
    private static var thresholds: [Model.Threshold] {
        let policies: [Policy] = [
            .phi(8), .phi(0.5), .price(100), .mistakes(MistakeBudget(.perHeartbeat(0.001))),
            .mistakes(MistakeBudget(.every(1e13), within: .milliseconds(150))),
        ]
        return policies.filter { Model.refusal(of: $0) == nil }.map(Model.threshold(for:))
    }

    init(_ parameters: Model.Parameters) {
        models = [Model(parameters), Model(parameters)]
        group = Model.makeGroupState(parameters)
        levelStates = models.map { _ in Self.thresholds.map(Model.levelState(of:)) }
    }

    init(_ parameters: Model.Parameters, reading bytes: [UInt8]) throws(CorruptData) {
        var reader = BinaryReader(bytes)
        models = [try Model(parameters, from: &reader), try Model(parameters, from: &reader)]
        group = try reader.state()
        levelStates = []
        for _ in 0..<2 {
            var levels: [Model.LevelState] = []
            for _ in Self.thresholds { levels.append(try reader.state()) }
            levelStates.append(levels)
        }
        guard reader.isAtEnd else { throw CorruptData("there is more than was written") }
    }

    var bytes: [UInt8] {
        var writer = BinaryWriter()
        for model in models { model.write(to: &writer) }
        writer.write(group)
        for levels in levelStates { for levelState in levels { writer.write(levelState) } }
        return writer.bytes
    }

    // MARK: Steps

    mutating func apply(_ input: NodeLives.Input) {
        let node = input.node
        if let arrival = input.arrival {
            models[node].observe(arrival, in: &group)
        } else {
            models[node].begin(announcedInterval: input.announcedInterval)
        }
        updateLevels(node, after: input.arrival)
    }
    private mutating func updateLevels(_ node: Int, after arrival: Arrival?) {
        var levels = levelStates[node]
        var span = levels.mutableSpan
        let thresholds = Self.thresholds
        models[node].updateLevels(thresholds.span, &span, after: arrival, timestampUncertainty: 1000, in: &group)
        levelStates[node] = levels
    }

    // MARK: Queries

    /// Everything that a detector queries from the models.
    var answers: [Answer] {
        var answers: [Answer] = []
        for node in models.indices {
            let model = models[node]
            answers.append(.time(model.expectedGap))
            answers.append(.time(Int64(model.samples)))
            for silence in [0, 1, 1_000_000, 123_456_789, Int64.seconds(3), .days(1), .max] {
                answers.append(.phi(model.phi(after: silence)?.bitPattern))
            }
            for (level, threshold) in Self.thresholds.enumerated() {
                answers.append(.time(model.timeout(until: threshold, in: levelStates[node][level])))
                answers.append(.shortfall(model.shortfall(of: threshold, in: levelStates[node][level])))
            }
        }
        answers.append(.profile((group as? AdaptiveModel.GroupState)?.profile))
        return answers
    }
    enum Answer: Hashable {
        case time(Int64?)
        case phi(UInt64?)
        case shortfall(BudgetShortfall?)
        case profile(LatenessProfile?)
    }
}

/// Random lives of two nodes: mostly regular heartbeats, with losses, outages, restarts, and interval changes.
private struct NodeLives: Sequence, IteratorProtocol {
    struct Input {
        var node: Int
        /// Nil when a schedule begins.
        var arrival: Arrival?
        var announcedInterval: Int64 = 0
    }
    private var random: SplitMix64
    private var intervals: [Int64] = [.milliseconds(100), .seconds(1)]

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func next() -> Input? {
        let node = Int.random(in: 0...1, using: &random)
        if random.chance(0.01) {
            return Input(node: node, announcedInterval: random.chance(0.5) ? intervals[node] : 0)
        }
        if random.chance(0.004) { intervals[node] = .random(in: 1_000...(2 * intervals[node]), using: &random) }
        let jitter = Int64.random(in: 0...(intervals[node] / 4), using: &random)
        let step: Int64 = random.chance(0.05) ? .random(in: 1...30, using: &random) : 1
        let gap = random.chance(0.01) ? random.anyMagnitude() : intervals[node] * step + jitter
        return Input(node: node, arrival: Arrival(gap: gap, step: step))
    }
}

/// Stores nodes at some point in their lives, then compares the copy with the original at every step.
private struct Interruption: ModelVisitor {
    typealias Outcome = Void

    var seed: UInt64

    mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws {
        var lives = NodeLives(seed: seed)
        var original = StoredNodes<Model>(parameters)
        for _ in 0..<[0, 1, 30, 200, 700, 1500][Int(seed)] {
            if let input = lives.next() { original.apply(input) }
        }
        var copy = try StoredNodes<Model>(parameters, reading: original.bytes)
        for (heartbeat, input) in lives.prefix(600).enumerated() {
            guard copy.answers == original.answers, copy.bytes == original.bytes else {
                Issue.record("another answer, \(heartbeat) heartbeats after it was read")
                return
            }
            original.apply(input)
            copy.apply(input)
        }
    }
}

/// Changes some bytes of stored nodes.
private struct Damage: ModelVisitor {
    typealias Outcome = Void

    var seed: UInt64

    mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws {
        var random = SplitMix64(seed: seed)
        var nodes = StoredNodes<Model>(parameters)
        for input in NodeLives(seed: seed).prefix([3, 60, 400][Int(seed)]) { nodes.apply(input) }
        let good = nodes.bytes
        var refused = 0
        for _ in 0..<40 {
            var bad = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                // Extreme bytes are more dangerous than others.
                bad[Int.random(in: bad.indices, using: &random)] =
                    random.chance(0.5) ? .random(in: 0...255, using: &random) : random.chance(0.5) ? 0x7F : 0xFF
            }
            guard var damaged = try? StoredNodes<Model>(parameters, reading: bad) else {
                refused += 1
                continue
            }
            for (heartbeat, input) in NodeLives(seed: random.next()).prefix(1000).enumerated() {
                damaged.apply(input)
                if heartbeat % 100 == 0 { _ = damaged.answers }
            }
        }
        #expect(refused > 0)
    }
}

/// Truncates stored nodes at every byte, and appends one byte.
private struct Cut: ModelVisitor {
    typealias Outcome = Void

    mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws {
        var nodes = StoredNodes<Model>(parameters)
        for input in NodeLives(seed: 1).prefix(20) { nodes.apply(input) }
        let bytes = nodes.bytes
        for count in bytes.indices {
            #expect(throws: CorruptData.self) {
                try StoredNodes<Model>(parameters, reading: Array(bytes.prefix(count)))
            }
        }
        #expect(throws: CorruptData.self) { try StoredNodes<Model>(parameters, reading: bytes + [0]) }
    }
}

/// Collects the layout version of each model, by the model's name.
private struct Names: ModelVisitor {
    typealias Outcome = Void

    var versions: [String: String] = [:]

    mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws {
        let name = (parameters as? any DetectorParameters).map { type(of: $0).detectorName } ?? "adaptive"
        versions[name] = Model.stateVersion
    }
}
