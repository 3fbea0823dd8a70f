import ArgumentParser
import HeartbeatProtocol
import PhiAccrual
import QualityOfService
import Replay
import Traces

struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a recorded trace through the detector and report its quality of service.",
        discussion: """
            Time comes from the trace: a day replays in seconds, with the same result every time.

            \(formats)

            Example: phi replay day.csv.gz --policy mistakes=1/10000hb --deadlines deadlines.csv
            Example: ping -D 10.0.0.1 | tee ping.txt, then phi replay ping.txt
            """)
    /// What traces may be, for the help of all commands that read them.
    static let formats = """
        A trace, plain or gzip'ed, is CSV with the header 'node,seq,sent_ns,arrival_ns', the output of 'ping -D' (Linux), \
        or a column of arrival times, one number per line. Its first line tells which. Arrivals must be in order.
        """
    static let unitHelp: ArgumentHelp =
        "Unit of a column of arrival times whose header, such as 'arrival_ns', names none; seconds if not given."

    @Argument(help: "Trace to read; '-' is standard input.")
    var trace: String
    @Option(help: unitHelp)
    var unit: TimeUnit?
    @Option(
        help:
            "How arrivals are judged: 'adaptive' (default), or a classical detector, such as 'normal' or 'akka,threshold=12'.",
        transform: Parsing.model)
    var detector = ModelChoice.adaptive(.init())
    @Option(help: ProfileOption.help, transform: Parsing.profile)
    var profile: ProfileOption?
    @Option(
        help: """
            When to suspect: 'mistakes=1/1d' (default), 'mistakes=1/30d,within=3s', 'price=1000', or 'phi=8' (default of \
            classical detectors).
            """,
        transform: Parsing.policy)
    var policy: Policy?
    @Option(
        help: "The interval that nodes announce; without it, it is learned from the trace.", transform: Parsing.duration
    )
    var interval: Duration?
    @Option(help: "Fresh heartbeats per node before judging begins.")
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
        if profile != nil { try detector.requireLender() }
        guard policy == nil || detector.usesPolicy else {
            throw ValidationError(
                "'\(detector)' says itself when to suspect: leave out --policy, or change its parameters")
        }
    }

    func run() throws {
        let level = policy.map { Level.suspect($0).set(by: .option) } ?? Level.standard(for: detector)[0]
        var detector = level.policy.phi.map(detector.made) ?? detector
        let profile = try profile?.load()
        if let profile { detector = try detector.lending(profile) }
        var run = Run(command: self, level: level, profile: profile?.name)
        try detector.open(&run)
    }

    /// The run with whichever model was chosen.
    private struct Run: ModelVisitor {
        typealias Outcome = Void

        let command: Replay
        let level: Level
        let profile: String?
        mutating func visit<Model: ArrivalModel>(_ model: Model.Type, _ parameters: Model.Parameters) throws {
            if let reason = Model.refusal(of: level.policy) {
                throw ValidationError("\(InvalidPolicy(text: level.policy.description, reason: reason))")
            }
            var replay = TraceReplay<Model>(
                levels: [level], model: parameters, interval: command.interval, warmUp: command.warmUp)
            try command.run(&replay, level.policy, profile)
        }
    }

    private func run<Model>(_ replay: inout TraceReplay<Model>, _ policy: Policy, _ profile: String?) throws {
        let reader = try TraceReader(path: trace, columnUnit: unit)
        var deadlineFile = try deadlines.map { try OutputFile(path: $0, apartFrom: [trace]) }
        var eventFile = try events.map { try OutputFile(path: $0, apartFrom: [trace] + (deadlines.map { [$0] } ?? [])) }
        var log = ReplayLog(levels: replay.levels)
        let clock = ContinuousClock()
        var heartbeats = 0
        try deadlineFile?.write("node,seq,arrival_ns,phi,deadline_ns\n")
        let start = clock.now
        var progress = ProgressLine(after: .seconds(1))
        defer { progress.clear() }
        try replay.run(reader) { event in
            if eventFile != nil { try eventFile?.write(log.line(event)) }
        } onProgress: { share in
            progress.show((share.map { "\(Int($0 * 100)) % read, " } ?? "") + "\(heartbeats) heartbeats")
        } onStep: { step in
            heartbeats += 1
            guard deadlineFile != nil else { return }
            let phi = step.phi.map { "\($0)" } ?? ""
            let deadline = step.deadline.map { "\($0)" } ?? ""
            try deadlineFile?.write("\(step.node),\(step.sequence),\(step.arrival),\(phi),\(deadline)\n")
        }
        let time = clock.now - start
        progress.clear()
        try deadlineFile?.finish()
        try eventFile?.finish()
        let quality = replay.report()
        let run = ReplayReport(
            trace: trace, detector: detector.description, policy: detector.usesPolicy ? policy.description : nil,
            profile: profile, quality: quality,
            timing: timing ? .init(seconds: Double(time.nanoseconds) / 1e9, heartbeats: heartbeats) : nil)
        if json { Console.print(try WireJSON.encode(run)) } else { for line in run.table { Console.print(line) } }
    }
}

/// Events of a replay as the feed would write them. The epoch is 0: there is no service whose log this is.
private struct ReplayLog {
    let levels: [Level]
    private var sequence: UInt64 = 0
    private var previous: [FeedTopic: UInt64] = [:]

    init(levels: [Level]) { self.levels = levels }

    mutating func line(_ event: Event) throws -> String {
        sequence += 1
        let message = EventMessage(event, levels: levels) { topic, instant in
            FeedPlace(
                epoch: 0, sequence: sequence, previous: previous[topic] ?? 0,
                at: Timestamp(unixNanoseconds: instant.nanoseconds))
        }
        previous[message.topic] = sequence
        return String(decoding: try WireJSON.encode(message), as: UTF8.self) + "\n"
    }
}
