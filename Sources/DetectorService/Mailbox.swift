import Synchronization
import ZeroMQ

/// Hands values from one thread to another, which is woken by its poller.
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

    /// How many wait to be taken.
    var count: Int { elements.withLock(\.count) }
    var isEmpty: Bool { elements.withLock { $0.isEmpty } }

    /// Everything put in since the last time, in order.
    func drain() -> [Element] {
        wakeUp.clear()
        return elements.withLock { elements in
            defer { elements = [] }
            return elements
        }
    }
}
