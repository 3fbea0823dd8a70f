import HeartbeatProtocol
import PhiAccrual

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Turns frames into heartbeats, and reads the long tail of those that introduce themselves only when it is news.
struct Intake {
    var malformed = RareLog<MalformedHeartbeat>()
    /// How nodes introduced themselves.
    private var tails: [NodeKey: [UInt8]] = [:]
    /// Of those that have any.
    private var labels: [NodeKey: [String: String]] = [:]

    func labels(of key: NodeKey) -> [String: String] { labels[key] ?? [:] }

    /// From now on the same words of this node are no news.
    mutating func remember(_ introduction: Introduction) {
        tails[introduction.key] = introduction.bytes
        labels[introduction.key] = introduction.labels.isEmpty ? nil : introduction.labels
    }
    /// The node is no longer kept: should it come back, its words are news again.
    mutating func forget(_ key: NodeKey) { (tails[key], labels[key]) = (nil, nil) }

    /// - Returns: The heartbeat, whether it introduces its node, and the introduction only if it says something new.
    @inline(__always) func take(
        _ bytes: UnsafeRawBufferPointer
    ) throws(MalformedHeartbeat) -> (Heartbeat, introduces: Bool, Introduction?) {
        let (heartbeat, introduces) = try HeartbeatFrame.decode(bytes)
        guard introduces else { return (heartbeat, false, nil) }
        let tail = UnsafeRawBufferPointer(rebasing: bytes[HeartbeatFrame.compactSize...])
        if let known = tails[heartbeat.key], known.isEqual(to: tail) { return (heartbeat, true, nil) }
        return (heartbeat, true, try Introduction(decoding: tail, key: heartbeat.key))
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
