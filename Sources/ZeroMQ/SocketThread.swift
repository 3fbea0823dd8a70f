import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A thread that owns sockets and may wait for them, which a task of Swift's shared pool must not.
///
/// It ends when its body does: give the body a `WakeUp` to look at, then `join()`. Signals blocked where it is
/// started, as they are in Swift's own threads, stay blocked in it.
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

    /// Starts a thread that becomes the owner of `resource`, such as sockets that were bound where a failure
    /// could still be reported.
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

    /// Returns when the body has ended, at once if it was joined before. Not from the thread itself.
    public func join() {
        // Held while waiting, so that whoever joins second waits as well.
        thread.withLock { thread in
            guard let identifier = thread?.identifier else { return }
            precondition(pthread_equal(identifier, pthread_self()) == 0, "a thread cannot wait for its own end")
            pthread_join(identifier, nil)
            thread = nil
        }
    }
}

/// Named by a pointer on some systems, which is no reason not to join it from any thread.
private struct Thread: @unchecked Sendable { let identifier: pthread_t }

/// What a new thread is handed.
private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }

    func run() {
        #if canImport(Darwin)
            pthread_setname_np(name)
        #else
            // Swift does not see glibc's pthread_setname_np. Without /proc the thread has no name, and runs.
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            _ = write(file, name, name.utf8.count)  // the kernel shortens it
            close(file)
        #endif
        body()
    }
}

/// Something on its way from one owner to the next.
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
