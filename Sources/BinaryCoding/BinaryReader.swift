/// Reads what `BinaryWriter` wrote, in the same order.
public struct BinaryReader: Sendable {
    @usableFromInline var rest: ArraySlice<UInt8>
    /// Version of the layout that the bytes have, which the caller knows. A type reads an earlier layout by it; the
    /// newest unless set.
    public var layout: UInt32 = .max
    @inlinable public init(_ bytes: some Collection<UInt8>) { rest = ArraySlice(bytes) }
    @inlinable public init(_ bytes: ArraySlice<UInt8>) { rest = bytes }  // without a copy

    @inlinable public var isAtEnd: Bool { rest.isEmpty }

    @inlinable public mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(CorruptData) -> Value {
        let size = Value.bitWidth / 8
        guard rest.count >= size else { throw CorruptData("it ends too early") }
        var value: Value = 0
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: rest.prefix(size)) }
        rest = rest.dropFirst(size)
        return Value(littleEndian: value)
    }
    /// - Throws: Also if the value is outside `range`.
    @inlinable public mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self, in range: ClosedRange<Value>
    ) throws(CorruptData) -> Value {
        let value = try integer(type)
        guard range.contains(value) else { throw CorruptData("\(value) is outside \(range)") }
        return value
    }
    /// - Throws: Also for NaN and infinities.
    @inlinable public mutating func float() throws(CorruptData) -> Float {
        let value = Float(bitPattern: try integer())
        guard value.isFinite else { throw CorruptData("a number is not finite") }
        return value
    }
    @inlinable public mutating func double() throws(CorruptData) -> Double {
        let value = Double(bitPattern: try integer())
        guard value.isFinite else { throw CorruptData("a number is not finite") }
        return value
    }
    @inlinable public mutating func float(in range: ClosedRange<Float>) throws(CorruptData) -> Float {
        let value = try float()
        guard range.contains(value) else { throw CorruptData("\(value) is outside \(range)") }
        return value
    }
    @inlinable public mutating func double(in range: ClosedRange<Double>) throws(CorruptData) -> Double {
        let value = try double()
        guard range.contains(value) else { throw CorruptData("\(value) is outside \(range)") }
        return value
    }
    /// A finite number that is at least 0.
    @inlinable public mutating func magnitude() throws(CorruptData) -> Float {
        try float(in: 0 ... .greatestFiniteMagnitude)
    }
    /// A running count. It is far enough below the end of the range that further counting never overflows.
    @inlinable public mutating func tally() throws(CorruptData) -> Int { try integer(in: 0...(.max / 2)) }
    /// The number of elements that follow, each of at least `size` bytes.
    /// - Throws: If there are fewer bytes: a number alone must not cause a large allocation.
    @inlinable public mutating func count(ofBytes size: Int) throws(CorruptData) -> Int {
        let count = Int(try integer(UInt32.self))
        guard count <= rest.count / size else { throw CorruptData("it ends early: it must have \(count) elements") }
        return count
    }
    @inlinable public mutating func bool() throws(CorruptData) -> Bool { try integer(UInt8.self, in: 0...1) == 1 }
    @inlinable public mutating func bytes() throws(CorruptData) -> ArraySlice<UInt8> {
        let count = Int(try integer(UInt32.self))
        guard rest.count >= count else { throw CorruptData("it ends too early") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
    @inlinable public mutating func text() throws(CorruptData) -> String {
        guard let text = String(validating: try bytes(), as: UTF8.self) else {
            throw CorruptData("a string is not valid UTF-8")
        }
        return text
    }
    @inlinable public mutating func optional<Value>(
        _ body: (inout BinaryReader) throws(CorruptData) -> Value
    ) throws(CorruptData) -> Value? {
        try bool() ? try body(&self) : nil
    }
    @inlinable public mutating func state<State: BinaryCodable>(_ type: State.Type = State.self) throws(CorruptData)
        -> State
    {
        try State(from: &self)
    }
}
