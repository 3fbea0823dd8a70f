import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

@Suite struct `A timestamp` {
    /// Reference values from Python's `datetime`.
    static let known: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (.seconds(-86_400), "1969-12-31T00:00:00.000000000Z"),
        (.seconds(946_598_400) + .hours(24) - 1, "1999-12-31T23:59:59.999999999Z"),
        (.seconds(951_782_400), "2000-02-29T00:00:00.000000000Z"),
        (.seconds(951_868_800), "2000-03-01T00:00:00.000000000Z"),
        (.seconds(1_709_164_800) + 123_456_789, "2024-02-29T00:00:00.123456789Z"),
        (.seconds(4_107_456_000) + .hours(23), "2100-02-28T23:00:00.000000000Z"),
        (.seconds(4_107_542_400), "2100-03-01T00:00:00.000000000Z"),
        (.seconds(-2_203_891_200), "1900-03-01T00:00:00.000000000Z"),
        (.seconds(-8_515_324_800), "1700-02-28T00:00:00.000000000Z"),
        (.seconds(-9_214_560_000), "1678-01-01T00:00:00.000000000Z"),
        (.seconds(9_214_560_000) + .hours(24) - 1, "2261-12-31T23:59:59.999999999Z"),
        (.max, "2262-04-11T23:47:16.854775807Z"),
        (.min, "1677-09-21T00:12:43.145224192Z"),
    ]
    @Test(arguments: known) func `is printed in UTC with nanoseconds, and parsed back`(nanoseconds: Int64, text: String)
    {
        #expect(Timestamp(unixNanoseconds: nanoseconds).description == text)
        #expect(Timestamp(text)?.unixNanoseconds == nanoseconds)
    }
    @Test func `follows the calendar from 1678 to 2261`() {
        var day: Int64 = -106_650  // 1678-01-01
        for year in 1678...2261 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for (index, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                let month = index < 9 ? "0\(index + 1)" : "\(index + 1)"
                let (first, last) = ("\(year)-\(month)-01T", "\(year)-\(month)-\(length)T")
                #expect(Timestamp(unixNanoseconds: .days(day)).description == first + "00:00:00.000000000Z")
                day += Int64(length)
                #expect(Timestamp(unixNanoseconds: .days(day) - 1).description == last + "23:59:59.999999999Z")
                #expect(Timestamp(first + "00:00:00Z")?.unixNanoseconds == .days(day - Int64(length)))
            }
        }
    }
    @Test(arguments: 0..<200 as Range<UInt64>) func `survives a round trip through text`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let timestamp = Timestamp(unixNanoseconds: Int64(bitPattern: random.next()))
            #expect(Timestamp(timestamp.description) == timestamp)
        }
    }
    @Test(
        arguments: [
            ("2026-01-31T23:59:59Z", 0), ("2026-01-31T23:59:59.5Z", 500_000_000), ("2026-01-31T23:59:59.000001Z", 1000),
        ] as [(String, Int64)])
    func `may have fewer decimals`(text: String, nanoseconds: Int64) {
        #expect(Timestamp(text)?.unixNanoseconds == .seconds(1_769_903_999) + nanoseconds)
    }
    @Test(arguments: [
        "", "Z", "now", "2026", "2026-01-31", "2026-01-31T23:59:59", "2026-01-31T23:59:59+00:00",
        "2026-01-31 23:59:59Z",
        "2026-01-31t23:59:59z", "2026-1-31T23:59:59Z", "02026-01-31T23:59:59Z", "26-01-31T23:59:59Z",
        "2026-00-31T23:59:59Z", "2026-13-31T23:59:59Z", "2026-01-00T23:59:59Z", "2026-01-32T23:59:59Z",
        "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "1900-02-29T00:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T23:60:00Z", "2026-01-31T23:59:61Z", "2026-01-31T23:59:59.Z", "2026-01-31T23:59:59.1234567890Z",
        "2026-01-31T23:59:59.12x4Z", "2026-01-31T23:59:59.+1Z", "2026-01-31T23:59:59.-1Z", "+026-01-31T23:59:59Z",
        "2026-+1-31T23:59:59Z", "-2026-01-31T23:59:59Z", "2026--01-31T23:59:59Z", "2026:01:31:23:59:59Z",
        "2026-01-31T23:59:59ZZ", "2026-01-31T23:59:59Z\n", " 2026-01-31T23:59:59Z", "2026T01T31T23T59T59Z",
        "２０２６-01-31T23:59:59Z", "1677-09-21T00:12:43.145224191Z", "2262-04-11T23:47:16.854775808Z",
        "1600-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "99999999999999999999-01-01T00:00:00Z",
    ])
    func `is not parsed from malformed text`(text: String) {
        #expect(Timestamp(text) == nil)
    }
    @Test func `is a string in JSON`() throws {
        let timestamp = Timestamp(unixNanoseconds: 1)
        #expect(try WireJSON.encode([timestamp]) == Array(#"["1970-01-01T00:00:00.000000001Z"]"#.utf8))
        #expect(try WireJSON.decode([Timestamp].self, from: #"["1970-01-01T00:00:00.000000001Z"]"#.utf8) == [timestamp])
        #expect(throws: DecodingError.self) { try WireJSON.decode([Timestamp].self, from: #"["today"]"#.utf8) }
    }
    @Test func `sorts by time`() {
        #expect(Timestamp(unixNanoseconds: -1) < Timestamp(unixNanoseconds: 0))
    }
}
