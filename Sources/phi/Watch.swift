import ArgumentParser
import HeartbeatProtocol
import PhiClient
import Synchronization

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Subscribe to events.",
        discussion: """
            Prints the present state of all nodes, and then every change as it happens: text on a terminal, one JSON \
            object per line in a pipe. No event is missed while the detector remembers it.

            Example: phi watch --json | jq 'select(.to == "suspected") | .node'
            """)

    @Option(help: "The detector's endpoint of events.")
    var from = "tcp://127.0.0.1:7711"
    @Option(help: "The detector's endpoint of requests.")
    var control = "tcp://127.0.0.1:7712"
    @Option(help: "Begin with the present state (snapshot), the first event kept (beginning), or what comes (now).")
    var start = FeedReplica.Start.snapshot
    @Option(help: "Only this level.")
    var level: String?
    @Option(help: "Only this group.")
    var group: String?
    @Option(help: "Only nodes whose name starts so.")
    var node: String?
    @Flag(help: "One JSON object per line, also on a terminal.")
    var json = false
    @Option(name: .customLong("for"), help: "Stop after this time.", transform: Parsing.duration)
    var time: Duration?

    func run() async throws {
        let shared = Shared()
        let (asJSON, filter) = (json || !Console.isTerminal, Filter(level: level, group: group, node: node))
        let subscriber = try SubscriberThread(events: from, control: control, from: start) { item in
            shared.tally.withLock { Self.show(item, asJSON: asJSON, filter: filter, tally: &$0) }
        }
        await untilStopped { [time] in
            await withTaskGroup { group in
                group.addTask { for await _ in subscriber.ended {} }
                group.addTask { try? await Task.sleep(for: time ?? .forever) }
                await group.next()
                group.cancelAll()
            }
        }
        try subscriber.stop()
        Console.remark(shared.tally.withLock { $0.summary })
    }

    private final class Shared: Sendable {
        let tally = Mutex(WatchTally())
    }

    private struct Filter: Sendable {
        var level: String?
        var group: String?
        var node: String?
        func admits(_ message: EventMessage) -> Bool {
            switch message {
            case .transition(let transition):
                transition.level.isSpelled(level) && transition.group.isSpelled(group)
                    && transition.node.utf8.starts(with: (node ?? "").utf8)
            case .notice(let notice):
                level == nil && (group == nil || notice.group?.isSpelled(group) == true)
                    && (node.map { notice.node?.utf8.starts(with: $0.utf8) == true } ?? true)
            }
        }
    }

    private static func show(_ item: FeedSubscriber.Item, asJSON: Bool, filter: Filter, tally: inout WatchTally) {
        switch item {
        case .event(let message, let json):
            guard filter.admits(message) else { return }
            tally.count(message)
            if asJSON { Console.print(json) } else { Console.print(EventText.line(message)) }
        case .unknown(let json):
            if asJSON { Console.print(json) }
        case .inStep(let epoch, let sequence):
            Console.remark("in step at event \(sequence) of epoch \(epoch)")
        case .quiet:
            Console.remark("nothing is heard from the detector: is 'phi detect' running, with these --events?")
        case .unanswered:
            Console.remark("events are heard, but requests are not answered: is --control of the same 'phi detect'?")
        case .gap(let after, _):
            Console.remark(
                "events after \(after) are no longer kept by the detector; what follows is the present state")
        }
    }
}

extension String {
    /// The same bytes, as topics match; any text will do where none is asked for.
    fileprivate func isSpelled(_ wanted: String?) -> Bool { wanted.map { utf8.elementsEqual($0.utf8) } ?? true }
}

/// What a watcher saw, for the end.
struct WatchTally: Sendable {
    private var events = 0
    private var suspicions = 0
    private var mistakes = 0
    private var restarts = 0
    private var suspectedIncarnation: [FeedTopic: UInt32] = [:]

    mutating func count(_ message: EventMessage) {
        events += 1
        guard case .transition(let transition) = message else { return }
        if transition.to == .suspected {
            suspicions += 1
            suspectedIncarnation[transition.topic] = transition.incarnation
        } else if let incarnation = suspectedIncarnation.removeValue(forKey: transition.topic),
            transition.to == .trusted
        {
            // The same start that speaks again was up all the time, or could not be heard.
            if incarnation == transition.incarnation { mistakes += 1 } else { restarts += 1 }
        }
    }

    var summary: String {
        "\(events) events: \(suspicions) suspicions, of which \(mistakes) ended by the same start of the node "
            + "(mistakes or cuts) and \(restarts) by a new one (restarts)"
    }
}
