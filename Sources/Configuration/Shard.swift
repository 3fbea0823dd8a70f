import PhiAccrual

/// Which of all nodes a detector watches: those whose key begins with certain bytes.
///
/// Keys are hashes, so that each of several detectors has its share whatever the nodes are called. Publishers send a heartbeat
/// only to those that subscribed to its first byte.
public struct Shard: Hashable, Sendable, CustomStringConvertible {
    /// Which one, from 1.
    public let number: Int
    /// Of how many: up to 256.
    public let count: Int

    public static let whole = Shard(number: 1, count: 1)

    private init(number: Int, count: Int) { (self.number, self.count) = (number, count) }

    /// - Parameter text: Such as `2/4`.
    public init(parsing text: String) throws(InvalidShard) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], (1...256).contains(count),
            (1...count).contains(number)
        else { throw InvalidShard(text: text) }
        self.init(number: number, count: count)
    }

    public var description: String { "\(number)/\(count)" }

    /// What the keys of its nodes begin with.
    public var firstBytes: ClosedRange<UInt8> {
        UInt8((number - 1) * 256 / count)...UInt8(number * 256 / count - 1)
    }

    public func contains(_ key: NodeKey) -> Bool { firstBytes.contains(key.firstByte) }
}

public struct InvalidShard: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public var description: String {
        "\"\(text.escapingControls)\" is no shard: write which of how many, such as 2/4, of at most 256"
    }
}
