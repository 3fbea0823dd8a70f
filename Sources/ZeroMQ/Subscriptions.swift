/// The subscriptions of an XPUB socket's peers, as of the last `update(from:)`.
public struct Subscriptions: ~Copyable {
    /// The subscribed prefixes; each is present once, however many peers subscribed to it.
    public private(set) var prefixes: Set<[UInt8]> = []
    /// Number of further prefixes that exceeded the limit. With `xpublishVerbose` it is meaningless: each repetition
    /// counts.
    public private(set) var excess = 0
    private let limit: Int
    private var message = Message()

    /// - Parameter limit: Maximum number of prefixes kept.
    public init(limit: Int) { self.limit = limit }

    public var isEmpty: Bool { prefixes.isEmpty }

    /// Reads the subscriptions and cancellations since the last call. It reads at most a thousand, so that a peer that
    /// floods the socket with them delays nothing else.
    ///
    /// - Returns: Number of subscriptions, with `xpublishVerbose` including repeated ones, and number of cancellations.
    public mutating func update(
        from socket: borrowing Socket
    ) throws(ZeroMQError) -> (added: Int, removed: Int) {
        var (added, removed) = (0, 0)
        for _ in 0..<1000 {
            guard try socket.receive(into: &message) else { break }
            let words = message.bytes
            let prefix = Array(words.dropFirst())
            switch words.first {
            case 1:
                added += 1
                add(prefix)
            // Sent when the last subscriber of the prefix is gone, also because a connection was lost.
            case 0:
                removed += 1
                remove(prefix)
            default: break
            }
        }
        return (added, removed)
    }

    private mutating func add(_ prefix: [UInt8]) {
        if prefixes.count < limit { prefixes.insert(prefix) } else if !prefixes.contains(prefix) { excess += 1 }
    }
    private mutating func remove(_ prefix: [UInt8]) {
        if prefixes.remove(prefix) == nil { excess = max(0, excess - 1) }
    }
}
