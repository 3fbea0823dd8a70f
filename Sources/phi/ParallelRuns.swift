import Comparison
import Synchronization
import Traces

/// A recording to compare detectors on, not yet loaded into memory.
enum RecordingSource: Sendable {
    case file(String, columnUnit: TimeUnit?)
    case synthetic(SyntheticFamily, seed: UInt64)

    var name: String {
        switch self {
        case .file(let path, _): path.split(separator: "/").last.map(String.init) ?? path
        case .synthetic(let family, _): family.rawValue
        }
    }
    var isSynthetic: Bool { if case .synthetic = self { true } else { false } }

    func load() throws -> RecordedArrivals {
        switch self {
        case .file(let path, let unit): try RecordedArrivals(path: path, columnUnit: unit)
        case .synthetic(let family, let seed): family.recording(seed: seed)
        }
    }
}

/// Runs the same computation on several recordings, in parallel on all cores, and shows its progress.
struct ParallelRuns {
    let sources: [RecordingSource]

    /// - Parameter body: The computation. Its second argument reports the completed share.
    /// - Returns: The outcomes in the order of the sources.
    func outcomes<Outcome: Sendable>(
        _ body: @escaping @Sendable (RecordedArrivals, @escaping (Double) -> Void) -> Outcome
    ) async throws -> [Outcome] {
        let progress = RecordingProgress(sources.map(\.name))
        defer { progress.clear() }
        return try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            for (number, source) in sources.enumerated() {
                group.addTask {
                    try Task.checkCancellation()
                    progress.show(0, of: number)
                    let outcome = body(try source.load()) { progress.show($0, of: number) }
                    progress.show(1, of: number)
                    return (number, outcome)
                }
            }
            var outcomes: [(Int, Outcome)] = []
            for try await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

/// Progress for each recording, on one line of a terminal.
private final class RecordingProgress: Sendable {
    private struct State {
        var shares: [Double?]  // nil: not started
        var shown: ContinuousClock.Instant?
    }
    private let names: [String]
    private let state: Mutex<State>
    private static let pause = Duration.milliseconds(100)  // minimum time between two updates of the line

    init(_ names: [String]) {
        self.names = names
        state = Mutex(State(shares: names.map { _ in nil }))
    }

    func show(_ share: Double, of number: Int) {
        guard Console.showsProgress else { return }
        state.withLock { state in
            state.shares[number] = share
            let now = ContinuousClock.now
            guard state.shown.map({ now - $0 >= Self.pause }) ?? true else { return }
            state.shown = now
            let done = state.shares.count { $0 == 1 }
            let running = zip(names, state.shares).compactMap { name, share in
                share.flatMap { $0 < 1 ? "\(name) \(($0 * 100).decimals(0)) %" : nil }
            }
            let text = "\(done) of \(names.count) done; \(running.joined(separator: ", "))"
            Console.progress(String(text.prefix(78)))
        }
    }
    func clear() { if Console.showsProgress { Console.progress("") } }
}
