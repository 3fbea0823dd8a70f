import EventLoop
import HeartbeatProtocol
import PhiAccrual
import ZeroMQ

/// Sends a service one request at a time, and waits for the answer.
public struct ControlClient: ~Copyable {
    private let socket: Socket
    private var poller = Poller()
    private let endpoint: Endpoint
    private var lastID: Int64 = 0

    /// - Throws: If the endpoint cannot be used. Whether a service is there shows at the first request.
    public init(endpoint: Endpoint) throws(ZeroMQError) {
        let socket = try Socket(.dealer, in: Context())
        try socket.set(.linger, to: 0)
        try socket.connect(to: endpoint)
        _ = poller.add(socket)
        self.endpoint = endpoint
        self.socket = socket
    }

    public mutating func status(within timeout: Duration) throws -> StatusAnswer {
        try request(.status, within: timeout)
    }

    /// All nodes that the service knows. `timeout` applies to each thousand of them.
    public mutating func nodes(within timeout: Duration) throws -> [NodesAnswer.Node] {
        var nodes: [NodesAnswer.Node] = []
        var cursor: Int? = 0
        while let from = cursor {
            let answer: NodesAnswer = try request(.nodes(from: from, limit: ControlRequest.pageLimit), within: timeout)
            nodes += answer.nodes
            cursor = answer.cursor
        }
        return nodes
    }

    public mutating func request<Answer: Codable & Sendable>(
        _ question: DetectorRequest, within timeout: Duration
    ) throws -> Answer {
        try request(ControlFrame(.detector(question)), within: timeout)
    }

    /// - Throws: `ControlError` if the service refuses or its reply cannot be parsed; `NoAnswer` if there is no reply
    ///   in time.
    public mutating func request<Answer: Codable & Sendable>(
        _ request: ControlFrame, within timeout: Duration
    ) throws -> Answer {
        lastID += 1
        var request = request
        request.id = lastID
        try socket.send([WireJSON.encode(request)])
        let end = MonotonicClock.now + timeout
        while true {
            while let frames = try socket.receiveMultipart(maximumFrames: 2) {
                guard let json = frames.last else { continue }
                guard let reply = try? WireJSON.decode(ControlReply<Answer>.self, from: json) else {
                    throw ControlError(
                        .malformed,
                        "invalid reply from \(endpoint) to the request \"\(request.action)\": it is not a reply of phi")
                }
                guard reply.id == request.id else { continue }  // a late answer to an earlier request
                if let answer = reply.ok { return answer }
                if reply.error?.code == .unknownRequest {
                    throw ControlError(
                        .unknownRequest,
                        "the detector at \(endpoint) does not know the request \"\(request.action)\": "
                            + "it may be older than this program; update it")
                }
                throw reply.error
                    ?? ControlError(.malformed, "invalid reply from \(endpoint): it has neither an answer nor an error")
            }
            let left = end - MonotonicClock.now
            guard left > .zero else { throw NoAnswer(endpoint: endpoint, timeout: timeout) }
            _ = try poller.wait(timeoutMilliseconds: Int(left.nanoseconds / 1_000_000) + 1)
        }
    }
}

/// The service did not answer in time.
public struct NoAnswer: Error, Hashable, Sendable, CustomStringConvertible {
    public let endpoint: Endpoint
    public let timeout: Duration
    public var description: String {
        "no answer from \(endpoint) within \(timeout): check that 'phi detect' runs there with this endpoint as --control"
    }
}
