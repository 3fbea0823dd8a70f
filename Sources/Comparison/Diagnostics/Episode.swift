import PhiAccrual

/// The suspicion levels around one mistake. Times are seconds since the last arrival before the mistake.
public struct Episode: Sendable {
    public let node: String
    /// Length of the silence. It begins with the arrival at time 0 and ends with an arrival.
    public let silence: Double
    /// The displayed time range: some intervals before and after the silence, limited to the extent of the trace.
    public let shown: ClosedRange<Double>
    /// All fresh arrivals in `shown`.
    public let arrivals: [Double]
    public let tracks: [Track]

    /// What one detector reports during the episode.
    public struct Track: Sendable {
        public let detector: String
        public let phi: [Suspicion]
        /// For each arrival, the instant when the node would have been suspected without a further heartbeat. Deadlines
        /// outside `shown` are left out.
        public let deadlines: [Double]
        /// When the node was suspected.
        public let suspected: [ClosedRange<Double>]
    }
    public struct Suspicion: Hashable, Sendable {
        public var time: Double
        public var phi: Double
    }

    init(_ window: Window, tracks: [(detector: String, track: WindowTrack)]) {
        node = window.nodeName
        silence = window.seconds(window.silenceEnd)
        shown = window.seconds(window.shown.lowerBound)...window.seconds(window.shown.upperBound)
        arrivals = window.arrivals.map(window.seconds)
        self.tracks = tracks.map { detector, track in
            Track(
                detector: detector, phi: track.phi, deadlines: track.deadlines.map(window.seconds),
                suspected: track.suspected.map { window.seconds($0.lowerBound)...window.seconds($0.upperBound) })
        }
    }
}

/// The part of a trace that an episode displays. Times are nanoseconds of the recording's clock.
struct Window {
    let node: Int
    let nodeName: String
    let shown: ClosedRange<Int64>
    /// The last arrival before the silence.
    let origin: Int64
    let silenceEnd: Int64
    let arrivals: [Int64]

    /// Number of intervals displayed before the silence, and after it.
    private static let intervals = 5.0
    private static let instants = 240

    init(around mistake: Mistake, in trace: RecordedArrivals) {
        let node = trace.nodes[mistake.node]
        self.node = mistake.node
        nodeName = node.name
        (origin, silenceEnd) = (mistake.last, mistake.now)
        let edge = Int64(saturating: Self.intervals * node.interval)
        let times = zip(trace.heartbeats, trace.times).filter { $0.0.node == mistake.node }.map(\.1)
        let from = max(times.first ?? .min, mistake.last.subtractingSaturated(edge))
        let to = min(times.last ?? .max, mistake.now.addingSaturated(edge))
        shown = from...to
        arrivals = times.filter { (from...to).contains($0) }
    }

    func seconds(_ time: Int64) -> Double { Double(time.subtractingSaturated(origin)) / 1e9 }

    /// Evenly spaced instants of `shown` that lie after `first` and not after `last`.
    func instants(after first: Int64, upTo last: Int64) -> [Int64] {
        let length = Double(shown.upperBound) - Double(shown.lowerBound)
        guard length > 0, first < last else { return [] }
        func number(_ time: Int64) -> Double { Double(time.subtractingSaturated(shown.lowerBound)) / length }
        let count = Double(Self.instants)
        let (low, high) = (max(0, number(first) * count), min(count, number(last) * count))
        guard low <= high else { return [] }
        return stride(from: low.rounded(.up), through: high, by: 1).map { step in
            Int64(saturating: Double(shown.lowerBound) + step / count * length)
        }.filter { $0 > first && $0 <= last && shown.contains($0) }
    }
}

/// Records φ, deadlines, and suspicions within a window while a detector runs through the trace.
struct WindowTrack {
    private(set) var phi: [Episode.Suspicion] = []
    private(set) var deadlines: [Int64] = []
    private(set) var suspected: [ClosedRange<Int64>] = []

    mutating func note<Model>(before step: DetectorRun<Model>.Step, _ detector: Detector<Model>, _ window: Window) {
        guard step.node == window.node, step.now >= window.shown.lowerBound,
            step.last <= window.shown.upperBound
        else { return }
        for time in window.instants(after: step.last, upTo: step.now) + [step.now] {
            notePhi(at: time, step, detector, window)
        }
        if let since = step.suspectedSince {
            let from = max(since, window.shown.lowerBound)
            let to = min(step.now, window.shown.upperBound)
            if from < to { suspected.append(from...to) }
        }
    }

    mutating func note<Model>(after step: DetectorRun<Model>.Step, _ detector: Detector<Model>, _ window: Window) {
        guard step.node == window.node, step.now <= window.shown.upperBound else { return }
        notePhi(at: step.now, step, detector, window)
        if let deadline = detector.deadline(of: step.key)?.nanoseconds, window.shown.contains(deadline) {
            deadlines.append(deadline)
        }
    }

    private mutating func notePhi<Model>(
        at time: Int64, _ step: DetectorRun<Model>.Step, _ detector: Detector<Model>, _ window: Window
    ) {
        guard window.shown.contains(time),
            let reached = detector.phi(of: step.key, at: Instant(nanoseconds: time))
        else { return }
        phi.append(.init(time: window.seconds(time), phi: reached))
    }
}

/// A silence that outlasted its deadline although the node was up.
struct Mistake {
    var node: Int
    /// Arrival of the last heartbeat before the silence (`last`) and of the one that ended it (`now`), in nanoseconds
    /// of the recording's clock.
    var last: Int64
    var now: Int64
}

extension Array {
    /// At most `most` elements, evenly spaced.
    func spread(_ most: Int) -> [Element] {
        guard count > most, most > 0 else { return self }
        return (0..<most).map { self[(2 * $0 + 1) * count / (2 * most)] }
    }
}
