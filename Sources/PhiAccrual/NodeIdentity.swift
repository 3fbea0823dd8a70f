/// Eight bytes that identify a node on the wire and in look-ups.
public struct NodeKey: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The byte that assigns the node to a shard.
    public var firstByte: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 56) }
}

extension NodeKey: CustomStringConvertible {
    /// Sixteen hexadecimal digits.
    public var description: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A node's name for people: its group, and its name within the group.
public struct NodeIdentity: Hashable, Sendable, CustomStringConvertible {
    public let group: String
    public let name: String

    /// - Throws: If a part is not a valid name; see `invalidity(ofName:)`.
    public init(group: String, name: String) throws(InvalidName) {
        for (part, text) in [("group", group), ("node", name)] {
            if let reason = Self.invalidity(ofName: text) { throw InvalidName(part: part, text: text, reason: reason) }
        }
        self.group = group
        self.name = name
    }

    public var description: String { "\(group)/\(name)" }

    // Compares bytes, as keys and topics do. `String` counts different bytes that look the same as equal.
    public static func == (a: NodeIdentity, b: NodeIdentity) -> Bool {
        a.group.utf8.elementsEqual(b.group.utf8) && a.name.utf8.elementsEqual(b.name.utf8)
    }
    public func hash(into hasher: inout Hasher) {
        for byte in group.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(ascii: "/"))
        for byte in name.utf8 { hasher.combine(byte) }
    }

    /// Why a name of a group, a node, or a level is invalid; nil if it is valid.
    ///
    /// Names become parts of topics. There `/` is the separator and `-` stands for “none”.
    public static func invalidity(ofName name: String) -> String? {
        let bytes = name.utf8
        if bytes.isEmpty { return "it is empty" }
        if bytes.count > 64 { return "it has \(bytes.count) bytes, more than 64" }
        if name == "-" { return "'-' is reserved" }
        if bytes.contains(UInt8(ascii: "/")) { return "'/' separates group and node" }
        // Unicode's category Cc, which will never change. Look-ups in the table of all categories are slow.
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            return "it contains a control character"
        }
        return nil
    }
}

/// An invalid name, with the reason.
public struct InvalidName: Error, Hashable, Sendable, CustomStringConvertible {
    public let part: String
    public let text: String
    public let reason: String
    public init(part: String, text: String, reason: String) {
        (self.part, self.text, self.reason) = (part, text, reason)
    }
    public var description: String {
        "invalid \(part) name \"\(text.escapingControls)\": \(reason); use 1 to 64 bytes of UTF-8 without '/' or control characters"
    }
}

extension String {
    /// The text made safe for a terminal or a log line: control characters, characters that change the direction of the
    /// text, and line separators are escaped.
    public var escapingControls: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
