// Functions are inlinable: a checkpoint of 100,000 nodes has millions of values, and calls between modules are not
// specialised otherwise.

/// Writes values one after the other: integers little-endian in their full width, floating-point numbers as their bits.
public struct BinaryWriter: Sendable {
    @inlinable public var bytes: [UInt8] { written }
    @usableFromInline var written: [UInt8] = []

    @inlinable public init() {}

    @inlinable public mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { written.append(contentsOf: $0) }
    }
    @inlinable public mutating func write(_ value: Float) { write(value.bitPattern) }
    @inlinable public mutating func write(_ value: Double) { write(value.bitPattern) }
    @inlinable public mutating func write(_ value: Bool) { write(value ? 1 as UInt8 : 0) }
    @inlinable public mutating func write(_ text: String) { write(bytes: Array(text.utf8)) }
    /// Writes the number of bytes, then the bytes.
    @inlinable public mutating func write(bytes more: some Collection<UInt8>) {
        write(UInt32(clamping: more.count))
        written.append(contentsOf: more)
    }
    /// Writes the number of bytes, then the bytes.
    @inlinable public mutating func write(bytes more: RawSpan) {
        write(UInt32(clamping: more.byteCount))
        more.withUnsafeBytes { written.append(contentsOf: $0) }
    }
    @inlinable public mutating func write(_ value: Int64?) { write(value) { $0.write($1) } }
    @inlinable public mutating func write(_ state: some BinaryCodable) { state.write(to: &self) }
    /// Writes whether there is a value, then the value.
    @inlinable public mutating func write<Value>(_ value: Value?, _ body: (inout BinaryWriter, Value) -> Void) {
        write(value != nil)
        if let value { body(&self, value) }
    }
    @inlinable public mutating func removeAll(keepingCapacity: Bool) {
        written.removeAll(keepingCapacity: keepingCapacity)
    }
}
