import Foundation
import Testing
import Traces

private let columns = "node,seq,sent_ns,arrival_ns"
private let openings = "must begin with the header \(columns), output of 'ping -D', or a column of arrival times"

@Suite struct `A malformed trace` {
    @Test(arguments: [
        ("a,1,,x", #"arrival_ns must be a whole number of nanoseconds, found "x""#),
        ("a,1,,12.5", #"arrival_ns must be a whole number of nanoseconds, found "12.5""#),
        ("a,1,,", #"arrival_ns must be a whole number of nanoseconds, found """#),
        ("a,1,,-", #"arrival_ns must be a whole number of nanoseconds, found "-""#),
        ("a,1,, 7", #"arrival_ns must be a whole number of nanoseconds, found " 7""#),
        ("a,1,,+7", #"arrival_ns must be a whole number of nanoseconds, found "+7""#),
        ("a,1,5s,7", #"sent_ns must be empty or a whole number of nanoseconds, found "5s""#),
        ("a,,,7", #"seq must be a whole number, found """#),
        ("a,1e3,,7", #"seq must be a whole number, found "1e3""#),
        (
            "a,9223372036854775808,,7",
            "seq must be a whole number within -9223372036854775808 ... 9223372036854775807, "
                + #"found "9223372036854775808""#
        ),
        (
            "a,1,,-9223372036854775809",
            "arrival_ns must be a whole number of nanoseconds within -9223372036854775808 ... 9223372036854775807, "
                + #"found "-9223372036854775809""#
        ),
        (
            "a,1,99999999999999999999999999,7",
            "sent_ns must be empty or a whole number of nanoseconds within -9223372036854775808 ... "
                + #"9223372036854775807, found "99999999999999999999999999""#
        ),
        (
            "a,1,,18446744073709551616",
            "arrival_ns must be a whole number of nanoseconds within -9223372036854775808 ... 9223372036854775807, "
                + #"found "18446744073709551616""#
        ),
        ("a,1,,-7", "arrival_ns must not decrease, found -7 after 0 ns"),
        ("a,1,7", "must have the 4 fields \(columns), found 3"),
        ("a,1,,7,", "must have the 4 fields \(columns), found 5"),
        ("a", "must have the 4 fields \(columns), found 1"),
        (",1,,7", #"node must be 1 to 255 bytes of UTF-8 without control characters, found """#),
        ("a\u{1B}[2J,1,,7", #"node must be 1 to 255 bytes of UTF-8 without control characters, found "a\u{1B}[2J""#),
        ("a\u{85},1,,7", #"node must be 1 to 255 bytes of UTF-8 without control characters, found "a\u{0085}""#),
        ("", "must be a row, found a blank line before the end"),
    ]) func `is reported with its line and the valid form`(line: String, reason: String) {
        let reading = Reading(lines: "good,1,,0", line, "good,2,,9")
        #expect(reading.rows.count == 1)
        #expect(reading.error == TraceError(file: "trace.csv", line: 3, reason: reason))
        #expect(reading.error?.description == "trace.csv, line 3: " + reason)
    }
    @Test(arguments: [
        ("a,1,", "must have the 4 fields \(columns), found 3"),
        ("a,1,,", #"arrival_ns must be a whole number of nanoseconds, found """#),
        ("a,1,,12", "arrival_ns must not decrease, found 12 after 100 ns"),
        ("go", "must have the 4 fields \(columns), found 1"),
    ]) func `may be torn at its end`(end: String, reason: String) {
        let reading = Reading(header + "good,1,,100\n" + end)
        #expect(reading.rows.count == 1)
        #expect(reading.error?.line == 3)
        #expect(reading.error?.reason == "the last line has no line end, so it may be incomplete: " + reason)
    }
    @Test func `may have another header`() {
        let found = Reading("time,host\n1,2\n").error
        #expect(found?.description == #"trace.csv, line 1: \#(openings), found "time,host""#)
        #expect(Reading(columns + ",rtt\n").error?.line == 1)
        #expect(Reading("\n" + header).error?.line == 1)
        #expect(Reading("node,seq,sent").error?.line == 1)
        #expect(Reading([UInt8](repeating: 0x89, count: 100_000)).error?.line == 1)
    }
    @Test(arguments: ["", "\u{FEFF}"]) func `may be empty`(text: String) {
        #expect(Reading(text).error?.description == "trace.csv: \(openings), found an empty file")
    }
    @Test func `may have a name that is too long or not UTF-8`() {
        let longest = String(repeating: "n", count: 255)
        #expect(Reading(lines: "\(longest),1,,0").error == nil)
        #expect(Reading(lines: "\(longest)n,1,,0").error?.line == 2)
        let invalid = Reading(Array(header.utf8) + [0x61, 0xC3, 0x28] + Array(",1,,0\n".utf8))
        #expect(invalid.error?.reason.hasPrefix("node must be 1 to 255 bytes of UTF-8") == true)
    }
    @Test func `may have a line that is too long`() {
        let reason = "must be at most 4096 bytes long, found more"
        let longest = "a,1,," + String(repeating: "0", count: 4091)
        #expect(Reading(lines: longest).rows.count == 1)
        #expect(Reading(lines: longest + "\r").rows.count == 1)
        #expect(Reading(header + longest).rows.count == 1)
        #expect(Reading(lines: longest + "0").error?.reason == reason)
        #expect(Reading(lines: "a,1,,1", String(repeating: "x", count: 1 << 20)).error?.line == 3)
        #expect(Reading(lines: String(repeating: "x", count: 1 << 20)).error?.reason == reason)
    }
    @Test func `may be a path that is no readable file`() throws {
        let folder = FileManager.default.temporaryDirectory.path
        #expect(Reading(path: folder).error?.reason == "cannot be read: Is a directory")
        let missing = folder + "/no such trace.csv"
        #expect(Reading(path: missing).error?.description == missing + ": cannot be opened: No such file or directory")
        #expect(Reading(path: "").error?.reason == "cannot be opened: No such file or directory")
        #expect(Reading(path: "/dev/null\0").error?.reason == "cannot be opened: its name contains a zero byte")
    }
    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `may be a file without read permission`() {
        let error = withFile(of: [], permissions: 0) { Reading(path: $0).error }
        #expect(error?.reason == "cannot be opened: Permission denied")
    }
    @Test func `gives the same error on the next call`() throws {
        let lines = try withFile(of: Array((header + "a,1,,x\na,2,,7\n").utf8)) { path in
            var reader = try TraceReader(path: path)
            return (0..<2).map { _ in
                do throws(TraceError) { return try reader.next()?.node } catch { return error.line }
            }
        }
        #expect(lines == [2, 2])
    }
    @Test(arguments: 0..<300 as Range<UInt64>) func `never traps, whatever its bytes are`(seed: UInt64) {
        var bytes = Array(longTrace(rows: 30).text.utf8)
        var state = seed
        for _ in 0...(seed % 4) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
        }
        let reading = Reading(bytes)
        #expect(reading.error != nil || reading.rows.count >= 29)
    }
}
