/// A queue of work. Work of one subject runs in order; work of different subjects runs concurrently.
///
/// Pure bookkeeping: the caller asks what may begin, runs it, and reports when it has ended.
public struct KeyedSerialQueue<Subject: Hashable, Work> {
    private struct Line {
        var waiting: ArraySlice<Work> = []
        var isBusy = false
    }
    private let atOnce: Int
    private let capacity: Int
    private var lines: [Subject: Line] = [:]
    /// Subjects that have waiting work and none running, in the order in which they became ready.
    private var ready: ArraySlice<Subject> = []
    /// Number of work items that have begun and not ended.
    public private(set) var running = 0
    /// Number of work items that have not begun.
    public private(set) var waiting = 0

    /// - Parameters:
    ///   - atOnce: Maximum number of running work items; at least 1.
    ///   - capacity: Maximum number of waiting work items; at least 1.
    public init(atOnce: Int, capacity: Int) {
        precondition(atOnce >= 1 && capacity >= 1, "a queue needs room for work")
        (self.atOnce, self.capacity) = (atOnce, capacity)
    }

    /// Whether nothing more may be added for now.
    public var isFull: Bool { waiting >= capacity }

    /// - Precondition: The queue is not full.
    public mutating func add(_ work: Work, of subject: Subject) {
        precondition(!isFull, "no work may be added while the queue is full")
        if lines[subject] == nil { ready.append(subject) }
        lines[subject, default: Line()].waiting.append(work)
        waiting += 1
    }

    /// Begins the next work, if any may begin; it runs until `end(of:)`.
    public mutating func begin() -> (subject: Subject, work: Work)? {
        guard running < atOnce, let subject = ready.popFirst(), let work = lines[subject]?.waiting.popFirst() else {
            return nil
        }
        lines[subject]?.isBusy = true
        running += 1
        waiting -= 1
        return (subject, work)
    }

    /// Reports that the running work of this subject has ended.
    public mutating func end(of subject: Subject) {
        guard let line = lines[subject], line.isBusy else { preconditionFailure("no work of this subject was started") }
        running -= 1
        if line.waiting.isEmpty {
            lines[subject] = nil
        } else {
            lines[subject]?.isBusy = false
            ready.append(subject)
        }
    }

    /// Drops all work that has not begun.
    public mutating func clear() {
        for subject in lines.keys { lines[subject]?.waiting = [] }
        lines = lines.filter { $0.value.isBusy }
        (ready, waiting) = ([], 0)
    }
}
