import PhiAccrual
import TestSupport
import Testing

@testable import Recordings

@Suite struct `The bytes of a recording` {
    @Test func `are pinned for the start of a file and every kind of record`() throws {
        var golden = GoldenBytes("records.txt")
        golden.add("file prefix", RecordingFormat.prefix)
        let name = KnownName(
            try NodeIdentity(group: "edge", name: "ü-1"), key: NodeKey(rawValue: 0x0102_0304_0506_0708))
        golden.add(
            "start of a file with a checkpoint and a name",
            SegmentStart(.specimen(), checkpoint: [9, 8], names: [name]).bytes)
        golden.add("start of a file of a detector without nodes", SegmentStart(.specimen()).bytes)
        for (number, input) in try DetectorInput.specimens().enumerated() {
            var buffer = RecordBuffer()
            buffer.append(input)
            golden.add("\(number) \(input.kind)", buffer.bytes)
        }
        var clock = RecordBuffer()
        clock.append(wallOffset: -7)
        golden.add("clock", clock.bytes)
        try golden.check()
        let pinned = Set(try DetectorInput.specimens().map(\.kind))
        let others: Set<RecordKind> = [.header, .checkpoint, .names, .clock]
        #expect(pinned.union(others) == Set(RecordKind.allCases), "every kind of input has a specimen")
    }
}

extension DetectorInput {
    fileprivate var kind: RecordKind {
        switch self {
        case .announcement: .announcement
        case .expectation: .expectation
        case .heartbeats: .heartbeats
        case .advance: .advance
        case .ignoredSilence: .ignoredSilence
        case .timestampUncertainty: .timestampUncertainty
        case .backlog: .backlog
        case .policies: .policies
        case .pause: .pause
        case .resumption: .resumption
        case .forgetting: .forgetting
        case .disconnection: .disconnection
        case .noExpectation: .noExpectation
        case .rules: .rules
        }
    }
}
