import EventLoop
import HeartbeatProtocol
import PhiAccrual
import Testing
import ZeroMQ

@testable import DetectorService

@Suite struct `The socket for requests` {
    /// What the next message is, once one has arrived; nil if none arrives within a minute.
    private func next(_ sockets: borrowing EventSockets) throws -> EventSockets.Incoming? {
        for _ in 0..<600 {
            if let incoming = try sockets.receive() { return incoming }
            var loop = EventLoop(until: try WakeUp())
            sockets.add(to: &loop)
            try loop.wait(until: MonotonicClock.now + .milliseconds(100))
        }
        return nil
    }

    @Test func `counts a message that cannot be answered, so that a flood of them ends a turn`() throws {
        let context = try Context()
        let sockets = try EventSockets(
            events: ["tcp://127.0.0.1:*"], control: ["tcp://127.0.0.1:*"], in: context)
        let client = try Socket(.dealer, in: context)
        try client.connect(to: try #require(sockets.boundControl.first))
        let tooMany = Array(repeating: Array("x".utf8), count: 20)
        for frames in [tooMany, tooMany, [Array(#"{"id": 1, "do": "status"}"#.utf8)]] { _ = try client.send(frames) }
        for _ in 0..<2 {
            guard case .unanswerable = try #require(try next(sockets)) else {
                Issue.record("a message of twenty frames is a request")
                return
            }
        }
        guard case .request(let received) = try #require(try next(sockets)) else {
            Issue.record("the request was not received")
            return
        }
        guard case .success(.detector(.status)) = received.request else {
            Issue.record("the request was misread")
            return
        }
    }
}
