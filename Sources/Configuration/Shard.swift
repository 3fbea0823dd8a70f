import PhiAccrual

/// The nodes that one of several detectors watches: those whose key begins with certain bytes.
///
/// Keys are hashes, so each detector gets its share whatever the nodes are called. Publishers send a heartbeat only to
/// subscribers of its key's first byte.
public struct Shard: Hashable, Sendable, CustomStringConvertible {
    /// Number of this shard, from 1.
    public let number: Int
    /// Number of all shards, up to 256.
    public let count: Int

    public static let whole = Shard(number: 1, count: 1)

    private init(number: Int, count: Int) { (self.number, self.count) = (number, count) }

    /// - Parameter text: Number and count, such as `2/4`.
    public init(parsing text: String) throws(InvalidShard) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], (1...256).contains(count),
            (1...count).contains(number)
        else { throw InvalidShard(text: text) }
        self.init(number: number, count: count)
    }

    public var description: String { "\(number)/\(count)" }

    /// First bytes of the keys in this shard.
    public var firstBytes: ClosedRange<UInt8> {
        UInt8((number - 1) * 256 / count)...UInt8(number * 256 / count - 1)
    }

    public func contains(_ key: NodeKey) -> Bool { firstBytes.contains(key.firstByte) }
}

public struct InvalidShard: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public var description: String {
        "\"\(text.escapingControls)\" is not a shard: write its number and the number of shards, such as 2/4; at most 256"
    }
}
