import CSodium
import PhiAccrual
import PlatformFoundation

/// The fields that the long form of a heartbeat adds: the node's names, and labels such as its zone.
public struct NodeAnnouncement: Hashable, Sendable {
    public let identity: NodeIdentity
    public let key: NodeKey
    public let labels: [String: String]
    /// The encoded fields, which follow the compact form.
    public let bytes: [UInt8]

    /// - Throws: If the labels make the heartbeat longer than a detector accepts.
    public init(identity: NodeIdentity, labels: [String: String] = [:]) throws(LabelsTooLong) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Encoding strings as JSON cannot fail.
        let json = labels.isEmpty ? Data("{}".utf8) : (try? encoder.encode(labels)) ?? Data("{}".utf8)
        let (group, name) = (Array(identity.group.utf8), Array(identity.name.utf8))
        let size = HeartbeatFrame.compactSize + 1 + group.count + 1 + name.count + 2 + json.count
        guard size <= HeartbeatFrame.maximumSize else { throw LabelsTooLong(size: size) }
        self.identity = identity
        key = NodeKey(of: identity)
        self.labels = labels
        let length = UInt16(truncatingIfNeeded: json.count)  // at most `maximumSize`
        bytes =
            [UInt8(truncatingIfNeeded: group.count)] + group + [UInt8(truncatingIfNeeded: name.count)] + name
            + [UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)] + json
    }

    /// Parses the bytes that follow the compact form.
    /// - Throws: Also if `key` is not the hash of the names.
    public init(decoding tail: UnsafeRawBufferPointer, key: NodeKey) throws(MalformedHeartbeat) {
        var rest = tail[...]
        let group = try Self.text(Self.field(&rest, lengthBytes: 1))
        let name = try Self.text(Self.field(&rest, lengthBytes: 1))
        let json = try Self.field(&rest, lengthBytes: 2)
        guard rest.isEmpty else { throw .badLength }
        guard let identity = try? NodeIdentity(group: group, name: name) else { throw .badName }
        guard NodeKey(of: identity) == key else { throw .keyMismatch }
        if json.isEmpty {
            labels = [:]
        } else {
            guard let labels = try? JSONDecoder().decode([String: String].self, from: Data(json)) else {
                throw .badLabels
            }
            self.labels = labels
        }
        self.identity = identity
        self.key = key
        bytes = Array(tail)
    }

    private static func field(
        _ rest: inout Slice<UnsafeRawBufferPointer>, lengthBytes: Int
    ) throws(MalformedHeartbeat) -> Slice<UnsafeRawBufferPointer> {
        guard rest.count >= lengthBytes else { throw .badLength }
        let length = rest.prefix(lengthBytes).reversed().reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(lengthBytes)
        guard rest.count >= length else { throw .badLength }
        defer { rest = rest.dropFirst(length) }
        return rest.prefix(length)
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) throws(MalformedHeartbeat) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        return text
    }
}

/// The labels do not fit into a heartbeat.
public struct LabelsTooLong: Error, Hashable, Sendable, CustomStringConvertible {
    /// Size that the heartbeat would have, in bytes.
    public let size: Int
    public var description: String {
        "labels are too long: the heartbeat has \(size) bytes, and the maximum is \(HeartbeatFrame.maximumSize); use fewer or shorter labels"
    }
}

extension NodeKey {
    /// The first eight bytes of the SHA-256 of `group/name`.
    public init(of identity: NodeIdentity) {
        let text = Array(identity.description.utf8)
        var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256(&hash, text, UInt64(text.count))
        self.init(rawValue: hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }
}
