import ArgumentParser
import DetectorService
import Logging
import PhiAccrual
import ServiceLifecycle

struct Detect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the detector: heartbeats in, suspicion events out.",
        discussion: """
            Binds all endpoints to this machine unless told otherwise. '*' as a port takes a free one; the log says \
            which. SIGTERM and SIGINT end it in order.

            Example: phi detect --heartbeats 'tcp://*:7710' --level suspect=mistakes=1/7d,within=5s
            """)

    @Option(help: "Endpoint to bind for nodes that connect (repeatable; default tcp://127.0.0.1:7710).")
    var heartbeats: [String] = []
    @Option(help: "Endpoint of nodes that bind, to connect to (repeatable).")
    var connect: [String] = []
    @Option(help: "Endpoint to bind for events (repeatable; default tcp://127.0.0.1:7711).")
    var events: [String] = []
    @Option(help: "Endpoint to bind for requests (repeatable; default tcp://127.0.0.1:7712).")
    var control: [String] = []
    @Option(
        help: """
            Level and its policy (repeatable, from least certain to most; default suspect=mistakes=1/1d and \
            evict=mistakes=1/365d, or suspect=phi=8 for classical detectors).
            """,
        transform: Parsing.level)
    var level: [Level] = []
    @Option(
        help:
            "How arrivals are judged: 'adaptive' (default), or a classical detector, such as 'normal' or 'akka,threshold=12'.",
        transform: Parsing.model)
    var detector = ModelChoice.adaptive(.init())
    @Option(help: ProfileOption.help, transform: Parsing.profile)
    var profile: ProfileOption?
    @Option(help: "After which silence a node is forgotten.", transform: Parsing.duration)
    var retention: Duration = .seconds(86_400)
    @Option(help: "Nodes kept at most.")
    var maxNodes = 1_000_000
    @Option(help: "Serve HTTP on HOST:PORT; only 'off' so far.")
    var http = "off"
    @Option(help: "Folder to remember state in; only 'none' so far.")
    var state = "none"
    @Option(help: "How the log is written to standard error: logfmt or json.")
    var log = LogFormat.logfmt

    func validate() throws {
        guard http == "off" else {
            throw ValidationError("--http \(http) cannot be served yet: only 'off' is possible")
        }
        guard state == "none" else {
            throw ValidationError("--state \(state) cannot be kept yet: only 'none' is possible")
        }
        guard level.count <= 8 else { throw ValidationError("there are \(level.count) levels, and eight are the most") }
        guard Set(level.map(\.name)).count == level.count else { throw ValidationError("two levels have one name") }
        if profile != nil { try detector.requireLender() }
        guard (1...Int(Int32.max)).contains(maxNodes) else { throw ValidationError("--max-nodes must be above 0") }
    }

    func run() async throws {
        var configuration = ServiceConfiguration()
        // Nodes that bind are connected to, and then nothing needs to be bound for them.
        if !heartbeats.isEmpty || !connect.isEmpty { configuration.heartbeats = heartbeats }
        configuration.connect = connect
        if !events.isEmpty { configuration.events = events }
        if !control.isEmpty { configuration.control = control }
        configuration.levels = level.isEmpty ? Level.standard(for: detector) : level.map { $0.set(by: .option) }
        let profile = try profile?.load()
        configuration.model = try profile.map(detector.lending) ?? detector
        configuration.retention = retention
        configuration.limits.nodes = maxNodes

        let logger = log.logger(label: "phi.detect")
        OpenFiles.allowAll()
        let service = try DetectorService(configuration, logger: logger)
        let endpoints = service.endpoints
        let ready: Logger.Metadata = [
            "heartbeats": "\(endpoints.heartbeats.joined(separator: ","))",
            "connect": "\(endpoints.connect.joined(separator: ","))",
            "events": "\(endpoints.events.joined(separator: ","))",
            "control": "\(endpoints.control.joined(separator: ","))",
            "profile": "\(profile?.name ?? "none")",
            "levels": "\(configuration.levels.map { "\($0.name)=\($0.policy)" }.joined(separator: ","))",
        ]
        try await ServiceGroup(
            services: [Announced(service: service) { logger.info("ready", metadata: ready) }],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: log.logger(label: "phi.life", level: .error)
        ).run()
        logger.info("stopped")
    }

    /// Says that it is ready when it really is: signals are trapped by the time that a group runs its services.
    private struct Announced: Service {
        let service: DetectorService
        let announce: @Sendable () -> Void

        func run() async throws {
            announce()
            try await service.run()
        }
    }
}
