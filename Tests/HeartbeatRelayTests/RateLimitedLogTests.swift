import PhiAccrual
import ReceivingService
import Testing

@Suite struct `A rate-limited log` {
    @Test func `logs each reason at once and then at most once a minute, and counts everything`() {
        var log = RateLimitedLog<String>()
        var lines: [String] = []
        func count(_ reason: String, times: Int64 = 1, atSecond second: Int64) {
            log.count(reason, times: times, at: Instant(nanoseconds: second * 1_000_000_000)) {
                lines.append("\(second) s: \(reason) \($0)")
            }
        }
        count("empty", atSecond: 0)
        count("empty", atSecond: 1)
        count("foreign", times: 5, atSecond: 2)
        count("empty", times: 7, atSecond: 59)
        count("empty", atSecond: 60)
        count("empty", atSecond: 119)
        count("foreign", atSecond: 62)
        #expect(lines == ["0 s: empty 1", "2 s: foreign 5", "60 s: empty 9", "62 s: foreign 1"])
        #expect(log.counts == ["empty": 11, "foreign": 6])
    }
}
