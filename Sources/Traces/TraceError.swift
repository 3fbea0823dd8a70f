/// Why a trace cannot be read, or not beyond some line.
public struct TraceError: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String  // the given path, or “standard input”
    public var line: Int?  // the first line is 1; nil if the error concerns the whole file
    public var reason: String  // the valid form, and what was found

    public init(file: String, line: Int? = nil, reason: String) {
        (self.file, self.line, self.reason) = (file, line, reason)
    }

    /// One sentence, such as `net.csv.gz, line 17: arrival_ns must be a whole number of nanoseconds, found "12.5"`.
    public var description: String {
        line.map { "\(file), line \($0): \(reason)" } ?? "\(file): \(reason)"
    }
}

/// File contents, made safe for an error message: quoted, at most 60 characters, with control characters escaped.
func quoted(_ found: UnsafeRawBufferPointer) -> String {
    let text = String(decoding: found.prefix(240), as: UTF8.self).unicodeScalars
    let shown = text.prefix(60).map { $0.escaped(asASCII: $0.properties.generalCategory == .control) }.joined()
    return "\"" + shown + (text.count > 60 || found.count > 240 ? "…\"" : "\"")
}
