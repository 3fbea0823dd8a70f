/// Why a trace cannot be read, or not further.
public struct TraceError: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String  // the path as it was given, or “standard input”
    public var line: Int?  // the first is 1; nil where the file as a whole is at fault
    public var reason: String  // what would be right, and what was found

    public init(file: String, line: Int? = nil, reason: String) {
        (self.file, self.line, self.reason) = (file, line, reason)
    }

    /// One sentence, such as
    /// `net.csv.gz, line 17: arrival_ns must be a whole number of nanoseconds, found "12.5"`.
    public var description: String {
        line.map { "\(file), line \($0): \(reason)" } ?? "\(file): \(reason)"
    }
}

/// What a file holds, fit for an error message: in quotes, at most 60 characters, and nothing that a terminal obeys.
func quoted(_ found: UnsafeRawBufferPointer) -> String {
    let text = String(decoding: found.prefix(240), as: UTF8.self).unicodeScalars
    let shown = text.prefix(60).map { $0.escaped(asASCII: $0.properties.generalCategory == .control) }.joined()
    return "\"" + shown + (text.count > 60 || found.count > 240 ? "…\"" : "\"")
}
