/// A line-oriented format of recorded arrivals, with the parser state that is kept between lines.
protocol TraceFormat {
    /// The ordering rule, as the error message states it when a line violates it.
    var order: String { get }
    /// Whether blank lines may occur anywhere. If not, a blank line marks the end.
    var hasBlankLines: Bool { get }

    /// Parses one line. The first line of the file is included.
    ///
    /// Look a name up only when the line is certain to give a row: nodes are numbered in the order of their first rows.
    ///
    /// - Returns: nil if the line contains no arrival.
    mutating func row(of line: Line, names: inout NodeNames) throws(MalformedLine) -> TraceRow?
}

/// Why a line is invalid: what it must be, and what was found.
struct MalformedLine: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
