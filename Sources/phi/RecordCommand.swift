import ArgumentParser
import Configuration
import DetectorService
import HeartbeatProtocol
import Logging
import PhiAccrual
import Platform
import Recordings
import ZeroMQ

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record heartbeats, or export a recording as a trace.",
        discussion: """
            With a folder, the command receives heartbeats itself and records them until it is stopped. With --on or \
            --off, a running detector starts or stops recording in the folder of its own option --record.

            A recording contains every input of a detector, and 'phi replay' replays it. With --csv, the command \
            exports recordings as a trace for exchange: one arrival per row, with the header \
            'node,seq,sent_ns,arrival_ns'. It skips damaged parts, reports them, and ends with exit status 1. An \
            unfinished last record does not count as damage.

            Example: phi record --heartbeats 'tcp://*:7710' --for 1h recording
            Example: phi record --csv day.csv /var/lib/phi/recording
            """)

    enum Switch: String, EnumerableFlag {
        case on, off
        static func help(for turn: Switch) -> ArgumentHelp? {
            turn == .on ? "Start recording in a running detector." : "Stop recording in a running detector."
        }
    }
    @Option(help: "Endpoint to bind for nodes that connect (repeatable; default tcp://127.0.0.1:7710).")
    var heartbeats: [Endpoint] = []
    @Option(help: "Endpoint of nodes that bind, to connect to (repeatable).")
    var connect: [Endpoint] = []
    @Option(name: .customLong("for"), help: "Stop after this time.", transform: Parsing.duration)
    var time: Duration?
    @Flag
    var turn: Switch?
    @OptionGroup(title: "A running detector")
    var detector: RequestOptions
    @Option(help: "Export to this file; '-' is standard output.")
    var csv: String?
    @Argument(
        help:
            "Folder to record in. With --csv: recordings to read, as folders, or as files in the order in which they were written."
    )
    var paths: [String] = []

    func validate() throws {
        if turn != nil {
            guard paths.isEmpty, csv == nil else {
                throw ValidationError(
                    "--on and --off cannot be combined with paths or --csv: the running detector has its own folder")
            }
        } else if csv != nil {
            guard !paths.isEmpty else {
                throw ValidationError("recordings are missing: name the files or folders that --csv should read")
            }
        } else if paths.count != 1 {
            throw ValidationError("name one folder to record in, or use --csv, --on, or --off")
        }
    }

    func run() async throws {
        if let turn {
            try detector.answer(.record(turn == .on)) { (answer: RecordAnswer) in
                [
                    answer.file.map { "recording to \($0)" }
                        ?? "recording is off; earlier recordings are in \(answer.folder)"
                ]
            }
        } else if let csv {
            try export(to: csv)
        } else {
            try await recordByItself(in: paths[0])
        }
    }

    /// Runs a detector without reachable event and control endpoints: these are within this process.
    private func recordByItself(in folder: String) async throws {
        var configuration = ServiceConfiguration()
        if !heartbeats.isEmpty || !connect.isEmpty { configuration.heartbeats = heartbeats }
        configuration.connect = connect
        (configuration.events, configuration.control) = (["inproc://events"], ["inproc://control"])
        configuration.record = RecordingBounds(folder: folder)
        raiseOpenFileLimit()
        let service = try DetectorService(configuration, logger: LogFormat.logfmt.logger(label: "phi.record"))
        Console.note("recording \(service.endpoints.heartbeats.joined(separator: ", ")) in \(folder)")
        await untilStopped { [time] in try? await Task.sleep(for: time ?? .forever) }
        service.stop()
    }

    private func export(to csv: String) throws {
        let files = try RecordingReader.files(paths)
        var file = try OutputFile(path: csv == "-" ? "/dev/stdout" : csv, apartFrom: files)
        var export = TraceExport(names: try TraceExport.names(in: RecordingReader(files)))
        var reader = try RecordingReader(files)
        var progress = ProgressLine(after: .seconds(1))
        defer { progress.clear() }
        try file.write(TraceExport.header)
        var parts = 0
        var (isWhole, hasBegun) = (true, false)
        while let part = try reader.next() {
            switch part {
            case .beginning: hasBegun = true
            case .damage(let damage):
                progress.clear()
                Console.note("phi: \(damage)")
                isWhole = isWhole && damage.isTorn
            default: break
            }
            try file.write(try export.rows(of: part))
            parts += 1
            if parts % 1024 == 0 { progress.show("\(Int(reader.share * 100)) % read") }
        }
        try file.finish()
        if !isWhole || !hasBegun { throw ExitCode(1) }
    }
}
