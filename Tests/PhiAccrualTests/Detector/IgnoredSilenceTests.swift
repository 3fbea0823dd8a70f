import PhiAccrual
import TestSupport
import Testing

@Suite struct `A detector that was paused` {
    @Test func `extends deadlines by the length of the pause, unless they were due before`() throws {
        var watch = Watch.trusting("a")
        watch.trust("b")
        let (start, end) = (watch.lastArrival + .milliseconds(50), watch.lastArrival + .seconds(30))
        let deadline = try #require(watch.deadline("a"))
        watch.detector.ignoreSilence(from: Instant(nanoseconds: start), to: Instant(nanoseconds: end))
        let later = deadline + end - start
        #expect(watch.deadline("a") == later)
        #expect(watch.advance(to: later - 1).isEmpty)
        #expect(watch.advance(to: later).count == 2)

        var other = Watch.trusting("a")
        let due = try #require(other.deadline("a"))
        other.detector.ignoreSilence(from: Instant(nanoseconds: due + 1), to: Instant(nanoseconds: due + .seconds(30)))
        #expect(other.advance(to: due) == [.change("a", .trusted, .suspected, at: due)])
    }
    @Test func `extends the deadline of a node heard at the last moment`() throws {
        var watch = Watch.trusting("a")
        let (deadline, start) = (try #require(watch.deadline("a")), watch.lastArrival)
        watch.detector.ignoreSilence(from: Instant(nanoseconds: start), to: Instant(nanoseconds: start + .seconds(5)))
        #expect(watch.deadline("a") == deadline + .seconds(5))
        #expect(watch.advance(to: deadline + .seconds(5) - 1).isEmpty)
    }
    @Test func `extends the deadline of an expected node too`() throws {
        var (watch, events) = (Watch(), [Event]())
        watch.detector.expect(
            try NodeIdentity(group: "lab", name: "a"), key: .named("a"), until: Instant(nanoseconds: .seconds(60)),
            at: Instant(nanoseconds: 0), into: &events)
        watch.detector.ignoreSilence(from: Instant(nanoseconds: .seconds(30)), to: Instant(nanoseconds: .seconds(90)))
        #expect(watch.advance(to: .seconds(120) - 1).isEmpty)
        #expect(watch.advance(to: .seconds(120)) == [.change("a", .new, .suspected, at: .seconds(120))])
    }
    @Test func `does not learn from gaps that overlap the pause`() throws {
        var watch = Watch.trusting("a")
        let timeout = try #require(watch.status("a")?.levels[0].timeout)
        let samples = try #require(watch.status("a")?.samples)
        let (start, end) = (watch.lastArrival + .milliseconds(50), watch.lastArrival + .seconds(30))
        watch.detector.ignoreSilence(from: Instant(nanoseconds: start), to: Instant(nanoseconds: end))
        // The backlog arrives at once, and the next heartbeat is as early as the last was late.
        for number in 100..<400 { watch.receive("a", UInt32(number), at: end - .milliseconds(80)) }
        watch.receive("a", 400, at: end + .milliseconds(5))
        #expect(watch.status("a")?.samples == samples)
        #expect(watch.status("a")?.levels[0].timeout == timeout)
        #expect(watch.status("a")?.missing == 0)
        watch.receive("a", 401, at: end + .milliseconds(105))
        #expect(watch.status("a")?.samples == samples + 1)
    }
    @Test func `learns from gaps that are much longer than the pause`() throws {
        var watch = Watch.trusting("slow", every: .seconds(10))
        let samples = try #require(watch.status("slow")?.samples)
        // A host that stalls briefly every five seconds must not prevent learning forever.
        for number in 100..<120 {
            let last = watch.lastArrival
            for stall in [Int64.seconds(3), .seconds(8)] {
                watch.detector.ignoreSilence(
                    from: Instant(nanoseconds: last + stall),
                    to: Instant(nanoseconds: last + stall + .milliseconds(250)))
            }
            watch.receive("slow", UInt32(number), at: last + .seconds(10))
        }
        #expect(watch.status("slow")?.samples == samples + 20)
    }
    @Test func `again before it recovered learns from neither pause`() throws {
        var watch = Watch.trusting("a")
        let samples = try #require(watch.status("a")?.samples)
        let (start, end) = (watch.lastArrival + .milliseconds(50), watch.lastArrival + .seconds(30))
        watch.detector.ignoreSilence(from: Instant(nanoseconds: start), to: Instant(nanoseconds: end))
        watch.detector.ignoreSilence(
            from: Instant(nanoseconds: end - .milliseconds(50)), to: Instant(nanoseconds: end + .milliseconds(150)))
        watch.receive("a", 100, at: end + .milliseconds(20))
        #expect(watch.status("a")?.samples == samples)
    }
    @Test func `does not watch forgotten nodes again`() {
        var watch = Watch(retention: .hours(1))
        watch.announce("a", at: 0)
        for number in 0..<5 { watch.receive("a", UInt32(number), at: .seconds(Int64(number))) }
        watch.advance(to: .hours(2))
        watch.detector.ignoreSilence(from: Instant(nanoseconds: .hours(2)), to: Instant(nanoseconds: .hours(3)))
        #expect(watch.detector.nextDeadline == nil)
        #expect(watch.advance(to: .days(2)).isEmpty)
    }
    @Test func `does not overflow deadlines`() {
        var watch = Watch.trusting("a")
        watch.detector.ignoreSilence(from: Instant(nanoseconds: .min), to: Instant(nanoseconds: .max))
        watch.detector.ignoreSilence(from: Instant(nanoseconds: watch.lastArrival + 1), to: Instant(nanoseconds: .max))
        watch.detector.ignoreSilence(from: Instant(nanoseconds: .max), to: Instant(nanoseconds: .min))
        #expect(watch.advance(to: .days(1)).isEmpty)
    }
}
