/// A way of writing arrivals down, line by line, with what has to be remembered from one line to the next.
protocol TraceFormat {
    /// That arrivals come in order, as its user is told who broke it.
    var order: String { get }
    /// Whether blank lines may stand anywhere; elsewhere they are the end.
    var hasBlankLines: Bool { get }

    /// Reads one line; the first one of the file, too.
    ///
    /// A name is looked up only when a row is certain: nodes are numbered in the order of their first rows.
    ///
    /// - Returns: nil if the line tells of no arrival.
    mutating func row(of line: Line, names: inout NodeNames) throws(MalformedLine) -> TraceRow?
}

/// Why a line cannot be read: what it must be, and what was found.
struct MalformedLine: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
