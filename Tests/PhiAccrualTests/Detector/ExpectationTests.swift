import PhiAccrual
import TestSupport
import Testing

@Suite struct `A node expected by a deadline` {
    private func expecting(_ name: String, until: Int64, in watch: inout Watch, at now: Int64 = 0) throws -> [Emitted] {
        var events: [Event] = []
        let identity = try NodeIdentity(group: "lab", name: name)
        #expect(
            watch.detector.expect(
                identity, key: .named(name), until: Instant(nanoseconds: until), at: Instant(nanoseconds: now),
                into: &events))
        return events.emitted
    }

    @Test func `is suspected at that deadline at every level if it is never heard`() throws {
        var watch = Watch(levels: .three)
        #expect(try expecting("a", until: .seconds(60), in: &watch).isEmpty)
        #expect(watch.verdict("a") == .new)
        #expect(watch.advance(to: .seconds(60) - 1).isEmpty)
        #expect(
            watch.advance(to: .seconds(60))
                == (0..<3).map { .change("a", level: $0, .new, .suspected, at: .seconds(60)) })
        #expect(watch.evidence?.silence == .seconds(60) && watch.evidence?.expected == nil)
        #expect(
            watch.receive("a", 0, at: .seconds(90))
                == (0..<3).map { .change("a", level: $0, .suspected, .learning, at: .seconds(90)) })
        #expect(watch.evidence?.silence == .seconds(90))
    }
    @Test func `is an ordinary node if it is heard in time`() throws {
        var watch = Watch()
        _ = try expecting("a", until: .seconds(60), in: &watch)
        #expect(watch.receive("a", 0, at: .seconds(59)) == [.change("a", .new, .learning, at: .seconds(59))])
        #expect(watch.advance(to: .seconds(61)).isEmpty)
    }
    @Test func `is not forgotten while it is expected`() throws {
        var watch = Watch(retention: .hours(1))
        for name in ["a", "b"] { _ = try expecting(name, until: .seconds(60), in: &watch) }
        watch.trust("a")
        #expect(watch.advance(to: .days(3)).count == 2)
        var events: [Event] = []
        for name in ["a", "b"] {
            watch.detector.expectNoLonger(.named(name), at: Instant(nanoseconds: .days(3)), into: &events)
        }
        #expect(events.emitted == [.change("b", .suspected, .forgotten, at: .days(3))])
        #expect(watch.advance(to: .days(3)).count == 1)
        #expect(watch.detector.nodeCount == 0)
    }
    @Test func `that is already known keeps its deadline and is retained`() throws {
        var watch = Watch.trusting("a", retention: .hours(1))
        let deadline = watch.deadline("a")
        #expect(try expecting("a", until: .seconds(11), in: &watch, at: .seconds(10)).isEmpty)
        #expect(watch.deadline("a") == deadline)
        #expect(watch.advance(to: .days(1)).count == 1)
        #expect(watch.verdict("a") == .suspected)
    }
    @Test func `is forgotten without an event if none was emitted for it`() throws {
        var (watch, events) = (Watch(), [Event]())
        _ = try expecting("a", until: .seconds(60), in: &watch)
        #expect(watch.detector.forget(.named("a"), at: Instant(nanoseconds: 5), into: &events))
        #expect(events.isEmpty && watch.detector.nodeCount == 0)
        #expect(!watch.detector.forget(.named("a"), at: Instant(nanoseconds: 6), into: &events))
        #expect(watch.advance(to: .days(1)).isEmpty)
    }
}

@Suite struct `A node that is forgotten on request` {
    @Test func `emits a change, and is new when it is heard again`() {
        var (watch, events) = (Watch.trusting("a"), [Event]())
        let now = watch.lastArrival + 5
        #expect(watch.detector.forget(.named("a"), at: Instant(nanoseconds: now), into: &events))
        #expect(events.emitted == [.change("a", .trusted, .forgotten, at: now)])
        #expect(watch.advance(to: .days(1)).isEmpty)
        watch.announce("a", at: .days(1))
        #expect(watch.receive("a", 500, at: .days(1)) == [.change("a", .new, .learning, at: .days(1))])
    }
}

@Suite struct `A connection that was closed` {
    @Test func `is evidence but changes no verdict`() {
        var watch = Watch.trusting("a")
        let closed = watch.lastArrival + .milliseconds(20)
        watch.detector.disconnected(.named("a"), at: Instant(nanoseconds: closed))
        #expect(watch.advance(to: closed + 1).isEmpty)
        #expect(watch.advance(to: .seconds(60)).count == 1)
        #expect(watch.evidence.map { $0.disconnected == $0.silence - .milliseconds(20) } ?? false)
    }
    @Test func `is cleared by the next heartbeat`() {
        var watch = Watch.trusting("a")
        watch.detector.disconnected(.named("a"), at: Instant(nanoseconds: watch.lastArrival + 20))
        watch.receive("a", 100, at: watch.lastArrival + .milliseconds(100))
        #expect(watch.advance(to: .seconds(60)).count == 1)
        #expect(watch.evidence.map { $0.disconnected == nil } ?? false)
    }
}
