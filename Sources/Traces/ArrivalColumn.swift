/// A plain column: the arrival times of one node, one number per line, in order.
///
/// Losses are not visible in this format, so arrivals are numbered from 0 and none counts as lost. Lines that begin
/// with `#` are comments. One header may precede the numbers: a word that begins with `arrival` or `time`, such as
/// `timestamp`. It may end in its unit, such as `arrival_ns`.
struct ArrivalColumn: TraceFormat {
    var order: String { "arrival times must not decrease (sort them, or split the file where the clock was set back)" }
    var hasBlankLines: Bool { false }

    private static let node = Array("node".utf8)

    private let unitAskedFor: TimeUnit?
    private var unit: TimeUnit
    private var isHeaderAllowed = true
    private var sequence: Int64 = 0

    /// - Parameter unit: The unit of a column whose header names none; nil: seconds.
    init(unit: TimeUnit?) {
        unitAskedFor = unit
        self.unit = unit ?? .seconds
    }

    static func isOpened(by line: UnsafeRawBufferPointer) -> Bool {
        line.first == UInt8(ascii: "#") || DecimalNumber(line.trimmed) != nil || isHeader(line.trimmed)
    }

    mutating func row(of line: Line, names: inout NodeNames) throws(MalformedLine) -> TraceRow? {
        if line.bytes.first == UInt8(ascii: "#") { return nil }
        let text = line.bytes.trimmed
        if isHeaderAllowed, Self.isHeader(text) {
            isHeaderAllowed = false
            try parse(header: text)
            return nil
        }
        guard let number = DecimalNumber(text) else {
            throw MalformedLine("must be one number, an arrival time in \(unit), found \(quoted(line.bytes))")
        }
        guard let arrival = number.scaled(by: unit.decimals) else {
            throw MalformedLine(
                "must be an arrival time within 292 years of 0, found \(quoted(text)) in \(unit): "
                    + "set the unit with --unit or with a header such as arrival_ns")
        }
        isHeaderAllowed = false
        defer { sequence += 1 }
        let node = Self.node.withUnsafeBytes { names.index(of: $0) } ?? 0  // always 0: a column has one node
        return TraceRow(node: node, sequence: sequence, sent: nil, arrival: arrival)
    }

    private static func isHeader(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count <= 64 else { return false }
        let word = String(decoding: text, as: UTF8.self).lowercased()
        return (word.hasPrefix("arrival") || word.hasPrefix("time"))
            && word.utf8.allSatisfy {
                ($0 | 0x20) &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: "_")
            }
    }

    private mutating func parse(header text: UnsafeRawBufferPointer) throws(MalformedLine) {
        let word = String(decoding: text, as: UTF8.self).lowercased()
        guard let mark = word.lastIndex(of: "_"),
            let named = TimeUnit(rawValue: String(word[word.index(after: mark)...]))
        else { return }
        guard unitAskedFor == nil || unitAskedFor == named else {
            throw MalformedLine("has the unit \(named) in its header \(quoted(text)), but --unit is \(unit)")
        }
        unit = named
    }
}

extension UnsafeRawBufferPointer {
    /// The text without surrounding spaces and tabs.
    fileprivate var trimmed: UnsafeRawBufferPointer {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return UnsafeRawBufferPointer(rebasing: self[..<startIndex])
        }
        return UnsafeRawBufferPointer(rebasing: self[first...last])
    }
}
