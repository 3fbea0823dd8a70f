import BinaryCoding

/// Versions of the layout of a node's stored state, apart from its model's.
///
/// Checkpoints and persisted nodes name their layout, so that every later version can read them. A change of any byte,
/// such as a new field, needs a new version here and a branch on `BinaryReader.layout` where the field is read.
enum StateLayout {
    /// Version 1, of program version 0.1.0: emitted notice codes as one flag per code, in the order of that program.
    static let codesByPosition: UInt32 = 1
    /// Version 2: emitted notice codes by name.
    static let codesByName: UInt32 = 2
    static let current = codesByName

    /// What a version says after the version of the model.
    static func suffix(_ layout: UInt32) -> String { " node/\(layout)" }
}

extension Detector {
    /// Version of the stored state, as persisted nodes and checkpoints name it.
    public static var persistedVersion: String { version(of: StateLayout.current) }

    private static func version(of layout: UInt32) -> String { Model.stateVersion + StateLayout.suffix(layout) }

    /// The layout that a version names; nil if this detector cannot read it. Called for each stored node of a start, so
    /// it allocates nothing.
    static func layout(of version: String) -> UInt32? {
        guard version.hasPrefix(Model.stateVersion) else { return nil }
        let suffix = version.dropFirst(Model.stateVersion.count)
        return (StateLayout.codesByPosition...StateLayout.current).first { StateLayout.suffix($0) == suffix }
    }

    /// The versions of checkpoints that can be read, for messages.
    static var readableVersions: String {
        "\(Model.stateVersion) without a node version, or with node/\(StateLayout.codesByPosition) "
            + "to node/\(StateLayout.current)"
    }

    /// Whether persisted state of this version can be read.
    public static func canRead(_ version: String) -> Bool { layout(of: version) != nil }
}
