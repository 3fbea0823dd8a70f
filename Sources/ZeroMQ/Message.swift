import CZeroMQ

/// A received frame, valid until the next frame is received into it.
///
/// It is one `zmq_msg_t` that is reused: receiving swaps its content without copying or allocating.
public struct Message: ~Copyable {
    let storage: UnsafeMutablePointer<zmq_msg_t>  // on the heap: libzmq needs a stable, mutable address

    /// An empty frame.
    public init() {
        storage = .allocate(capacity: 1)
        zmq_msg_init(storage)
    }

    deinit {
        zmq_msg_close(storage)
        storage.deallocate()
    }

    /// Bytes in the frame.
    public var count: Int { zmq_msg_size(storage) }

    /// Whether further frames of the same message follow.
    public var hasMore: Bool { zmq_msg_more(storage) != 0 }

    /// The frame's bytes, copied.
    public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    @usableFromInline var start: UnsafeMutableRawPointer? { zmq_msg_data(storage) }

    // Inlined, because every frame that is read passes here.

    /// - Parameter body: Receives the frame's bytes, which are valid only during the call.
    @inlinable @inline(__always)
    public borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// File descriptor of the connection that the frame arrived on, the same number that a `Monitor` reports; nil on
    /// transports without one. By now the connection may be closed and its number reused.
    public var sourceFileDescriptor: Int32? {
        let descriptor = zmq_msg_get(storage, ZMQ_SRCFD)
        return descriptor < 0 ? nil : descriptor
    }

    /// A property of the connection, stated by the peer or its authentication: `User-Id`, `Peer-Address`, `Socket-Type`
    /// and so on.
    ///
    /// - Returns: Nil if the connection has no such property. The peer can forge all properties except `User-Id` and
    ///   `Peer-Address`.
    public borrowing func property(_ name: String) -> String? {
        zmq_msg_gets(storage, name).map { String(cString: $0) }
    }
}
