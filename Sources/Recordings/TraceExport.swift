import PhiAccrual

/// Exports a recording as a trace: CSV rows `node,seq,sent_ns,arrival_ns`, one per heartbeat, in order of arrival.
///
/// The trace format carries less than a recording:
/// - `seq` continues across restarts of a node, since a trace has no incarnations, and beyond 2³². Heartbeats of a
///   stale incarnation are left out.
/// - A node has the same name in all rows. Without a known name, or if the name contains a comma, it is the key in 16
///   hexadecimal digits.
/// - Inputs other than heartbeats are left out: pauses, policies, and periods when the observer was not listening.
///
/// Arrivals are Unix nanoseconds. The wall-clock offset of the first file applies to all following files, as long as
/// the monotonic clock did not restart.
public struct TraceExport: Sendable {
    public static let header = "node,seq,sent_ns,arrival_ns\n"

    private struct Node {
        var name: String
        var incarnation: UInt32
        var sequence: UInt32
        var number: Int64
    }
    private let names: [NodeKey: String]
    private var nodes: [NodeKey: Node] = [:]
    private var wallOffset: Int64?  // ns
    private var lastInstant = Instant(nanoseconds: .min)
    private var lastArrival = Int64.min  // Unix ns

    /// - Parameter names: Names of the nodes, as found by `names(in:)`.
    public init(names: [NodeKey: String]) { self.names = names }

    /// All node names of a recording, read to its end. The first name of a key applies.
    public static func names(in reader: consuming RecordingReader) throws(RecordingError) -> [NodeKey: String] {
        var names: [NodeKey: String] = [:]
        func learn(_ identity: NodeIdentity, _ key: NodeKey) {
            let name = identity.description
            if names[key] == nil, !name.utf8.contains(UInt8(ascii: ",")) { names[key] = name }
        }
        while let part = try reader.next() {
            switch part {
            case .names(let known): for name in known { learn(name.identity, name.key) }
            case .input(.announcement(let identity, let key, _)): learn(identity, key)
            case .input(.expectation(let identity, let key, _, _)): learn(identity, key)
            default: break
            }
        }
        return names
    }

    /// The rows of the next item of the recording, each with its line end; empty for items without heartbeats.
    ///
    /// - Throws: If time runs backwards, for example because files are not in the order in which they were written.
    public mutating func rows(of part: RecordingItem) throws(InvalidExport) -> String {
        switch part {
        case .beginning(let header, _):
            // The monotonic clock only runs backwards when the machine restarted.
            if wallOffset == nil || header.start < lastInstant {
                wallOffset = header.createdAt.subtractingSaturated(header.start.nanoseconds)
            }
            return ""
        case .input(.heartbeats(let heartbeats, let now)):
            let arrival = now.nanoseconds.addingSaturated(wallOffset ?? 0)
            guard arrival >= lastArrival else {
                throw InvalidExport(
                    reason: "must be given in the order in which they were written, found arrival \(arrival) ns "
                        + "after \(lastArrival) ns")
            }
            (lastInstant, lastArrival) = (now, arrival)
            var rows = ""
            for heartbeat in heartbeats {
                guard let (name, number) = place(heartbeat) else { continue }
                rows += "\(name),\(number),\(heartbeat.sent.map(String.init) ?? ""),\(arrival)\n"
            }
            return rows
        default: return ""
        }
    }

    /// The name of a heartbeat's node and the number of the heartbeat within that node; nil for a stale incarnation.
    private mutating func place(_ heartbeat: Heartbeat) -> (name: String, number: Int64)? {
        var node =
            nodes[heartbeat.key]
            ?? Node(
                name: names[heartbeat.key] ?? heartbeat.key.description, incarnation: heartbeat.incarnation,
                sequence: heartbeat.sequence, number: Int64(heartbeat.sequence))
        defer { nodes[heartbeat.key] = node }
        guard heartbeat.incarnation >= node.incarnation else { return nil }
        if heartbeat.incarnation > node.incarnation {
            (node.incarnation, node.sequence) = (heartbeat.incarnation, heartbeat.sequence)
            node.number = node.number.addingSaturated(1)
            return (node.name, node.number)
        }
        let ahead = Int64(Int32(bitPattern: heartbeat.sequence &- node.sequence))
        let number = node.number.addingSaturated(ahead)
        if ahead > 0 { (node.sequence, node.number) = (heartbeat.sequence, number) }
        return (node.name, number)
    }
}

/// Why recordings cannot be exported as a trace.
public struct InvalidExport: Error, Hashable, Sendable, CustomStringConvertible {
    public let reason: String
    public var description: String { "the recordings \(reason)" }
}
