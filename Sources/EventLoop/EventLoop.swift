import PhiAccrual
import ZeroMQ

/// What one thread waits for: its sockets and mailboxes, its next instant, and the signal that ends it.
///
/// It owns the poller and the timer, and it only waits. The thread decides what to do with what is ready, in which order,
/// and for how long. Waiting allocates nothing.
public struct EventLoop: ~Copyable {
    private var poller = Poller()
    private let stopSlot: Int
    private var timer: DeadlineTimer?
    private var timerSlot: Int?

    /// Waits to the next millisecond after an instant, which needs no further file descriptor.
    ///
    /// - Parameter stop: Ends every wait once it is signalled.
    public init(until stop: WakeUp) {
        stopSlot = poller.add(stop)
        timer = nil
    }

    /// Waits until the exact instants of a timer.
    public init(until stop: WakeUp, timer: consuming DeadlineTimer) {
        stopSlot = poller.add(stop)
        timerSlot = poller.add(fileDescriptor: timer.fileDescriptor)
        self.timer = consume timer
    }

    /// - Returns: The slot to pass to `isReadable(_:)`.
    @discardableResult
    public mutating func add(_ socket: borrowing Socket) -> Int { poller.add(socket) }

    @discardableResult
    public mutating func add(_ monitor: borrowing Monitor) -> Int { poller.add(monitor) }

    @discardableResult
    package mutating func add<Element>(_ mailbox: Mailbox<Element>) -> Int { poller.add(mailbox.wakeUp) }

    /// Waits until a slot is readable, the thread should stop, or `instant` is reached; nil sets no end.
    ///
    /// - Throws: `poll`, which `isTerminated` if the context of one of the sockets was shut down.
    public mutating func wait(until instant: Instant?) throws(ZeroMQError) {
        guard let timerSlot else {
            try poller.wait(timeoutMilliseconds: instant.map(Self.milliseconds(until:)))
            return
        }
        // Only now, and not when it fired: callers read the clock first when a wait ends.
        if poller.isReadable(timerSlot) { timer?.clear() }
        timer?.arm(at: instant)
        try poller.wait(timeoutMilliseconds: nil)
    }

    /// Finds out what is ready, without waiting.
    public mutating func poll() throws(ZeroMQError) { try poller.wait(timeoutMilliseconds: 0) }

    /// Whether the last wait found the signal to stop.
    public var isStopped: Bool { poller.isReadable(stopSlot) }

    /// Whether the last wait found something in a slot.
    public func isReadable(_ slot: Int) -> Bool { poller.isReadable(slot) }

    /// Rounded up: a wait that ends too early would be repeated until the instant is reached.
    private static func milliseconds(until instant: Instant) -> Int {
        let left = (instant - MonotonicClock.now).nanoseconds
        return left > 0 ? Int(left / 1_000_000) + 1 : 0
    }
}
