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
/// The file is CSV, plain or gzip'ed, under the header `node,seq,sent_ns,arrival_ns`. Lost heartbeats are absent;
/// repeated and late ones may occur and are given as they come. What is not a trace is an error that names the line;
/// rows before that line have been given by then. A byte order mark, CRLF, and blank lines at the very end are accepted,
/// and so is a last line that is complete but for its line end.
public struct TraceReader: ~Copyable {
    private static let header = "node,seq,sent_ns,arrival_ns"

    private let file: String
    private var lines: LineReader
    private var names = NodeNames()
    private var lastArrival = Int64.min  // ns
    private var failure: TraceError?

    /// Opens a trace and reads its header.
    ///
    /// - Parameter path: A file, a named pipe, or `-` for standard input.
    /// - Throws: What stands in the way: no such file, a directory, nothing in it, another header.
    public init(path: String) throws(TraceError) {
        let file = path == "-" ? "standard input" : path
        var lines = try LineReader(path: path, file: file)
        guard let first = try lines.next(), !first.isLoneByteOrderMark else {
            throw TraceError(file: file, reason: "must begin with the header \(Self.header), found an empty file")
        }
        let found = Array(first.withoutByteOrderMark)  // a copy: in the error's way out, `lines` may be gone already
        guard found.elementsEqual(Self.header.utf8) else {
            let text = found.withUnsafeBytes { quoted($0) }
            throw TraceError(file: file, line: 1, reason: "must be the header \(Self.header), found \(text)")
        }
        self.file = file
        self.lines = lines
    }

    /// Names of the nodes met so far, in order of first appearance; grows while rows are read.
    public var nodes: [String] { names.names }

    /// Reads on.
    ///
    /// - Returns: The next arrival; nil at the end.
    /// - Throws: What is wrong with the next line, or with the file from there on; from then on always the same error.
    public mutating func next() throws(TraceError) -> TraceRow? {
        if let failure { throw failure }
        do throws(TraceError) {
            guard let line = try lines.next() else { return nil }
            if line.bytes.isEmpty { return try expectEndAfterBlankLine() }
            return try row(of: line)
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func row(of line: Line) throws(TraceError) -> TraceRow {
        guard line.ending != .tooLong else {
            throw error(in: line, "must be at most \(LineReader.longestLine) bytes long, found more")
        }
        guard let fields = Fields(line.bytes) else {
            throw error(in: line, "must have the 4 fields \(Self.header), found \(Fields.count(in: line.bytes))")
        }
        guard let node = names.index(of: fields.node) else {
            throw error(
                in: line,
                "node must be 1 to 255 bytes of UTF-8 without control characters, found \(quoted(fields.node))")
        }
        guard let sequence = wholeNumber(fields.sequence) else {
            throw error(in: line, "seq", mustBe: "a whole number", butIs: fields.sequence)
        }
        let sent = fields.sent.isEmpty ? nil : wholeNumber(fields.sent)
        guard sent != nil || fields.sent.isEmpty else {
            throw error(in: line, "sent_ns", mustBe: "empty or a whole number of nanoseconds", butIs: fields.sent)
        }
        guard let arrival = wholeNumber(fields.arrival) else {
            throw error(in: line, "arrival_ns", mustBe: "a whole number of nanoseconds", butIs: fields.arrival)
        }
        guard arrival >= lastArrival else {
            throw error(in: line, "arrival_ns must not fall, found \(arrival) after \(lastArrival)")
        }
        lastArrival = arrival
        return TraceRow(node: node, sequence: sequence, sent: sent, arrival: arrival)
    }

    private mutating func expectEndAfterBlankLine() throws(TraceError) -> TraceRow? {
        let blank = lines.number
        while let line = try lines.next() {
            guard line.bytes.isEmpty else {
                throw TraceError(file: file, line: blank, reason: "must be a row, found a blank line before the end")
            }
        }
        return nil
    }

    /// An unfinished last line is what a recorder leaves that was killed while it wrote, so we say that first.
    private func error(in line: Line, _ reason: String) -> TraceError {
        let torn = line.ending == .endOfFile ? "the file is torn here, without a line end: the last line " : ""
        return TraceError(file: file, line: lines.number, reason: torn + reason)
    }

    private func error(
        in line: Line, _ field: String, mustBe right: String, butIs found: UnsafeRawBufferPointer
    ) -> TraceError {
        let digits = found.first == UInt8(ascii: "-") ? found.dropFirst() : found[...]
        let isTooLarge = !digits.isEmpty && digits.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
        let range = isTooLarge ? " within \(Int64.min) ... \(Int64.max)" : ""
        return error(in: line, "\(field) must be \(right)\(range), found \(quoted(found))")
    }
}

extension Line {
    fileprivate var withoutByteOrderMark: UnsafeRawBufferPointer {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst(3)) : bytes
    }
    fileprivate var isLoneByteOrderMark: Bool { ending == .endOfFile && withoutByteOrderMark.isEmpty }
}
