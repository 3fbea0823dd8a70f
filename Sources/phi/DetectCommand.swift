import ArgumentParser
import Configuration
import DetectorService
import Logging
import PhiAccrual
import Platform
import ServiceLifecycle
import UnixSignals

struct DetectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract: "Run the detector: heartbeats in, suspicion events out.",
        discussion: """
            Binds all endpoints to this machine by default. '*' as a port takes a free port, which the log names. \
            SIGTERM and SIGINT stop the detector. SIGHUP reloads the configuration: the detector applies what it can \
            without a restart, and logs what needs one.

            Every option can also be set in a configuration file, as 'retention: 24h', or in an environment variable, \
            as PHI_RETENTION=24h. Options override variables, and both override the file. If the file or a variable \
            has an error, the command exits with status 2.

            Example: phi detect --heartbeats 'tcp://*:7710' --level suspect=mistakes=1/7d,within=5s
            """)

    @OptionGroup var options: ServiceOptions
    @Flag(help: "Check the configuration, print each effective value with its origin, and exit.")
    var checkConfig = false

    func run() async throws {
        let effective: EffectiveConfiguration
        do { effective = try options.read() } catch let error as InvalidConfiguration {
            for line in error.lines { Console.note(line) }
            throw ExitCode(2)
        }
        if checkConfig {
            for warning in effective.warnings { Console.note("phi: \(warning)") }
            for line in effective.yaml { Console.print(line) }
            return
        }
        try await serve(effective)
    }

    private func serve(_ effective: EffectiveConfiguration) async throws {
        let configuration = effective.configuration
        let logger = configuration.log.logger(label: "phi.detect")
        for warning in effective.warnings { logger.warning("\(warning)") }
        // Trap SIGHUP before anything runs: without a handler, it terminates the process.
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        raiseOpenFileLimit()
        let service = try DetectorService(configuration, logger: logger)
        let endpoints = service.endpoints
        let ready: Logger.Metadata = [
            "heartbeats": "\(endpoints.heartbeats.joined(separator: ","))",
            "connect": "\(endpoints.connect.joined(separator: ","))",
            "events": "\(endpoints.events.joined(separator: ","))",
            "control": "\(endpoints.control.joined(separator: ","))",
            "profile": "\(configuration.profile ?? "none")",
            "levels": "\(configuration.levels.map { "\($0.name)=\($0.policy)" }.joined(separator: ","))",
        ]
        let reloadOnHangUp = ReloadOnHangUp(hangUps: hangUps, options: options, start: configuration, logger: logger) {
            service.reload($0)
        }
        let logs = configuration.log
        try await ServiceGroup(
            services: [ReadyNotifier(service: service) { logger.info("ready", metadata: ready) }, reloadOnHangUp],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logs.logger(label: "phi.life", level: .error)
        ).run()
        logger.info("stopped")
    }

    /// Reloads the configuration at each SIGHUP. If it is invalid, the current one stays in effect.
    private struct ReloadOnHangUp: Service {
        let hangUps: UnixSignalsSequence
        let options: ServiceOptions
        let start: ServiceConfiguration
        let logger: Logger
        let apply: @Sendable (Reload) async throws -> Void

        func run() async throws {
            var current = start
            for await _ in hangUps.cancelOnGracefulShutdown() {
                do {
                    let effective = try options.read()
                    for warning in effective.warnings { logger.warning("\(warning)") }
                    let reload = effective.configuration.changes(from: current)
                    try await apply(reload)
                    current = reload.configuration
                    for sentence in reload.applied { logger.info("configuration: \(sentence)") }
                    for sentence in reload.refused { logger.warning("configuration: \(sentence)") }
                    logger.info("configuration reloaded")
                } catch {
                    let lines = (error as? InvalidConfiguration)?.lines ?? ["\(error)"]
                    for line in lines { logger.error("\(line)") }
                    logger.error("configuration not reloaded; the old one stays in effect")
                }
            }
        }
    }
}

extension InvalidConfiguration {
    /// One line per problem. Problems in a file begin with its name and the line number, in the format of compilers.
    fileprivate var lines: [String] {
        problems.map { problem in
            if case .line = problem.location { "\(problem)" } else { "phi: \(problem)" }
        }
    }
}
