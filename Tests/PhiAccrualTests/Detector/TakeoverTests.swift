import PhiAccrual
import TestSupport
import Testing

@Suite struct `A contending sender` {
    /// First heartbeats of contending senders: of a node whose clock was set back, and of one that restarted twice
    /// within a second.
    static let contenders: [(incarnation: UInt32, sequence: UInt32)] = [(3, 0), (3, 5000), (5, 0), (5, 40)]

    private func suspected() -> Watch {
        var watch = Watch()
        watch.announce("a", at: 0)
        for number in 0..<100 as Range<Int64> {
            watch.receive("a", UInt32(number), incarnation: 5, announcing: .seconds(1), at: .seconds(number))
        }
        watch.advance(to: .seconds(200))
        return watch
    }

    @Test(arguments: contenders) func `is accepted after three in order once the node is suspected`(
        incarnation: UInt32, sequence: UInt32
    ) {
        var watch = suspected()
        #expect(watch.receive("a", sequence, incarnation: incarnation, at: .seconds(201)).isEmpty)
        #expect(watch.receive("a", sequence + 1, incarnation: incarnation, at: .seconds(202)).isEmpty)
        #expect(
            watch.receive("a", sequence + 2, incarnation: incarnation, at: .seconds(203)) == [
                .change("a", .suspected, .trusted, at: .seconds(203)), .notice(.takeover, at: .seconds(203)),
            ])
        #expect(watch.outcome == .fresh)
        let status = watch.status("a")
        #expect(status?.incarnation == incarnation)
        #expect(status?.sequence == sequence + 2)
        #expect(status?.missing == 0)
        #expect(status?.samples == 99)
        #expect(watch.receive("a", sequence + 3, incarnation: incarnation, at: .seconds(204)).isEmpty)
        #expect(watch.outcome == .fresh)
    }
    @Test(arguments: contenders) func `is not accepted while the node is trusted, however often it sends`(
        incarnation: UInt32, sequence: UInt32
    ) throws {
        var watch = Watch()
        watch.announce("a", at: 0)
        for number in 0..<100 as Range<Int64> {
            watch.receive("a", UInt32(number), incarnation: 5, announcing: .seconds(1), at: .seconds(number))
        }
        for number in 0..<50 {
            #expect(watch.receive("a", sequence + UInt32(number), incarnation: incarnation, at: .seconds(100)).isEmpty)
        }
        #expect(watch.status("a")?.discarded == 50)
        // Its heartbeats before the suspicion count, since no other sender was heard.
        let deadline = try #require(watch.deadline("a"))
        #expect(watch.advance(to: deadline).count == 1)
        #expect(watch.receive("a", sequence + 50, incarnation: incarnation, at: deadline).count == 2)
        #expect(watch.verdict("a") == .trusted)
    }
    @Test func `is not accepted if its sequence numbers do not rise`() {
        var watch = suspected()
        for number in (10..<60).reversed() {
            #expect(watch.receive("a", UInt32(number), incarnation: 4, at: .seconds(201)).isEmpty)
        }
        for incarnation in 1...4 {
            #expect(watch.receive("a", 70, incarnation: UInt32(incarnation), at: .seconds(202)).isEmpty)
        }
        #expect(watch.verdict("a") == .suspected)
    }
    @Test func `starts over when the accepted sender is heard`() {
        var watch = suspected()
        watch.receive("a", 0, incarnation: 4, at: .seconds(201))
        watch.receive("a", 1, incarnation: 4, at: .seconds(202))
        #expect(watch.receive("a", 100, incarnation: 5, at: .seconds(203)).count == 1)
        watch.advance(to: .hours(1))
        #expect(watch.receive("a", 2, incarnation: 4, at: .hours(1)).isEmpty)
        #expect(watch.receive("a", 3, incarnation: 4, at: .hours(1)).isEmpty)
        #expect(watch.receive("a", 4, incarnation: 4, at: .hours(1)).count == 2)
    }
    @Test func `is reported each time it takes over`() {
        var watch = suspected()
        for incarnation in [4, 3, 2] as [UInt32] {
            let now = Int64.hours(10 - Int64(incarnation))
            watch.advance(to: now)
            #expect(watch.verdict("a") == .suspected)
            watch.receive("a", 0, incarnation: incarnation, at: now)
            watch.receive("a", 1, incarnation: incarnation, at: now)
            #expect(watch.receive("a", 2, incarnation: incarnation, at: now).last == .notice(.takeover, at: now))
        }
    }
    @Test func `is accepted after a goodbye too`() {
        var watch = suspected()
        watch.receive("a", 100, incarnation: 5, isLeaving: true, at: .seconds(300))
        watch.receive("a", 0, incarnation: 4, at: .seconds(301))
        watch.receive("a", 1, incarnation: 4, at: .seconds(302))
        #expect(
            watch.receive("a", 2, incarnation: 4, at: .seconds(303)) == [
                .change("a", .left, .trusted, at: .seconds(303)), .notice(.takeover, at: .seconds(303)),
            ])
    }
}

@Suite struct `Two senders of one name` {
    private func alternate(_ watch: inout Watch, _ count: Int, other: UInt32, from first: UInt32) -> [Emitted] {
        (0..<UInt32(count)).flatMap { number -> [Emitted] in
            let now = Int64.seconds(Int64(first + number))
            return watch.receive("a", first + number, incarnation: 5, announcing: .seconds(1), at: now)
                + watch.receive(
                    "a", 7 + number, incarnation: other, announcing: .seconds(1), at: now + .milliseconds(500))
        }
    }
    @Test(arguments: [4, 5] as [UInt32]) func `are reported once`(other: UInt32) {
        var watch = Watch()
        watch.announce("a", at: 0)
        let emitted = alternate(&watch, 100, other: other, from: 1000)
        let notices = emitted.filter { if case .notice = $0 { true } else { false } }
        #expect(notices == [.notice(.duplicateNode, at: .seconds(1003) + .milliseconds(500))])
        #expect(emitted.count == 3)  // the notice, learning, and trusted
        #expect(watch.status("a")?.discarded == 100)
    }
    @Test func `are reported again after the node restarts`() {
        var watch = Watch()
        watch.announce("a", at: 0)
        _ = alternate(&watch, 20, other: 4, from: 1000)
        watch.receive("a", 0, incarnation: 6, at: .seconds(1020))
        var emitted: [Emitted] = []
        for number in 1..<20 as Range<UInt32> {
            emitted += watch.receive("a", number, incarnation: 6, at: .seconds(1020 + Int64(number)))
            emitted += watch.receive("a", 50 + number, incarnation: 5, at: .seconds(1020 + Int64(number)))
        }
        #expect(emitted == [.notice(.duplicateNode, at: .seconds(1024))])
    }
    @Test func `are not one sender with a few late heartbeats`() {
        var watch = Watch.trusting("a")
        watch.receive("a", 0, incarnation: 2, at: .seconds(10))
        for number in 100..<103 { #expect(watch.receive("a", UInt32(number), at: .seconds(10)).isEmpty) }
        for number in 1..<50 as Range<Int64> {
            #expect(watch.receive("a", UInt32(number), incarnation: 2, at: .seconds(10 + number)).isEmpty)
        }
        #expect(watch.verdict("a") == .trusted)
    }
}
