import EventLoop
import PhiClient
import Synchronization
import ZeroMQ

/// Follows a feed on its own thread, and calls `onItem` there for every item.
final class SubscriberThread: Sendable {
    private let wakeUp: WakeUp
    private let thread: SocketThread
    private let failure: Failure
    /// Finishes when the thread ends.
    let ended: AsyncStream<Void>

    private final class Failure: Sendable {
        let error = Mutex<ZeroMQError?>(nil)
    }

    init(
        events: Endpoint, control: Endpoint, from start: FeedReplica.Start,
        onItem: @escaping @Sendable (FeedSubscriber.Item) -> Void
    ) throws {
        let (wakeUp, failure) = (try WakeUp(), Failure())
        (self.wakeUp, self.failure) = (wakeUp, failure)
        let (ended, continuation) = AsyncStream<Void>.makeStream()
        self.ended = ended
        let subscriber = try FeedSubscriber(events: events, control: control, from: start, wakeUp: wakeUp)
        thread = try SocketThread(name: "phi-watch", owning: subscriber) { subscriber in
            var subscriber = subscriber
            do throws(ZeroMQError) {
                while let item = try subscriber.next() { onItem(item) }
            } catch { failure.error.withLock { $0 = error } }
            continuation.finish()
        }
    }

    /// - Throws: The error that ended the thread, if any.
    func stop() throws {
        wakeUp.signal()
        thread.join()
        if let error = failure.error.withLock({ $0 }) { throw error }
    }
}
