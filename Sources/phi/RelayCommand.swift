import ArgumentParser
import Configuration
import HeartbeatRelay
import Logging
import PhiAccrual
import Platform
import ServiceLifecycle
import ZeroMQ

struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay",
        abstract: "Forward heartbeats of many nodes to detectors, over one connection per detector.",
        discussion: """
            The relay binds --from, where nodes connect as they would to a detector, and connects to each --to as a \
            node would. It forwards heartbeats unchanged, and those of one node in order. It drops and counts other \
            messages. '*' as a port takes a free port, which the log names. SIGTERM and SIGINT stop the relay.

            A detector can receive many times more heartbeats if a TCP segment contains several. docs/relay.md \
            describes when that matters, and what a relay costs.

            Example: phi relay --from 'tcp://*:7720' --to tcp://10.0.0.5:7710 --to tcp://10.0.0.6:7710
            """)

    @Option(help: "Endpoint to bind for nodes, or further relays, that connect (repeatable).")
    var from: [Endpoint]
    @Option(help: "Detector, or further relay, to connect to (repeatable).")
    var to: [Endpoint]
    @Option(
        help: "Maximum time to collect heartbeats before forwarding them together: 0s (forward at once) to 1s.",
        transform: { text in try Parsing.explained { try Duration(parsing: text) } })
    var gather: Duration = HeartbeatRelay.Configuration().gather
    @Option(help: "Format of the log on standard error: logfmt or json.")
    var log = LogFormat.logfmt

    func validate() throws {
        if let mistake = relay.mistake { throw ValidationError(mistake) }
    }

    private var relay: HeartbeatRelay.Configuration {
        var configuration = HeartbeatRelay.Configuration()
        (configuration.from, configuration.to, configuration.gather) = (from, to, gather)
        return configuration
    }

    func run() async throws {
        let logger = log.logger(label: "phi.relay")
        raiseOpenFileLimit()
        let service = try HeartbeatRelay(relay, logger: logger)
        let ready: Logger.Metadata = [
            "from": "\(service.boundEndpoints.joined(separator: ","))", "to": "\(to.joined(separator: ","))",
        ]
        try await ServiceGroup(
            services: [ReadyNotifier(service: service) { logger.info("ready", metadata: ready) }],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: log.logger(label: "phi.life", level: .error)
        ).run()
        logger.info("stopped", metadata: service.counts.metadata)
    }
}

extension LogFormat: ExpressibleByArgument {}

extension RelayCounts {
    fileprivate var metadata: Logger.Metadata {
        let malformed = malformed.values.reduce(0, +)
        let lost = detectors.reduce(0) { $0 + $1.absent + $1.slow }
        func each(_ count: KeyPath<Detector, Int64>) -> String {
            detectors.map { "\($0[keyPath: count])" }.joined(separator: ",")
        }
        return [
            "heartbeats": "\(heartbeats)", "malformed": "\(malformed)",
            "sent": "\(each(\.sent))", "unwanted": "\(each(\.unwanted))", "lost": "\(lost)",
        ]
    }
}
