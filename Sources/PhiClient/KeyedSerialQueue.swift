/// Work that waits for its turn: that of one subject is done in order, that of different subjects side by side.
///
/// Pure bookkeeping: who does the work asks what may begin, and says what has ended.
public struct KeyedSerialQueue<Subject: Hashable, Work> {
    private struct Line {
        var waiting: ArraySlice<Work> = []
        var isBusy = false
    }
    private let atOnce: Int
    private let capacity: Int
    private var lines: [Subject: Line] = [:]
    /// Those who have work waiting and none under way, in the order in which they came to be so.
    private var ready: ArraySlice<Subject> = []
    /// How much was begun and has not ended.
    public private(set) var running = 0
    /// How much is still to begin.
    public private(set) var waiting = 0

    /// - Parameters:
    ///   - atOnce: How much may be under way at the same time; at least 1.
    ///   - capacity: How much may wait; at least 1.
    public init(atOnce: Int, capacity: Int) {
        precondition(atOnce >= 1 && capacity >= 1, "a queue without room does no work")
        (self.atOnce, self.capacity) = (atOnce, capacity)
    }

    /// Whether nothing more may be added for now.
    public var isFull: Bool { waiting >= capacity }

    /// - Precondition: The queue is not full.
    public mutating func add(_ work: Work, of subject: Subject) {
        precondition(!isFull, "whoever adds work waits while the queue is full")
        if lines[subject] == nil { ready.append(subject) }
        lines[subject, default: Line()].waiting.append(work)
        waiting += 1
    }

    /// What may begin now, if anything may; it is under way until `end`.
    public mutating func begin() -> (subject: Subject, work: Work)? {
        guard running < atOnce, let subject = ready.popFirst(), let work = lines[subject]?.waiting.popFirst() else {
            return nil
        }
        lines[subject]?.isBusy = true
        running += 1
        waiting -= 1
        return (subject, work)
    }

    /// The work of this subject that was under way has ended.
    public mutating func end(of subject: Subject) {
        guard let line = lines[subject], line.isBusy else { preconditionFailure("no work of this subject was begun") }
        running -= 1
        if line.waiting.isEmpty {
            lines[subject] = nil
        } else {
            lines[subject]?.isBusy = false
            ready.append(subject)
        }
    }

    /// Gives up everything that has not begun.
    public mutating func clear() {
        for subject in lines.keys { lines[subject]?.waiting = [] }
        lines = lines.filter { $0.value.isBusy }
        (ready, waiting) = ([], 0)
    }
}
