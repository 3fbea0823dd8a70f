import Foundation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import Synchronization

/// Runs a command for each event: those of one node one after the other, those of different nodes side by side.
///
/// When commands are slower than events, so many may wait, and then whoever brings more has to: the feed is not read
/// further, ZeroMQ drops what does not fit its queue, and the subscriber fetches it by its numbers when there is room.
final class EventHooks: Sendable {
    private struct Hook: Sendable {
        var message: EventMessage
        var json: [UInt8]
    }
    private struct State {
        var queue: KeyedSerialQueue<FeedTopic, Hook>
        var isStopping = false
        var wasFull = false
        var run = 0
        var failed = 0
        var notBegun = 0
    }
    private let command: ShellCommand
    private let state: Mutex<State>
    private let room = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()

    /// More events than this wait in the feed instead of here.
    private static let backlog = 1000

    /// - Parameter atOnce: How many commands may run at the same time; at least 1.
    init(_ command: ShellCommand, atOnce: Int) {
        self.command = command
        state = Mutex(State(queue: KeyedSerialQueue(atOnce: atOnce, capacity: Self.backlog)))
        // Whoever started us may have ignored it, and then nobody is told how a command ended.
        signal(SIGCHLD, SIG_DFL)
    }

    /// Has the command run for this event when its turn comes. Waits while too many are waiting; for one thread.
    func run(for message: EventMessage, json: [UInt8]) {
        while state.withLock({ $0.queue.isFull && !$0.isStopping }) {
            let isNews = state.withLock { state in
                defer { state.wasFull = true }
                return !state.wasFull
            }
            if isNews {
                Console.note(
                    "commands are slower than events: \(Self.backlog) are waiting, and the feed waits with them")
            }
            room.wait()
        }
        state.withLock { state in
            if state.isStopping {
                state.notBegun += 1
            } else {
                state.queue.add(Hook(message: message, json: json), of: message.subject)
            }
        }
        beginWhatMay()
    }

    /// Begins no more commands, and waits for those that run.
    func stop() {
        let count = state.withLock { state in
            state.isStopping = true
            state.notBegun += state.queue.waiting
            state.queue.clear()
            return state.queue.running
        }
        room.signal()
        if count > 0 { Console.note("waiting for \(count) command\(count == 1 ? "" : "s") to end") }
        running.wait()
    }

    var hasFailures: Bool { state.withLock { $0.failed > 0 } }

    var summary: String {
        state.withLock { state in
            let commands = "\(state.run) command\(state.run == 1 ? "" : "s") run, of which \(state.failed) failed"
            let others = "\(state.notBegun) more event\(state.notBegun == 1 ? "" : "s")"
            return state.notBegun == 0 ? commands : commands + "; none was begun for \(others)"
        }
    }

    private func beginWhatMay() {
        let beginning = state.withLock { state in
            let wasFull = state.queue.isFull
            var beginning: [(subject: FeedTopic, work: Hook)] = []
            while let next = state.queue.begin() {
                running.enter()
                beginning.append(next)
            }
            if wasFull, !state.queue.isFull { room.signal() }
            return beginning
        }
        for (subject, hook) in beginning {
            // Waiting for a process takes a thread, and Swift's own must not wait.
            Thread.detachNewThread { [self] in
                let ending = command.run(input: hook.json + [UInt8(ascii: "\n")], environment: hook.message.environment)
                end(subject, hook, ending)
                beginWhatMay()
                running.leave()
            }
        }
    }

    private func end(_ subject: FeedTopic, _ hook: Hook, _ ending: ShellCommand.Ending) {
        if !ending.isGood {
            let (group, node) = hook.message.whom
            let whose = node.map { " of \(group ?? "-")/\($0.escapingControls)" } ?? ""
            Console.note("the command for event \(hook.message.place.sequence)\(whose) \(ending)")
        }
        state.withLock { state in
            state.queue.end(of: subject)
            state.run += 1
            if !ending.isGood { state.failed += 1 }
        }
    }
}

extension EventMessage {
    fileprivate var whom: (group: String?, node: String?) {
        switch self {
        case .transition(let transition): (transition.group, transition.node)
        case .notice(let notice): (notice.group, notice.node)
        }
    }
    /// Whom it is about, at whatever level.
    fileprivate var subject: FeedTopic { FeedTopic(level: nil, group: whom.group, node: whom.node) }
}
