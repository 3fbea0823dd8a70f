#if os(Linux)
    import CTimerFD
#endif

/// A file descriptor of the kernel that becomes readable at an instant of `SystemClock.monotonic`: a timerfd on Linux,
/// a kqueue on Apple's platforms.
public struct TimerDescriptor: ~Copyable {
    public let fileDescriptor: Int32

    /// - Throws: If the limit on open files is reached.
    public init() throws(TimerError) {
        #if canImport(Darwin)
            let descriptor = kqueue()
        #else
            let descriptor = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
        #endif
        guard descriptor >= 0 else { throw TimerError(code: errno) }
        fileDescriptor = descriptor
    }

    deinit { close(fileDescriptor) }

    /// Makes the file descriptor readable from `instant` on, in nanoseconds, at once if it has passed; nil disarms the
    /// timer.
    public borrowing func arm(at instant: Int64?) {
        #if canImport(Darwin)
            var change = kevent()
            change.filter = Int16(EVFILT_TIMER)
            change.flags = UInt16(instant == nil ? EV_DELETE : EV_ADD | EV_ONESHOT)
            change.fflags = UInt32(NOTE_NSECONDS)
            change.data = Int(max(1, (instant ?? 0) - SystemClock.monotonic))
            _ = kevent(fileDescriptor, &change, 1, nil, 0, nil)
        #else
            var time = itimerspec()  // all zero disarms
            if let instant {
                let nanoseconds = max(1, instant)
                time.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
                time.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
            }
            _ = timerfd_settime(fileDescriptor, Int32(TFD_TIMER_ABSTIME), &time, nil)
        #endif
    }

    /// Acknowledges that the timer fired. The file descriptor is not readable again until the timer is armed.
    public borrowing func clear() {
        #if canImport(Darwin)
            var event = kevent()
            var none = timespec()
            _ = kevent(fileDescriptor, nil, 0, &event, 1, &none)
        #else
            var expirations: UInt64 = 0
            _ = read(fileDescriptor, &expirations, 8)
        #endif
    }
}

/// The system cannot create a timer.
public struct TimerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The `errno` of the failed call.
    public let code: Int32
    public var description: String {
        "cannot create a timer: \(String(cString: strerror(code))); raise the limit on open files (ulimit -n)"
    }
}
