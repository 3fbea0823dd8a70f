import CZeroMQ
import Synchronization

/// A libzmq context: the I/O threads shared by its sockets, and the namespace of `inproc://` endpoints.
///
/// Every `Socket` retains its context, so the context ends with its last socket. `ZMQ_BLOCKY` is off: a closed socket
/// drops what it has not sent, unless it has a linger, and ending takes no longer than the longest linger.
public final class Context: Sendable {
    nonisolated(unsafe) let handle: UnsafeMutableRawPointer  // libzmq's contexts, unlike its sockets, are thread safe
    private let namesGiven = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - ioThreads: One is enough for about a gigabyte per second; 0 for `inproc://` alone.
    ///   - maximumSockets: Nil keeps libzmq's 1023. Connections do not count; a monitor counts twice.
    /// - Throws: `createContext`, naming the parameter that libzmq rejects.
    public init(ioThreads: Int32 = 1, maximumSockets: Int32? = nil) throws(ZeroMQError) {
        guard let handle = zmq_ctx_new() else {
            throw ZeroMQError(code: zmq_errno(), operation: .createContext)
        }
        self.handle = handle
        try set(ZMQ_BLOCKY, to: 0, "ZMQ_BLOCKY 0")
        try set(ZMQ_IO_THREADS, to: ioThreads, "ioThreads \(ioThreads)")
        if let maximumSockets {
            try set(ZMQ_MAX_SOCKETS, to: maximumSockets, "maximumSockets \(maximumSockets)")
        }
    }

    deinit { _ = uninterrupted { zmq_ctx_term(handle) } }

    /// Makes every call on the context's sockets, including those blocked now, end with an error that `isTerminated`.
    ///
    /// A forced end, from any thread. The owners of the sockets still have to release them.
    public func shutdown() { _ = uninterrupted { zmq_ctx_shutdown(handle) } }

    /// An endpoint that is unique in this context.
    func uniqueEndpoint() -> Endpoint {
        "inproc://zeromq-swift/\(namesGiven.add(1, ordering: .relaxed).newValue)"
    }

    private func set(_ option: Int32, to value: Int32, _ subject: String) throws(ZeroMQError) {
        let result = uninterrupted { zmq_ctx_set(handle, option, value) }
        if result < 0 { throw ZeroMQError(code: -result, operation: .createContext, subject: "with \(subject)") }
    }
}
