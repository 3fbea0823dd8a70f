import PhiAccrual
import TestSupport
import Testing

@testable import Recordings

@Suite struct `A damaged recording` {
    private let scratch = Scratch()
    private let inputs: [DetectorInput]
    private let good: [UInt8]
    private let beginningCount: Int
    /// The offsets at which records end.
    private let ends: Set<Int>

    init() throws {
        inputs = try DetectorInput.specimens()
        let name = KnownName(try NodeIdentity(group: "a", name: "b"), key: NodeKey(rawValue: 1))
        var bytes = SegmentStart(.specimen(), checkpoint: [1, 2, 3]).bytes
        beginningCount = bytes.count
        bytes += SegmentStart(.specimen(), checkpoint: [1, 2, 3], names: [name]).bytes.dropFirst(bytes.count)
        var ends = [beginningCount, bytes.count]
        for input in inputs {
            var buffer = RecordBuffer()
            buffer.append(input)
            bytes += buffer.bytes
            ends.append(bytes.count)
        }
        (good, self.ends) = (bytes, Set(ends))
    }

    @Test func `that was truncated loses only its last record`() throws {
        for count in RecordingFormat.prefixCount..<good.count {
            let file = try scratch.file(holding: Array(good.prefix(count)))
            let parts = try RecordingReader.parts([file])
            #expect(inputs.starts(with: parts.inputs))
            if ends.contains(count) {
                #expect(parts.damages == [])
            } else {
                #expect(parts.damages.count == 1 && parts.damages[0].isTorn)
                #expect(parts.damages.first?.skippedBytes ?? 0 <= Int64(count))
            }
            #expect(parts.inputs.count >= ends.count { $0 <= count } - 2)
        }
    }

    @Test func `that was truncated reports it`() throws {
        let file = try scratch.file(holding: Array(good.prefix(good.count - 1)))
        #expect(
            try RecordingReader.parts([file]).damages.map(\.description)
                == ["\(file): the file ends within a record; skipped the last 24 bytes"])
        let none = try scratch.file(holding: Array(good.prefix(20)))
        #expect(
            try RecordingReader.parts([none]).damages.map(\.description)
                == ["\(none): the file ends within a record; skipped the last 8 bytes"])
    }

    @Test(arguments: 0..<RecordingFormat.prefixCount)
    func `truncated within its first bytes does not stop the other files`(count: Int) throws {
        let torn = try scratch.file("torn", holding: Array(good.prefix(count)))
        let whole = try scratch.file("whole", holding: good)
        for files in [[torn, whole], [whole, torn]] {
            let parts = try RecordingReader.parts(files)
            #expect(parts.inputs == inputs)
            let reason = "the file ends within its header"
            #expect(
                parts.damages == [
                    RecordingDamage(path: torn, reason: reason, isTorn: true, skippedBytes: Int64(count))
                ])
        }
    }

    @Test func `never yields an input that was not recorded`() throws {
        for index in good.indices {
            for flip: UInt8 in [1, 0x80, 0xFF] {
                var bytes = good
                bytes[index] ^= flip
                let file = try scratch.file(holding: bytes)
                if index < RecordingFormat.prefixCount {
                    #expect(throws: RecordingError.self) { try RecordingReader.parts([file]) }
                    continue
                }
                let parts = try RecordingReader.parts([file])
                #expect(parts.damages.count == 1)
                #expect(inputs.starts(with: parts.inputs))
                #expect(parts.inputs.count >= ends.count { $0 <= index } - 2)
            }
        }
    }

    @Test func `continues with the next file`() throws {
        var bytes = good
        bytes[bytes.count - 1] ^= 1
        _ = try scratch.file("phi-20260101T000000Z-000007.phirec", holding: bytes)
        _ = try scratch.file("phi-20250101T000000Z-000008.phirec", holding: good)
        let parts = try RecordingReader.parts([scratch.folder])
        let names = parts.compactMap { if case .names = $0 { $0 } else { nil } }[0]
        let beginning = RecordingItem.beginning(.specimen(), checkpoint: [1, 2, 3])
        let damage = RecordingDamage(
            path: "\(scratch.folder)/phi-20260101T000000Z-000007.phirec", reason: "a record has a wrong checksum",
            isTorn: false, skippedBytes: 25)
        let (lost, all) = (inputs.dropLast().map(RecordingItem.input), inputs.map(RecordingItem.input))
        #expect(parts == [beginning, names] + lost + [.damage(damage), beginning, names] + all)
    }

    @Test(arguments: 0..<400 as Range<UInt64>) func `forged with valid checksums is refused`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var records = RecordBuffer()
        for _ in 0..<20 {
            // The checksums are right, the contents are random.
            let kind = UInt8.random(in: 0...30, using: &random)
            let count = Int.random(in: 0...80, using: &random)
            let small = random.chance(0.5)
            records.append(
                body: [kind] + (0..<count).map { _ in UInt8.random(in: 0...(small ? 3 : 255), using: &random) })
        }
        let start = random.chance(0.3) ? good.prefix(RecordingFormat.prefixCount) : good.prefix(beginningCount)
        let file = try scratch.file(holding: start + records.bytes)
        let parts = try RecordingReader.parts([file])
        #expect(parts.damages.count == 1)
        #expect(parts.count <= 22)
    }

    @Test func `with a second segment start ends there`() throws {
        let header = SegmentStart(.specimen()).bytes.dropFirst(RecordingFormat.prefixCount)
        let parts = try RecordingReader.parts([
            try scratch.file(holding: good + header + good.dropFirst(beginningCount))
        ])
        #expect(parts.inputs == inputs)
        #expect(parts.damages.map(\.reason) == ["invalid record: the record is out of place"])
        let noHeader = try scratch.file(
            holding: Array(good.prefix(RecordingFormat.prefixCount)) + good.dropFirst(beginningCount))
        #expect(
            try RecordingReader.parts([noHeader]).map { if case .damage(let damage) = $0 { damage.reason } else { "" } }
                == ["invalid record: the segment header is incomplete"])
    }

    @Test func `with an extra byte in a record ends there`() throws {
        for input in inputs {
            var buffer = RecordBuffer()
            buffer.append(input)
            let body = buffer.bytes.dropFirst(4).dropLast(4)
            var records = RecordBuffer()
            records.append(body: body + [0])
            let parts = try RecordingReader.parts([
                try scratch.file(holding: good.prefix(beginningCount) + records.bytes)
            ])
            #expect(parts.inputs == [] && parts.damages.count == 1, "\(input)")
        }
    }

    @Test(arguments: [0, 1, 5, 0x0FFF_FFFF, 0x1000_0000, 0x1000_0001, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32])
    func `with a false record length buffers no more than its size`(length: UInt32) throws {
        let claim = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        let file = try scratch.file(holding: good + claim + [1, 2, 3, 4, 5, 6, 7, 8, 9])
        let parts = try RecordingReader.parts([file])
        #expect(parts.inputs == inputs)
        #expect(parts.damages.map(\.skippedBytes) == [13])
        #expect(parts.damages[0].isTorn == (6...1 << 28).contains(length))
        let records = try RecordFile(path: file)
        while let _ = try? records.next() {}
        #expect(records.buffer.count <= good.count + 13)
    }
}
