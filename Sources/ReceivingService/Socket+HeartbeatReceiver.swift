import HeartbeatProtocol
import ZeroMQ

extension Socket {
    /// Opens a socket for heartbeats, with no subscription yet.
    package static func heartbeatReceiver(_ kind: Kind, in context: Context) throws(ZeroMQError) -> Socket {
        let socket = try Socket(kind, in: context)
        // Per connection. A SUB socket never drops. It pushes back, and the publisher then drops the newest messages. A
        // connection may carry one node or a swarm of thousands, whose burst has to fit while the service is not
        // scheduled.
        try socket.set(.receiveHighWaterMark, to: 4096)
        try socket.setMaximumMessageSize(Int64(HeartbeatFrame.maximumSize))
        try socket.set(.backlog, to: 4096)
        try socket.set(.handshakeInterval, to: 3000)
        try socket.set(.reconnectInterval, to: 100)
        try socket.set(.reconnectIntervalMaximum, to: 2000)
        try socket.set(.tcpKeepalive, to: 1)
        try socket.set(.tcpKeepaliveIdle, to: 30)
        try socket.set(.tcpKeepaliveInterval, to: 10)
        try socket.set(.tcpKeepaliveCount, to: 3)
        return socket
    }
}
