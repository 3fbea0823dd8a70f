import HeartbeatProtocol
import PhiAccrual

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How nodes introduced themselves, in the long tail of their frames, which is read only when it is news.
struct NodeAnnouncements {
    private var tails: [NodeKey: [UInt8]] = [:]
    /// Of those that have any.
    private var labels: [NodeKey: [String: String]] = [:]

    func labels(of key: NodeKey) -> [String: String] { labels[key] ?? [:] }

    /// From now on the same words of this node are no news.
    mutating func remember(_ announcement: NodeAnnouncement) {
        tails[announcement.key] = announcement.bytes
        labels[announcement.key] = announcement.labels.isEmpty ? nil : announcement.labels
    }
    /// The node is no longer kept: should it come back, its words are news again.
    mutating func forget(_ key: NodeKey) { (tails[key], labels[key]) = (nil, nil) }

    /// What a frame that introduces its node says of it, if that is news.
    func news(
        in frame: UnsafeRawBufferPointer, of key: NodeKey
    ) throws(MalformedHeartbeat) -> NodeAnnouncement? {
        let tail = UnsafeRawBufferPointer(rebasing: frame[HeartbeatFrame.compactSize...])
        if let known = tails[key], known.isEqual(to: tail) { return nil }
        return try NodeAnnouncement(decoding: tail, key: key)
    }
}

extension [UInt8] {
    /// What comparing them as collections tells, several times as fast.
    fileprivate func isEqual(to bytes: UnsafeRawBufferPointer) -> Bool {
        withUnsafeBytes { own in
            guard own.count == bytes.count else { return false }
            guard let start = own.baseAddress, let other = bytes.baseAddress else { return true }
            return memcmp(start, other, own.count) == 0
        }
    }
}
