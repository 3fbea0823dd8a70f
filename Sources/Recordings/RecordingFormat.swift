import CZlib
import PhiAccrual

// The bytes of a recording; `docs/recordings.md` has them all.

/// What a recording begins with. No text does, and nothing that gzip packed.
enum RecordingFormat {
    static let magic: [UInt8] = [0x89] + Array("PHIREC\n".utf8)
    static let version: UInt32 = 3
    /// The first bytes of a file, before its first record.
    static let prefix = magic + withUnsafeBytes(of: version.littleEndian) { [UInt8]($0) }
    static let prefixCount = prefix.count
    /// Bytes of a record around its body: its length before, its check after.
    static let frameCount = 8
    /// Bytes of the largest body. Nothing that is recorded comes near.
    static let maxBodySize = 1 << 28
    /// Bytes of a checkpoint, or about so many of names, in one record.
    static let chunk = 1 << 20

    /// CRC-32 as gzip has it.
    static func check(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: Bytef.self), bytes.count))
    }
}

/// What a record is about: the first byte of its body.
enum RecordKind: UInt8, CaseIterable {
    case header = 0
    case checkpoint = 1
    case names = 2

    case announcement = 16
    case expectation = 17
    case heartbeats = 18
    case advance = 19
    case ignoredSilence = 20
    case timestampUncertainty = 21
    case policies = 22
    case pause = 23
    case resumption = 24
    case forgetting = 25
    case disconnection = 26
    case noExpectation = 27
    case rules = 28
    case backlog = 29

    case clock = 64
}

/// What the reader of a recording needs to know before its first record.
public struct RecordingHeader: Hashable, Sendable {
    /// When the file was begun, in Unix nanoseconds.
    public var createdAt: Int64
    /// The same by the observer's monotonic clock, which all instants of the file are of.
    public var start: Instant
    /// What the service adds to an instant for the civil time that it tells, in nanoseconds.
    public var wallOffset: Int64
    /// Name and version of the program that recorded. Only the same one is sure to decide the same.
    public var program: String
    /// The detector as `DetectorSpec` reads it. All else that it is made from is in its checkpoint.
    public var detector: String

    public init(createdAt: Int64, start: Instant, wallOffset: Int64, program: String, detector: String) {
        (self.createdAt, self.start, self.wallOffset) = (createdAt, start, wallOffset)
        (self.program, self.detector) = (program, detector)
    }
}

extension RecordingHeader: BinaryCodable {
    public func write(to writer: inout BinaryWriter) {
        for time in [createdAt, start.nanoseconds, wallOffset] { writer.write(time) }
        writer.write(program)
        writer.write(detector)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        createdAt = try reader.integer()
        start = Instant(nanoseconds: try reader.integer())
        wallOffset = try reader.integer()
        program = try reader.text()
        detector = try reader.text()
    }
}

/// What a node is called.
public struct KnownName: Hashable, Sendable, BinaryCodable {
    public var key: NodeKey
    public var identity: NodeIdentity

    public init(_ identity: NodeIdentity, key: NodeKey) { (self.identity, self.key) = (identity, key) }

    public func write(to writer: inout BinaryWriter) {
        writer.write(key)
        writer.write(identity)
    }
    public init(from reader: inout BinaryReader) throws(CorruptData) {
        key = try reader.state()
        identity = try reader.state()
    }
}

/// Why a recording cannot be written, or not be read.
public struct RecordingError: Error, Hashable, Sendable, CustomStringConvertible {
    public var path: String
    public var reason: String

    public init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }
    public var description: String { "\(path.escapingControls): \(reason)" }
}
