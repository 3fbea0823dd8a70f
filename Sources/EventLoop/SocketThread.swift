import Platform
import Synchronization
import ZeroMQ

/// A thread that owns sockets and may block on them, which a task of Swift's shared pool must not do.
///
/// It ends when its body returns: give the body a `WakeUp` to check, then call `join()`. Signals that are blocked in
/// the starting thread, as in Swift's own threads, stay blocked in the new thread.
public final class SocketThread: Sendable {
    private let thread: Mutex<SystemThread?>  // nil once joined

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: As `top -H` shows it; Linux keeps 15 bytes.
    ///   - body: Runs once.
    /// - Throws: `startThread` with `EAGAIN` at the system's limit on threads.
    public init(name: String, _ body: @escaping @Sendable () -> Void) throws(ZeroMQError) {
        let (started, code) = SystemThread.start(name: name, body)
        guard let started else { throw ZeroMQError(code: code, operation: .startThread, subject: name) }
        thread = Mutex(started)
    }

    /// Starts a thread that becomes the owner of `resource`, such as sockets that were bound where a failure could
    /// still be reported.
    public convenience init<Resource: ~Copyable>(
        name: String, owning resource: consuming sending Resource,
        _ body: @escaping @Sendable (consuming Resource) -> Void
    ) throws(ZeroMQError) {
        let parcel = Parcel(resource)
        try self.init(name: name) {
            if let resource = parcel.unwrap() { body(resource) }
        }
    }

    deinit { thread.withLock { $0?.detach() } }

    /// Waits until the body has ended; returns at once if it was joined before. Do not call it from the thread itself.
    public func join() {
        // Held while waiting, so that a second caller waits as well.
        thread.withLock { thread in
            guard let running = thread else { return }
            precondition(!running.isCurrent, "a thread cannot join itself")
            running.join()
            thread = nil
        }
    }
}

/// Moves a value from one owner to the next.
private final class Parcel<Content: ~Copyable>: Sendable {
    private let content: Mutex<Content?>

    init(_ content: consuming sending Content) { self.content = Mutex(content) }

    func unwrap() -> sending Content? { content.withLock { $0.take() } }
}
