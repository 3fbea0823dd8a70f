/// What the peers of an XPUB socket subscribed to, as far as the socket was asked.
public struct Subscriptions: ~Copyable {
    /// Prefixes of messages; each is there once, whoever subscribes to it.
    public private(set) var prefixes: Set<[UInt8]> = []
    /// How many prefixes there are besides, that found no room. With `xpublishVerbose` it says nothing: each repetition counts.
    public private(set) var excess = 0
    private let limit: Int
    private var message = Message()

    /// - Parameter limit: How many prefixes are kept.
    public init(limit: Int) { self.limit = limit }

    public var isEmpty: Bool { prefixes.isEmpty }

    /// Asks a socket what was subscribed to since the last time, and no longer is. It takes in a thousand of these messages at
    /// most, so that a peer that floods it with them keeps nothing else back.
    ///
    /// - Returns: How often something was subscribed to, with `xpublishVerbose` also what was before, and how often it was not any
    ///   longer.
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
            // Told when nobody subscribes to it any more, also because a connection was lost.
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
