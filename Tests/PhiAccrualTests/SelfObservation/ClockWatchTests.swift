import Testing

@testable import PhiAccrual

@Suite struct `A watch on clocks` {
    private func findings(monotonic: Int64, boot: Int64, wall: Int64) -> [ClockWatch.Finding] {
        var watch = ClockWatch()
        let start = Int64(1_700_000_000_000_000_000)
        let first = watch.read(.init(monotonic: Instant(nanoseconds: 5), boot: Instant(nanoseconds: 50), wall: start))
        #expect(first.isEmpty)
        return watch.read(
            .init(
                monotonic: Instant(nanoseconds: 5 + monotonic), boot: Instant(nanoseconds: 50 + boot),
                wall: start + wall))
    }
    private let second: Int64 = 1_000_000_000

    @Test func `finds nothing while all go alike`() {
        #expect(findings(monotonic: second, boot: second, wall: second + 50_000).isEmpty)
        #expect(findings(monotonic: 30 * second, boot: 30 * second, wall: 30 * second).isEmpty)
    }
    @Test func `sees a suspended machine`() {
        #expect(findings(monotonic: second, boot: 61 * second, wall: 61 * second) == [.suspended(.seconds(60))])
    }
    @Test func `sees that the date was set, forward or back`() {
        #expect(findings(monotonic: second, boot: second, wall: 3601 * second) == [.stepped(.seconds(3600))])
        #expect(findings(monotonic: second, boot: second, wall: -59 * second) == [.stepped(.seconds(-60))])
    }
    @Test func `sees both at once`() {
        #expect(
            findings(monotonic: second, boot: 61 * second, wall: second) == [
                .suspended(.seconds(60)), .stepped(.seconds(-60)),
            ])
    }
}
