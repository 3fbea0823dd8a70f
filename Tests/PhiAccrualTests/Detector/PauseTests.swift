import PhiAccrual
import TestSupport
import Testing

@Suite struct `A paused node` {
    private func pause(_ watch: inout Watch, until: Int64, at now: Int64) -> [Emitted] {
        var events: [Event] = []
        let pause = Pause(until: Instant(nanoseconds: until), reason: "new disk")
        #expect(watch.detector.pause(.named("a"), pause, at: Instant(nanoseconds: now), into: &events))
        return events.emitted
    }
    private func resume(_ watch: inout Watch, at now: Int64) -> [Emitted] {
        var events: [Event] = []
        watch.detector.resume(.named("a"), at: Instant(nanoseconds: now), into: &events)
        return events.emitted
    }

    @Test func `is not suspected until the pause ends, and then after its usual timeout`() throws {
        var watch = Watch.trusting("a")
        let timeout = try #require(watch.status("a")?.levels[0].timeout)
        let (start, end) = (watch.lastArrival + .milliseconds(10), watch.lastArrival + .hours(2))
        #expect(pause(&watch, until: end, at: start) == [.notice(.paused, at: start)])
        #expect(watch.advance(to: end - 1).isEmpty)
        #expect(watch.advance(to: end) == [.notice(.resumed, at: end)])
        #expect(watch.advance(to: end + timeout - 1).isEmpty)
        #expect(watch.advance(to: end + timeout) == [.change("a", .trusted, .suspected, at: end + timeout)])
    }
    @Test func `may return early, and its absence is not learned from`() throws {
        var watch = Watch.trusting("a")
        let (timeout, samples) = (
            try #require(watch.status("a")?.levels[0].timeout), try #require(watch.status("a")?.samples)
        )
        let (start, end) = (watch.lastArrival + .milliseconds(10), watch.lastArrival + .hours(2))
        _ = pause(&watch, until: end, at: start)
        let back = start + .hours(1)
        #expect(watch.receive("a", 100, at: back).isEmpty)
        #expect(resume(&watch, at: back + 5) == [.notice(.resumed, at: back + 5)])
        #expect(watch.status("a")?.samples == samples)
        #expect(watch.deadline("a") == back + timeout)
        #expect(watch.advance(to: back + timeout) == [.change("a", .trusted, .suspected, at: back + timeout)])
        #expect(resume(&watch, at: end).isEmpty)
    }
    @Test func `that was suspected before is trusted again when it is heard`() {
        var watch = Watch.trusting("a")
        watch.advance(to: .hours(1))
        #expect(pause(&watch, until: .hours(3), at: .hours(1)) == [.notice(.paused, at: .hours(1))])
        #expect(watch.receive("a", 100, at: .hours(2)) == [.change("a", .suspected, .trusted, at: .hours(2))])
        #expect(watch.advance(to: .hours(3) - 1).isEmpty)
    }
    @Test func `is not forgotten during the pause`() {
        var watch = Watch.trusting("a", retention: .hours(1))
        _ = pause(&watch, until: .hours(5), at: watch.lastArrival)
        #expect(watch.advance(to: .hours(4)).isEmpty)
        // Its silence counts from the end of the pause.
        #expect(
            watch.advance(to: .hours(6) - 1).last.map {
                if case .change(_, _, .trusted, .suspected, _) = $0 { true } else { false }
            } ?? false)
        #expect(watch.advance(to: .hours(6)) == [.change("a", .suspected, .forgotten, at: .hours(6))])
    }
    @Test func `that was resumed and heard is silent since that heartbeat, not since an old pause`() {
        var watch = Watch.trusting("a", retention: .hours(1))
        _ = pause(&watch, until: .hours(1), at: watch.lastArrival)
        _ = resume(&watch, at: .seconds(20))
        watch.receive("a", 100, at: .seconds(30))
        _ = pause(&watch, until: .hours(9), at: .seconds(40))
        #expect(watch.status("a", at: .seconds(40))?.lastArrival == Instant(nanoseconds: .seconds(30)))
    }
    @Test func `cannot be an unknown node`() {
        var (watch, events) = (Watch(), [Event]())
        let pause = Pause(until: Instant(nanoseconds: 9), reason: "")
        #expect(!watch.detector.pause(.named("x"), pause, at: Instant(nanoseconds: 1), into: &events))
        #expect(!watch.detector.resume(.named("x"), at: Instant(nanoseconds: 1), into: &events))
        #expect(events.isEmpty)
    }
}
