import Synchronization
import ZeroMQ

/// Passes values from one thread to another, and wakes the other's event loop.
///
/// Inlinable, so that other modules get code for their type of element.
package final class Mailbox<Element: Sendable>: Sendable {
    @usableFromInline package let wakeUp: WakeUp
    @usableFromInline let elements = Mutex<[Element]>([])

    @inlinable package init() throws(ZeroMQError) { wakeUp = try WakeUp() }

    @inlinable package func put(_ element: Element) {
        let wasEmpty = elements.withLock { elements in
            elements.append(element)
            return elements.count == 1
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Number of pending elements.
    @inlinable package var count: Int { elements.withLock(\.count) }
    @inlinable package var isEmpty: Bool { elements.withLock { $0.isEmpty } }

    /// All pending elements, in order.
    @inlinable package func drain() -> [Element] {
        wakeUp.clear()
        return elements.withLock { elements in
            defer { elements = [] }
            return elements
        }
    }
}
