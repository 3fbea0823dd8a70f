/// A thread that was started. On some systems the identifier is a pointer, but any thread may use it.
public struct SystemThread: @unchecked Sendable {
    private let identifier: pthread_t

    /// Starts a thread. It inherits which signals are blocked.
    ///
    /// - Parameters:
    ///   - name: As `top -H` shows it; Linux keeps 15 bytes. Without /proc the thread runs without a name.
    ///   - body: Runs once.
    /// - Returns: The thread, or the `errno`: `EAGAIN` at the system's limit on threads.
    public static func start(
        name: String, _ body: @escaping @Sendable () -> Void
    ) -> (thread: SystemThread?, code: Int32) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var identifier: pthread_t? = nil
        let code = create(&identifier, start.toOpaque())
        guard code == 0, let identifier else {
            start.release()
            return (nil, code)
        }
        return (SystemThread(identifier: identifier), 0)
    }

    private init(identifier: pthread_t) { self.identifier = identifier }

    /// Whether this is the calling thread.
    public var isCurrent: Bool { pthread_equal(identifier, pthread_self()) != 0 }

    /// Waits until the thread has ended. Join or detach each thread once.
    public func join() { pthread_join(identifier, nil) }

    /// Lets the thread free its resources when it ends.
    public func detach() { pthread_detach(identifier) }
}

/// The arguments of a new thread.
private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }

    func run() {
        nameCurrentThread(name)
        body()
    }
}

private func nameCurrentThread(_ name: String) {
    #if canImport(Darwin)
        pthread_setname_np(name)
    #else
        // Swift does not see glibc's pthread_setname_np.
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        _ = write(file, name, name.utf8.count)  // the kernel truncates it
        close(file)
    #endif
}

private func create(_ identifier: inout pthread_t?, _ start: UnsafeMutableRawPointer) -> Int32 {
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
