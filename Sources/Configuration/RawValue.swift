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
