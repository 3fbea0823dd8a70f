import Synchronization
import ZeroMQ

/// Passes values from one thread to another, and wakes the other's poller.
final class Mailbox<Element: Sendable>: Sendable {
    let wakeUp: WakeUp
    private let elements = Mutex<[Element]>([])

    init() throws(ZeroMQError) { wakeUp = try WakeUp() }

    func put(_ element: Element) {
        let wasEmpty = elements.withLock { elements in
            elements.append(element)
            return elements.count == 1
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Number of pending elements.
    var count: Int { elements.withLock(\.count) }
    var isEmpty: Bool { elements.withLock { $0.isEmpty } }

    /// All pending elements, in order.
    func drain() -> [Element] {
        wakeUp.clear()
        return elements.withLock { elements in
            defer { elements = [] }
            return elements
        }
    }
}
