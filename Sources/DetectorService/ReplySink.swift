import HeartbeatProtocol

/// Where the one reply to a request goes. The transport that received the request makes it; nothing else knows how the
/// client is reached.
///
/// The event publisher calls it on its thread. It must return at once, also if the client is gone or does not read.
struct ReplySink: Sendable {
    /// Receives the answer's JSON, or the reason for a refusal.
    private let receive: @Sendable (Result<[UInt8], ControlError>) -> Void

    init(_ receive: @escaping @Sendable (Result<[UInt8], ControlError>) -> Void) { self.receive = receive }

    func put(_ reply: Result<[UInt8], ControlError>) { receive(reply) }
}

/// A reply on its way to its sink. It passes through the event publisher, because what led to it is persisted and
/// published first.
struct Reply: Sendable {
    enum Content: Sendable {
        /// Encodes the answer. Runs on the event publisher's thread: a long one must not delay heartbeats.
        case answer(@Sendable () throws -> [UInt8])
        case refusal(ControlError)
    }
    let content: Content
    let sink: ReplySink

    func deliver() throws {
        switch content {
        case .answer(let encode): sink.put(.success(try encode()))
        case .refusal(let error): sink.put(.failure(error))
        }
    }
}

/// A request as a transport received it: what it asks or why it is invalid, and where the reply goes.
struct ReceivedRequest: Sendable {
    let request: Result<ControlRequest, ControlError>
    let sink: ReplySink
}
