import Testing

@testable import PhiAccrual

@Suite struct `The error of stamps` {
    private static func at(_ microseconds: Int64) -> Instant { Instant(nanoseconds: 1000 * microseconds) }

    @Test func `is the time without a poll of the sockets`() {
        var error = TimestampUncertainty(at: Self.at(0))
        error.emptied(at: Self.at(0))
        error.waited(from: Self.at(30), to: Self.at(900_000))
        error.stamped(at: Self.at(900_020))
        #expect(error.nanoseconds == 50_000)
    }

    @Test func `grows while a turn does not empty the sockets`() {
        var error = TimestampUncertainty(at: Self.at(0))
        for turn in 1...10 { error.stamped(at: Self.at(5000 * Int64(turn))) }
        #expect(error.nanoseconds == 50_000_000)
        error.emptied(at: Self.at(50_000))
        error.stamped(at: Self.at(50_010))
        #expect(error.nanoseconds < 50_000_000 && error.nanoseconds > 49_000_000)
    }

    @Test func `fades within seconds, however often it is asked, and is bounded`() {
        var (seldom, often) = (TimestampUncertainty(at: Self.at(0)), TimestampUncertainty(at: Self.at(0)))
        seldom.stamped(at: Self.at(3_600_000_000))
        often.stamped(at: Self.at(3_600_000_000))
        #expect(seldom.nanoseconds == 1_000_000_000)
        for second in 1...6 {
            let now = Self.at(3_600_000_000 + 1_000_000 * Int64(second))
            often.emptied(at: now)
            often.stamped(at: now)
        }
        seldom.emptied(at: Self.at(3_606_000_000))
        seldom.stamped(at: Self.at(3_606_000_007))
        #expect(abs(often.nanoseconds - 250_000_000) < 1000)
        #expect(abs(seldom.nanoseconds - 250_000_000) < 1000)
        seldom.emptied(at: Self.at(4_000_000_000))
        seldom.stamped(at: Self.at(4_000_000_007))
        #expect(seldom.nanoseconds == 7000)
    }

    @Test func `includes the lateness of a deadline, and forgets nothing by a step back`() {
        var error = TimestampUncertainty(at: Self.at(0))
        error.stamped(at: Self.at(20))
        error.woken(late: .microseconds(80), at: Self.at(10))
        #expect(error.nanoseconds == 80_000)
        error.woken(late: .microseconds(-5), at: Self.at(20))
        #expect(error.nanoseconds == 80_000)
    }
}
