import HeartbeatProtocol
import Synchronization
import Testing

@testable import DetectorService

@Suite struct `A reply sink` {
    private final class Received: Sendable {
        private let replies = Mutex<[Result<[UInt8], ControlError>]>([])
        var sink: ReplySink { ReplySink { [self] reply in replies.withLock { $0.append(reply) } } }
        var all: [Result<[UInt8], ControlError>] { replies.withLock { $0 } }
    }

    @Test func `receives an answer as JSON, without an id, when the reply is delivered`() throws {
        let received = Received()
        guard case .reply(let reply) = EventPublisherInput.answer(ForgetAnswer(node: "a/b"), to: received.sink) else {
            Issue.record("an answer is no reply")
            return
        }
        #expect(received.all.isEmpty)
        try reply.deliver()
        #expect(received.all == [.success(try WireJSON.encode(ForgetAnswer(node: "a/b")))])
    }

    @Test func `receives a refusal with its reason`() throws {
        let (received, error) = (Received(), ControlError(.refused, "ask again later"))
        guard case .reply(let reply) = EventPublisherInput.refusal(error, to: received.sink) else {
            Issue.record("a refusal is no reply")
            return
        }
        try reply.deliver()
        #expect(received.all == [.failure(error)])
    }
}
