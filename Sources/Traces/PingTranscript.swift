/// The output of `ping -D` from iputils (Linux): one line per reply, prefixed with the time at which ping printed it.
///
/// ```text
/// PING web.example (10.0.0.1) 56(84) bytes of data.
/// [1732188912.123456] 64 bytes from web.example (10.0.0.1): icmp_seq=7 ttl=64 time=0.512 ms
/// [1732188914.125100] no answer yet for icmp_seq=8
/// ```
///
/// The node's name is the address that answered. The arrival of a reply is the time in brackets. Its request was sent
/// one round-trip time earlier, which ping rounds to three digits. Duplicate replies (`DUP!`) are returned as they are.
/// Replies with a bad checksum are left out. All other lines are skipped: losses are visible as gaps in the numbers.
/// `icmp_seq` has 16 bits and wraps around; the numbers here continue across the wrap.
///
/// Source: `ping_common.c` in iputils/iputils, `gather_statistics` and `finish`.
struct PingTranscript: TraceFormat {
    var order: String { "times in brackets must not decrease (split the file where the clock was set back)" }
    var hasBlankLines: Bool { true }

    private var numberings: [Numbering] = []  // by node

    static func isOpened(by line: UnsafeRawBufferPointer) -> Bool {
        line.starts(with: "PING ") || line.starts(with: "PATTERN: ") || PingReply.isStamped(line)
            || PingReply.isUnstamped(line)
    }

    mutating func row(of line: Line, names: inout NodeNames) throws(MalformedLine) -> TraceRow? {
        if let pinged = Self.address(inHeader: line.bytes), let node = names.index(ofKnown: pinged) {
            numberings[node].restart()
        }
        guard let reply = try PingReply(line) else { return nil }
        guard let node = names.index(of: reply.address) else {
            throw MalformedLine(
                "must name an address of 1 to 255 bytes of UTF-8 without control characters or commas, "
                    + "found \(quoted(reply.address))")
        }
        if node == numberings.count { numberings.append(Numbering()) }
        return TraceRow(
            node: node, sequence: numberings[node].number(of: reply), sent: reply.sent, arrival: reply.arrival)
    }

    /// The address in parentheses in `PING web.example (10.0.0.1) …`, which ping prints when it starts.
    private static func address(inHeader line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var text = LineScanner(line)
        guard text.skip("PING "), text.parse(until: "(") != nil else { return nil }
        return text.parse(until: ")")
    }
}

/// Extends the 16-bit `icmp_seq` of one node to a continuous sequence.
private struct Numbering {
    private var newest: Int64 = 0
    private var newestSequence: UInt16 = 0  // `icmp_seq` of the newest reply
    private var newestSent: Int64?  // ns
    private var isStarting = true

    private static let turn: Int64 = 1 << 16
    private static let minSendDelay: Int128 = 1_000_000_000  // ns

    /// Handles a restart of ping, which counts from 1 again. The new numbers follow the previous ones.
    mutating func restart() { (newestSequence, isStarting) = (0, true) }

    mutating func number(of reply: PingReply) -> Int64 {
        let ahead = Int64(reply.sequence &- newestSequence)
        // A reply half a cycle or more ahead is out of order, unless its request was sent well after the newest one.
        // In that case that many replies were lost: no ping sends half a cycle of requests within a second.
        let isLate = ahead >= Self.turn / 2 && !isStarting && !isSentLater(reply)
        guard !isLate else { return newest + ahead - Self.turn }
        newest += ahead
        newestSequence = reply.sequence
        newestSent = reply.sent
        isStarting = false
        return newest
    }

    private func isSentLater(_ reply: PingReply) -> Bool {
        guard let sent = reply.sent, let newestSent else { return false }
        return Int128(sent) - Int128(newestSent) >= Self.minSendDelay
    }
}

/// A transcript line that reports a reply.
private struct PingReply {
    let address: UnsafeRawBufferPointer
    let sequence: UInt16
    let arrival: Int64  // ns since 1970, at least 0
    let sent: Int64?  // ns since 1970; nil if the packets were too small to carry a timestamp

    static func isStamped(_ line: UnsafeRawBufferPointer) -> Bool {
        var text = LineScanner(line)
        return text.skip("[") && !text.parseDigits().isEmpty
    }
    /// Whether the line looks like a reply without the `-D` timestamp, or comes from a ping without that option.
    static func isUnstamped(_ line: UnsafeRawBufferPointer) -> Bool {
        !line.starts(with: "[")
            && (line.firstIndex(of: " bytes from ") != nil || line.firstIndex(of: "icmp_seq=") != nil)
    }

    /// - Returns: nil for all other lines that ping prints.
    init?(_ line: Line) throws(MalformedLine) {
        guard !Self.isUnstamped(line.bytes) else {
            throw MalformedLine(
                "must begin with the time in brackets, as 'ping -D' on Linux prints it, found \(quoted(line.bytes))")
        }
        var text = LineScanner(line.bytes)
        guard text.skip("[") else { return nil }
        guard let stamp = text.parse(until: "] "), let arrival = DecimalNumber(stamp)?.scaled(by: 9), arrival >= 0
        else {
            throw MalformedLine(
                "must begin with seconds in brackets, such as [1732188912.123456], found \(quoted(line.bytes))")
        }
        if text.skip("From ") || text.skip("no answer yet for ") { return nil }
        guard let size = text.parse(until: " bytes from "), wholeNumber(size) != nil,
            let sender = text.parse(until: ": icmp_seq="),
            let sequence = wholeNumber(text.parseDigits()).flatMap({ UInt16(exactly: $0) }),
            text.rest.isEmpty || text.rest.starts(with: " ")
        else { throw Self.malformed(line) }
        var time: Int64?  // ns
        if text.parse(until: " time=") != nil {
            guard let number = text.parse(until: " ms").flatMap({ DecimalNumber($0) })?.scaled(by: 6), number >= 0
            else {
                throw Self.malformed(line)
            }
            time = number
        } else if line.ending == .endOfFile {
            throw Self.malformed(line)  // the line may be torn before its time, or within its number
        }
        if text.rest.firstIndex(of: "(BAD CHECKSUM!)") != nil { return nil }
        self.arrival = arrival
        self.sequence = sequence
        address = Self.address(of: sender)
        sent = time.map { arrival - $0 }
    }

    /// Returns `10.0.0.1`, or the address in parentheses in `web.example (10.0.0.1)`.
    private static func address(of sender: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var text = LineScanner(sender)
        guard sender.last == UInt8(ascii: ")"), text.parse(until: " (") != nil else { return sender }
        return UnsafeRawBufferPointer(rebasing: text.rest.dropLast())
    }

    private static func malformed(_ line: Line) -> MalformedLine {
        MalformedLine(
            "must be a reply such as '64 bytes from 10.0.0.1: icmp_seq=7 ttl=64 time=0.512 ms' "
                + "(LC_ALL=C keeps ping from translating it), found \(quoted(line.bytes))")
    }
}
