import ServiceLifecycle
import Synchronization

/// The first error that ended a thread.
package final class ThreadFailure: Sendable {
    private let stored = Mutex<(any Error)?>(nil)
    /// Yields when there is an error.
    private let first: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() { (first, continuation) = AsyncStream.makeStream() }

    package var error: (any Error)? { stored.withLock { $0 } }

    /// Returns when there is an error, the task is cancelled, or its service group shuts down.
    package func waitOrShutDown() async {
        await withTaskGroup { [first] group in
            group.addTask { try? await gracefulShutdown() }
            group.addTask { for await _ in first { return } }
            await group.next()
            group.cancelAll()
        }
    }

    package func catching(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            stored.withLock { $0 = $0 ?? error }
            continuation.yield()
        }
    }
}
