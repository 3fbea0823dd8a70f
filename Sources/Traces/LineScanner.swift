/// Parses a line of text from left to right.
struct LineScanner {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ line: UnsafeRawBufferPointer) { rest = line }

    /// - Returns: Whether the text comes next. If so, it is skipped.
    mutating func skip(_ text: StaticString) -> Bool {
        guard rest.starts(with: text) else { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(text.utf8CodeUnitCount))
        return true
    }

    /// - Returns: Everything before the next occurrence of the text, which is skipped with it; nil without one.
    mutating func parse(until text: StaticString) -> UnsafeRawBufferPointer? {
        guard let start = rest.firstIndex(of: text) else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[(start + text.utf8CodeUnitCount)...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<start])
    }

    /// - Returns: The digits that come next; possibly none.
    mutating func parseDigits() -> UnsafeRawBufferPointer {
        let end = rest.firstIndex { $0 &- UInt8(ascii: "0") >= 10 } ?? rest.endIndex
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[end...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<end])
    }
}

extension UnsafeRawBufferPointer {
    func starts(with text: StaticString) -> Bool { text.withUTF8Buffer { starts(with: $0) } }

    /// Offset of the first occurrence of the text; nil if it does not occur.
    func firstIndex(of text: StaticString) -> Int? {
        guard count >= text.utf8CodeUnitCount else { return nil }
        return (0...(count - text.utf8CodeUnitCount)).first { self[$0...].starts(with: text) }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate func starts(with text: StaticString) -> Bool { text.withUTF8Buffer { starts(with: $0) } }
}
