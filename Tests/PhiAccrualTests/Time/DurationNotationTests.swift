import PhiAccrual
import Testing

@Suite struct `A duration in text` {
    @Test(
        arguments: [
            ("250ms", .milliseconds(250)), ("1.5s", .milliseconds(1500)), ("30m", .seconds(1800)),
            ("24h", .seconds(86_400)),
            ("7d", .seconds(604_800)), ("5us", .microseconds(5)), ("5µs", .microseconds(5)), ("1ns", .nanoseconds(1)),
            ("0s", .zero),
        ] as [(String, Duration)])
    func `is parsed`(text: String, duration: Duration) throws {
        #expect(try Duration(parsing: text) == duration)
    }
    @Test(arguments: [
        "", "s", "1", "1 s", "-1s", "+1s", "1S", "1e3s", "1..5s", "1s1s", "infs", "nans", "293y", "106752d", "٣s",
    ])
    func `is refused without a unit or with anything else`(text: String) {
        let error = #expect(throws: InvalidDuration.self) { try Duration(parsing: text) }
        #expect(
            error?.description
                == "\"\(text)\" is not a duration: write a number with its unit, such as 250ms, 1s, 2m, 24h, or 7d")
    }
}
