import PhiAccrual

/// A recording as a trace: rows of CSV, `node,seq,sent_ns,arrival_ns`, one per heartbeat, in order of arrival.
///
/// For exchange, so some things are lost:
/// - `seq` goes on where a node restarts, since a trace knows no incarnations, and beyond 2³². Heartbeats of an
///   incarnation older than the newest are left out.
/// - A node has its name in all rows, or, if nobody said one or it holds a comma, its key in 16 hexadecimal digits.
/// - What is no heartbeat is left out: pauses, policies, and that the observer was deaf.
///
/// Arrivals are Unix nanoseconds. The first file's relation of the clocks holds for all that follow, as long as the monotonic
/// clock went on.
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

    /// - Parameter names: What nodes are called, as `names(in:)` found.
    public init(names: [NodeKey: String]) { self.names = names }

    /// Every name that a recording tells, to its end. What was said first of a key holds.
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

    /// Rows of the next part of the recording, each with its line end; empty for what is no heartbeat.
    ///
    /// - Throws: If time goes back, as where files are given in another order than that in which they were written.
    public mutating func rows(of part: RecordingItem) throws(InvalidExport) -> String {
        switch part {
        case .beginning(let header, _):
            // A monotonic clock that went back began anew with the machine.
            if wallOffset == nil || header.start < lastInstant {
                wallOffset = header.createdAt.subtractingSaturated(header.start.nanoseconds)
            }
            return ""
        case .input(.heartbeats(let heartbeats, let now)):
            let arrival = now.nanoseconds.addingSaturated(wallOffset ?? 0)
            guard arrival >= lastArrival else {
                throw InvalidExport(
                    reason: "must be files in the order in which they were written, found arrival \(arrival) ns "
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

    /// Whose a heartbeat is, and its number among all of that node; nil if it is of a former incarnation.
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

/// Recordings that make no trace, with the reason.
public struct InvalidExport: Error, Hashable, Sendable, CustomStringConvertible {
    public let reason: String
    public var description: String { "the recordings \(reason)" }
}
