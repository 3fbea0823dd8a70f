import CZeroMQ
import Synchronization

/// A libzmq context: the I/O threads shared by its sockets, and the space in which `inproc://` names are known.
///
/// Every `Socket` holds on to its context, so the last one to go ends it: with `ZMQ_BLOCKY` off a socket
/// drops what it has not sent, unless it was given a linger, and ending takes no longer than the longest linger.
public final class Context: Sendable {
    nonisolated(unsafe) let handle: UnsafeMutableRawPointer  // libzmq's contexts, unlike its sockets, are thread safe
    private let namesGiven = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - ioThreads: One is enough for about a gigabyte per second; 0 for `inproc://` alone.
    ///   - maximumSockets: nil leaves libzmq's 1023. Connections are not counted, monitors count twice.
    /// - Throws: `createContext`, naming the parameter that libzmq does not take.
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

    /// Makes every call on the context's sockets, also those that block now, end with an error that `isTerminated`.
    ///
    /// The hard way out, from any thread. Sockets still have to be let go of by their owners.
    public func shutdown() { _ = uninterrupted { zmq_ctx_shutdown(handle) } }

    /// An endpoint that nobody else in this context has.
    func uniqueEndpoint() -> String {
        "inproc://zeromq-swift/\(namesGiven.add(1, ordering: .relaxed).newValue)"
    }

    private func set(_ option: Int32, to value: Int32, _ subject: String) throws(ZeroMQError) {
        let result = uninterrupted { zmq_ctx_set(handle, option, value) }
        if result < 0 { throw ZeroMQError(code: -result, operation: .createContext, subject: "with \(subject)") }
    }
}
