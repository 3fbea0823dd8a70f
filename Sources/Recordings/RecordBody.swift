import BinaryCoding
import PhiAccrual

// Detector inputs as the bodies of records.

extension BinaryWriter {
    /// - Precondition: Not heartbeats, which `RecordBuffer` writes directly.
    mutating func writeBody(of input: DetectorInput) {
        switch input {
        case .announcement(let identity, let key, let now):
            begin(.announcement, now)
            write(KnownName(identity, key: key))
        case .expectation(let identity, let key, let end, let now):
            begin(.expectation, now)
            write(end.nanoseconds)
            write(KnownName(identity, key: key))
        case .heartbeats: preconditionFailure("heartbeats are coded separately")
        case .advance(let now): begin(.advance, now)
        case .ignoredSilence(let start, let end):
            begin(.ignoredSilence, start)
            write(end.nanoseconds)
        case .timestampUncertainty(let error):
            write(RecordKind.timestampUncertainty.rawValue)
            write(error)
        case .backlog(let hasBacklog):
            write(RecordKind.backlog.rawValue)
            write(hasBacklog)
        case .policies(let policies, let now):
            begin(.policies, now)
            write(policies)
        case .pause(let key, let end, let reason, let now):
            begin(.pause, now)
            write(end.nanoseconds)
            write(key)
            write(reason)
        case .resumption(let key, let now): begin(.resumption, now, key)
        case .forgetting(let key, let now): begin(.forgetting, now, key)
        case .disconnection(let key, let now): begin(.disconnection, now, key)
        case .noExpectation(let key, let now): begin(.noExpectation, now, key)
        case .rules(let recovery, let hold):
            write(RecordKind.rules.rawValue)
            write(recovery)
            write(hold) { $0.write($1) }
        }
    }

    private mutating func begin(_ kind: RecordKind, _ now: Instant) {
        write(kind.rawValue)
        write(now.nanoseconds)
    }
    private mutating func begin(_ kind: RecordKind, _ now: Instant, _ key: NodeKey) {
        begin(kind, now)
        write(key)
    }
}

extension DetectorInput {
    /// - Throws: If the body is invalid or has excess bytes, or if the record is not an input.
    init(_ kind: RecordKind, body reader: inout BinaryReader) throws(CorruptData) {
        switch kind {
        case .header, .checkpoint, .names, .clock: throw CorruptData("the record is out of place")
        case .announcement:
            let now = try reader.instant()
            let name: KnownName = try reader.state()
            self = .announcement(name.identity, name.key, at: now)
        case .expectation:
            let now = try reader.instant()
            let end = try reader.instant()
            let name: KnownName = try reader.state()
            self = .expectation(name.identity, name.key, until: end, at: now)
        case .heartbeats:
            let now = try reader.instant()
            var heartbeats: [Heartbeat] = []
            while !reader.isAtEnd { heartbeats.append(try Heartbeat(recordedIn: &reader)) }
            self = .heartbeats(heartbeats, at: now)
        case .advance: self = .advance(to: try reader.instant())
        case .ignoredSilence:
            let start = try reader.instant()
            self = .ignoredSilence(from: start, to: try reader.instant())
        case .timestampUncertainty: self = .timestampUncertainty(try reader.integer())
        case .backlog: self = .backlog(try reader.bool())
        case .policies:
            let now = try reader.instant()
            self = .policies(try reader.state(), at: now)
        case .pause:
            let now = try reader.instant()
            let end = try reader.instant()
            let key: NodeKey = try reader.state()
            self = .pause(key, until: end, reason: try reader.text(), at: now)
        case .resumption:
            let now = try reader.instant()
            self = .resumption(try reader.state(), at: now)
        case .forgetting:
            let now = try reader.instant()
            self = .forgetting(try reader.state(), at: now)
        case .disconnection:
            let now = try reader.instant()
            self = .disconnection(try reader.state(), at: now)
        case .noExpectation:
            let now = try reader.instant()
            self = .noExpectation(try reader.state(), at: now)
        case .rules:
            let recovery: RecoveryRule = try reader.state()
            self = .rules(recovery, try reader.optional { reader throws(CorruptData) in try reader.state() })
        }
        guard reader.isAtEnd else { throw CorruptData("the record has extra bytes") }
    }
}

extension BinaryReader {
    fileprivate mutating func instant() throws(CorruptData) -> Instant { Instant(nanoseconds: try integer()) }
}

extension Heartbeat {
    /// Bytes of one recorded heartbeat.
    static let recordedCount = 33
    private enum Flag {
        static let isLeaving: UInt8 = 1
        static let hasSent: UInt8 = 2
    }

    func record(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: key.rawValue.littleEndian, as: UInt64.self)
        bytes.storeBytes(of: incarnation.littleEndian, toByteOffset: 8, as: UInt32.self)
        bytes.storeBytes(of: sequence.littleEndian, toByteOffset: 12, as: UInt32.self)
        bytes.storeBytes(of: (sent ?? 0).littleEndian, toByteOffset: 16, as: Int64.self)
        bytes.storeBytes(of: announcedInterval.littleEndian, toByteOffset: 24, as: Int64.self)
        bytes[32] = (isLeaving ? Flag.isLeaving : 0) | (sent == nil ? 0 : Flag.hasSent)
    }

    fileprivate init(recordedIn reader: inout BinaryReader) throws(CorruptData) {
        let key: NodeKey = try reader.state()
        let incarnation: UInt32 = try reader.integer()
        let sequence: UInt32 = try reader.integer()
        let sent: Int64 = try reader.integer()
        let interval: Int64 = try reader.integer(in: 0...(.max))
        let flags: UInt8 = try reader.integer(in: 0...Flag.isLeaving | Flag.hasSent)
        self.init(
            key: key, incarnation: incarnation, sequence: sequence, sent: flags & Flag.hasSent == 0 ? nil : sent,
            announcedInterval: interval, isLeaving: flags & Flag.isLeaving != 0)
    }
}
