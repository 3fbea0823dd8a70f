import PhiAccrual
import TestSupport
import Testing

@Suite struct `The return to trust` {
    private func suspecting(_ rule: RecoveryRule) -> (watch: Watch, now: Int64) {
        var watch = Watch(recovery: rule)
        watch.trust("a")
        let now = watch.lastArrival + .seconds(60)
        watch.advance(to: now)
        return (watch, now)
    }

    @Test func `takes the configured number of consecutive heartbeats`() {
        var (watch, now) = suspecting(RecoveryRule(minConsecutive: 3))
        #expect(watch.receive("a", 100, at: now).isEmpty)
        #expect(watch.receive("a", 101, at: now + .milliseconds(100)).isEmpty)
        let third = now + .milliseconds(200)
        #expect(watch.receive("a", 102, at: third) == [.change("a", .suspected, .trusted, at: third)])
        #expect(watch.evidence?.inRow == 3)
    }
    @Test func `starts over if a heartbeat is too late`() throws {
        var (watch, now) = suspecting(RecoveryRule(minConsecutive: 3))
        watch.receive("a", 100, at: now)
        watch.receive("a", 101, at: now + .milliseconds(100))
        let late = try #require(watch.deadline("a")) + 1
        #expect(watch.advance(to: late).isEmpty)
        #expect(watch.receive("a", 102, at: late).isEmpty)
        #expect(watch.receive("a", 103, at: late + .milliseconds(100)).isEmpty)
        #expect(watch.receive("a", 104, at: late + .milliseconds(200)).count == 1)
    }
    @Test func `does not start over because the detector was paused`() throws {
        var (watch, now) = suspecting(RecoveryRule(minConsecutive: 3))
        watch.receive("a", 100, at: now)
        watch.receive("a", 101, at: now + .milliseconds(100))
        let (start, due) = (watch.lastArrival + .milliseconds(50), try #require(watch.deadline("a")))
        watch.detector.ignoreSilence(from: Instant(nanoseconds: start), to: Instant(nanoseconds: start + .seconds(5)))
        let third = due + .seconds(5)
        #expect(watch.advance(to: third).isEmpty)
        #expect(watch.receive("a", 102, at: third) == [.change("a", .suspected, .trusted, at: third)])
    }
    @Test func `takes longer for a node that flaps, but still ends in trust`() throws {
        var watch = Watch(recovery: RecoveryRule(flaps: 3, within: .seconds(600), quietPeriod: .seconds(5)))
        watch.trust("a")
        var (emitted, now, number): ([Emitted], Int64, UInt32) = ([], watch.lastArrival, 100)
        for _ in 0..<3 {
            now += .seconds(20)
            emitted += watch.advance(to: now)
            emitted += watch.receive("a", number, at: now)
            number += 1
        }
        // Suspected and trusted twice. The third time it is not trusted at once, and a notice reports it.
        #expect(
            emitted.count == 6
                && emitted.dropLast().last.map { if case .notice(.flapping, _) = $0 { true } else { false } } ?? false)
        #expect(watch.verdict("a") == .suspected)
        let back = now
        while watch.verdict("a") == .suspected, now < back + .seconds(60) {
            now += .milliseconds(100)
            emitted = watch.receive("a", number, at: now)
            number += 1
        }
        #expect(now == back + .seconds(5))
        #expect(emitted == [.change("a", .suspected, .trusted, at: now)])
    }
    @Test func `is short again once the flaps are old`() {
        let rule = RecoveryRule(flaps: 2, within: .seconds(600), quietPeriod: .seconds(5))
        var watch = Watch(model: .init(window: 10), recovery: rule)
        watch.trust("a")
        var (now, number) = (watch.lastArrival, UInt32(100))
        for _ in 0..<10 {
            now += .seconds(700)
            #expect(watch.advance(to: now).count == 1)
            #expect(watch.receive("a", number, at: now) == [.change("a", .suspected, .trusted, at: now)])
            for _ in 0..<20 {
                now += .milliseconds(100)
                number += 1
                watch.receive("a", number, at: now)
            }
            number += 1
        }
    }
    @Test func `never prevents the suspicion of a silent node`() {
        var (watch, now) = suspecting(RecoveryRule(minConsecutive: 2, flaps: 1, quietPeriod: .seconds(1)))
        for number in 100..<130 as Range<UInt32> {
            watch.receive("a", number, at: now)
            now += .milliseconds(100)
        }
        #expect(watch.verdict("a") == .trusted)
        #expect(
            watch.advance(to: now + .seconds(60)).contains {
                if case .change(_, _, .trusted, .suspected, _) = $0 { true } else { false }
            })
    }
}
