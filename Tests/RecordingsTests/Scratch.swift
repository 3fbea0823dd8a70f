import Foundation
import PhiAccrual
import Recordings

/// A temporary folder for one test. It is removed with this object.
final class Scratch {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("phirec-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { "\(folder)/\($0)" }
    }
    /// Writes a file with these bytes, and replaces an existing one of that name.
    func file(_ name: String = "phi-20260101T000000Z-000001.phirec", holding bytes: [UInt8]) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }
    static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
}

extension RecordingHeader {
    static func specimen(at seconds: Int64 = 1_700_000_000) -> RecordingHeader {
        RecordingHeader(
            createdAt: seconds * 1_000_000_000, start: Instant(nanoseconds: 5_000), wallOffset: -7,
            program: "phi 0.2.0", detector: "normal,window=50,floor=0.1")
    }
}

extension RecordingReader {
    /// All items, to the end of the recording.
    static func parts(_ paths: [String]) throws -> [RecordingItem] {
        var reader = try RecordingReader(paths)
        var parts: [RecordingItem] = []
        while let part = try reader.next() { parts.append(part) }
        return parts
    }
}

extension [RecordingItem] {
    var inputs: [DetectorInput] { compactMap { if case .input(let input) = $0 { input } else { nil } } }
    var damages: [RecordingDamage] { compactMap { if case .damage(let damage) = $0 { damage } else { nil } } }
    var checkpoints: [[UInt8]] { compactMap { if case .beginning(_, let bytes) = $0 { bytes } else { nil } } }
}

extension DetectorInput {
    /// At least one of each case, with edge-case values.
    static func specimens() throws -> [DetectorInput] {
        let node = try NodeIdentity(group: "edge", name: "ü-1")
        let key = NodeKey(rawValue: 0xFEDC_BA98_7654_3210)
        var policies = PolicyTable(levels: [.suspect(.phi(0.1)), try Level(name: "evict", policy: .price(1e12))])
        policies.set(
            .mistakes(MistakeBudget(.every(1e15 / 7), within: 1)), level: 1, from: Origin(.tune, for: .node(node)))
        let heartbeats = [
            Heartbeat(
                key: key, incarnation: .max, sequence: .max, sent: .min, announcedInterval: .max, isLeaving: true),
            Heartbeat(key: NodeKey(rawValue: 0), sequence: 0), Heartbeat(key: key, sequence: 7, sent: 0),
        ]
        func instant(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }
        return [
            .announcement(node, key, at: instant(6_000)),
            .expectation(node, key, until: instant(.max), at: instant(6_000)),
            .heartbeats(heartbeats, at: instant(6_001)), .heartbeats([], at: instant(6_002)),
            .advance(to: instant(.min)), .ignoredSilence(from: instant(-1), to: instant(1)),
            .timestampUncertainty(.max),
            .backlog(true), .backlog(false),
            .policies(policies, at: instant(6_003)),
            .pause(key, until: instant(9_000), reason: "planned, says \"ops\"\n", at: instant(6_004)),
            .pause(key, until: instant(9_000), reason: "", at: instant(6_004)),
            .resumption(key, at: instant(6_005)), .forgetting(key, at: instant(6_006)),
            .noExpectation(key, at: instant(6_007)),
            .rules(
                RecoveryRule(minConsecutive: 3, flaps: 5, within: 7, quietPeriod: 9),
                HoldRule(share: 0.3, minExcess: 4, maxDuration: 11)),
            .rules(RecoveryRule(), nil), .disconnection(key, at: instant(6_008)),
        ]
    }
}
