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
        abstract: "Hand many nodes' heartbeats on to detectors, over one connection each.",
        discussion: """
            Binds --from for nodes, which connect to it as they would to a detector, and connects to each --to as a \
            node would. Heartbeats are handed on byte for byte, those of a node in their order; what is no heartbeat \
            is dropped and counted. '*' as a port takes a free one; the log says which. SIGTERM and SIGINT end it.

            A detector takes in many times more heartbeats when they come many to a segment. docs/relay.md tells when \
            that matters, and what a relay costs.

            Example: phi relay --from 'tcp://*:7720' --to tcp://10.0.0.5:7710 --to tcp://10.0.0.6:7710
            """)

    @Option(help: "Endpoint to bind for nodes, or further relays, that connect (repeatable).")
    var from: [Endpoint]
    @Option(help: "Detector, or further relay, to connect to (repeatable).")
    var to: [Endpoint]
    @Option(
        help: "How long a heartbeat may wait for others to travel with, up to 1s; 0s hands each on at once.",
        transform: { text in try Parsing.explained { try Duration(parsing: text) } })
    var gather: Duration = HeartbeatRelay.Configuration().gather
    @Option(help: "How the log is written to standard error: logfmt or json.")
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
