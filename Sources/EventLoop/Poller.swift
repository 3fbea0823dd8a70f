import CZeroMQ
import ZeroMQ

/// Waits until something can be read from any of several sockets and file descriptors.
///
/// A socket that is closed meanwhile is skipped; its slot stays. A file descriptor must stay open as long as the poller
/// waits for it.
public struct Poller: ~Copyable {
    private var items: [zmq_pollitem_t] = []
    private var sockets: [SocketHandle?] = []  // by slot; nil for a file descriptor
    private var wakeUps: [WakeUp] = []  // kept open as long as the poller waits for them

    public init() {}

    /// - Returns: The slot to pass to `isReadable(_:)`; slots count from 0 in the order of adding.
    @discardableResult
    public mutating func add(_ socket: borrowing Socket) -> Int {
        add(zmq_pollitem_t(socket: socket.handle.pointer, fd: -1, events: Int16(ZMQ_POLLIN), revents: 0), socket.handle)
    }

    @discardableResult
    public mutating func add(_ monitor: borrowing Monitor) -> Int { add(monitor.reader) }

    @discardableResult
    public mutating func add(_ wakeUp: WakeUp) -> Int {
        wakeUps.append(wakeUp)
        return add(fileDescriptor: wakeUp.fileDescriptor)
    }

    @discardableResult
    public mutating func add(fileDescriptor: Int32) -> Int {
        add(zmq_pollitem_t(socket: nil, fd: fileDescriptor, events: Int16(ZMQ_POLLIN), revents: 0), nil)
    }

    /// Waits until a slot is readable or the timeout is over. Signals neither end the wait nor lengthen it.
    ///
    /// - Parameter timeoutMilliseconds: Nil waits for ever; 0 or less does not wait.
    /// - Returns: Number of readable slots; 0 at a timeout.
    /// - Throws: `poll`, which `isTerminated` if the context of one of the sockets was shut down.
    @discardableResult
    public mutating func wait(timeoutMilliseconds: Int?) throws(ZeroMQError) -> Int {
        precondition(!items.isEmpty, "there is nothing to wait for")
        passOverClosedSockets()
        let clock = SuspendingClock()  // CLOCK_MONOTONIC
        let deadline = timeoutMilliseconds.map { clock.now + .milliseconds(min(max(0, $0), Self.maxTimeout)) }
        let result = uninterrupted {
            var remaining = -1  // ms; −1 waits for ever
            if let deadline {
                remaining = max(0, Int((clock.now.duration(to: deadline) / .milliseconds(1)).rounded(.up)))
            }
            return zmq_poll(&items, Int32(items.count), remaining)
        }
        if result < 0 { throw ZeroMQError(code: -result, operation: .poll) }
        return Int(result)
    }

    /// Whether the last `wait` found something in a slot: a message, bytes, or, for a file descriptor, an end or an
    /// error that reading it reports.
    public func isReadable(_ slot: Int) -> Bool {
        precondition(items.indices.contains(slot), "slots are given by add")
        return items[slot].revents != 0
    }

    private static let maxTimeout = 1 << 40  // ms, 35 years: far from any overflow

    private mutating func add(_ item: zmq_pollitem_t, _ socket: SocketHandle?) -> Int {
        items.append(item)
        sockets.append(socket)
        return items.count - 1
    }

    private mutating func passOverClosedSockets() {
        for slot in items.indices {
            guard let socket = sockets[slot], !socket.isOpen else { continue }
            items[slot].socket = nil  // neither a socket nor, below 0, a file descriptor: poll(2) skips it
            sockets[slot] = nil
        }
    }
}
