import BinaryCoding
import PhiAccrual
import Recordings

/// Replays the recorded inputs of a detector, and measures its quality of service.
///
/// The replay produces the same events, at the same instants and with the same φ. With another policy it produces the
/// events that this policy would have caused. The quality is that of the first level.
public struct RecordingReplay<Model: ArrivalModel> {
    public typealias Step = TraceReplay<Model>.Step

    private let choice: String
    private let model: Model.Parameters
    private let policy: Policy?
    private var judged: ReplayedDetector<Model>?
    private var names: [NodeKey: String] = [:]
    private var accumulator: QualityAccumulator
    /// Whether the current file was readable so far, without damage.
    private var isWhole = true

    /// The policies at the end; nil if the recording contains no segment start.
    public var policies: PolicyTable? { judged?.detector.policies }

    /// - Parameters:
    ///   - choice: The detector as written in the recording's header. A recording of another detector is refused.
    ///   - policy: Replaces the recorded policies of the first level for every node.
    ///   - warmUp: Number of fresh heartbeats per node before judging begins.
    public init(of choice: String, model: Model.Parameters, policy: Policy? = nil, warmUp: Int = 0) {
        (self.choice, self.model, self.policy) = (choice, model, policy)
        accumulator = QualityAccumulator(warmUp: warmUp)
    }

    /// Runs the recording to its end. Every segment start restarts the detector from its checkpoint. The exception is a
    /// replay under another policy without a gap before the segment: the detector then keeps the state that it reached
    /// under that policy.
    ///
    /// - Parameters:
    ///   - onEvent: Called with each event, the levels, and the offset from its instant to Unix nanoseconds.
    ///   - onProgress: Called periodically with the share that was read.
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
            case .clock(let offset): wallOffset = offset
            case .damage(let damage):
                isWhole = false
                onDamage(damage)
            case .input(let input):
                recordName(input)
                try judged?.apply(input, by: &accumulator) { heard in
                    let name = names[heard.key] ?? heard.key.description
                    let arrival = heard.at.nanoseconds.addingSaturated(wallOffset)
                    try onStep(
                        Step(
                            node: name, sequence: Int64(heard.sequence), arrival: arrival, phi: heard.phi,
                            deadline: heard.deadline?.nanoseconds.addingSaturated(wallOffset)))
                }
            }
            guard let levels = judged?.detector.levels else { continue }
            for event in judged?.dequeueEvents() ?? [] { try onEvent(event, levels, wallOffset) }
        }
    }

    public func report() -> QualityReport { accumulator.quality.report() }

    private mutating func begin(_ header: RecordingHeader, _ checkpoint: [UInt8]) throws {
        guard header.detector == choice else { throw DetectorMismatch(made: header.detector, replayed: choice) }
        var reader = BinaryReader(checkpoint[...])
        let detector = try Detector<Model>(model: model, from: &reader)
        defer { isWhole = true }
        // Only the verdicts in a checkpoint depend on policies.
        if policy != nil, isWhole, let judged, judged.detector.lastArrival == detector.lastArrival { return }
        judged = ReplayedDetector(detector, at: header.start, under: policy == nil ? nil : overridden)
    }

    /// The policy table with the requested policy at its first level, for all nodes.
    private func overridden(_ policies: PolicyTable) -> PolicyTable {
        guard let policy, let first = try? Level(name: policies.levels[0].name, policy: policy) else { return policies }
        var changed = PolicyTable(levels: [first.set(by: .option)] + policies.levels.dropFirst())
        for entry in policies.entries where entry.level > 0 {
            changed.set(entry.policy, level: entry.level, from: entry.origin)
        }
        return changed
    }

    private mutating func recordName(_ input: DetectorInput) {
        switch input {
        case .announcement(let identity, let key, _), .expectation(let identity, let key, _, _):
            if names[key] == nil { names[key] = identity.description }
        default: break
        }
    }
}

/// The files of several detectors cannot be replayed as one recording.
struct DetectorMismatch: Error, CustomStringConvertible {
    var made: String
    var replayed: String
    var description: String {
        "this file was recorded with the detector '\(made.escapingControls)', earlier files with '\(replayed.escapingControls)': replay them separately"
    }
}

extension Detector {
    /// The last arrival over all nodes. Two successive files have the same value if nothing is missing between them.
    fileprivate var lastArrival: Instant? {
        statuses(from: 0, limit: .max, at: Instant(nanoseconds: 0)).page.compactMap(\.lastArrival).max()
    }
}
