import PhiAccrual

/// Where a setting was written.
public enum SourceLocation: Hashable, Sendable, CustomStringConvertible {
    case line(Int, of: String)
    case variable(String)
    case option(String)

    public var source: Origin.Source {
        switch self {
        case .line: .file
        case .variable: .environment
        case .option: .option
        }
    }

    /// Sort order: by source, then by line within a file.
    var order: (Int, Int) {
        switch self {
        case .line(let line, _): (0, line)
        case .variable: (1, 0)
        case .option: (2, 0)
        }
    }

    public var description: String {
        switch self {
        case .line(let line, let file): "\(file.escapingControls):\(line)"
        case .variable(let name), .option(let name): name
        }
    }
}

/// An error in a configuration: its location, and a sentence that says what is valid.
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    public let location: SourceLocation
    public let sentence: String
    public var description: String { "\(location): \(sentence)" }

    /// In characters. This suffices to identify a value, which may have a megabyte.
    private static let maxSentenceLength = 1000

    init(_ location: SourceLocation, _ sentence: String) {
        self.location = location
        self.sentence =
            sentence.count > Self.maxSentenceLength ? "\(sentence.prefix(Self.maxSentenceLength))…" : sentence
    }

}

/// All errors in a configuration.
public struct InvalidConfiguration: Error, Hashable, Sendable, CustomStringConvertible {
    /// At least one; sorted by source, then by line within the file.
    public let problems: [ConfigurationProblem]
    public var description: String { problems.map(\.description).joined(separator: "\n") }

    init(_ problems: [ConfigurationProblem]) {
        self.problems = problems.enumerated()
            .sorted { a, b in
                let (before, after) = (a.element.location.order, b.element.location.order)
                return (before.0, before.1, a.offset) < (after.0, after.1, b.offset)
            }
            .map(\.element)
    }
}
