/// Phi's own trace format: CSV with any number of nodes and whole nanoseconds.
struct CSVTrace: TraceFormat {
    static let header = "node,seq,sent_ns,arrival_ns"
    var order: String { "arrival_ns must not decrease" }
    var hasBlankLines: Bool { false }

    private var isHeaderRead = false

    static func isOpened(by line: UnsafeRawBufferPointer) -> Bool { line.elementsEqual(header.utf8) }

    mutating func row(of line: Line, names: inout NodeNames) throws(MalformedLine) -> TraceRow? {
        guard isHeaderRead else {
            isHeaderRead = true
            return nil
        }
        guard let fields = Fields(line.bytes) else {
            throw MalformedLine("must have the 4 fields \(Self.header), found \(Fields.count(in: line.bytes))")
        }
        guard let node = names.index(of: fields.node) else {
            throw MalformedLine(
                "node must be 1 to 255 bytes of UTF-8 without control characters, found \(quoted(fields.node))")
        }
        guard let sequence = wholeNumber(fields.sequence) else {
            throw Self.malformed("seq", mustBe: "a whole number", butIs: fields.sequence)
        }
        let sent = fields.sent.isEmpty ? nil : wholeNumber(fields.sent)
        guard sent != nil || fields.sent.isEmpty else {
            throw Self.malformed("sent_ns", mustBe: "empty or a whole number of nanoseconds", butIs: fields.sent)
        }
        guard let arrival = wholeNumber(fields.arrival) else {
            throw Self.malformed("arrival_ns", mustBe: "a whole number of nanoseconds", butIs: fields.arrival)
        }
        return TraceRow(node: node, sequence: sequence, sent: sent, arrival: arrival)
    }

    private static func malformed(
        _ field: String, mustBe right: String, butIs found: UnsafeRawBufferPointer
    ) -> MalformedLine {
        let digits = found.first == UInt8(ascii: "-") ? found.dropFirst() : found[...]
        let isTooLarge = !digits.isEmpty && digits.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
        if isTooLarge {
            return MalformedLine(
                "\(field) must be \(right) within \(Int64.min) ... \(Int64.max), found \(quoted(found))")
        }
        return MalformedLine("\(field) must be \(right), found \(quoted(found))")
    }
}
