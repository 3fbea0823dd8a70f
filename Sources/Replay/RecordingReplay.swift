import PhiAccrual
import QualityOfService
import Recordings

/// Tells a detector once more what it was told when it was recorded, and judges it.
///
/// It then decides what it decided: the same events, at the same instants and with the same φ. Under another policy it
/// decides what it would have. Quality is that of the first level.
public struct RecordingReplay<Model: ArrivalModel> {
    public typealias Step = TraceReplay<Model>.Step

    private struct Heard {
        var number: Int
        var incarnation: UInt32
        var sequence: UInt32
    }
    private let choice: String
    private let model: Model.Parameters
    private let policy: Policy?
    private var detector: Detector<Model>?
    private var names: [NodeKey: String] = [:]
    private var heard: [NodeKey: Heard] = [:]
    private var quality: QualityRecorder
    private var events: [Event] = []
    private var steps: [Step] = []

    /// The policies at the end; nil if there was no beginning.
    public var policies: PolicyBook? { detector?.policies }

    /// - Parameters:
    ///   - choice: The detector as the recording's header has it. One that was made by another is refused.
    ///   - policy: What every node's first level follows instead of what was recorded.
    ///   - warmUp: How many fresh heartbeats per node come before judging begins.
    public init(of choice: String, model: Model.Parameters, policy: Policy? = nil, warmUp: Int = 0) {
        (self.choice, self.model, self.policy) = (choice, model, policy)
        quality = QualityRecorder(warmUp: warmUp)
    }

    /// Runs the recording to its end. Every beginning of a file starts the detector anew from its checkpoint.
    ///
    /// - Parameters:
    ///   - onEvent: Told of each event, the levels, and what to add to its instant for Unix nanoseconds.
    ///   - onProgress: Told now and then which share was read.
    public mutating func run(
        _ recording: consuming RecordingReader, onEvent: (Event, [Level], Int64) throws -> Void = { _, _, _ in },
        onDamage: (RecordingDamage) -> Void, onProgress: (Double) -> Void = { _ in }, onStep: (Step) throws -> Void
    ) throws {
        var wallOffset: Int64 = 0
        var parts = 0
        while let part = try recording.next() {
            parts += 1
            if parts % 1024 == 0 { onProgress(recording.share) }
            switch part {
            case .beginning(let header, let checkpoint):
                wallOffset = header.wallOffset
                do { try begin(header, checkpoint) } catch {
                    throw RecordingError(path: recording.path, reason: "\(error)")
                }
            case .names(let known): for name in known { names[name.key] = name.identity.description }
            case .input(let input): take(input, wallOffset)
            case .damage(let damage): onDamage(damage)
            }
            if let levels = detector?.levels { for event in events { try onEvent(event, levels, wallOffset) } }
            events.removeAll(keepingCapacity: true)
            for step in steps { try onStep(step) }
            steps.removeAll(keepingCapacity: true)
        }
    }

    public func report() -> QualityReport { quality.report() }

    private mutating func begin(_ header: RecordingHeader, _ checkpoint: [UInt8]) throws {
        guard header.detector == choice else { throw OtherDetector(made: header.detector, replayed: choice) }
        var reader = StateReader(checkpoint[...])
        detector = try Detector(model: model, from: &reader)
        if let book = detector?.policies { take(.policies(overridden(book), at: header.start), 0) }
    }

    /// The book with the policy asked for at its first level, for everyone.
    private func overridden(_ book: PolicyBook) -> PolicyBook {
        guard let policy, let first = try? Level(name: book.levels[0].name, policy: policy) else { return book }
        var changed = PolicyBook(levels: [first.set(by: .option)] + book.levels.dropFirst())
        for entry in book.entries where entry.level > 0 {
            changed.set(entry.policy, level: entry.level, from: entry.origin)
        }
        return changed
    }

    private mutating func take(_ input: DetectorInput, _ wallOffset: Int64) {
        switch input {
        case .heartbeats(let heartbeats, let now): for heartbeat in heartbeats { hear(heartbeat, now, wallOffset) }
        case .policies(let book, let now):
            let changed = overridden(book)
            detector?.take(.policies(changed, at: now), into: &events)
        case .introduction(let identity, let key, _), .expectation(let identity, let key, _, _):
            if names[key] == nil { names[key] = identity.description }
            detector?.take(input, into: &events)
        default: detector?.take(input, into: &events)
        }
    }

    private mutating func hear(_ heartbeat: Heartbeat, _ now: Instant, _ wallOffset: Int64) {
        let key = heartbeat.key
        let phi = detector?.phi(of: key, at: now)
        let previousDeadline = detector?.deadline(of: key)
        guard detector?.receive(heartbeat, at: now, into: &events) == .fresh else { return }

        let deadline = detector?.deadline(of: key)
        let before = heard[key]
        let number = before?.number ?? heard.count
        heard[key] = Heard(number: number, incarnation: heartbeat.incarnation, sequence: heartbeat.sequence)
        let ahead = before.map { Int64(Int32(bitPattern: heartbeat.sequence &- $0.sequence)) }
        let arrival = now.nanoseconds.addingSaturated(wallOffset)
        quality.record(
            JudgedArrival(
                node: number, at: now.nanoseconds,
                step: before?.incarnation == heartbeat.incarnation ? ahead.map { max(1, $0) } : nil,
                delay: nil, phi: phi, previousDeadline: previousDeadline?.nanoseconds,
                deadline: deadline?.nanoseconds))
        steps.append(
            Step(
                node: names[key] ?? key.description, sequence: Int64(heartbeat.sequence), arrival: arrival, phi: phi,
                deadline: deadline?.nanoseconds.addingSaturated(wallOffset)))
    }
}

/// Files of several detectors cannot be one replay.
struct OtherDetector: Error, CustomStringConvertible {
    var made: String
    var replayed: String
    var description: String {
        "was recorded by '\(made.escapingControls)', and files before it by '\(replayed.escapingControls)': replay them apart"
    }
}
