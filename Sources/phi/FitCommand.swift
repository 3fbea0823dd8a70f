import ArgumentParser
import HeartbeatProtocol
import NetworkProfiles
import PhiAccrual
import ProfileFitting
import Traces

struct FitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Make a profile of a network from recorded traces.",
        discussion: """
            A profile says how late heartbeats come on one kind of network. 'phi detect --profile' and 'phi replay \
            --profile' lend it to nodes that have shown little themselves. Traces weigh alike, however long they are.

            With two traces or more it also shows what a profile is worth: for new nodes of each trace, mistakes and waits \
            among the first heartbeats, alone and with what the other traces show.

            \(ReplayCommand.formats)

            Example: phi fit a.csv.gz b.csv.gz --name depot --kind wifi --origin a.csv.gz='own recording' -o depot.json
            """)

    @Argument(help: "Traces to read: files of at least 1000 heartbeats.")
    var traces: [String]
    @Option(help: ReplayCommand.unitHelp)
    var unit: TimeUnit?
    @Option(help: "What the profile is called: letters a–z, digits and hyphens.")
    var name: String
    @Option(help: "Kind of network: \(NetworkProfile.Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind = NetworkProfile.Kind.other
    @Option(help: "What it describes, in a sentence.")
    var description = ""
    @Option(
        help: "FILE=TEXT: where a trace comes from, and under which licence (repeatable).",
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
                "--name \"\(name)\" must be 1 to 40 letters a–z, digits and hyphens, a letter first")
        }
        guard !traces.contains("-") else {
            throw ValidationError("a profile names its traces and their digests, so they must be files: '-' is none")
        }
        let files = traces.map(Self.file)
        if let double = files.first(where: { file in files.count { $0 == file } > 1 }) {
            throw ValidationError("two traces are called \(double): each must have a name of its own, and count once")
        }
        if let stranger = origin.first(where: { !files.contains($0.file) }) {
            throw ValidationError("--origin is for \(stranger.file), which is none of \(files.joined(separator: ", "))")
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
        let fit = ProfileFit(fitted) { progress.show("trying \($0 + 1) of \(traces.count): \(traces[$0])") }
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
        var description: String { "\(files.joined(separator: " and ")) hold the same bytes: a trace counts once" }
    }

    private static func table(_ fit: ProfileFit) -> [String] {
        guard !fit.rows.isEmpty else { return [] }
        var lines = [
            "FIRST HEARTBEATS OF NEW NODES                               ALONE                  PROFILE OF THE OTHERS",
            "TRACE                             POLICY                    MISTAKES    WAIT       MISTAKES    WAIT",
        ]
        for row in fit.rows {
            lines.append(
                [
                    row.trace.padded(to: 28), "\(row.horizon)".paddedLeft(to: 4), "\(row.policy)".padded(to: 25),
                    mistakes(row.alone).padded(to: 11), timeout(row.alone).padded(to: 10),
                    mistakes(row.profiled).padded(to: 11), timeout(row.profiled),
                ].joined(separator: " "))
        }
        return lines + ["Mistakes per 1000 heartbeats; mean waits in intervals of the node, from arrival to deadline."]
    }
    private static func mistakes(_ trial: ColdStartTrial) -> String { (trial.rate * 1000).decimals(1) }
    private static func timeout(_ trial: ColdStartTrial) -> String { trial.timeout.decimals(2) }
}

extension NetworkProfile.Kind: ExpressibleByArgument {}
