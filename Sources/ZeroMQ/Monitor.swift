import CZeroMQ

/// Reports the connections of one socket as they open and close.
///
/// Read it in the loop that reads the socket: events queue without limit, because libzmq's I/O thread would otherwise
/// stop until there is room. To miss nothing, start it before the socket binds or connects.
public struct Monitor: ~Copyable {
    private let socket: SocketHandle
    package let reader: Socket

    /// - Parameters:
    ///   - socket: Must not have another monitor.
    ///   - events: The events to report; fewer cost less.
    ///   - context: The context of the socket.
    public init(of socket: borrowing Socket, events: Events, in context: Context) throws(ZeroMQError) {
        precondition(context === socket.handle.context, "a monitor lives in its socket's context")
        let endpoint = context.uniqueEndpoint()
        let reader = try Socket(.pair, in: context)
        try reader.set(.receiveHighWaterMark, to: 0)
        try socket.handle.startMonitoring(events, at: endpoint)
        do throws(ZeroMQError) {
            try reader.connect(to: endpoint)
        } catch {
            socket.handle.stopMonitoring()
            throw error
        }
        self.socket = socket.handle
        self.reader = reader
    }

    deinit { socket.stopMonitoring() }

    /// The next event, without waiting; nil if none is waiting.
    ///
    /// - Returns: The event, one of `Events`. Its value: the connection's file descriptor for `connected`, `accepted`,
    ///   `closed` and `disconnected`, an errno or a status for failures. Its endpoint: the one that was bound (also for
    ///   `accepted`) or connected to.
    public borrowing func next() throws(ZeroMQError) -> (event: Events, value: Int32, endpoint: Endpoint)? {
        while let frames = try reader.receiveMultipart(maximumFrames: 2) {
            // Native byte order: 16 bits of event, 32 bits of value. Anything else is ignored.
            guard frames.count == 2, frames[0].count == 6 else { continue }
            return frames[0].withUnsafeBytes { bytes in
                (
                    event: Events(rawValue: bytes.loadUnaligned(as: UInt16.self)),
                    value: bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self),
                    endpoint: Endpoint(String(decoding: frames[1], as: UTF8.self))
                )
            }
        }
        return nil
    }
}

extension Monitor {
    /// What can happen to a connection or a listener.
    public struct Events: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16

        public init(rawValue: UInt16) { self.rawValue = rawValue }
        private init(_ number: Int32) { rawValue = UInt16(number) }

        public static let connected = Events(ZMQ_EVENT_CONNECTED)
        public static let listening = Events(ZMQ_EVENT_LISTENING)
        public static let accepted = Events(ZMQ_EVENT_ACCEPTED)
        public static let acceptFailed = Events(ZMQ_EVENT_ACCEPT_FAILED)  // value: errno, such as EMFILE
        public static let closed = Events(ZMQ_EVENT_CLOSED)
        public static let disconnected = Events(ZMQ_EVENT_DISCONNECTED)
        public static let monitorStopped = Events(ZMQ_EVENT_MONITOR_STOPPED)
        public static let handshakeFailed = Events(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)  // value: errno
        public static let handshakeSucceeded = Events(ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        public static let handshakeFailedProtocol = Events(ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
        public static let handshakeFailedAuthentication = Events(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)  // value: ZAP status
    }
}
