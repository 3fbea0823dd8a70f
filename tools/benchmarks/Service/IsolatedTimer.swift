import EventLoop
import PhiAccrual
import Synchronization
import ZeroMQ

/// How late a thread wakes up that only waits for its timer. On this machine and under this load, no thread can wake up
/// more precisely.
final class IsolatedTimer {
    private static let every: Duration = .milliseconds(10)
    private let stop: WakeUp
    private let thread: SocketThread
    private let lateness: Lateness

    /// Starts the measurement.
    init() throws {
        let (stop, lateness) = (try WakeUp(), Lateness())
        (self.stop, self.lateness) = (stop, lateness)
        thread = try SocketThread(name: "lone-timer", owning: try DeadlineTimer()) { timer in
            var timer = timer
            var poller = Poller()
            let stopped = poller.add(stop)
            poller.add(fileDescriptor: timer.fileDescriptor)
            while true {
                let due = MonotonicClock.now + Self.every
                timer.arm(at: due)
                guard (try? poller.wait(timeoutMilliseconds: nil)) != nil, !poller.isReadable(stopped) else { return }
                lateness.microseconds.withLock { $0.append(Double((MonotonicClock.now - due).nanoseconds) / 1e3) }
                timer.clear()
            }
        }
    }

    /// Ends the measurement.
    /// - Returns: The lateness of each wake-up, in microseconds.
    func end() -> [Double] {
        stop.signal()
        thread.join()
        return lateness.microseconds.withLock(\.self)
    }

    private final class Lateness: Sendable {
        let microseconds = Mutex<[Double]>([])
    }
}
