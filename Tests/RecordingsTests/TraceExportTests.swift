import PhiAccrual
import Testing

@testable import Recordings

@Suite struct `An exported trace` {
    private let scratch = Scratch()

    /// Exports files that are given by their header, the known names, and the inputs.
    private func export(_ files: [(header: RecordingHeader, names: [KnownName], inputs: [DetectorInput])]) throws
        -> String
    {
        var paths: [String] = []
        for (number, file) in files.enumerated() {
            var records = RecordBuffer()
            for input in file.inputs { records.append(input) }
            let beginning = SegmentStart(file.header, names: file.names)
            paths.append(try scratch.file("\(number).phirec", holding: beginning.bytes + records.bytes))
        }
        var export = TraceExport(names: try TraceExport.names(in: RecordingReader(paths)))
        return try RecordingReader.parts(paths).map { try export.rows(of: $0) }.joined()
    }
    private func header(unix: Int64, monotonic: Int64) -> RecordingHeader {
        var header = RecordingHeader.specimen()
        (header.createdAt, header.start) = (unix, Instant(nanoseconds: monotonic))
        return header
    }
    private func heard(_ key: UInt64, _ sequence: UInt32, at now: Int64, of incarnation: UInt32 = 0, sent: Int64? = nil)
        -> DetectorInput
    {
        let heartbeat = Heartbeat(
            key: NodeKey(rawValue: key), incarnation: incarnation, sequence: sequence, sent: sent)
        return .heartbeats([heartbeat], at: Instant(nanoseconds: now))
    }

    @Test func `uses a node's name, whenever it was announced`() throws {
        let rows = try export([
            (
                header(unix: 1_000, monotonic: 0),
                [KnownName(try NodeIdentity(group: "g", name: "early"), key: NodeKey(rawValue: 1))],
                [
                    heard(1, 5, at: 10, sent: -3), heard(2, 0, at: 20), heard(255, 7, at: 20), heard(3, 1, at: 21),
                    .announcement(
                        try NodeIdentity(group: "g", name: "late"), NodeKey(rawValue: 2), at: Instant(nanoseconds: 30)),
                    .announcement(
                        try NodeIdentity(group: "g", name: "a,b"), NodeKey(rawValue: 3), at: Instant(nanoseconds: 30)),
                    .advance(to: Instant(nanoseconds: 40)),
                ]
            )
        ])
        #expect(
            rows == """
                g/early,5,-3,1010
                g/late,0,,1020
                00000000000000ff,7,,1020
                0000000000000003,1,,1021

                """)
    }

    @Test func `continues numbering where a node restarts or its sequence wraps`() throws {
        let inputs = [
            heard(1, .max - 1, at: 1, of: 4), heard(1, .max, at: 2, of: 4), heard(1, 1, at: 3, of: 4),
            heard(1, 0, at: 4, of: 4), heard(1, 7, at: 5, of: 5), heard(1, 2, at: 6, of: 4), heard(1, 8, at: 7, of: 5),
        ]
        let rows = try export([(header(unix: 0, monotonic: 0), [], inputs)])
        #expect(
            rows.split(separator: "\n").map { $0.split(separator: ",")[1] } == [
                "4294967294", "4294967295", "4294967297", "4294967296", "4294967298", "4294967299",
            ])
    }

    @Test func `uses one clock for all files`() throws {
        let rows = try export([
            (header(unix: 1_000_000, monotonic: 500), [], [heard(1, 1, at: 600)]),
            // The wall clock was set back by 900,000 ns. The clock offset of the first file still applies.
            (header(unix: 100_200, monotonic: 700), [], [heard(1, 2, at: 800)]),
            // The machine was rebooted, so the monotonic clock starts again.
            (header(unix: 2_000_000, monotonic: 5), [], [heard(1, 3, at: 6)]),
        ])
        #expect(
            rows.split(separator: "\n").map { $0.split(separator: ",").last } == ["1000100", "1000300", "2000001"])
    }

    @Test func `is refused if time goes backwards`() throws {
        #expect(throws: InvalidExport.self) {
            try export([
                (header(unix: 2_000, monotonic: 1_000), [], [heard(1, 2, at: 1_100)]),
                (header(unix: 1_500, monotonic: 500), [], [heard(1, 1, at: 600)]),
            ])
        }
    }
}
