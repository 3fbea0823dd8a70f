import ArgumentParser
import HeartbeatProtocol
import HeartbeatPublisher
import PhiAccrual
import ZeroMQ

struct BeatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "beat",
        abstract: "Publish one node's heartbeats.",
        discussion: """
            The command runs until SIGTERM or SIGINT. It then sends a goodbye, so that detectors do not suspect the \
            node. After SIGKILL there is no goodbye, and the node is suspected.

            With --while, it sends heartbeats as long as a shell command runs. If the command fails, there is no \
            goodbye, and 'phi beat' ends with the command's exit status.

            Example: phi beat --group edge --node edge-1 --every 1s --while ./my-service
            """)

    @Option(help: "Detector to connect to (repeatable; default tcp://127.0.0.1:7710).")
    var to: [Endpoint] = []
    @Option(help: "Endpoint to bind, for detectors that connect to their nodes (repeatable).")
    var bind: [Endpoint] = []
    @Option(help: "Group of the node.")
    var group: String
    @Option(help: "Name of the node within its group.")
    var node: String
    @Option(help: "Time between heartbeats (default 1s).", transform: Parsing.duration)
    var every: Duration = .seconds(1)
    @Option(help: "Label NAME=VALUE that describes the node (repeatable).", transform: Parsing.label)
    var label: [Label] = []
    @Option(name: .customLong("while"), help: "Send heartbeats as long as this shell command runs.")
    var command: String?
    @Option(name: .customLong("for"), help: "Stop after this time and send a goodbye.", transform: Parsing.duration)
    var time: Duration?

    func validate() throws { _ = try Parsing.explained { try announcement } }
    private var announcement: NodeAnnouncement {
        get throws {
            try NodeAnnouncement(
                identity: NodeIdentity(group: group, name: node),
                labels: Dictionary(label.map { ($0.name, $0.value) }) { _, last in last })
        }
    }

    func run() async throws {
        let announcement = try announcement
        let identity = announcement.identity
        var configuration = HeartbeatPublisher.Configuration(identity: identity, interval: every)
        configuration.connect = to.isEmpty && bind.isEmpty ? ["tcp://127.0.0.1:7710"] : to
        configuration.bind = bind
        configuration.labels = announcement.labels
        // Start the command before signals are trapped, so that it inherits their default handling.
        let process = try command.map { try ChildProcess(shell: $0) }
        let publisher: HeartbeatPublisher
        do { publisher = try HeartbeatPublisher(configuration) } catch {
            process?.terminate()
            throw error
        }
        for endpoint in publisher.boundEndpoints { Console.note("publishing heartbeats of \(identity) at \(endpoint)") }
        await untilStopped { [time] in
            await withTaskGroup { group in
                group.addTask { try? await Task.sleep(for: time ?? .forever) }
                if let process { group.addTask { await process.end() } }
                await group.next()
                group.cancelAll()
            }
        }
        if let status = process?.failure {
            publisher.stop()
            throw ExitCode(status)
        }
        publisher.leave()
    }
}

struct Label: Sendable {
    var name: String
    var value: String
}
