import HeartbeatProtocol
import PhiAccrual

/// Turns frames into heartbeats, and reads the long tail of those that introduce themselves only when it is news.
struct Intake {
    var malformed = RareLog<MalformedHeartbeat>()
    private struct Known {
        var tail: [UInt8]
        var labels: [String: String]
    }
    private var known: [NodeKey: Known] = [:]

    func labels(of key: NodeKey) -> [String: String] { known[key]?.labels ?? [:] }

    /// From now on the same words of this node are no news.
    mutating func remember(_ introduction: Introduction) {
        known[introduction.key] = Known(tail: introduction.bytes, labels: introduction.labels)
    }
    /// The node is no longer kept: should it come back, its words are news again.
    mutating func forget(_ key: NodeKey) { known[key] = nil }

    /// - Returns: The heartbeat, whether it introduces its node, and the introduction only if it says something new.
    func take(
        _ bytes: UnsafeRawBufferPointer
    ) throws(MalformedHeartbeat) -> (Heartbeat, introduces: Bool, Introduction?) {
        let (heartbeat, introduces) = try HeartbeatFrame.decode(bytes)
        guard introduces else { return (heartbeat, false, nil) }
        let tail = UnsafeRawBufferPointer(rebasing: bytes[HeartbeatFrame.compactSize...])
        if let known = known[heartbeat.key], known.tail.elementsEqual(tail) { return (heartbeat, true, nil) }
        return (heartbeat, true, try Introduction(decoding: tail, key: heartbeat.key))
    }
}
