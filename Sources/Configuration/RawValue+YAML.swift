import PhiAccrual
import Yams

extension RawValue {
    /// Parses one YAML document. Scalars stay text: a number is parsed only where a number is expected.
    ///
    /// - Parameter location: Maps a line number, from 1, to its location.
    /// - Throws: The problem that prevents parsing. Anchors and aliases are rejected: with them, a few lines can stand
    ///   for any number of values.
    init(yaml text: String, at location: (Int) -> SourceLocation) throws(UnreadableYAML) {
        if let line = Self.lineOfAnchor(in: text) {
            throw UnreadableYAML(location(line), "anchors (&) and aliases (*) are not supported: write the value out")
        }
        let root: Node?
        do {
            root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw UnreadableYAML(error, at: location)
        }
        self =
            try root.map { node throws(UnreadableYAML) in try RawValue(node, at: location) }
            ?? RawValue(content: .nothing, location: location(1))
    }

    private init(_ node: Node, at location: (Int) -> SourceLocation) throws(UnreadableYAML) {
        let here = location(node.mark?.line ?? 1)
        switch node {
        case .scalar(let scalar):
            let isNothing = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            self.init(content: isNothing ? .nothing : .text(scalar.string), location: here)
        case .sequence(let sequence):
            var items: [RawValue] = []
            for item in sequence { items.append(try RawValue(item, at: location)) }
            self.init(content: .list(items), location: here)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let keyPlace = location(key.mark?.line ?? 1)
                guard let name = key.scalar?.string else {
                    throw UnreadableYAML(keyPlace, "a key must be text, not a list or a mapping")
                }
                entries.append(Entry(key: name, location: keyPlace, value: try RawValue(value, at: location)))
            }
            self.init(content: .mapping(entries), location: here)
        case .alias: throw UnreadableYAML(here, "aliases are not supported: write the value out")
        }
    }

    /// The line of the first anchor: `&name` where a value may begin. Nil if the text has no anchor. Comments
    /// may contain anchors.
    private static func lineOfAnchor(in text: String) -> Int? {
        for (index, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            var before = UInt8(ascii: " ")
            var isQuoted = false
            for (byte, next) in zip(line, line.dropFirst()) {
                let startsToken = before == 0x20 || before == 0x09
                if byte == UInt8(ascii: "#"), startsToken, !isQuoted { break }
                if byte == UInt8(ascii: "&"), startsToken || "[{,:?-!".utf8.contains(before), isPartOfAnchor(next) {
                    return index + 1
                }
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { isQuoted = true }
                before = byte
            }
        }
        return nil
    }
    private static func isPartOfAnchor(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// Text that is not YAML, or uses features that this parser does not support.
struct UnreadableYAML: Error {
    let problem: ConfigurationProblem

    init(_ location: SourceLocation, _ sentence: String) { problem = ConfigurationProblem(location, sentence) }

    fileprivate init(_ error: any Error, at location: (Int) -> SourceLocation) {
        switch error as? YamlError {
        case .parser(_, let problem, let mark, _) where problem.contains("nesting level"):
            self.init(location(mark.line), "the YAML is nested too deeply")
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let circumstance = context.map { " (\($0.text))" } ?? ""
            self.init(location(mark.line), "invalid YAML: \(problem)\(circumstance)")
        case .reader(let problem, let offset, _, let text):
            let line = 1 + text.prefix(offset ?? 0).count(where: \.isNewline)
            self.init(location(line), "invalid YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "\"\($0.escapingControls)\"" }.joined(separator: ", ")
            self.init(location(context.mark.line), "duplicate keys in one mapping: \(names)")
        default: self.init(location(1), "invalid YAML: \(error)")
        }
    }
}
