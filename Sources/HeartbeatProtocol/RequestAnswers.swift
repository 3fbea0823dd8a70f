// Answers to requests that are carried out at once.

/// Answer to `pause`.
public struct PauseAnswer: Codable, Hashable, Sendable {
    /// As `group/name`.
    public var node: String
    public var until: Timestamp
    public init(node: String, until: Timestamp) { (self.node, self.until) = (node, until) }
}

/// Answer to `resume`.
public struct ResumeAnswer: Codable, Hashable, Sendable {
    public var node: String
    /// Whether the node was paused until now.
    public var wasPaused: Bool
    public init(node: String, wasPaused: Bool) { (self.node, self.wasPaused) = (node, wasPaused) }
    private enum CodingKeys: String, CodingKey {
        case node
        case wasPaused = "was_paused"
    }
}

/// Answer to `forget`: the service no longer watches the node.
public struct ForgetAnswer: Codable, Hashable, Sendable {
    public var node: String
    public init(node: String) { self.node = node }
}

/// Answer to `record`.
public struct RecordAnswer: Codable, Hashable, Sendable {
    public var folder: String
    /// Path of the file that is being written; nil while no recording is written.
    public var file: String?
    public init(folder: String, file: String?) { (self.folder, self.file) = (folder, file) }
}
