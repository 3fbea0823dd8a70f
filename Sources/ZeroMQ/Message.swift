import CZeroMQ

/// A received frame, valid until the next one is received into it.
///
/// It is one `zmq_msg_t`, used over and over: receiving swaps its content without copying or allocating.
public struct Message: ~Copyable {
    let storage: UnsafeMutablePointer<zmq_msg_t>  // on the heap: libzmq asks for a stable, mutable address

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

    // Inlined: what is read of each frame passes here.

    /// - Parameter body: Given the frame's bytes, which end with the call.
    @inlinable @inline(__always)
    public borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// File descriptor of the connection that the frame came in by, the same number that a `Monitor` reports;
    /// nil on transports without one. The connection may be closed and its number another's by now.
    public var sourceFileDescriptor: Int32? {
        let descriptor = zmq_msg_get(storage, ZMQ_SRCFD)
        return descriptor < 0 ? nil : descriptor
    }

    /// What the peer or its authentication says about itself: `User-Id`, `Peer-Address`, `Socket-Type` and so on.
    ///
    /// - Returns: nil if the connection has no such property. Except for `User-Id` and `Peer-Address`, the peer
    ///   can make it up.
    public borrowing func property(_ name: String) -> String? {
        zmq_msg_gets(storage, name).map { String(cString: $0) }
    }
}
