import HeartbeatProtocol
import PhiAccrual
import Platform

/// The nodes' last announcements: the tails of their long frames, which are parsed only when they change.
struct NodeAnnouncements {
    private var tails: [NodeKey: [UInt8]] = [:]
    /// Only of nodes that have labels.
    private var labels: [NodeKey: [String: String]] = [:]

    func labels(of key: NodeKey) -> [String: String] { labels[key] ?? [:] }

    /// Keeps an announcement. An identical one from this node is then ignored.
    mutating func keep(_ announcement: NodeAnnouncement) {
        tails[announcement.key] = announcement.bytes
        labels[announcement.key] = announcement.labels.isEmpty ? nil : announcement.labels
    }
    /// Drops a forgotten node's announcement. If the node comes back, its announcement is parsed again.
    mutating func forget(_ key: NodeKey) { (tails[key], labels[key]) = (nil, nil) }

    /// Parses the announcement in a frame; nil if it is unchanged.
    func parseIfChanged(
        in frame: UnsafeRawBufferPointer, of key: NodeKey
    ) throws(MalformedHeartbeat) -> NodeAnnouncement? {
        let tail = UnsafeRawBufferPointer(rebasing: frame[HeartbeatFrame.compactSize...])
        if let known = tails[key], known.isEqual(to: tail) { return nil }
        return try NodeAnnouncement(decoding: tail, key: key)
    }
}

extension [UInt8] {
    /// The result of comparing the two as collections, several times as fast.
    fileprivate func isEqual(to bytes: UnsafeRawBufferPointer) -> Bool {
        withUnsafeBytes { own in
            guard own.count == bytes.count else { return false }
            guard let start = own.baseAddress, let other = bytes.baseAddress else { return true }
            return memcmp(start, other, own.count) == 0
        }
    }
}
