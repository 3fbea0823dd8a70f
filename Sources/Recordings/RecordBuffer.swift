import BinaryCoding
import PhiAccrual

/// Records that are not yet written to a file.
///
/// A caller appends every input that it applies to a detector, and periodically passes the buffer to a
/// `RecordingWriter`. Appending heartbeats does not allocate while the buffer has free capacity.
public struct RecordBuffer: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var body = BinaryWriter()

    public init() {}
    /// Reserves a capacity in bytes.
    public init(reserving capacity: Int) { bytes.reserveCapacity(capacity) }

    public mutating func append(_ input: DetectorInput) {
        if case .heartbeats(let heartbeats, let now) = input { return append(heartbeats.span, at: now) }
        body.removeAll(keepingCapacity: true)
        body.writeBody(of: input)
        append(body: body.bytes)
    }

    /// Appends heartbeats that all arrived at the same instant.
    public mutating func append(_ heartbeats: Span<Heartbeat>, at now: Instant) {
        let start = bytes.count
        let size = 9 + heartbeats.count * Heartbeat.recordedCount
        precondition(size <= RecordingFormat.maxBodySize, "a batch has a limit")
        append(UInt32(size))
        bytes.append(RecordKind.heartbeats.rawValue)
        append(now.nanoseconds)
        withUnsafeTemporaryAllocation(byteCount: Heartbeat.recordedCount, alignment: 8) { one in
            for index in heartbeats.indices {
                heartbeats[index].record(into: one)
                bytes.append(contentsOf: one)
            }
        }
        endRecord(begunAt: start)
    }

    /// Records the offset from monotonic instants to civil time from here on, in nanoseconds.
    public mutating func append(wallOffset: Int64) {
        body.removeAll(keepingCapacity: true)
        body.write(RecordKind.clock.rawValue)
        body.write(wallOffset)
        append(body: body.bytes)
    }

    /// Calls `body` with every recorded input, in order.
    public func forEachInput(_ body: (DetectorInput) -> Void) {
        var rest = bytes[...]
        while rest.count > RecordingFormat.frameCount {
            let count = Int(rest.prefix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) })
            let record = rest.dropFirst(4).prefix(count)
            rest = rest.dropFirst(count + RecordingFormat.frameCount)
            guard let kind = record.first.flatMap(RecordKind.init), kind != .clock else { continue }
            var reader = BinaryReader(record.dropFirst())
            if let input = try? DetectorInput(kind, body: &reader) { body(input) }
        }
    }

    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(body: some Collection<UInt8>) {
        precondition(body.count <= RecordingFormat.maxBodySize, "a record has a limit")
        let start = bytes.count
        append(UInt32(body.count))
        bytes.append(contentsOf: body)
        endRecord(begunAt: start)
    }
    private mutating func endRecord(begunAt start: Int) {
        append(bytes.withUnsafeBytes { RecordingFormat.check(UnsafeRawBufferPointer(rebasing: $0[start...])) })
    }
    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

// MARK: The start of a file

/// Everything before the first input of a file.
public struct SegmentStart: Sendable {
    public var header: RecordingHeader
    /// The encoded state of the detector; empty for a detector without nodes.
    public var checkpoint: [UInt8]
    /// The names of nodes, for readers that cannot decode the checkpoint.
    public var names: [KnownName]

    public init(_ header: RecordingHeader, checkpoint: [UInt8] = [], names: [KnownName] = []) {
        (self.header, self.checkpoint, self.names) = (header, checkpoint, names)
    }

    var bytes: [UInt8] {
        var records = RecordBuffer()
        var body = BinaryWriter()
        body.write(RecordKind.header.rawValue)
        body.write(header)
        records.append(body: body.bytes)

        var rest = checkpoint[...]
        repeat {
            let chunk = rest.prefix(RecordingFormat.chunk)
            rest = rest.dropFirst(chunk.count)
            records.append(body: [RecordKind.checkpoint.rawValue, rest.isEmpty ? 1 : 0] + chunk)
        } while !rest.isEmpty

        body.removeAll(keepingCapacity: true)
        for (number, name) in names.enumerated() {
            if body.bytes.isEmpty { body.write(RecordKind.names.rawValue) }
            body.write(name)
            guard body.bytes.count >= RecordingFormat.chunk || number == names.count - 1 else { continue }
            records.append(body: body.bytes)
            body.removeAll(keepingCapacity: true)
        }
        return RecordingFormat.prefix + records.bytes
    }
}
