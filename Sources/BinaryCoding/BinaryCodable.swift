/// A value that can be written and read back exactly, bit for bit: state that survives a restart.
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
    public var description: String { "cannot read the stored state: \(reason)" }
}
