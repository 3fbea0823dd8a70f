/// A value that can be written and read back exactly, bit for bit: detector state that survives a restart.
///
/// The bytes may come from a damaged file. Reading them gives a value that is safe to use, or an error, and never
/// traps.
public protocol BinaryCodable {
    func write(to writer: inout BinaryWriter)
    init(from reader: inout BinaryReader) throws(CorruptData)
}

/// Bytes that are not valid state of this version.
public struct CorruptData: Error, Hashable, Sendable, CustomStringConvertible {
    public let reason: String
    public init(_ reason: String) { self.reason = reason }
    public var description: String { "the stored state cannot be read: \(reason)" }
}

/// Writes values one after the other: integers little-endian in their full width, floating-point numbers as their bits.
public struct BinaryWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    public init() {}

    public mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    public mutating func write(_ value: Float) { write(value.bitPattern) }
    public mutating func write(_ value: Double) { write(value.bitPattern) }
    public mutating func write(_ value: Bool) { write(value ? 1 as UInt8 : 0) }
    public mutating func write(_ text: String) { write(bytes: Array(text.utf8)) }
    /// Writes the number of bytes, then the bytes.
    public mutating func write(bytes more: some Collection<UInt8>) {
        write(UInt32(clamping: more.count))
        bytes.append(contentsOf: more)
    }
    /// Writes the number of bytes, then the bytes.
    public mutating func write(bytes more: RawSpan) {
        write(UInt32(clamping: more.byteCount))
        more.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    public mutating func write(_ value: Int64?) { write(value) { $0.write($1) } }
    public mutating func write(_ state: some BinaryCodable) { state.write(to: &self) }
    /// Writes whether there is a value, then the value.
    public mutating func write<Value>(_ value: Value?, _ body: (inout BinaryWriter, Value) -> Void) {
        write(value != nil)
        if let value { body(&self, value) }
    }
    public mutating func removeAll(keepingCapacity: Bool) { bytes.removeAll(keepingCapacity: keepingCapacity) }
}

/// Reads what `BinaryWriter` wrote, in the same order.
public struct BinaryReader: Sendable {
    private var rest: ArraySlice<UInt8>
    /// Version of the layout that the bytes have, which the caller knows. A type reads an earlier layout by it; the
    /// newest unless set.
    public var layout: UInt32 = .max
    public init(_ bytes: some Collection<UInt8>) { rest = ArraySlice(bytes) }
    public init(_ bytes: ArraySlice<UInt8>) { rest = bytes }  // without a copy

    public var isAtEnd: Bool { rest.isEmpty }

    public mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(CorruptData) -> Value {
        let size = Value.bitWidth / 8
        guard rest.count >= size else { throw CorruptData("it ends too early") }
        var value: Value = 0
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: rest.prefix(size)) }
        rest = rest.dropFirst(size)
        return Value(littleEndian: value)
    }
    /// - Throws: Also if the value lies outside `range`.
    public mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self, in range: ClosedRange<Value>
    ) throws(CorruptData) -> Value {
        let value = try integer(type)
        guard range.contains(value) else { throw CorruptData("\(value) lies outside \(range)") }
        return value
    }
    /// - Throws: Also for NaN and infinities.
    public mutating func float() throws(CorruptData) -> Float {
        let value = Float(bitPattern: try integer())
        guard value.isFinite else { throw CorruptData("a number is not finite") }
        return value
    }
    public mutating func double() throws(CorruptData) -> Double {
        let value = Double(bitPattern: try integer())
        guard value.isFinite else { throw CorruptData("a number is not finite") }
        return value
    }
    public mutating func float(in range: ClosedRange<Float>) throws(CorruptData) -> Float {
        let value = try float()
        guard range.contains(value) else { throw CorruptData("\(value) lies outside \(range)") }
        return value
    }
    public mutating func double(in range: ClosedRange<Double>) throws(CorruptData) -> Double {
        let value = try double()
        guard range.contains(value) else { throw CorruptData("\(value) lies outside \(range)") }
        return value
    }
    /// A finite number that is at least 0.
    public mutating func magnitude() throws(CorruptData) -> Float {
        try float(in: 0 ... .greatestFiniteMagnitude)
    }
    /// A running count. It is far enough below the end of the range that further counting never overflows.
    public mutating func tally() throws(CorruptData) -> Int { try integer(in: 0...(.max / 2)) }
    /// The number of elements that follow, each of at least `size` bytes.
    /// - Throws: If there are fewer bytes: a number alone must not cause a large allocation.
    public mutating func count(ofBytes size: Int) throws(CorruptData) -> Int {
        let count = Int(try integer(UInt32.self))
        guard count <= rest.count / size else { throw CorruptData("it ends before \(count) that it tells of") }
        return count
    }
    public mutating func bool() throws(CorruptData) -> Bool { try integer(UInt8.self, in: 0...1) == 1 }
    public mutating func bytes() throws(CorruptData) -> ArraySlice<UInt8> {
        let count = Int(try integer(UInt32.self))
        guard rest.count >= count else { throw CorruptData("it ends too early") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
    public mutating func text() throws(CorruptData) -> String {
        guard let text = String(validating: try bytes(), as: UTF8.self) else {
            throw CorruptData("a text is no UTF-8")
        }
        return text
    }
    public mutating func optional<Value>(
        _ body: (inout BinaryReader) throws(CorruptData) -> Value
    ) throws(CorruptData) -> Value? {
        try bool() ? try body(&self) : nil
    }
    public mutating func state<State: BinaryCodable>(_ type: State.Type = State.self) throws(CorruptData) -> State {
        try State(from: &self)
    }
}
