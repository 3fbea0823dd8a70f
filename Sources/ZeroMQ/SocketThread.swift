import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A thread that owns sockets and may block on them, which a task of Swift's shared pool must not do.
///
/// It ends when its body returns: give the body a `WakeUp` to check, then call `join()`. Signals that are blocked in
/// the starting thread, as in Swift's own threads, stay blocked in the new thread.
public final class SocketThread: Sendable {
    private let thread: Mutex<Thread?>  // nil once joined

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: As `top -H` shows it; Linux keeps 15 bytes.
    ///   - body: Runs once.
    /// - Throws: `startThread` with `EAGAIN` at the system's limit on threads.
    public init(name: String, _ body: @escaping @Sendable () -> Void) throws(ZeroMQError) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var identifier: pthread_t? = nil
        let code = createThread(&identifier, start.toOpaque())
        guard code == 0, let identifier else {
            start.release()
            throw ZeroMQError(code: code, operation: .startThread, subject: name)
        }
        thread = Mutex(Thread(identifier: identifier))
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

    deinit { thread.withLock { if let thread = $0 { pthread_detach(thread.identifier) } } }

    /// Waits until the body has ended; returns at once if it was joined before. Do not call it from the thread itself.
    public func join() {
        // Held while waiting, so that a second caller waits as well.
        thread.withLock { thread in
            guard let identifier = thread?.identifier else { return }
            precondition(pthread_equal(identifier, pthread_self()) == 0, "a thread cannot join itself")
            pthread_join(identifier, nil)
            thread = nil
        }
    }
}

/// On some systems the identifier is a pointer, but any thread may still join it.
private struct Thread: @unchecked Sendable { let identifier: pthread_t }

/// The arguments of a new thread.
private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }

    func run() {
        #if canImport(Darwin)
            pthread_setname_np(name)
        #else
            // Swift does not see glibc's pthread_setname_np. Without /proc the thread runs without a name.
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            _ = write(file, name, name.utf8.count)  // the kernel truncates it
            close(file)
        #endif
        body()
    }
}

/// Moves a value from one owner to the next.
private final class Parcel<Content: ~Copyable>: Sendable {
    private let content: Mutex<Content?>

    init(_ content: consuming sending Content) { self.content = Mutex(content) }

    func unwrap() -> sending Content? { content.withLock { $0.take() } }
}

private func createThread(_ identifier: inout pthread_t?, _ start: UnsafeMutableRawPointer) -> Int32 {
    #if canImport(Darwin)
        return pthread_create(&identifier, nil, { runStart($0) }, start)
    #else
        var number = pthread_t()
        let code = pthread_create(&number, nil, { runStart($0) }, start)
        identifier = number
        return code
    #endif
}

private func runStart(_ start: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let start { Unmanaged<Start>.fromOpaque(start).takeRetainedValue().run() }
    return nil
}
