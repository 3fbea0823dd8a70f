extension Socket {
    /// An XPUB socket for messages that soon become worthless. Its queue is short, nothing is queued without a
    /// connection or kept after closing, and a lost connection is retried soon.
    ///
    /// - Parameter queue: Maximum number of messages that wait for each connection.
    public static func bestEffortPublisher(queue: Int32, in context: Context) throws(ZeroMQError) -> Socket {
        let socket = try Socket(.xpublish, in: context)
        try socket.set(.sendHighWaterMark, to: queue)
        try socket.set(.immediate, to: 1)  // else a restarted peer receives what was queued for its predecessor
        try socket.set(.linger, to: 0)
        try socket.set(.reconnectInterval, to: 100)  // libzmq adds jitter of up to the same amount
        try socket.set(.reconnectIntervalMaximum, to: 2000)
        try socket.set(.tcpMaximumRetransmitTime, to: 10_000)
        return socket
    }
}
