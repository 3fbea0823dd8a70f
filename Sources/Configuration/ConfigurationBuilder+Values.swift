import PhiAccrual

// Parsing of single values. An invalid value is reported with what was expected, and changes nothing.

extension ConfigurationBuilder {
    /// Calls `parse` for each entry of a mapping. Reports unknown keys, and ignores keys without a value.
    /// - Parameter renamed: The present names of keys by their former ones.
    mutating func entries(
        of value: RawValue, _ path: String, expected: String, keys: [String],
        renamed: [String: String] = [:], _ parse: (inout ConfigurationBuilder, _ key: String, RawValue) -> Void
    ) {
        for (entry, name) in names(of: value, path, expected: expected) {
            if let present = renamed[name] {
                report(entry.location, "\"\(name)\" is now \"\(present)\"")
                continue
            }
            guard keys.contains(name) else {
                report(entry.location, "unknown key \"\(name.escapingControls)\": \(name.suggestion(from: keys))")
                continue
            }
            if case .nothing = entry.value.content { continue }
            parse(&self, name, entry.value)
        }
    }

    /// The entries of a mapping with their keys. Reports a text or a list as an error.
    mutating func names(of value: RawValue, _ path: String, expected: String) -> [(entry: RawValue.Entry, name: String)]
    {
        switch value.content {
        case .mapping(let entries): return entries.map { ($0, $0.key) }
        case .nothing: return []
        case .text, .list:
            report(value, path, expected: expected)
            return []
        }
    }

    mutating func text(of value: RawValue, _ path: String, expected: String) -> String? {
        if case .text(let text) = value.content { return text }
        report(value, path, expected: expected)
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
                text(of: item, "each item of \(path)", expected: "text").map { ($0, item.location) }
            }
            return items.count == list.count ? items : nil
        case .nothing, .mapping:
            report(value, path, expected: expected)
            return nil
        }
    }
}
