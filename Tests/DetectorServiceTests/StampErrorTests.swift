import PhiAccrual
import Testing

@testable import DetectorService

@Suite struct `The error of stamps` {
    private static func at(_ microseconds: Int64) -> Instant { Instant(nanoseconds: 1000 * microseconds) }

    @Test func `is how long nobody looked at the sockets`() {
        var error = StampError(at: Self.at(0))
        error.emptied(at: Self.at(0))
        error.waited(from: Self.at(30), to: Self.at(900_000))
        error.stamped(at: Self.at(900_020))
        #expect(error.nanoseconds == 50_000)
    }

    @Test func `grows while a turn does not empty the sockets`() {
        var error = StampError(at: Self.at(0))
        for turn in 1...10 { error.stamped(at: Self.at(5000 * Int64(turn))) }
        #expect(error.nanoseconds == 50_000_000)
        error.emptied(at: Self.at(50_000))
        error.stamped(at: Self.at(50_010))
        #expect(error.nanoseconds < 50_000_000 && error.nanoseconds > 49_000_000)
    }

    @Test func `fades within seconds, and is bounded`() {
        var error = StampError(at: Self.at(0))
        error.stamped(at: Self.at(3_600_000_000))
        #expect(error.nanoseconds == 1_000_000_000)
        error.emptied(at: Self.at(3_605_000_000))
        error.stamped(at: Self.at(3_605_000_001))
        #expect(error.nanoseconds == 499_999_900)
        error.emptied(at: Self.at(3_700_000_000))
        error.stamped(at: Self.at(3_700_000_007))
        #expect(error.nanoseconds == 7000)
    }

    @Test func `takes in how late a timer woke us`() {
        var error = StampError(at: Self.at(0))
        error.woken(late: .microseconds(80), at: Self.at(10))
        #expect(error.nanoseconds == 80_000)
    }
}
