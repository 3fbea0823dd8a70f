import ArgumentParser
import Evaluation
import HeartbeatProtocol
import PhiAccrual
import Recordings
import Traces

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replay a trace or a recording through a detector, and report its quality of service.",
        discussion: """
            The time comes from the trace, so a day replays in seconds, always with the same result.

            \(formats)

            A recording is a file or a folder from 'phi detect --record'. It contains the detector's configuration, \
            and its replay gives the same events as the recorded service. With --policy, it gives the events of \
            another policy.

            Example: phi replay day.csv.gz --policy mistakes=1/10000hb --deadlines deadlines.csv
            Example: ping -D 10.0.0.1 | tee ping.txt, then phi replay ping.txt
            """)
    /// The trace formats, for the help of all commands that read traces.
    static let formats = """
        A trace, plain or gzip'ed, is CSV with the header 'node,seq,sent_ns,arrival_ns', the output of 'ping -D' \
        (Linux), or a column of arrival times, one number per line. The first line determines the format. Arrivals \
        must be in order.
        """
    static let unitHelp: ArgumentHelp =
        "Unit of a column of arrival times, unless its header has one, as 'arrival_ns' does (default: seconds)."

    @Argument(help: "Trace or recording to read; '-' is standard input.")
    var trace: String
    @Option(help: unitHelp)
    var unit: TimeUnit?
    @Option(
        help:
            "Detector that evaluates arrivals: 'adaptive' (default), or a baseline such as 'normal' or 'akka,threshold=12'.",
        transform: Parsing.model)
    var detector: DetectorSpec?
    @Option(help: ProfileOption.help, transform: Parsing.profile)
    var profile: ProfileOption?
    @Option(
        help: """
            When to suspect: 'mistakes=1/1d' (at most one false suspicion per node and day; the default), \
            'mistakes=1/30d,within=3s' (the same for 30 days, but after at most 3 s of silence), 'price=1000' (a false \
            suspicion costs as much as waiting for 1000 intervals), or 'phi=8' (default of baseline detectors).
            """,
        transform: Parsing.policy)
    var policy: Policy?
    @Option(
        help: "Interval that nodes announce (default: learned from the trace).", transform: Parsing.duration
    )
    var interval: Duration?
    @Option(help: "Fresh heartbeats per node before the evaluation starts.")
    var warmUp = 0
    @Option(help: "Write a CSV row per fresh arrival to this file: node,seq,arrival_ns,phi,deadline_ns.")
    var deadlines: String?
    @Option(help: "Write every event as one JSON object per line to this file.")
    var events: String?
    @Flag(help: "Print one JSON object.")
    var json = false
    @Flag(help: "Also report how long the replay took.")
    var timing = false

    func validate() throws {
        guard warmUp >= 0 else { throw ValidationError("--warm-up must be at least 0") }
        let detector = detector ?? .adaptive(.init())
        if profile != nil { try detector.requireProfileSupport() }
        guard policy == nil || detector.usesPolicy else {
            throw ValidationError(
                "the detector '\(detector)' does not use a policy: leave out --policy, or change its parameters")
        }
    }

    func run() throws {
        if RecordingReader.isRecording(trace) {
            try runRecording()
        } else {
            try runTrace()
        }
    }

    private func runTrace() throws {
        var detector = detector ?? .adaptive(.init())
        let level = policy.map { Level.suspect($0).set(by: .option) } ?? Level.standard(for: detector)[0]
        detector = level.policy.phi.map(detector.with(threshold:)) ?? detector
        let profile = try profile?.load()
        if let profile { detector = try detector.lending(profile) }
        var run = TraceRun(command: self, detector: detector, level: level, profile: profile?.name)
        try detector.open(&run)
    }

    private func runRecording() throws {
        let own = ["--detector": detector != nil, "--profile": profile != nil, "--interval": interval != nil]
            .merging(["--unit": unit != nil]) { $1 }
        if let option = own.filter(\.value).keys.sorted().first {
            throw ValidationError(
                "\(option) cannot be used with a recording, which contains this setting: export a trace with 'phi record --csv'"
            )
        }
        let header = try RecordingReader.header(of: [trace])
        let made = try DetectorSpec(parsing: header.detector)
        guard policy == nil || made.usesPolicy else {
            throw ValidationError("the detector '\(made)' does not use a policy: leave out --policy")
        }
        var run = RecordingRun(
            command: self, recorded: header.detector, detector: policy?.phi.map(made.with(threshold:)) ?? made)
        try run.detector.open(&run)
    }

    /// Runs the replay with the chosen model.
    private struct TraceRun: ModelVisitor {
        typealias Outcome = Void

        let command: ReplayCommand
        let detector: DetectorSpec
        let level: Level
        let profile: String?
        mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws {
            try command.refuse(level.policy, Model.self)
            var replay = TraceReplay<Model>(
                levels: [level], model: parameters, interval: command.interval, warmUp: command.warmUp)
            let reader = try TraceReader(path: command.trace, columnUnit: command.unit)
            var output = try ReplayOutput(command, apartFrom: [command.trace])
            try replay.run(reader) { event in
                try output.write(event, levels: [level])
            } onProgress: { share in
                output.show(share)
            } onStep: { step in
                try output.write(step)
            }
            try output.finish(
                detector: detector, policy: level.policy, profile: profile, quality: replay.report())
        }
    }

    private struct RecordingRun: ModelVisitor {
        typealias Outcome = Void

        let command: ReplayCommand
        let recorded: String
        let detector: DetectorSpec
        mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws {
            if let policy = command.policy { try command.refuse(policy, Model.self) }
            var replay = RecordingReplay<Model>(
                of: recorded, model: parameters, policy: command.policy, warmUp: command.warmUp)
            let files = try RecordingReader.files([command.trace])
            var output = try ReplayOutput(command, apartFrom: files)
            var isWhole = true
            try replay.run(try RecordingReader(files)) { event, levels, wallOffset in
                try output.write(event, levels: levels, wallOffset: wallOffset)
            } onDamage: { damage in
                isWhole = isWhole && damage.isTorn
                output.note("phi: \(damage)")
            } onProgress: { share in
                output.show(share)
            } onStep: { step in
                try output.write(step)
            }
            guard let policies = replay.policies else { return }
            try output.finish(
                detector: detector, policy: policies.effectivePolicy(nil, level: 0).policy, profile: nil,
                quality: replay.report())
            if !isWhole { throw ExitCode(1) }
        }
    }

    private func refuse<Model: ArrivalModel>(_ policy: Policy, _: Model.Type) throws {
        if let reason = Model.refusal(of: policy) {
            throw ValidationError("\(InvalidPolicy(text: policy.description, reason: reason))")
        }
    }
}

/// The output of a replay: files during the run, and a report at the end.
private struct ReplayOutput: ~Copyable {
    private let command: ReplayCommand
    private var deadlines: OutputFile?
    private var events: OutputFile?
    private var log = ReplayLog()
    private var heartbeats = 0
    private var progress = ProgressLine(after: .seconds(1))
    private let start = ContinuousClock().now

    init(_ command: ReplayCommand, apartFrom sources: [String]) throws {
        self.command = command
        deadlines = try command.deadlines.map { try OutputFile(path: $0, apartFrom: sources) }
        let written = command.deadlines.map { [$0] } ?? []
        events = try command.events.map { try OutputFile(path: $0, apartFrom: sources + written) }
        try deadlines?.write("node,seq,arrival_ns,phi,deadline_ns\n")
    }
    deinit {
        var progress = progress
        progress.clear()
    }

    mutating func write(_ event: Event, levels: [Level], wallOffset: Int64 = 0) throws {
        if events != nil { try events?.write(log.line(event, levels: levels, wallOffset: wallOffset)) }
    }
    mutating func write<Model>(_ step: TraceReplay<Model>.Step) throws {
        heartbeats += 1
        guard deadlines != nil else { return }
        let phi = step.phi.map { "\($0)" } ?? ""
        let deadline = step.deadline.map { "\($0)" } ?? ""
        try deadlines?.write("\(step.node),\(step.sequence),\(step.arrival),\(phi),\(deadline)\n")
    }
    mutating func show(_ share: Double?) {
        progress.show(share.map { "\(Int($0 * 100)) % read, \(heartbeats) heartbeats" } ?? "\(heartbeats) heartbeats")
    }
    mutating func note(_ line: String) {
        progress.clear()
        Console.note(line)
    }

    mutating func finish(detector: DetectorSpec, policy: Policy, profile: String?, quality: QualityReport) throws {
        let time = ContinuousClock().now - start
        progress.clear()
        try deadlines?.finish()
        try events?.finish()
        let run = ReplayReport(
            trace: command.trace, detector: detector.description,
            policy: detector.usesPolicy ? policy.description : nil, profile: profile, quality: quality,
            timing: command.timing ? .init(seconds: Double(time.nanoseconds) / 1e9, heartbeats: heartbeats) : nil)
        if command.json {
            Console.print(try WireJSON.encode(run))
        } else {
            for line in run.table { Console.print(line) }
        }
    }
}

/// Formats the events of a replay as the feed publishes them. The epoch is 0, because no service owns this log.
private struct ReplayLog {
    private var sequence: UInt64 = 0
    private var previous: [FeedTopic: UInt64] = [:]

    /// - Parameter wallOffset: The offset from an instant to Unix nanoseconds.
    mutating func line(_ event: Event, levels: [Level], wallOffset: Int64) throws -> String {
        sequence += 1
        let message = EventMessage(event, levels: levels) { topic, instant in
            EventPosition(
                epoch: 0, sequence: sequence, previous: previous[topic] ?? 0,
                at: Timestamp(unixNanoseconds: instant.nanoseconds.addingSaturated(wallOffset)))
        }
        previous[message.topic] = sequence
        return String(decoding: try WireJSON.encode(message), as: UTF8.self) + "\n"
    }
}
