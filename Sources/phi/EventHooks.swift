import Foundation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import Synchronization

/// Runs a command for each event: sequentially for the same node, in parallel for different nodes.
///
/// If commands are slower than events, up to `backlog` events are queued, and then the caller of `run` blocks. The feed
/// is no longer read, ZeroMQ drops what exceeds its queue, and the subscriber later fetches the missing events by
/// sequence number.
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
        var notStarted = 0
    }
    private let command: ShellCommand
    private let state: Mutex<State>
    private let room = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()

    /// Maximum number of queued events. Further events stay in the feed.
    private static let backlog = 1000

    /// - Parameter atOnce: Number of commands that may run at the same time; at least 1.
    init(_ command: ShellCommand, atOnce: Int) {
        self.command = command
        state = Mutex(State(queue: KeyedSerialQueue(atOnce: atOnce, capacity: Self.backlog)))
        // If our parent process ignored SIGCHLD, we would not learn how a command ended.
        signal(SIGCHLD, SIG_DFL)
    }

    /// Queues the command for this event. Blocks while the queue is full; call it from one thread only.
    func run(for message: EventMessage, json: [UInt8]) {
        while state.withLock({ $0.queue.isFull && !$0.isStopping }) {
            let isNews = state.withLock { state in
                defer { state.wasFull = true }
                return !state.wasFull
            }
            if isNews {
                Console.note(
                    "commands are slower than events: \(Self.backlog) events are queued, and the feed is paused")
            }
            room.wait()
        }
        state.withLock { state in
            if state.isStopping {
                state.notStarted += 1
            } else {
                state.queue.add(Hook(message: message, json: json), of: message.subject)
            }
        }
        startReady()
    }

    /// Starts no more commands, and waits for the running ones.
    func stop() {
        let count = state.withLock { state in
            state.isStopping = true
            state.notStarted += state.queue.waiting
            state.queue.clear()
            return state.queue.running
        }
        room.signal()
        if count > 0 { Console.note("waiting for \(counted(count, "running command")) to end") }
        running.wait()
    }

    var hasFailures: Bool { state.withLock { $0.failed > 0 } }

    var summary: String {
        state.withLock { state in
            let commands = "\(counted(state.run, "command")) run, \(state.failed) failed"
            let others = "no command started for \(counted(state.notStarted, "event"))"
            return state.notStarted == 0 ? commands : "\(commands); \(others)"
        }
    }

    private func startReady() {
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
            // Waiting for a process blocks a thread, and the threads of Swift's pool must not block.
            Thread.detachNewThread { [self] in
                let ending = command.run(input: hook.json + [UInt8(ascii: "\n")], environment: hook.message.environment)
                end(subject, hook, ending)
                startReady()
                running.leave()
            }
        }
    }

    private func end(_ subject: FeedTopic, _ hook: Hook, _ ending: ShellCommand.Ending) {
        if !ending.isGood {
            Console.note("command for event \(hook.message.place.sequence)\(hook.message.scope) \(ending)")
        }
        state.withLock { state in
            state.queue.end(of: subject)
            state.run += 1
            if !ending.isGood { state.failed += 1 }
        }
    }
}

extension EventMessage {
    fileprivate var scopeName: (group: String?, node: String?) {
        switch self {
        case .transition(let transition): (transition.group, transition.node)
        case .notice(let notice): (notice.group, notice.node)
        }
    }
    /// “ of” and the node or the group that the event is about; empty if it is about neither.
    fileprivate var scope: String {
        let names = [scopeName.group, scopeName.node].compactMap { $0?.escapingControls }
        return names.isEmpty ? "" : " of \(names.joined(separator: "/"))"
    }
    /// The node or group that the event is about, at any level.
    fileprivate var subject: FeedTopic { FeedTopic(level: nil, group: scopeName.group, node: scopeName.node) }
}
