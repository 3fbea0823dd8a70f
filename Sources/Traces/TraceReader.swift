/// One recorded arrival.
///
/// Times count from an origin chosen by the recording, and may be negative.
public struct TraceRow: Hashable, Sendable {
    public var node: Int  // index into `TraceReader.nodes`
    public var sequence: Int64
    public var sent: Int64?  // ns; nil if the recording has no send times
    public var arrival: Int64  // ns

    public init(node: Int, sequence: Int64, sent: Int64?, arrival: Int64) {
        (self.node, self.sequence, self.sent, self.arrival) = (node, sequence, sent, arrival)
    }
}

/// Reads the recorded arrivals of one file, in order of arrival.
///
/// The file is plain or gzip-compressed. It is CSV with the header `node,seq,sent_ns,arrival_ns`, output of `ping -D`,
/// or a plain column of arrival times; the first line determines the format. Lost heartbeats are absent. Duplicate and
/// out-of-order ones may occur and are returned as they are. Invalid input is an error that names the line; all rows
/// before that line have been returned by then. The reader accepts a byte order mark, CRLF, blank lines at the very
/// end, and a complete last line without a line end.
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
    ///   - columnUnit: The unit of a plain column of times whose header names none; nil: seconds.
    /// - Throws: If the file does not exist, is a directory, is empty, or has an unknown format.
    public init(path: String, columnUnit: TimeUnit? = nil) throws(TraceError) {
        let file = path == "-" ? "standard input" : path
        var lines = try LineReader(path: path, file: file)
        guard let first = try lines.next(), first.ending == .newline || !first.bytes.isEmpty else {
            throw TraceError(file: file, reason: "\(Self.rule), found an empty file")
        }
        let found = Array(first.bytes)  // a copy: when the error is thrown, `lines` may already be gone
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

    /// Names of the nodes so far, in order of first appearance. The array grows while rows are read.
    public var nodes: [String] { names.names }

    /// The share of the file that was read so far, 0 ... 1; nil if its length is unknown, as for a pipe.
    public var share: Double? { lines.share }

    /// Reads the next arrival.
    ///
    /// - Returns: Nil at the end.
    /// - Throws: If the next line is invalid, or the file cannot be read further. Later calls throw the same error.
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
            // A recorder that is killed during a write leaves an incomplete last line.
            let torn = line.ending == .endOfFile ? "the last line has no line end, so it may be incomplete: " : ""
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
