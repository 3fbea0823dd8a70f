import ArgumentParser
import HeartbeatProtocol
import NetworkProfiles
import PhiAccrual
import ProfileFitting
import Traces

struct FitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Create a network profile from recorded traces.",
        discussion: """
            A profile describes how late heartbeats arrive on one kind of network. 'phi detect --profile' and 'phi \
            replay --profile' use it for nodes with few heartbeats. All traces have the same weight, whatever their \
            length.

            With two or more traces, the command also prints what a profile is worth: mistakes and timeouts of each \
            trace's nodes during their first heartbeats, without a profile and with a profile of the other traces.

            \(ReplayCommand.formats)

            Example: phi fit a.csv.gz b.csv.gz --name depot --kind wifi --origin a.csv.gz='own recording' -o depot.json
            """)

    @Argument(help: "Traces to read: files of at least 1000 heartbeats.")
    var traces: [String]
    @Option(help: ReplayCommand.unitHelp)
    var unit: TimeUnit?
    @Option(help: "Name of the profile: letters a–z, digits, and hyphens.")
    var name: String
    @Option(help: "Kind of network: \(NetworkProfile.Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind = NetworkProfile.Kind.other
    @Option(help: "Description of the network, in one sentence.")
    var description = ""
    @Option(
        help: "FILE=TEXT: origin and licence of a trace (repeatable).",
        transform: Parsing.origin)
    var origin: [Origin] = []
    @Option(name: .shortAndLong, help: "File to write; '-' is standard output.")
    var output: String

    struct Origin: Hashable, Sendable {
        var file: String
        var text: String
    }

    func validate() throws {
        guard NetworkProfile.isName(name) else {
            throw ValidationError(
                "--name \"\(name)\" is invalid: use 1 to 40 letters a–z, digits, and hyphens, starting with a letter")
        }
        guard !traces.contains("-") else {
            throw ValidationError(
                "'-' is not a file: a profile contains the names and digests of its traces, so name files")
        }
        let files = traces.map(Self.file)
        if let double = files.first(where: { file in files.count { $0 == file } > 1 }) {
            throw ValidationError("two traces have the name \(double): give each trace its own name, and list it once")
        }
        if let stranger = origin.first(where: { !files.contains($0.file) }) {
            throw ValidationError(
                "--origin names \(stranger.file), which is not one of the traces: \(files.joined(separator: ", "))")
        }
    }

    private static func file(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    func run() throws {
        var progress = ProgressLine(after: .zero)
        defer { progress.clear() }
        var fitted: [FittedTrace] = []
        for (number, path) in traces.enumerated() {
            progress.show("reading \(number + 1) of \(traces.count): \(path)")
            let origin = origin.last { $0.file == Self.file(path) }?.text
            let trace = try FittedTrace(path: path, columnUnit: unit, origin: origin)
            if let twin = fitted.first(where: { $0.source.sha256 == trace.source.sha256 }) {
                throw SameTrace(files: [twin.source.trace, trace.source.trace])
            }
            fitted.append(trace)
        }
        let fit = ProfileFit(fitted) { progress.show("evaluating \($0 + 1) of \(traces.count): \(traces[$0])") }
        let profile = try NetworkProfile(
            name: name, kind: kind, description: description, provenance: fit.sources, estimator: ProfileFit.estimator,
            calibration: fit.calibration, lateness: fit.lateness)
        let json = try WireJSON.encode(profile)
        if output == "-" {
            Console.print(json)
        } else {
            var file = try OutputFile(path: output, apartFrom: traces)
            try file.write(String(decoding: json, as: UTF8.self) + "\n")
            try file.finish()
            for line in Self.table(fit) { Console.print(line) }
        }
    }

    private struct SameTrace: Error, CustomStringConvertible {
        var files: [String]
        var description: String { "\(files.joined(separator: " and ")) have the same content: list each trace once" }
    }

    private static func table(_ fit: ProfileFit) -> [String] {
        guard !fit.rows.isEmpty else { return [] }
        var lines = [
            "FIRST HEARTBEATS OF NEW NODES                               WITHOUT PROFILE        PROFILE OF THE OTHER TRACES",
            "TRACE                             POLICY                    MISTAKES    TIMEOUT    MISTAKES    TIMEOUT",
        ]
        for row in fit.rows {
            lines.append(
                [
                    row.trace.padded(to: 28), "\(row.horizon)".paddedLeft(to: 4), "\(row.policy)".padded(to: 25),
                    mistakes(row.alone).padded(to: 11), timeout(row.alone).padded(to: 10),
                    mistakes(row.profiled).padded(to: 11), timeout(row.profiled),
                ].joined(separator: " "))
        }
        return lines + [
            "Mistakes per 1000 heartbeats; mean timeouts in intervals of the node, from arrival to deadline."
        ]
    }
    private static func mistakes(_ trial: ColdStartTrial) -> String { (trial.rate * 1000).decimals(1) }
    private static func timeout(_ trial: ColdStartTrial) -> String { trial.timeout.decimals(2) }
}

extension NetworkProfile.Kind: ExpressibleByArgument {}
