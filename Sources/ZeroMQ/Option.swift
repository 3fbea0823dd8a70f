import CZeroMQ
import Platform

extension Socket {
    /// A socket option. Most take effect for later binds and connects.
    public struct Option: Hashable, Sendable {
        public let name: String  // as in libzmq's documentation and errors
        let number: Int32
        let values: String  // the valid ones, for error messages

        init(_ name: String, _ number: Int32, takes values: String) {
            (self.name, self.number, self.values) = (name, number, values)
        }
    }

    /// - Throws: `setOption`, naming the option, the value, and the valid values.
    public borrowing func set(_ option: Option, to value: Int32) throws(ZeroMQError) {
        let result = withUnsafeBytes(of: value) { apply(option, $0) }
        if result < 0 { throw option.error(-result, value: "\(value)") }
    }

    /// Sets an option whose value is text or a key.
    ///
    /// - Throws: `setOption`, naming the option. It omits the value, which may be a secret.
    public borrowing func set(_ option: Option, to value: [UInt8]) throws(ZeroMQError) {
        let result = value.withUnsafeBytes { apply(option, $0) }
        if result < 0 { throw option.error(-result, value: "\(value.count) bytes") }
    }

    /// Limits the size of received frames. A peer that sends a longer one is disconnected.
    ///
    /// - Parameter bytes: −1 for no limit, which lets a peer make libzmq allocate as much as it announces.
    public borrowing func setMaximumMessageSize(_ bytes: Int64) throws(ZeroMQError) {
        let option = Option("ZMQ_MAXMSGSIZE", ZMQ_MAXMSGSIZE, takes: "-1 (no limit), or a number of bytes")
        // libzmq treats every negative value as no limit, even one from faulty arithmetic.
        let result = bytes < -1 ? -EINVAL : withUnsafeBytes(of: bytes) { apply(option, $0) }
        if result < 0 { throw option.error(-result, value: "\(bytes)") }
    }

    private borrowing func apply(_ option: Option, _ value: UnsafeRawBufferPointer) -> Int32 {
        uninterrupted { zmq_setsockopt(handle.pointer, option.number, value.baseAddress, value.count) }
    }
}

extension Socket.Option {
    // Queues.

    /// Maximum number of messages that wait for the application, per peer.
    public static let receiveHighWaterMark = Self(
        "ZMQ_RCVHWM", ZMQ_RCVHWM, takes: "0 (no limit), or a number of messages")
    /// Maximum number of messages that wait for the network, per peer.
    public static let sendHighWaterMark = Self("ZMQ_SNDHWM", ZMQ_SNDHWM, takes: "0 (no limit), or a number of messages")
    /// How long a closed socket keeps sending, in milliseconds; 0 in these contexts unless set.
    public static let linger = Self("ZMQ_LINGER", ZMQ_LINGER, takes: "-1 (no limit), or a number of milliseconds")
    /// 1: queue messages only for peers whose connection is complete.
    public static let immediate = Self("ZMQ_IMMEDIATE", ZMQ_IMMEDIATE, takes: "0 or 1")

    // Connections.

    /// Milliseconds before a lost connection is retried.
    public static let reconnectInterval = Self(
        "ZMQ_RECONNECT_IVL", ZMQ_RECONNECT_IVL, takes: "-1 (never), or a number of milliseconds")
    /// Milliseconds up to which the interval doubles with each failure; 0 keeps it constant.
    public static let reconnectIntervalMaximum = Self(
        "ZMQ_RECONNECT_IVL_MAX", ZMQ_RECONNECT_IVL_MAX, takes: "a number of milliseconds")
    /// Maximum number of connections that wait to be accepted; the kernel's `somaxconn` limits it further.
    public static let backlog = Self("ZMQ_BACKLOG", ZMQ_BACKLOG, takes: "a number of connections from 1")
    /// Milliseconds in which a new connection must complete the ZeroMQ handshake and authenticate.
    public static let handshakeInterval = Self(
        "ZMQ_HANDSHAKE_IVL", ZMQ_HANDSHAKE_IVL, takes: "0 (no limit), or a number of milliseconds")

    // Detection of lost peers.

    public static let tcpKeepalive = Self("ZMQ_TCP_KEEPALIVE", ZMQ_TCP_KEEPALIVE, takes: "-1 (system default), 0 or 1")
    /// Seconds of silence before the first probe.
    public static let tcpKeepaliveIdle = Self(
        "ZMQ_TCP_KEEPALIVE_IDLE", ZMQ_TCP_KEEPALIVE_IDLE, takes: "-1 (system default), or a number of seconds from 1")
    /// Seconds between probes.
    public static let tcpKeepaliveInterval = Self(
        "ZMQ_TCP_KEEPALIVE_INTVL", ZMQ_TCP_KEEPALIVE_INTVL, takes: "-1 (system default), or a number of seconds from 1")
    /// Unanswered probes after which the connection counts as lost.
    public static let tcpKeepaliveCount = Self(
        "ZMQ_TCP_KEEPALIVE_CNT", ZMQ_TCP_KEEPALIVE_CNT, takes: "-1 (system default), or a number of probes from 1")
    /// Maximum time that sent data may stay unacknowledged, in milliseconds.
    public static let tcpMaximumRetransmitTime = Self(
        "ZMQ_TCP_MAXRT", ZMQ_TCP_MAXRT, takes: "0 (system default), or a number of milliseconds")

    // Kinds of sockets.

    /// 1: a router's `send` returns false for an unknown peer, instead of dropping the message.
    public static let routerMandatory = Self("ZMQ_ROUTER_MANDATORY", ZMQ_ROUTER_MANDATORY, takes: "0 or 1")
    /// 1: an XPUB reports every subscription, not only the first one for a prefix.
    public static let xpublishVerbose = Self("ZMQ_XPUB_VERBOSE", ZMQ_XPUB_VERBOSE, takes: "0 or 1")
    /// 1: an XPUB's `send` returns false while a subscriber's queue is full, instead of dropping the message for it.
    public static let xpublishNoDrop = Self("ZMQ_XPUB_NODROP", ZMQ_XPUB_NODROP, takes: "0 or 1")
    /// Bytes that identify this socket to routers.
    public static let routingID = Self("ZMQ_ROUTING_ID", ZMQ_ROUTING_ID, takes: "1 to 255 bytes, the first not 0")

    // Security.

    public static let curveServer = Self("ZMQ_CURVE_SERVER", ZMQ_CURVE_SERVER, takes: "0 or 1")
    public static let curvePublicKey = Self("ZMQ_CURVE_PUBLICKEY", ZMQ_CURVE_PUBLICKEY, takes: "32 bytes")
    public static let curveSecretKey = Self("ZMQ_CURVE_SECRETKEY", ZMQ_CURVE_SECRETKEY, takes: "32 bytes")
    public static let curveServerKey = Self("ZMQ_CURVE_SERVERKEY", ZMQ_CURVE_SERVERKEY, takes: "32 bytes")
    /// The domain that is passed to the authenticator at `inproc://zeromq.zap.01`.
    public static let zapDomain = Self("ZMQ_ZAP_DOMAIN", ZMQ_ZAP_DOMAIN, takes: "0 to 255 bytes")
    /// 1: all peers are rejected while there is no authenticator. The number is from zmq.h, which declares it for draft
    /// builds only; stable builds of the library support it all the same.
    public static let zapEnforceDomain = Self("ZMQ_ZAP_ENFORCE_DOMAIN", 93, takes: "0 or 1")

    fileprivate func error(_ code: Int32, value: String) -> ZeroMQError {
        ZeroMQError(
            code: code, operation: .setOption, subject: "\(name) to \(value)",
            advice: code == zmqTerminated ? nil : "valid values: \(values)")
    }
}
