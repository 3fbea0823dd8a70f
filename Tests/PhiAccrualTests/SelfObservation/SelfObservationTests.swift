import Testing

@testable import PhiAccrual

@Suite struct `A detector that observes itself` {
    private typealias Conclusion = SelfObservation.Conclusion
    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// The caller's loop in virtual time: what it does takes no time unless a test says so.
    private struct Loop {
        var observation = SelfObservation(at: at(0))
        var now = at(0)
        var conclusions: [Conclusion] = []
        /// When each turn handled deadlines, and up to which instant.
        var advances: [Instant] = []

        /// One turn: sleeps until the wake-up (or later by `oversleeping`), then receives for `receiving`.
        mutating func turn(
            deadline: Instant? = nil, oversleeping: Duration = .zero, receiving: Duration = .zero,
            isComplete: Bool = true
        ) {
            let asleep = now
            let wakeUp = observation.nextWakeUp(after: asleep, deadline: deadline)
            now = max(asleep, wakeUp) + oversleeping
            observation.polled(from: asleep, to: now, wakeUp: wakeUp, into: &conclusions)
            let start = now
            observation.beganTurn(at: start, awake: start)
            now = now + receiving
            observation.timestamped(at: now)
            observation.drained(completely: isComplete, since: start, into: &conclusions)
            if isComplete, observation.mayAdvance(to: start, nextDeadline: deadline, at: now) { advances.append(start) }
            let end = now
            observation.worked(from: start, to: end, into: &conclusions)
        }

    }

    @Test func `wakes at each tick, and at a deadline that comes sooner`() {
        let observation = SelfObservation(at: Self.at(0))
        #expect(observation.nextWakeUp(after: Self.at(0), deadline: nil) == Self.at(100))
        #expect(observation.nextWakeUp(after: Self.at(130), deadline: Self.at(500)) == Self.at(200))
        #expect(observation.nextWakeUp(after: Self.at(130), deadline: Self.at(150)) == Self.at(150))
    }

    @Test func `handles deadlines in each turn while nothing is odd, and concludes nothing`() {
        var loop = Loop()
        for _ in 0..<50 { loop.turn() }
        #expect(loop.advances.count == 50 && loop.advances.last == Self.at(5000))
        #expect(loop.conclusions.isEmpty)
    }

    @Test func `waits for a tenth of a second after it woke late, before it handles deadlines`() {
        var loop = Loop()
        loop.turn(oversleeping: .milliseconds(11))
        #expect(loop.advances.isEmpty)
        #expect(loop.conclusions.isEmpty, "a lateness this short is no pause")
        loop.turn()  // the tick at 200
        #expect(loop.advances.isEmpty)
        loop.turn()
        #expect(loop.advances == [Self.at(211)])
    }

    @Test func `ignores the silence of its own pause and of the recovery after it, and reports the pause`() {
        var loop = Loop()
        loop.turn()
        loop.turn(oversleeping: .seconds(2))
        let (start, end) = (Self.at(200), Self.at(2200))
        #expect(
            loop.conclusions == [
                .ignoreSilence(from: start, to: end + .milliseconds(100)), .report(.paused(.seconds(2)), at: end),
            ])
        #expect(loop.advances == [Self.at(100)], "no deadline is handled before what arrived meanwhile was read")
        loop.turn()
        #expect(loop.advances == [Self.at(100), Self.at(2300)])
    }

    @Test func `counts work that takes longer than a tenth of a second as a pause`() {
        var loop = Loop()
        loop.turn(receiving: .milliseconds(100))
        #expect(loop.conclusions.isEmpty)
        loop.turn(receiving: .milliseconds(101))
        #expect(loop.conclusions.last == .report(.paused(.milliseconds(101)), at: Self.at(401)))
    }

    @Test
    func `extends a pause while the backlog of it is drained, by as long as the pause is over and a second at most`() {
        var loop = Loop()
        loop.turn(oversleeping: .seconds(10), isComplete: false)
        let end = Self.at(10_100)
        var ignored = loop.conclusions.compactMap {
            if case .ignoreSilence(let start, let end) = $0 { (start, end) } else { nil }
        }
        #expect(ignored.count == 1 && ignored[0] == (Self.at(100), end + .milliseconds(100)))
        loop.conclusions = []
        // Five seconds of turns that never receive everything.
        for _ in 0..<50 { loop.turn(isComplete: false) }
        ignored = loop.conclusions.compactMap {
            if case .ignoreSilence(let start, let end) = $0 { (start, end) } else { nil }
        }
        for (one, next) in zip(ignored, ignored.dropFirst()) { #expect(one.1 == next.0, "without a gap") }
        for (start, end) in ignored { #expect(end - start <= .milliseconds(1200)) }
        #expect(ignored.last.map { $0.1 > loop.now } == true)
        #expect(loop.advances.isEmpty)
        loop.turn()
        loop.turn()
        #expect(!loop.advances.isEmpty, "once everything was received")
    }

    @Test func `does not handle a deadline that passed unnoticed while it worked`() {
        var observation = SelfObservation(at: Self.at(0))
        let answers = [110, 111, 211, 212].map { start in
            observation.mayAdvance(to: Self.at(start), nextDeadline: Self.at(100), at: Self.at(start + 1))
        }
        #expect(answers == [true, false, false, true])
    }

    @Test func `reports an overload after a second of it, and its end`() {
        var loop = Loop()
        for _ in 0..<12 { loop.turn(isComplete: false) }
        #expect(loop.conclusions == [.report(.overloaded, at: Self.at(1200))])
        loop.conclusions = []
        for _ in 0..<110 { loop.turn() }
        #expect(loop.conclusions == [.report(.caughtUp(.milliseconds(1100)), at: Self.at(11_200))])
    }

    @Test func `gives nodes five seconds to reconnect after the machine was suspended`() {
        var observation = SelfObservation(at: Self.at(0))
        var conclusions: [Conclusion] = []
        observation.read(
            ClockReading(monotonic: Self.at(0), boot: Self.at(0), wall: 0), at: Self.at(0), into: &conclusions)
        #expect(conclusions.isEmpty)
        let minute: Int64 = 60_000_000_000
        observation.read(
            ClockReading(monotonic: Self.at(100), boot: Self.at(60_100), wall: minute + 100_000_000), at: Self.at(100),
            into: &conclusions)
        #expect(
            conclusions == [
                .ignoreSilence(from: Self.at(100), to: Self.at(5100)),
                .report(.machineSuspended(.seconds(60)), at: Self.at(100)),
            ])
        let answers = [199, 200].map { observation.mayAdvance(to: Self.at($0), nextDeadline: nil, at: Self.at($0)) }
        #expect(answers == [false, true])
    }

    @Test func `reports a step of civil time and ignores nothing for it`() {
        var observation = SelfObservation(at: Self.at(0))
        var conclusions: [Conclusion] = []
        for (instant, wall) in [(0, 0), (100, -3_600_000)] as [(Int64, Int64)] {
            observation.read(
                ClockReading(monotonic: Self.at(instant), boot: Self.at(instant), wall: wall * 1_000_000),
                at: Self.at(instant), into: &conclusions)
        }
        #expect(conclusions == [.report(.clockStepped(.milliseconds(-3_600_100)), at: Self.at(100))])
        let mayAdvance = observation.mayAdvance(to: Self.at(100), nextDeadline: nil, at: Self.at(100))
        #expect(mayAdvance)
    }

    @Test func `knows by how much timestamps may be late`() {
        var loop = Loop()
        loop.turn(receiving: .milliseconds(3))
        #expect(loop.observation.timestampUncertainty == 3_000_000)
    }
}
