import PhiAccrual

// Parsing of single values. An invalid value is reported with what was expected, and changes nothing.

extension ConfigurationBuilder {
    /// Calls `parse` for each entry of a mapping. Reports unknown keys, and ignores keys without a value.
    mutating func entries<Key: RawRepresentable & CaseIterable>(
        of value: RawValue, _ path: String, expected: String,
        _ parse: (inout ConfigurationBuilder, Key, RawValue) -> Void
    ) where Key.RawValue == String {
        for (entry, name) in names(of: value, path, expected: expected) {
            guard let key = Key(rawValue: name) else {
                let suggestion = name.suggestion(from: Key.allCases.map(\.rawValue))
                report(entry.location, "unknown key \"\(name.escapingControls)\": \(suggestion)")
                continue
            }
            if case .nothing = entry.value.content { continue }
            parse(&self, key, entry.value)
        }
    }

    /// The entries of a mapping with their keys. Reports a text or a list as an error.
    mutating func names(of value: RawValue, _ path: String, expected: String) -> [(entry: RawValue.Entry, name: String)]
    {
        switch value.content {
        case .mapping(let entries): return entries.map { ($0, $0.key) }
        case .nothing: return []
        case .text, .list:
            report(value.location, "\(path.escapingControls) must be \(expected), found \(value.kind)")
            return []
        }
    }

    mutating func text(of value: RawValue, _ path: String, expected: String) -> String? {
        if case .text(let text) = value.content { return text }
        report(value.location, "\(path.escapingControls) must be \(expected), found \(value.kind)")
        return nil
    }

    /// The items of a list, or the words of one text.
    mutating func items(of value: RawValue, _ path: String, expected: String) -> [(
        text: String, location: SourceLocation
    )]? {
        switch value.content {
        case .text(let text): return text.split(whereSeparator: \.isWhitespace).map { (String($0), value.location) }
        case .list(let list):
            let items = list.compactMap { item in
                text(of: item, "each item of \(path)", expected: "a text").map { ($0, item.location) }
            }
            return items.count == list.count ? items : nil
        case .nothing, .mapping:
            report(value.location, "\(path.escapingControls) must be \(expected), found \(value.kind)")
            return nil
        }
    }

    /// Sets the value that `parse` makes from a text.
    mutating func parse<Value>(
        _ value: RawValue, _ path: String, _ part: WritableKeyPath<ServiceConfiguration, Value>, _ expected: String,
        _ parse: (String) throws -> Value
    ) {
        guard let text = text(of: value, path, expected: expected) else { return }
        do { set(path, part, try parse(text), at: value.location) } catch { report(value.location, "\(error)") }
    }

    mutating func parseDuration(
        _ value: RawValue, _ path: String, _ part: WritableKeyPath<ServiceConfiguration, Duration>,
        upTo maxDuration: Duration? = nil
    ) {
        parse(value, path, part, "a duration such as 24h") { text in
            let duration = try Duration(parsing: text)
            guard duration > .zero else { throw NotPositive(text: text) }
            if let maxDuration, duration > maxDuration { throw TooLong(text: text, maxDuration: maxDuration) }
            return duration
        }
    }

    mutating func parseWholeNumber(
        _ value: RawValue, _ path: String, _ part: WritableKeyPath<ServiceConfiguration, Int>,
        in range: ClosedRange<Int>
    ) {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = text(of: value, path, expected: expected) else { return }
        guard let number = Int(text), range.contains(number) else {
            return report(value.location, "\(path) must be \(expected), found \(value.kind)")
        }
        set(path, part, number, at: value.location)
    }
}

private struct TooLong: Error, CustomStringConvertible {
    let text: String
    let maxDuration: Duration
    var description: String { "\"\(text.escapingControls)\" is too long: \(maxDuration.notation) is the most" }
}

private struct NotPositive: Error, CustomStringConvertible {
    let text: String
    var description: String { "\"\(text.escapingControls)\" is not above 0: write for example 250ms or 1s" }
}
