import CZeroMQ

/// The libzmq socket inside a `Socket`, shared with the poller of its thread and the monitor that watch it.
///
/// They may outlive the socket. They check `isOpen`, and so never pass libzmq a pointer that it has freed.
package final class SocketHandle {
    package let pointer: UnsafeMutableRawPointer
    private(set) var context: Context?  // until closed: terminating a context waits for its sockets
    package private(set) var isOpen = true
    private(set) var isMonitored = false

    init(_ kind: Socket.Kind, in context: Context) throws(ZeroMQError) {
        guard let pointer = zmq_socket(context.handle, kind.number) else {
            throw ZeroMQError(code: zmq_errno(), operation: .open)
        }
        (self.pointer, self.context) = (pointer, context)
    }

    /// Returns at once. libzmq sends the rest for as long as the socket's linger allows.
    func close() {
        stopMonitoring()
        isOpen = false
        zmq_close(pointer)
        context = nil
    }

    func startMonitoring(_ events: Monitor.Events, at endpoint: Endpoint) throws(ZeroMQError) {
        precondition(!isMonitored, "a socket has one monitor at a time")
        let result = uninterrupted { zmq_socket_monitor(pointer, endpoint.address, Int32(events.rawValue)) }
        if result < 0 { throw ZeroMQError(code: -result, operation: .monitor) }
        isMonitored = true
    }

    /// Must be called before the reader of the events is closed, and before the socket is. libzmq's I/O thread sends
    /// events with a blocking call. An event that no reader receives stops the thread, and with it the context, for
    /// good.
    func stopMonitoring() {
        guard isOpen, isMonitored else { return }
        isMonitored = false
        _ = uninterrupted { zmq_socket_monitor(pointer, nil, 0) }
    }
}
