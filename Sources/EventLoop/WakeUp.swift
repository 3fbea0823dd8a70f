import Platform
import ZeroMQ

/// Wakes a `Poller` from any thread.
///
/// Signals do not add up: one `clear()` resets them all. A reader clears first and looks for its work second; in the
/// other order, a signal in between would be lost.
public final class WakeUp: Sendable {
    /// Readable from `signal()` until `clear()`; for pollers other than `Poller`.
    public let fileDescriptor: Int32
    private let writingEnd: Int32

    /// - Throws: `createWakeUp` with `EMFILE` or `ENFILE` at the limit on open files.
    public init() throws(ZeroMQError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ZeroMQError(code: errno, operation: .createWakeUp) }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (fileDescriptor, writingEnd) = (ends[0], ends[1])
    }

    deinit {
        close(fileDescriptor)
        close(writingEnd)
    }

    /// Makes the file descriptor readable until `clear()`. Never blocks: a full pipe is readable already.
    public func signal() {
        var byte: UInt8 = 1
        while write(writingEnd, &byte, 1) < 0, errno == EINTR {}
    }

    /// Resets all signals so far.
    public func clear() {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { bytes in
            while true {
                let count = read(fileDescriptor, bytes.baseAddress, bytes.count)
                if count == 0 || count < 0 && errno != EINTR { return }
            }
        }
    }
}
