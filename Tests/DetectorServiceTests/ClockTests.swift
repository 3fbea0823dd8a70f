import EventLoop
import HeartbeatProtocol
import PhiAccrual
import Synchronization
import Testing

@testable import DetectorService

@Suite struct `A service whose clocks go wrong` {
    /// The machine's clocks with adjustable offsets.
    private final class SetClocks: Sendable {
        private let shifts = Mutex((boot: Duration.zero, wall: Duration.zero))

        func shift(boot: Duration = .zero, wall: Duration = .zero) {
            shifts.withLock { $0 = ($0.boot + boot, $0.wall + wall) }
        }
        var clocks: ServiceClocks {
            ServiceClocks {
                BootClock.now + self.shifts.withLock { $0.boot }
            } wall: {
                WallClock.now + self.shifts.withLock { $0.wall }.nanoseconds
            }
        }
    }

    @Test(arguments: [3600, -3600]) func `reports a step of civil time, and stamps events with the new time`(
        seconds: Int64
    ) throws {
        let set = SetClocks()
        let stage = try Stage(clocks: set.clocks)
        let publisher = try stage.publisher("steady")
        var audience = try stage.audience()
        while try audience.next(of: "steady").to != .trusted {}
        set.shift(wall: .seconds(seconds))
        let notice = try audience.nextNotice()
        #expect(notice.code == "clock-step" && notice.node == nil)
        // It compares the clocks only if it read both within 2 ms.
        #expect(abs((notice.numbers["seconds"] ?? 0) - Double(seconds)) < 1)
        try expectNewNode(by: &audience, on: stage, shifted: .seconds(seconds))
        publisher.leave()
        // The node's next transition: the step caused no suspicion.
        #expect(try audience.next(of: "steady").to == .left)
        stage.service.stop()
    }

    @Test func `reports that its machine was suspended, and suspects no node for it`() throws {
        let set = SetClocks()
        let stage = try Stage(clocks: set.clocks)
        let publisher = try stage.publisher("steady")
        var audience = try stage.audience()
        while try audience.next(of: "steady").to != .trusted {}
        set.shift(boot: .seconds(3600), wall: .seconds(3600))
        let notice = try audience.nextNotice()
        #expect(notice.code == "suspended" && notice.node == nil)
        #expect(abs((notice.numbers["seconds"] ?? 0) - 3600) < 1)
        try expectNewNode(by: &audience, on: stage, shifted: .seconds(3600))
        publisher.leave()
        #expect(try audience.next(of: "steady").to == .left)
        stage.service.stop()
    }

    /// Expects the first event of a new node to have the shifted civil time.
    private func expectNewNode(by audience: inout Audience, on stage: Stage, shifted shift: Duration) throws {
        let start = WallClock.now
        let newNode = try stage.publisher("newcomer")
        let at = try audience.next(of: "newcomer").place.at.unixNanoseconds - shift.nanoseconds
        // A delay between its readings of the two clocks makes the offset slightly wrong, but never by an hour.
        let tolerance: Int64 = 60_000_000_000
        #expect((start - tolerance...WallClock.now + tolerance).contains(at), "\(at)")
        newNode.stop()
    }
}
