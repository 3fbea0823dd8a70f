import PhiAccrual
import Platform

/// A file descriptor that becomes readable at an instant of `MonotonicClock`.
///
/// Polling calls round their timeout to milliseconds. Rounding down makes them spin. Rounding up makes them late by as
/// much as the whole delay that an event may have. This timer is accurate to some microseconds.
public struct DeadlineTimer: ~Copyable {
    private let descriptor: TimerDescriptor
    private var armed: Instant?

    /// - Throws: If the limit on open files is reached.
    public init() throws(TimerError) { descriptor = try TimerDescriptor() }

    public var fileDescriptor: Int32 { descriptor.fileDescriptor }

    /// Makes the file descriptor readable from `instant` on, at once if it has passed; nil disarms the timer.
    public mutating func arm(at instant: Instant?) {
        guard instant != armed else { return }
        armed = instant
        descriptor.arm(at: instant?.nanoseconds)
    }

    /// Acknowledges that the timer fired. The file descriptor is not readable again until the timer is armed.
    public mutating func clear() {
        armed = nil
        descriptor.clear()
    }
}
