extension Socket {
    /// An XPUB socket for what is soon worth nothing: little of it waits, none without a connection or when the socket is
    /// closed, and a lost connection is tried again soon.
    ///
    /// - Parameter queue: How many messages may wait for each connection.
    public static func bestEffortPublisher(queue: Int32, in context: Context) throws(ZeroMQError) -> Socket {
        let socket = try Socket(.xpublish, in: context)
        try socket.set(.sendHighWaterMark, to: queue)
        try socket.set(.immediate, to: 1)  // else a restarted peer is fed what was queued for its predecessor
        try socket.set(.linger, to: 0)
        try socket.set(.reconnectInterval, to: 100)  // libzmq adds jitter of as much
        try socket.set(.reconnectIntervalMaximum, to: 2000)
        try socket.set(.tcpMaximumRetransmitTime, to: 10_000)
        return socket
    }
}
