import PhiAccrual

/// A value as written, before it is interpreted.
struct RawValue: Sendable {
    enum Content: Sendable {
        case nothing
        case text(String)
        case list([RawValue])
        case mapping([Entry])
    }
    struct Entry: Sendable {
        var key: String
        /// Location of the key. The value may begin on a later line.
        var location: SourceLocation
        var value: RawValue
    }
    var content: Content
    var location: SourceLocation

    /// Describes the value in sentences such as “must be a duration, found a list”.
    var kind: String {
        switch content {
        case .nothing: "nothing"
        case .text(let text): "\"\(text.escapingControls)\""
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A setting made on the command line.
public struct OptionSetting: Sendable {
    /// As the user wrote it: `--max-nodes`.
    let name: String
    /// The keys that lead to the setting in a file: `["limits", "nodes"]`.
    let path: [String]
    let content: RawValue.Content

    public init(_ name: String, _ path: String..., text: String) {
        (self.name, self.path, content) = (name, path, .text(text))
    }
    public init(_ name: String, _ path: String..., list: [String]) {
        (self.name, self.path) = (name, path)
        content = .list(list.map { RawValue(content: .text($0), location: .option(name)) })
    }

    /// The equivalent content of a file.
    var written: RawValue {
        let location = SourceLocation.option(name)
        return path.reversed().reduce(RawValue(content: content, location: location)) { value, key in
            RawValue(content: .mapping([.init(key: key, location: location, value: value)]), location: location)
        }
    }
}
