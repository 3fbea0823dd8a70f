/// The four fields of one line. They point into the line and must not outlive it.
struct Fields {
    let node, sequence, sent, arrival: UnsafeRawBufferPointer

    private static let comma = UInt8(ascii: ",")

    /// - Returns: nil unless there are exactly four fields.
    @inline(__always)
    init?(_ line: UnsafeRawBufferPointer) {
        var commas = (0, 0, 0)
        var found = 0
        for index in line.indices where line[index] == Self.comma {
            switch found {
            case 0: commas.0 = index
            case 1: commas.1 = index
            case 2: commas.2 = index
            default: return nil
            }
            found += 1
        }
        guard found == 3 else { return nil }
        node = UnsafeRawBufferPointer(rebasing: line[..<commas.0])
        sequence = UnsafeRawBufferPointer(rebasing: line[(commas.0 + 1)..<commas.1])
        sent = UnsafeRawBufferPointer(rebasing: line[(commas.1 + 1)..<commas.2])
        arrival = UnsafeRawBufferPointer(rebasing: line[(commas.2 + 1)...])
    }

    static func count(in line: UnsafeRawBufferPointer) -> Int { line.count { $0 == comma } + 1 }
}

/// Parses decimal digits, with a leading `-` for negative numbers.
///
/// `Int64(_: Substring)` gives the same result at ten times the cost. Three of these numbers make up most of a line.
///
/// - Returns: nil if the text is empty, a sign alone, or anything else, or if the number needs more than 64 bits.
@inline(__always)
func wholeNumber(_ text: UnsafeRawBufferPointer) -> Int64? {
    let isNegative = text.first == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    guard index < text.count else { return nil }
    var magnitude: UInt64 = 0
    // 19 digits cannot overflow an unsigned 64-bit integer. Longer numbers fit only if they have leading zeros.
    if text.count - index > 19 {
        while index < text.count - 19 {
            guard text[index] == UInt8(ascii: "0") else { return nil }
            index += 1
        }
    }
    while index < text.count {
        let digit = text[index] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        magnitude = magnitude &* 10 &+ UInt64(digit)
        index += 1
    }
    guard isNegative else { return Int64(exactly: magnitude) }
    return magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
}
