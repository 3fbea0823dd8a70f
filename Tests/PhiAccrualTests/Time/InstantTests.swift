import PhiAccrual
import TestSupport
import Testing

@Suite struct `An instant` {
    @Test func `moves by durations`() {
        let instant = Instant(nanoseconds: 5)
        #expect(instant + .seconds(1) == Instant(nanoseconds: 1_000_000_005))
        #expect(instant - .nanoseconds(7) == Instant(nanoseconds: -2))
        #expect(Instant(nanoseconds: 12) - instant == .nanoseconds(7))
        #expect(instant < instant + .nanoseconds(1))
    }
    @Test func `saturates at the ends of its range`() {
        let (first, last) = (Instant(nanoseconds: .min), Instant(nanoseconds: .max))
        #expect(last + .nanoseconds(1) == last)
        #expect(first - .nanoseconds(1) == first)
        #expect(last - .seconds(Int64.min) == last)
        #expect(first + .seconds(Int64.min) == first)
        #expect(last - first == .nanoseconds(Int64.max))
        #expect(first - last == .nanoseconds(Int64.min))
    }
}

@Suite struct `A duration in whole nanoseconds` {
    @Test(
        arguments: [
            (.seconds(1), 1_000_000_000), (.milliseconds(-1500), -1_500_000_000), (.zero, 0),
            (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1),
            (Duration(secondsComponent: 0, attosecondsComponent: -1_999_999_999), -1),
            (.seconds(9_223_372_037), .max), (.seconds(-9_223_372_037), .min),
            (Duration(secondsComponent: .max, attosecondsComponent: 0), .max),
            (Duration(secondsComponent: .min, attosecondsComponent: 0), .min),
        ] as [(Duration, Int64)])
    func `rounds towards zero and saturates`(duration: Duration, nanoseconds: Int64) {
        #expect(duration.nanoseconds == nanoseconds)
    }
}

@Suite struct `Saturating integers` {
    @Test func `clamp sums and differences to their range`() {
        #expect(Int64.max.addingSaturated(1) == .max)
        #expect(Int64.min.addingSaturated(-1) == .min)
        #expect(Int64.max.addingSaturated(-1) == .max - 1)
        #expect(Int64.min.subtractingSaturated(1) == .min)
        #expect(Int64.max.subtractingSaturated(.min) == .max)
        #expect(Int64(0).subtractingSaturated(.min) == .max)
        #expect(Int64(-1).subtractingSaturated(.min) == .max)
    }
    @Test(
        arguments: [
            (0.5, 1), (-0.5, -1), (1.4, 1), (.nan, 0), (.infinity, 9_223_372_036_854_774_784), (-.infinity, .min),
            (0x1p63, 9_223_372_036_854_774_784), (-0x1p63, .min), (1e300, 9_223_372_036_854_774_784), (-1e300, .min),
            (-0.0, 0),
        ] as [(Double, Int64)])
    func `are the nearest to a Double`(value: Double, nearest: Int64) {
        #expect(Int64(saturating: value) == nearest)
    }
}
