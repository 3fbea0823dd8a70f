import Configuration
import EventLoop
import PhiAccrual
import Recordings
import Synchronization
import ZeroMQ

/// The thread that writes the detector's inputs to files: a slow disk must not delay heartbeats.
final class Recorder: Sendable {
    private enum Work: Sendable {
        case begin(@Sendable () -> SegmentStart)
        case write(RecordBuffer)
    }
    private struct State {
        /// Whether the file is full.
        var isFull = false
        /// Whether the beginning of the next file was passed to the thread and is not written yet.
        var isBeginning = false
        var hasEnded = false
        /// Records passed to the thread and not written yet, in bytes.
        var waiting = 0
        var path: String?
        var failure: String?
    }
    let folder: String
    private let work: Mailbox<Work>
    private let stop: WakeUp
    private let state = Mutex(State())
    private let thread = Mutex<SocketThread?>(nil)

    /// Above this, in bytes, the disk cannot keep up.
    private static let maxPending = 64 << 20

    /// Begins a recording.
    /// - Throws: If the folder or its first file cannot be created.
    init(_ bounds: RecordingBounds, _ beginning: SegmentStart) throws {
        folder = bounds.folder
        (work, stop) = (try Mailbox(), try WakeUp())
        let limits = RecordingWriter.Limits(file: Int64(bounds.fileSize), total: Int64(bounds.totalSize))
        let writer = try RecordingWriter(folder: bounds.folder, limits: limits, beginning)
        state.withLock { $0.path = writer.path }
        let started = try SocketThread(name: "phi-recorder", owning: writer) { [weak self] writer in
            self?.run(writer)
        }
        thread.withLock { $0 = started }
    }

    /// Whether a new file should begin: then pass all records, and call `begin`.
    var wantsBeginning: Bool { state.withLock { $0.isFull && !$0.isBeginning } }
    /// Why the recorder has stopped; nil while it records.
    var failure: String? { state.withLock { $0.failure } }
    /// The present file.
    var path: String? { state.withLock { $0.path } }

    func write(_ records: RecordBuffer) {
        let isTooMuch = state.withLock { state in
            state.waiting += records.bytes.count
            if state.waiting > Self.maxPending {
                state.failure = state.failure ?? "\(folder): heartbeats arrive faster than the disk writes them"
            }
            return state.failure != nil
        }
        if !isTooMuch { work.put(.write(records)) }
    }

    /// - Parameter beginning: Called on the recorder's thread.
    func begin(_ beginning: @escaping @Sendable () -> SegmentStart) {
        state.withLock { $0.isBeginning = true }
        work.put(.begin(beginning))
    }

    /// Makes the thread write its pending records and end. Does not wait; `join` does.
    func end() { stop.signal() }
    func join() { thread.withLock { $0 }?.join() }
    fileprivate var hasEnded: Bool { state.withLock { $0.hasEnded } }

    private func run(_ writer: consuming RecordingWriter) {
        defer { state.withLock { $0.hasEnded = true } }
        var loop = EventLoop(until: stop)
        loop.add(work)
        do {
            while true {
                try loop.wait(until: nil)
                let isLast = loop.isStopped
                for work in work.drain() { try perform(work, &writer) }
                if isLast { break }
            }
            try writer.synchronize()
        } catch {
            state.withLock { $0.failure = $0.failure ?? "\(error)" }
        }
    }

    private func perform(_ work: Work, _ writer: inout RecordingWriter) throws {
        switch work {
        case .begin(let beginning):
            try writer.begin(beginning())
            state.withLock { $0.isBeginning = false }
        case .write(let records):
            try writer.write(records)
            state.withLock { $0.waiting -= records.bytes.count }
        }
        let (isFull, path) = (writer.isFull, writer.path)
        state.withLock { ($0.isFull, $0.path) = (isFull, path) }
    }
}

/// Recorders that are ending and may still write. The service waits for them when it stops; heartbeats do not.
final class RecorderShutdown: Sendable {
    private let recorders = Mutex<[Recorder]>([])

    /// Makes another recorder end.
    func add(_ recorder: Recorder) {
        recorder.end()
        recorders.withLock { recorders in
            recorders.removeAll(where: \.hasEnded)
            recorders.append(recorder)
        }
    }
    /// Returns when all recorders have ended.
    func join() { for recorder in recorders.withLock({ $0 }) { recorder.join() } }
}
