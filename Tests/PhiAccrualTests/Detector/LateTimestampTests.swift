import PhiAccrual
import TestSupport
import Testing

@Suite struct `A detector with uncertain timestamps` {
    @Test func `adds the uncertainty to the timeout of a known incarnation and of a new one`() {
        var detector = Detector<AdaptiveModel>(.init(levels: [.suspect(.price(1))], model: .init()))
        var events: [Event] = []
        var now: Int64 = 0
        func beat(_ sequence: UInt32, incarnation: UInt32) {
            now += .milliseconds(100)
            let heartbeat = Heartbeat(key: .named("a"), incarnation: incarnation, sequence: sequence)
            detector.receive(heartbeat, at: Instant(nanoseconds: now), into: &events)
        }
        func timeout() -> Int64? {
            let status = detector.status(of: .named("a"), at: Instant(nanoseconds: now))
            return status?.levels[0].timeout
        }
        for sequence in 1...500 { beat(UInt32(sequence), incarnation: 1) }
        #expect(timeout() ?? .max < .milliseconds(110))
        detector.timestampUncertainty = .milliseconds(50)
        beat(501, incarnation: 1)
        #expect(timeout() ?? 0 >= .milliseconds(149))
        beat(0, incarnation: 2)
        #expect(timeout() ?? 0 >= .milliseconds(149))
    }
}
