import BinaryCoding
import CZlib
import PhiAccrual

// The byte format of a recording; `docs/recordings.md` describes it completely.

/// Constants of the file format. No text file and no gzip file begins with `magic`.
enum RecordingFormat {
    static let magic: [UInt8] = [0x89] + Array("PHIREC\n".utf8)
    /// Format 4 has the records of format 3. Its checkpoints store notice codes by name, which programs that write
    /// format 3 cannot read.
    static let version: UInt32 = 4
    /// A checkpoint of format 3 names its own layout, so its records need no other reader.
    static let readableVersions: ClosedRange<UInt32> = 3...version
    /// The first bytes of a file, before its first record.
    static let prefix = prefix(of: version)
    static func prefix(of version: UInt32) -> [UInt8] {
        magic + withUnsafeBytes(of: version.littleEndian) { [UInt8]($0) }
    }
    static let prefixCount = prefix.count
    /// Bytes of a record around its body: the length before it, the check after it.
    static let frameCount = 8
    /// Maximum size of a body, in bytes. Recorded inputs are far smaller.
    static let maxBodySize = 1 << 28
    /// Maximum bytes of a checkpoint in one record; approximate bytes of names in one record.
    static let chunk = 1 << 20

    /// CRC-32, as in gzip.
    static func check(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: Bytef.self), bytes.count))
    }
}

/// The kind of a record: the first byte of its body.
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

/// What a reader needs to know before the first record.
public struct RecordingHeader: Hashable, Sendable {
    /// Creation time of the file, in Unix nanoseconds.
    public var createdAt: Int64
    /// The same instant on the observer's monotonic clock. All instants in the file use this clock.
    public var start: Instant
    /// The offset from an instant to the civil time that the service reports, in nanoseconds.
    public var wallOffset: Int64
    /// Name and version of the recording program. Only the same version is guaranteed to make the same decisions.
    public var program: String
    /// The detector, as `DetectorSpec` parses it. The checkpoint contains everything else needed to rebuild it.
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

/// The name of a node key.
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

/// Why a recording cannot be written or read.
public struct RecordingError: Error, Hashable, Sendable, CustomStringConvertible {
    public var path: String
    public var reason: String

    public init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }
    public var description: String { "\(path.escapingControls): \(reason)" }
}
