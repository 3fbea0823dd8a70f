import ArgumentParser
import PhiAccrual
import Recordings

struct Record: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Export what a detector recorded as a trace.",
        discussion: """
            A recording holds everything that a detector was told; a trace holds arrivals, as CSV with the header \
            'node,seq,sent_ns,arrival_ns', and is for exchange.

            What is damaged is left out and told of, and the exit status is 1 then; a last record that its recorder could not \
            finish is no damage.

            Example: phi record --csv day.csv /var/lib/phi/recording
            """)

    @Option(help: "File to write; '-' is standard output.")
    var csv: String
    @Argument(help: "Recordings to read: files in the order in which they were written, or folders of them.")
    var recordings: [String]

    func run() throws {
        let files = try RecordingReader.files(recordings)
        var file = try OutputFile(path: csv == "-" ? "/dev/stdout" : csv, apartFrom: files)
        var export = TraceExport(names: try TraceExport.names(in: RecordingReader(files)))
        var reader = try RecordingReader(files)
        var progress = ProgressLine(after: .seconds(1))
        defer { progress.clear() }
        try file.write(TraceExport.header)
        var parts = 0
        var isWhole = true
        while let part = try reader.next() {
            if case .damage(let damage) = part {
                progress.clear()
                Console.remark("phi: \(damage)")
                isWhole = isWhole && damage.isTorn
            }
            try file.write(try export.rows(of: part))
            parts += 1
            if parts % 1024 == 0 { progress.show("\(Int(reader.share * 100)) % read") }
        }
        try file.finish()
        if !isWhole { throw ExitCode(1) }
    }
}
