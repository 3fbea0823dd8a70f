import Foundation
import PhiAccrual
import TestSupport
import Testing

@testable import Recordings

@Suite struct `A recording` {
    private let scratch = Scratch()

    private func recorded(_ inputs: [DetectorInput]) -> RecordBuffer {
        var buffer = RecordBuffer()
        for input in inputs { buffer.append(input) }
        return buffer
    }

    @Test func `is read as it was written`() throws {
        let inputs = try DetectorInput.specimens()
        let names = [KnownName(try NodeIdentity(group: "a", name: "b"), key: NodeKey(rawValue: 1))]
        let beginning = SegmentStart(.specimen(), checkpoint: [9, 8, 7], names: names)
        var writer = try RecordingWriter(folder: scratch.folder, beginning)
        for input in inputs { try writer.write(recorded([input])) }
        try writer.synchronize()
        // Everything is readable although the writer was not closed.
        let expected =
            [.beginning(.specimen(), checkpoint: [9, 8, 7]), .names(names)] + inputs.map(RecordingItem.input)
        #expect(try RecordingReader.parts([writer.path]) == expected)
        #expect(try RecordingReader.parts([scratch.folder]) == expected)
        #expect(scratch.files == ["\(scratch.folder)/phi-20231114T221320Z-000001.phirec"])
    }

    @Test func `has the bytes that its documentation shows`() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/recordings.md")
        let example = try #require(String(contentsOf: page, encoding: .utf8).components(separatedBy: "```text\n").last)
        let shown = example.components(separatedBy: "```")[0].split(separator: "\n").flatMap { line in
            line.split(separator: " ").prefix { $0.count == 2 }.compactMap { UInt8($0, radix: 16) }
        }
        let header = RecordingHeader(
            createdAt: 1_700_000_000_000_000_000, start: Instant(nanoseconds: 5_000), wallOffset: 0, program: "phi",
            detector: "fixed")
        let step = recorded([.advance(to: Instant(nanoseconds: 6_000))])
        #expect(shown == SegmentStart(header).bytes + step.bytes)
    }

    @Test func `holds any heartbeats, appended as a span or as an input`() throws {
        var random = SplitMix64(seed: 11)
        var buffer = RecordBuffer()
        var batches: [[Heartbeat]] = []
        for batch in 0..<50 {
            let heartbeats = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                Heartbeat(
                    key: NodeKey(rawValue: random.next()), incarnation: UInt32(truncatingIfNeeded: random.next()),
                    sequence: UInt32(truncatingIfNeeded: random.next()),
                    sent: random.chance(0.3) ? nil : Int64(bitPattern: random.next()),
                    announcedInterval: random.chance(0.3) ? 0 : random.anyMagnitude(), isLeaving: random.chance(0.1))
            }
            buffer.append(heartbeats.span, at: Instant(nanoseconds: Int64(batch)))
            batches.append(heartbeats)
        }
        let file = try scratch.file(holding: SegmentStart(.specimen()).bytes + buffer.bytes)
        let expected = batches.enumerated().map { DetectorInput.heartbeats($1, at: Instant(nanoseconds: Int64($0))) }
        #expect(try RecordingReader.parts([file]).inputs == expected)
        #expect(recorded(expected).bytes == buffer.bytes)
    }

    @Test func `reuses the capacity of its buffer`() {
        let heartbeats = (0..<1000 as Range<UInt32>).map { Heartbeat(key: NodeKey(rawValue: 1), sequence: $0) }
        var buffer = RecordBuffer()
        buffer.append(heartbeats.span, at: Instant(nanoseconds: 0))
        let capacity = buffer.bytes.capacity
        for turn in 0..<10 as Range<Int64> {
            buffer.removeAll()
            buffer.append(heartbeats.span, at: Instant(nanoseconds: turn))
        }
        #expect(buffer.bytes.capacity == capacity)
    }

    @Test(arguments: [0, 1, RecordingFormat.chunk, RecordingFormat.chunk + 1, 3 * RecordingFormat.chunk])
    func `may start with a checkpoint of any length`(count: Int) throws {
        var random = SplitMix64(seed: 5)
        let checkpoint = (0..<count / 8 + 1).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            .prefix(count)
        let file = try scratch.file(
            holding: SegmentStart(.specimen(), checkpoint: Array(checkpoint)).bytes
                + recorded([.timestampUncertainty(3)]).bytes)
        #expect(
            try RecordingReader.parts([file]) == [
                .beginning(.specimen(), checkpoint: Array(checkpoint)), .input(.timestampUncertainty(3)),
            ])
    }

    @Test func `names any number of nodes`() throws {
        let names = try (0..<60_000 as Range<UInt64>).map { number in
            KnownName(try NodeIdentity(group: "group", name: "node \(number)"), key: NodeKey(rawValue: number))
        }
        let file = try scratch.file(holding: SegmentStart(.specimen(), names: names).bytes)
        let parts = try RecordingReader.parts([file])
        #expect(parts.count > 2)
        #expect(parts.flatMap { if case .names(let some) = $0 { some } else { [KnownName]() } } == names)
    }

    // MARK: Files

    @Test func `continues from file to file`() throws {
        var writer = try RecordingWriter(
            folder: scratch.folder, limits: .init(file: 100, total: 1 << 20), SegmentStart(.specimen()))
        var inputs: [DetectorInput] = []
        for number in 0..<100 as Range<UInt8> {
            if writer.isFull {
                // The wall clock goes backwards from file to file.
                let header = RecordingHeader.specimen(at: 1_700_000_000 - Int64(number))
                try writer.begin(SegmentStart(header, checkpoint: [number]))
            }
            inputs.append(.timestampUncertainty(Int64(number)))
            try writer.write(recorded([.timestampUncertainty(Int64(number))]))
        }
        #expect(scratch.files.count == 17)
        let parts = try RecordingReader.parts([scratch.folder])
        #expect(parts.inputs == inputs)
        #expect(parts.damages == [])
        #expect(parts.checkpoints == [[]] + (1...16).map { [UInt8(6 * $0)] })
    }

    @Test func `stays within its limits and keeps the newest inputs`() throws {
        let limits = RecordingWriter.Limits(file: 1000, total: 10_000)
        var writer = try RecordingWriter(folder: scratch.folder, limits: limits, SegmentStart(.specimen()))
        _ = try scratch.file("phi-notes.txt", holding: Array(repeating: 0, count: 20_000))
        for number in 0..<2000 as Range<Int64> {
            if writer.isFull { try writer.begin(SegmentStart(.specimen())) }
            try writer.write(recorded([.timestampUncertainty(number)]))
            let total = try RecordingFolder(path: scratch.folder).files.reduce(0) { $0 + $1.size }
            #expect(total <= 10_000)
        }
        let inputs = try RecordingReader.parts([scratch.folder]).inputs
        #expect((350...560).contains(inputs.count))  // 17 bytes each
        #expect(inputs == (2000 - Int64(inputs.count)..<2000).map(DetectorInput.timestampUncertainty))
        #expect(scratch.files.contains("\(scratch.folder)/phi-notes.txt"))
        // A single file above the limit is kept.
        try writer.begin(SegmentStart(.specimen(), checkpoint: Array(repeating: 7, count: 50_000)))
        #expect(try RecordingFolder(path: scratch.folder).files.map(\.path) == [writer.path])
    }

    @Test func `is continued by the next start`() throws {
        do {
            var first = try RecordingWriter(folder: scratch.folder, SegmentStart(.specimen()))
            try first.write(recorded([.timestampUncertainty(1)]))
        }
        var second = try RecordingWriter(folder: scratch.folder, SegmentStart(.specimen(), checkpoint: [2]))
        try second.write(recorded([.timestampUncertainty(2)]))
        #expect(scratch.files.count == 2)
        let parts = try RecordingReader.parts([scratch.folder])
        #expect(parts.inputs == [.timestampUncertainty(1), .timestampUncertainty(2)])
        #expect(parts.checkpoints == [[], [2]])
    }

    @Test func `fails with the reason if its folder cannot be used`() throws {
        let file = try scratch.file("file", holding: [])
        for (folder, reason) in [
            (file, "cannot read the folder: Not a directory"),
            ("\(scratch.folder)/no/such", "cannot create the folder: No such file or directory"),
            ("a\0b", "the folder's name contains a zero byte"),
        ] {
            #expect(throws: RecordingError(path: folder, reason: reason)) {
                _ = try RecordingWriter(folder: folder, SegmentStart(.specimen()))
            }
        }
        var writer = try RecordingWriter(folder: scratch.folder, SegmentStart(.specimen()))
        try FileManager.default.removeItem(atPath: scratch.folder)
        let reason = "cannot read the folder: No such file or directory"
        #expect(throws: RecordingError(path: scratch.folder, reason: reason)) {
            try writer.begin(SegmentStart(.specimen()))
        }
        try writer.write(recorded([.timestampUncertainty(1)]))  // an unlinked file is still writable
    }

    @Test func `of format 3 is read`() throws {
        var bytes = SegmentStart(.specimen(), checkpoint: [9, 8, 7]).bytes
        bytes[8] = 3
        #expect(
            try RecordingReader.parts([try scratch.file(holding: bytes)])
                == [.beginning(.specimen(), checkpoint: [9, 8, 7])])
        let torn = try RecordingReader.parts([try scratch.file(holding: Array(bytes.prefix(10)))])
        #expect(torn.damages.map(\.isTorn) == [true])
    }

    @Test func `in another format is refused`() throws {
        let trace = try scratch.file("a.csv", holding: Array("node,seq,sent_ns,arrival_ns\n".utf8))
        let short = try scratch.file("short.csv", holding: Array("node".utf8))
        for file in [trace, short] {
            #expect(throws: RecordingError(path: file, reason: "not a recording of phi: the first bytes differ")) {
                try RecordingReader.parts([file])
            }
            #expect(!RecordingReader.isRecording(file))
        }
        var bytes = SegmentStart(.specimen()).bytes
        bytes[8] = 5
        let newer = try scratch.file(holding: bytes)
        #expect(
            throws: RecordingError(
                path: newer, reason: "unsupported recording format 5: this program reads formats 3 to 4")
        ) { try RecordingReader.parts([newer]) }
        #expect(RecordingReader.isRecording(newer) && RecordingReader.isRecording(scratch.folder))
        let other = Scratch()
        _ = try other.file("a.csv", holding: [])
        #expect(throws: RecordingError(path: other.folder, reason: "the folder has no recordings (phi-*.phirec)")) {
            try RecordingReader.parts([other.folder])
        }
        #expect(throws: RecordingError(path: "/dev/null", reason: "neither a recording nor a folder of recordings")) {
            try RecordingReader.parts(["/dev/null"])
        }
        #expect(throws: RecordingError.self) { try RecordingReader.parts(["\(scratch.folder)/none"]) }
    }
}
