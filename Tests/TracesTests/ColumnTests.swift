import Testing
import Traces

@Suite struct `A column of arrival times` {
    @Test func `is one node with heartbeats numbered from 0`() {
        let reading = Reading("1732188912.5\n1732188913.25\n1732188913.25\n1732188915\n")
        #expect(reading.error == nil)
        #expect(reading.nodes == ["node"])
        #expect(reading.rows.map(\.sequence) == [0, 1, 2, 3])
        #expect(reading.rows.allSatisfy { $0.node == 0 && $0.sent == nil })
        #expect(
            reading.rows.map(\.arrival) == [
                1_732_188_912_500_000_000, 1_732_188_913_250_000_000, 1_732_188_913_250_000_000,
                1_732_188_915_000_000_000,
            ])
    }
    @Test(arguments: [
        ("0", 0), ("-0", 0), ("-0.5", -500_000_000), (".25", 250_000_000), ("7.", 7_000_000_000),
        ("1732188912.123456789", 1_732_188_912_123_456_789), ("00001.000000001", 1_000_000_001),
        // Numbers as numpy writes them.
        ("1.732188912123456717e+09", 1_732_188_912_123_456_717), ("1E-9", 1), ("12e3", 12_000_000_000_000),
        // Fractions of a nanosecond are rounded.
        ("0.0000000014", 1), ("0.0000000015", 2), ("-0.0000000015", -2), ("0.00000000099999", 1), ("1e-400", 0),
        ("4e-10", 0), ("6e-10", 1), ("0e999999999", 0),
        ("9223372036.854775807", .max), ("-9223372036.854775808", .min),
        ("  17.5\t", 17_500_000_000),
    ]) func `is parsed exactly, rounded to nanoseconds`(text: String, nanoseconds: Int64) {
        let reading = Reading(text + "\n")
        #expect(reading.error == nil)
        #expect(reading.rows.map(\.arrival) == [nanoseconds])
    }
    @Test(arguments: [
        ("1732188912", TimeUnit.seconds), ("1732188912000", .milliseconds), ("1732188912000000", .microseconds),
        ("1732188912000000000", .nanoseconds), ("1732188912000.0", .milliseconds),
    ]) func `uses the unit of the option or the header`(text: String, unit: TimeUnit) {
        #expect(Reading(text, columnUnit: unit).rows.map(\.arrival) == [1_732_188_912_000_000_000])
        #expect(Reading("time_\(unit.rawValue)\n" + text).rows.map(\.arrival) == [1_732_188_912_000_000_000])
        #expect(Reading("arrival_\(unit.rawValue)\n" + text, columnUnit: unit).rows.count == 1)
    }
    @Test(arguments: ["time", "timestamp", "Timestamp", "arrival", "arrival_time", "arrivals", "TIME_S", "time_stamps"])
    func `may have a header`(header: String) {
        let reading = Reading("# recorded on a Monday\n\(header)\n5\n# a remark\n6.5\n")
        #expect(reading.error == nil)
        #expect(reading.rows.map(\.arrival) == [5_000_000_000, 6_500_000_000])
    }
    @Test func `may be the last column of a trace`() {
        let trace = longTrace(rows: 100)
        let column = trace.text.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)[3]
        }
        #expect(Reading(column.joined(separator: "\n")).rows.map(\.arrival) == trace.rows.map(\.arrival))
    }
    @Test(arguments: ["", "\n", "\r\n", "\n\n\n"]) func `may end in blank lines`(end: String) {
        #expect(Reading("5\r\n6" + end).rows.count == 2)
        #expect(Reading("\u{FEFF}5\n6" + end).error == nil)
    }

    private static let number = "must be one number, an arrival time in seconds, found "

    @Test(arguments: [
        ("x", number + #""x""#), ("1,5", number + #""1,5""#), ("1 2", number + #""1 2""#), ("+1", number + #""+1""#),
        ("nan", number + #""nan""#), ("inf", number + #""inf""#), ("0x1p3", number + #""0x1p3""#),
        ("1e", number + #""1e""#), ("1e+-5", number + #""1e+-5""#), ("--1", number + #""--1""#),
        (".", number + #"".""#),
        ("1.2.3", number + #""1.2.3""#), ("time", number + #""time""#), (" ", number + #"" ""#),
        ("7\0", number + #""7\0""#),
        (
            "1732188912123",
            #"must be an arrival time within 292 years of 0, found "1732188912123" in seconds: "#
                + "set the unit with --unit or with a header such as arrival_ns"
        ),
        (
            "4.5",
            "arrival times must not decrease (sort them, or split the file where the clock was set back), "
                + "found 4500000000 after 5000000000 ns"
        ),
        ("", "must be a row, found a blank line before the end"),
    ]) func `with a bad row is reported with its line and the valid form`(line: String, reason: String) {
        let reading = Reading("5\n\(line)\n6\n")
        #expect(reading.rows.count == 1)
        #expect(reading.error?.description == "trace.csv, line 2: " + reason)
    }
    @Test func `cannot have a header that contradicts the unit option`() {
        let error = Reading("# x\narrival_ns\n5\n", columnUnit: .milliseconds).error
        #expect(
            error?.description
                == #"trace.csv, line 2: has the unit nanoseconds in its header "arrival_ns", but --unit is milliseconds"#
        )
    }
    @Test func `has a unit option that CSV traces ignore`() {
        #expect(Reading(header + "a,1,,5\n", columnUnit: .seconds).rows.map(\.arrival) == [5])
    }
    @Test func `is not prose or any other list`() {
        for text in [
            "hello\n", "{\n", "node\n", "timely.\n", "a long time ago\n", "[{}]\n", "[\n", "1,2\n", "1 2\n", "-\n",
            "\0\0\0\0",
        ] {
            #expect(Reading(text).error?.line == 1, "\(text)")
        }
    }
}
