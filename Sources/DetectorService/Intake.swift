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

    /// - Returns: The introduction only if it says something new.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer
    ) throws(MalformedHeartbeat) -> (Heartbeat, Introduction?) {
        let (heartbeat, introduces) = try HeartbeatFrame.decode(bytes)
        guard introduces else { return (heartbeat, nil) }
        let tail = UnsafeRawBufferPointer(rebasing: bytes[HeartbeatFrame.compactSize...])
        if let known = known[heartbeat.key], known.tail.elementsEqual(tail) { return (heartbeat, nil) }
        let introduction = try Introduction(decoding: tail, key: heartbeat.key)
        known[heartbeat.key] = Known(tail: Array(tail), labels: introduction.labels)
        return (heartbeat, introduction)
    }
}
