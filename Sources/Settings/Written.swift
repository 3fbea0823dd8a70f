import PhiAccrual

/// A value as somebody wrote it, before it is asked what it means.
struct Written: Sendable {
    enum Content: Sendable {
        case nothing
        case text(String)
        case list([Written])
        case mapping([Entry])
    }
    struct Entry: Sendable {
        var key: String
        /// The place of the key. A value may begin on a later line.
        var place: Place
        var value: Written
    }
    var content: Content
    var place: Place

    /// For sentences such as “must be a duration, found a list”.
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
public struct StatedOption: Sendable {
    /// As its user wrote it: `--max-nodes`.
    let name: String
    /// The keys that lead to it in a file: `["limits", "nodes"]`.
    let path: [String]
    let content: Written.Content

    public init(_ name: String, _ path: String..., text: String) {
        (self.name, self.path, content) = (name, path, .text(text))
    }
    public init(_ name: String, _ path: String..., list: [String]) {
        (self.name, self.path) = (name, path)
        content = .list(list.map { Written(content: .text($0), place: .option(name)) })
    }

    /// What a file would say to the same effect.
    var written: Written {
        let place = Place.option(name)
        return path.reversed().reduce(Written(content: content, place: place)) { value, key in
            Written(content: .mapping([.init(key: key, place: place, value: value)]), place: place)
        }
    }
}
