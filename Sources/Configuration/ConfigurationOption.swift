import PhiAccrual

/// A command-line option that sets a key of the configuration.
package struct ConfigurationOption: Sendable {
    private enum Shape: Sendable {
        /// The value of the key.
        case text
        /// Repeatable; each value is an item of the key's list.
        case list
        /// Repeatable; `GROUP/ITEM` is an item of a list in that group's settings.
        case itemOfGroup(key: String)
    }
    /// As the user writes it: `--max-nodes`.
    package let name: String
    package let help: String
    /// A valid value, for messages and tests.
    package let example: String
    /// The option with its values, for the documentation: `--level NAME=POLICY`.
    let notation: String
    private let shape: Shape
    /// The key that the option sets.
    private var path: String = ""

    private init(_ name: String, _ values: String?, _ shape: Shape, help: String, example: String) {
        (self.name, self.shape, self.help, self.example) = (name, shape, help, example)
        notation = values.map { "\(name) \($0)" } ?? name
    }
    static func text(_ name: String, _ values: String? = nil, help: String, example: String) -> Self {
        .init(name, values, .text, help: help, example: example)
    }
    static func list(_ name: String, _ values: String? = nil, help: String, example: String) -> Self {
        .init(name, values, .list, help: help, example: example)
    }
    static func itemOfGroup(_ name: String, _ values: String, key: String, help: String, example: String) -> Self {
        .init(name, values, .itemOfGroup(key: key), help: help, example: example)
    }

    /// All options that set a key.
    package static let all = ConfigurationKey.all.flatMap(\.family).flatMap(\.options)

    func setting(_ path: String) -> Self {
        var option = self
        option.path = path
        return option
    }

    /// The settings that the option's values make; none if there are no values.
    package func settings(_ values: [String]) throws(OptionWithoutGroup) -> [OptionSetting] {
        let path = path.split(separator: ".").map(String.init)
        switch shape {
        case .text: return values.map { OptionSetting(name, path, text: $0) }
        case .list: return values.isEmpty ? [] : [OptionSetting(name, path, list: values)]
        case .itemOfGroup(let key):
            var settings: [OptionSetting] = []
            for value in values {
                // No name contains a slash.
                guard let slash = value.firstIndex(of: "/") else {
                    throw OptionWithoutGroup(option: name, text: value, example: example)
                }
                let item = String(value[value.index(after: slash)...])
                settings.append(OptionSetting(name, path + [String(value[..<slash]), key], list: [item]))
            }
            return settings
        }
    }
}

package struct OptionWithoutGroup: Error, CustomStringConvertible {
    let option: String
    let text: String
    let example: String
    package var description: String {
        "\(option) \"\(text.escapingControls)\" has no group: write for example '\(option) \(example)'"
    }
}

/// A setting made on the command line.
public struct OptionSetting: Sendable {
    /// As the user wrote it: `--max-nodes`.
    let name: String
    /// The keys that lead to the setting in a file: `["limits", "nodes"]`.
    let path: [String]
    let content: RawValue.Content

    public init(_ name: String, _ path: String..., text: String) { self.init(name, path, text: text) }
    public init(_ name: String, _ path: String..., list: [String]) { self.init(name, path, list: list) }
    init(_ name: String, _ path: [String], text: String) {
        (self.name, self.path, content) = (name, path, .text(text))
    }
    init(_ name: String, _ path: [String], list: [String]) {
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
