import PhiAccrual

/// Version 1 of the heartbeat format: one frame of 32 bytes in the compact form. Numbers are little-endian; the key is
/// big-endian, in the byte order of its hash.
///
/// `docs/protocol.md` documents the layout. Decoding allocates nothing. A simple node announces itself in every
/// heartbeat, so the caller parses this long tail only if it has changed.
public enum HeartbeatFrame {
    /// The first bytes of every heartbeat, and the prefix that a detector subscribes to.
    public static let magic: [UInt8] = [UInt8(ascii: "P"), UInt8(ascii: "H")]
    public static let version: UInt8 = 1
    public static let compactSize = 32
    /// Maximum size of a frame that a detector accepts, in bytes.
    public static let maximumSize = 1024

    private static let leaving: UInt8 = 1
    private static let longForm: UInt8 = 2

    /// - Returns: The heartbeat, and whether an announcement follows from byte `compactSize` on.
    /// - Throws: The first error, in order from the front of the frame to its end.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(MalformedHeartbeat) -> (heartbeat: Heartbeat, announces: Bool) {
        guard let first = bytes.first else { throw .empty }
        // Byte by byte: comparing with an array takes longer than the rest of this function.
        guard first == UInt8(ascii: "P"), bytes.count < 2 || bytes[1] == UInt8(ascii: "H") else { throw .foreign }
        if bytes.count > 10, bytes[10] != version { throw .unknownVersion }
        guard bytes.count >= compactSize else { throw .tooShort }
        let flags = bytes[11]
        guard flags & ~(leaving | longForm) == 0 else { throw .unknownFlags }
        let announces = flags & longForm != 0
        guard announces || bytes.count == compactSize, bytes.count <= maximumSize else { throw .tooLong }

        let seconds = Float(bitPattern: load(bytes, 12, as: UInt32.self))
        guard seconds >= 0, seconds.isFinite else { throw .badInterval }  // NaN fails the comparison
        let sent = Int64(bitPattern: load(bytes, 24, as: UInt64.self))  // 0 from a sender that does not report it
        return (
            Heartbeat(
                key: NodeKey(rawValue: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))),
                incarnation: load(bytes, 16, as: UInt32.self), sequence: load(bytes, 20, as: UInt32.self),
                sent: sent == 0 ? nil : sent,
                announcedInterval: Int64(saturating: Double(seconds) * 1e9), isLeaving: flags & leaving != 0),
            announces
        )
    }

    private static func load<Value: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, as type: Value.Type
    ) -> Value {
        Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The compact form, or the long form if there is an announcement.
    public static func encode(_ heartbeat: Heartbeat, announcing announcement: NodeAnnouncement? = nil) -> [UInt8] {
        let head = head(of: heartbeat, flags: announcement == nil ? 0 : longForm)
        return head.span.withUnsafeBytes { Array($0) } + (announcement?.bytes ?? [])
    }

    /// The compact form, without allocating.
    public static func compact(_ heartbeat: Heartbeat) -> InlineArray<32, UInt8> { head(of: heartbeat, flags: 0) }

    private static func head(of heartbeat: Heartbeat, flags: UInt8) -> InlineArray<32, UInt8> {
        var head = InlineArray<32, UInt8>(repeating: 0)
        var span = head.mutableSpan
        var bytes = span.mutableBytes
        for (offset, byte) in magic.enumerated() { bytes.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self) }
        bytes.storeBytes(of: heartbeat.key.rawValue.bigEndian, toByteOffset: 2, as: UInt64.self)
        bytes.storeBytes(of: version, toByteOffset: 10, as: UInt8.self)
        bytes.storeBytes(of: flags | (heartbeat.isLeaving ? leaving : 0), toByteOffset: 11, as: UInt8.self)
        let interval = Float(Double(heartbeat.announcedInterval) / 1e9).bitPattern
        bytes.storeBytes(of: interval.littleEndian, toByteOffset: 12, as: UInt32.self)
        bytes.storeBytes(of: heartbeat.incarnation.littleEndian, toByteOffset: 16, as: UInt32.self)
        bytes.storeBytes(of: heartbeat.sequence.littleEndian, toByteOffset: 20, as: UInt32.self)
        bytes.storeBytes(of: (heartbeat.sent ?? 0).littleEndian, toByteOffset: 24, as: Int64.self)
        return head
    }
}

/// Why a frame is not a heartbeat of version 1. Such frames are dropped and counted by reason.
public enum MalformedHeartbeat: String, Error, Hashable, Sendable, CaseIterable {
    case empty
    /// It does not start with `PH`.
    case foreign
    case unknownVersion = "unknown-version"
    case tooShort = "too-short"
    case tooLong = "too-long"
    case unknownFlags = "unknown-flags"
    /// The announced interval is negative, infinite, or NaN.
    case badInterval = "bad-interval"
    /// The long form ends before its fields do, or continues after them.
    case badLength = "bad-length"
    case notUTF8 = "not-utf8"
    case badName = "bad-name"
    /// The key is not the hash of the name.
    case keyMismatch = "key-mismatch"
    /// Labels are not a JSON object whose values are strings.
    case badLabels = "bad-labels"
    /// The message had several frames.
    case multipart
}
