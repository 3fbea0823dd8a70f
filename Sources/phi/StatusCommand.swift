import ArgumentParser
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import ZeroMQ

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the state of all nodes, and how close each is to suspicion.",
        discussion: """
            Besides φ, the table shows the time left until a silent node is suspected. 'late' is not a state but a \
            hint: the next heartbeat is later than usual.

            Exit status 1 if a node is suspected at any level.
            """)

    @Option(help: "Endpoint at which the detector accepts requests.")
    var control: Endpoint = "tcp://127.0.0.1:7712"
    @Option(help: "Timeout of the request.", transform: Parsing.duration)
    var timeout: Duration = .seconds(3)
    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Report: Encodable {
        var service: StatusAnswer
        var nodes: [NodesAnswer.Node]
    }

    func run() throws {
        var client = try ControlClient(endpoint: control)
        let report = Report(service: try client.status(within: timeout), nodes: try client.nodes(within: timeout))
        if json {
            Console.print(try WireJSON.encode(report))
        } else {
            for line in Self.table(report) { Console.print(line) }
        }
        if report.nodes.contains(where: { $0.levels.values.contains { $0.state == "suspected" } }) { throw ExitCode(1) }
    }

    private static func table(_ report: Report) -> [String] {
        let service = report.service
        let levels = service.levels.map { "\($0.name) at \($0.policy)" }.joined(separator: ", ")
        var lines = [
            "\(counted(service.nodes, "node")), up \(service.uptimeSeconds.formattedDuration), event \(service.sequence); \(levels)"
        ]
        let dropped = service.malformed.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        if !dropped.isEmpty { lines.append("dropped frames: \(dropped.joined(separator: ", "))") }
        if let store = service.stateStore {
            lines.append(
                store.lost.map { "persistence disabled: \($0)" }
                    ?? "state store: \(counted(store.events, "event")) in \(store.folder.escapingControls)")
        }
        guard !report.nodes.isEmpty else { return lines }
        lines.append("NODE                     STATE       φ      SILENT     EXPECTED   SUSPECTED IN  MISSING")
        for node in report.nodes.sorted(by: {
            ($0.group ?? "", $0.node ?? $0.key) < ($1.group ?? "", $1.node ?? $1.key)
        }) {
            for (index, level) in service.levels.enumerated() {
                guard let at = node.levels[level.name] else { continue }
                lines.append(row(node, level: service.levels.count > 1 ? level.name : nil, at, isFirst: index == 0))
            }
        }
        return lines
    }

    private static func row(
        _ node: NodesAnswer.Node, level: String?, _ at: NodesAnswer.Node.AtLevel, isFirst: Bool
    ) -> String {
        let name = isFirst ? node.node.map { "\(node.group ?? "-")/\($0)".escapingControls } ?? "key \(node.key)" : ""
        let isLate = at.state == "trusted" && (node.silenceSeconds ?? 0) > (node.expectedSeconds ?? .infinity) * 1.1
        let colour: Colour = at.state == "suspected" ? .red : isLate ? .amber : at.state == "trusted" ? .green : .grey
        let state = colour((isLate ? "late" : at.state).padded(to: 11))
        let isWatched = at.state != "left" && at.state != "new"
        let left =
            isWatched ? at.secondsLeft.map { $0 < 0 ? "since \((-$0).formattedDuration)" : $0.formattedDuration } : nil
        return [
            name.padded(to: 24), state, (node.phi.map { $0.decimals(2) } ?? "-").padded(to: 6),
            (node.silenceSeconds?.formattedDuration ?? "-").padded(to: 10),
            (node.expectedSeconds?.formattedDuration ?? "-").padded(to: 10), (left ?? "-").padded(to: 13),
            "\(node.missing)" + (level.map { "  (\($0))" } ?? ""),
        ].joined(separator: " ")
    }
}
