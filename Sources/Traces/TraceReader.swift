/// One arrival, as it was recorded.
///
/// Times count from a zero that the recording chose, and may be negative.
public struct TraceRow: Hashable, Sendable {
    public var node: Int  // index into `TraceReader.nodes`
    public var sequence: Int64
    public var sent: Int64?  // ns; nil where the recording has no send times
    public var arrival: Int64  // ns

    public init(node: Int, sequence: Int64, sent: Int64?, arrival: Int64) {
        (self.node, self.sequence, self.sent, self.arrival) = (node, sequence, sent, arrival)
    }
}

/// Streams the recorded arrivals of one file, in order of arrival.
///
/// The file, plain or gzip'ed, is CSV under the header `node,seq,sent_ns,arrival_ns`, output of `ping -D`, or a plain
/// column of arrival times; its first line tells which. Lost heartbeats are absent; repeated and late ones may occur and
/// are given as they come. What is not a trace is an error that names the line; rows before that line have been given by
/// then. A byte order mark, CRLF, and blank lines at the very end are accepted, and so is a last line that is complete
/// but for its line end.
public struct TraceReader: ~Copyable {
    private let file: String
    private var lines: LineReader
    private var format: any TraceFormat
    private var names = NodeNames()
    private var lastArrival = Int64.min  // ns
    private var failure: TraceError?

    /// Opens a trace and reads its first line.
    ///
    /// - Parameters:
    ///   - path: A file, a named pipe, or `-` for standard input.
    ///   - columnUnit: What a plain column of times counts if its header does not say so; nil: seconds.
    /// - Throws: What stands in the way: no such file, a directory, nothing in it, no format that is read here.
    public init(path: String, columnUnit: TimeUnit? = nil) throws(TraceError) {
        let file = path == "-" ? "standard input" : path
        var lines = try LineReader(path: path, file: file)
        guard let first = try lines.next(), first.ending == .newline || !first.bytes.isEmpty else {
            throw TraceError(file: file, reason: "\(Self.rule), found an empty file")
        }
        let found = Array(first.bytes)  // a copy: in the error's way out, `lines` may be gone already
        guard let format = found.withUnsafeBytes({ Self.format(openedBy: $0, columnUnit: columnUnit) }) else {
            throw TraceError(file: file, line: 1, reason: "\(Self.rule), found \(found.withUnsafeBytes { quoted($0) })")
        }
        lines.putBack()
        self.file = file
        self.lines = lines
        self.format = format
    }

    private static let rule =
        "must begin with the header \(CSVTrace.header), output of 'ping -D', or a column of arrival times"

    private static func format(openedBy line: UnsafeRawBufferPointer, columnUnit: TimeUnit?) -> (any TraceFormat)? {
        if CSVTrace.isOpened(by: line) { return CSVTrace() }
        if PingTranscript.isOpened(by: line) { return PingTranscript() }
        if ArrivalColumn.isOpened(by: line) { return ArrivalColumn(unit: columnUnit) }
        return nil
    }

    /// Names of the nodes met so far, in order of first appearance; grows while rows are read.
    public var nodes: [String] { names.names }

    /// How much of the file was read so far: 0 ... 1; nil where its length is not known, as of a pipe's.
    public var share: Double? { lines.share }

    /// Reads on.
    ///
    /// - Returns: The next arrival; nil at the end.
    /// - Throws: What is wrong with the next line, or with the file from there on; from then on always the same error.
    public mutating func next() throws(TraceError) -> TraceRow? {
        if let failure { throw failure }
        do throws(TraceError) {
            while let line = try lines.next() {
                if line.bytes.isEmpty, !format.hasBlankLines {
                    try expectEndAfterBlankLine()
                    return nil
                }
                if let row = try row(of: line) { return row }
            }
            return nil
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func row(of line: Line) throws(TraceError) -> TraceRow? {
        do throws(MalformedLine) {
            guard line.ending != .tooLong else {
                throw MalformedLine("must be at most \(LineReader.maxLineLength) bytes long, found more")
            }
            guard let row = try format.row(of: line, names: &names) else { return nil }
            guard row.arrival >= lastArrival else {
                throw MalformedLine("\(format.order), found \(row.arrival) after \(lastArrival) ns")
            }
            lastArrival = row.arrival
            return row
        } catch {
            // An unfinished last line is what a recorder leaves that was killed while it wrote, so we say that first.
            let torn = line.ending == .endOfFile ? "the file is torn here, without a line end: the last line " : ""
            throw TraceError(file: file, line: lines.number, reason: torn + error.reason)
        }
    }

    private mutating func expectEndAfterBlankLine() throws(TraceError) {
        let blank = lines.number
        while let line = try lines.next() {
            guard line.bytes.isEmpty else {
                throw TraceError(file: file, line: blank, reason: "must be a row, found a blank line before the end")
            }
        }
    }
}
