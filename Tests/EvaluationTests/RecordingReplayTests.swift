import BinaryCoding
import Evaluation
import Foundation
import PhiAccrual
import Recordings
import TestSupport
import Testing

@Suite struct `A replay of a recording` {
    /// Random detector inputs of every kind. They are at most 60 ms apart, or at most 20 s with probability 0.01, so
    /// the detector is sometimes late itself.
    private struct Day: Sequence, IteratorProtocol {
        private var random: SplitMix64
        private var now: Int64 = 1_000_000
        private var remaining: Int
        private var sequences: [UInt32]
        private var incarnations: [UInt32]
        private let policies: PolicyTable
        private var waiting: [DetectorInput] = []

        init(seed: UInt64, policies: PolicyTable, steps: Int) {
            (random, remaining, self.policies) = (SplitMix64(seed: seed), steps, policies)
            (sequences, incarnations) = (Array(repeating: 0, count: 8), Array(repeating: 7, count: 8))
        }

        mutating func next() -> DetectorInput? {
            if let input = waiting.popLast() { return input }
            guard remaining > 0 else { return nil }
            remaining -= 1
            now += .random(in: 1...(random.chance(0.01) ? .seconds(20) : .milliseconds(60)), using: &random)
            let at = Instant(nanoseconds: now)
            let node = Int.random(in: 0..<8, using: &random)
            let key = NodeKey(rawValue: UInt64(node))
            let later = at + .seconds(Int64.random(in: 1...30, using: &random))
            guard let identity = try? NodeIdentity(group: node < 4 ? "a" : "b", name: "\(node)") else { return nil }
            waiting = [.advance(to: at)]
            switch Double.random(in: 0..<1, using: &random) {
            case ..<0.03: return .announcement(identity, key, at: at)
            case ..<0.035: return .expectation(identity, key, until: later, at: at)
            case ..<0.037: return .noExpectation(key, at: at)
            case ..<0.04: return .ignoredSilence(from: at, to: later)
            case ..<0.05: return .timestampUncertainty(.random(in: 0...1_000_000, using: &random))
            case ..<0.055:
                var changed = policies
                let policy = Policy.phi(.random(in: 0.5...9, using: &random))
                changed.set(policy, level: 1, from: Origin(.tune, for: .group("a")))
                return .policies(changed, at: at)
            case ..<0.057:
                return .rules(
                    RecoveryRule(minConsecutive: .random(in: 1...3, using: &random)), random.chance(0.5) ? .init() : nil
                )
            case ..<0.062: return .pause(key, until: later, reason: "planned", at: at)
            case ..<0.067: return .resumption(key, at: at)
            case ..<0.068: return .forgetting(key, at: at)
            case ..<0.08: return .disconnection(key, at: at)
            case ..<0.1: return .backlog(random.chance(0.7))
            case ..<0.2: return .advance(to: at)
            default:
                let times = random.chance(0.2) ? 3 : 1
                let nodes = node..<Int.random(in: node...8, using: &random)
                return .heartbeats(nodes.flatMap { node in (0..<times).map { _ in beat(node) } }, at: at)
            }
        }
        private mutating func beat(_ node: Int) -> Heartbeat {
            sequences[node] &+= random.chance(0.05) ? .random(in: 2...9, using: &random) : 1
            if random.chance(0.01) { (incarnations[node], sequences[node]) = (incarnations[node] + 1, 0) }
            return Heartbeat(
                key: NodeKey(rawValue: UInt64(node)), incarnation: incarnations[node], sequence: sequences[node],
                sent: now - 5, announcedInterval: .milliseconds(300), isLeaving: random.chance(0.002))
        }
    }

    private static func policies() throws -> PolicyTable {
        PolicyTable(levels: [.suspect(.phi(2)), try Level(name: "evict", policy: .phi(5))])
    }
    private static func detector<Model: ArrivalModel>(
        _ parameters: Model.Parameters, _ policies: PolicyTable, _: Model.Type = Model.self
    ) -> Detector<Model> {
        var configuration = Detector<Model>.Configuration(
            levels: policies.levels, model: parameters, retention: .seconds(60), seed: 5)
        configuration.policies = policies
        configuration.hold = HoldRule()
        return Detector(configuration)
    }

    /// Applies the inputs of `Day` to a detector, and records them in files of about `fileSize` bytes.
    private struct Service: ModelVisitor {
        typealias Outcome = [Event]

        let folder: String
        let choice: DetectorSpec
        var fileSize: Int64 = 20_000

        func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws -> [Event] {
            let policies = try policies()
            var detector = detector(parameters, policies, model)
            var writer = try RecordingWriter(
                folder: folder, limits: .init(file: fileSize), beginning(detector, at: Instant(nanoseconds: 0)))
            var (events, buffer) = ([Event](), RecordBuffer())
            for (number, input) in Day(seed: 3, policies: policies, steps: 6000).enumerated() {
                buffer.append(input)
                detector.apply(input, into: &events)
                guard number % 50 == 49 else { continue }
                try writer.write(buffer)
                buffer.removeAll()
                if writer.isFull { try writer.begin(beginning(detector, at: Instant(nanoseconds: 0))) }
            }
            try writer.write(buffer)
            return events
        }
        func beginning<Model>(_ detector: Detector<Model>, at now: Instant) -> SegmentStart {
            var state = BinaryWriter()
            detector.write(to: &state)
            let header = RecordingHeader(
                createdAt: 1_700_000_000_000_000_000, start: now, wallOffset: 0, program: "test",
                detector: choice.description)
            return SegmentStart(header, checkpoint: state.bytes)
        }
    }
    private struct Once: ModelVisitor {
        typealias Outcome = [Event]

        let paths: [String]
        let choice: DetectorSpec
        var policy: Policy?
        var damages: [RecordingDamage] = []
        var samples = 0

        mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws -> [Event]
        {
            var replay = RecordingReplay<Model>(of: choice.description, model: parameters, policy: policy)
            var (events, damages) = ([Event](), [RecordingDamage]())
            try replay.run(RecordingReader(paths)) { event, _, _ in
                events.append(event)
            } onDamage: { damage in
                damages.append(damage)
            } onStep: { _ in
                samples += 1
            }
            self.damages = damages
            #expect(replay.report().samples == samples)
            return events
        }
    }

    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("phirec-\(UUID().uuidString)")
        .path

    @Test(arguments: ["normal", "adaptive", "akka,max-sample-size=50", "fixed,timeout=900ms", "empirical,window=30"])
    func `repeats the recorded decisions to the nanosecond`(text: String) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let choice = try DetectorSpec(parsing: text)
        var service = Service(folder: folder, choice: choice)
        let events = try choice.open(&service)
        #expect(events.count > 200)
        let files = try RecordingReader.files([folder])
        #expect(files.count > 5)

        var once = Once(paths: [folder], choice: choice)
        #expect(try choice.open(&once) == events)
        #expect(once.damages == [] && once.samples > 1000)
        // Each file starts with a checkpoint, so a replay can start at any file.
        var rest = Once(paths: Array(files.dropFirst(2)), choice: choice)
        let later = try choice.open(&rest)
        #expect(later.count > 50 && later.elementsEqual(events.suffix(later.count)))
    }

    @Test(arguments: [1 << 30, 20_000] as [Int64])
    func `under another policy makes that policy's decisions, for any number of files`(fileSize: Int64) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let choice = try DetectorSpec(parsing: "normal")
        var service = Service(folder: folder, choice: choice, fileSize: fileSize)
        let decided = try choice.open(&service)

        let policy = Policy.phi(1)
        let policies = PolicyTable(
            levels: [Level.suspect(policy).set(by: .option), try Level(name: "evict", policy: .phi(5))])
        var detector = Self.detector(NormalModel.Parameters(), policies, NormalModel.self)
        var expected: [Event] = []
        for input in Day(seed: 3, policies: policies, steps: 6000) {
            if let now = input.instant { detector.advanceIdeally(before: now, into: &expected) }
            detector.apply(input, into: &expected)
        }
        var what = Once(paths: [folder], choice: choice, policy: policy)
        let events = try choice.open(&what)
        #expect(events == expected)
        #expect(events != decided)
    }

    @Test func `counts no heartbeats of a backlog as lost`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let detector = Self.detector(NormalModel.Parameters(), try Self.policies(), NormalModel.self)
        let service = Service(folder: folder, choice: DetectorSpec(NormalModel.Parameters()))
        var writer = try RecordingWriter(
            folder: folder, limits: .init(), service.beginning(detector, at: Instant(nanoseconds: 0)))
        var buffer = RecordBuffer()
        var sequence: UInt32 = 0
        for second in 0..<30 as Range<Int64> {
            if second == 20 { buffer.append(.backlog(true)) }
            let burst = (0..<(second < 20 ? 1 : 4)).map { _ in
                sequence += 1
                return Heartbeat(key: NodeKey(rawValue: 1), sequence: sequence)
            }
            buffer.append(.heartbeats(burst, at: Instant(nanoseconds: .seconds(second))))
        }
        try writer.write(buffer)
        var replay = RecordingReplay<NormalModel>(of: service.choice.description, model: .init(), policy: nil)
        try replay.run(RecordingReader([folder])) { _, _, _ in
        } onDamage: { _ in
        } onStep: { _ in
        }
        let report = replay.report()
        #expect(report.losses == 0 && report.samples == Int(sequence))
    }

    @Test func `continues after a damaged file`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let choice = try DetectorSpec(parsing: "normal")
        var service = Service(folder: folder, choice: choice)
        let events = try choice.open(&service)
        let files = try RecordingReader.files([folder])
        var bytes = try Data(contentsOf: URL(fileURLWithPath: files[1]))
        bytes[bytes.count - 100] ^= 1
        try bytes.write(to: URL(fileURLWithPath: files[1]))
        var once = Once(paths: [folder], choice: choice)
        let emitted = try choice.open(&once)
        #expect(once.damages.map(\.path) == [files[1]])
        var rest = Once(paths: Array(files.dropFirst(2)), choice: choice)
        let later = try choice.open(&rest)
        #expect(emitted.suffix(later.count) == events.suffix(later.count))
        #expect(emitted.count <= events.count)
    }

    @Test func `refuses a recording of another detector`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var service = Service(folder: folder, choice: DetectorSpec(NormalModel.Parameters()))
        _ = try service.choice.open(&service)
        var once = Once(paths: [folder], choice: DetectorSpec(NormalModel.Parameters(window: 7)))
        #expect(throws: RecordingError.self) { try once.choice.open(&once) }
    }
}
