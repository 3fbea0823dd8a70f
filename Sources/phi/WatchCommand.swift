import ArgumentParser
import Evaluation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import Synchronization
import ZeroMQ

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Subscribe to events.",
        discussion: """
            Prints the current state of all nodes, and then every change as it happens: text on a terminal, one JSON \
            object per line in a pipe. It fetches events that it missed, as long as the detector keeps them.

            With --exec, it also runs a shell command for each event. The command gets the event's JSON on its \
            standard input, and the parts of the event in variables: PHI_EVENT_KIND, _GROUP, _NODE, _LEVEL, _FROM, \
            _TO, _CODE, _AT, _EPOCH, _SEQUENCE, _EXPLANATION. Its output goes to standard error. Commands for events \
            of one node run one after the other. If commands are slower than events, the feed is paused, and no event \
            is lost. After SIGTERM or SIGINT, no more commands start, and running ones have at most --exec-timeout to \
            end.

            Exit status 1 if a command failed.

            Examples:
            phi watch --json | jq 'select(.to == "suspected") | .node'
            phi watch --start now --level evict --to suspected --exec './replace "$PHI_EVENT_NODE"'
            """)

    @Option(help: "Endpoint of the detector for events.")
    var from: Endpoint = "tcp://127.0.0.1:7711"
    @Option(help: "Endpoint at which the detector accepts requests.")
    var control: Endpoint = "tcp://127.0.0.1:7712"
    @Option(
        help: "Start with the current state (snapshot), the oldest event kept (beginning), or new events only (now).")
    var start = FeedReplica.Start.snapshot
    @Option(help: "Only this level.")
    var level: String?
    @Option(help: "Only this group.")
    var group: String?
    @Option(help: "Only nodes whose name starts with this text.")
    var node: String?
    @Option(help: "Only changes to this verdict, such as suspected (repeatable).")
    var to: [Verdict] = []
    @Flag(help: "Print one JSON object per line, also on a terminal.")
    var json = false
    @Option(name: .customLong("exec"), help: "Run this shell command for each event.")
    var command: String?
    @Option(help: "Maximum number of commands that run at the same time.")
    var jobs = 4
    @Option(help: "Time limit of a command (default 30s).", transform: Parsing.duration)
    var execTimeout: Duration = .seconds(30)
    @Option(name: .customLong("for"), help: "Stop after this time.", transform: Parsing.duration)
    var time: Duration?

    func validate() throws {
        guard (1...1000).contains(jobs) else {
            throw ValidationError("--jobs must be from 1 to 1000, found \(jobs)")
        }
    }

    func run() async throws {
        let shared = Tally()
        let asJSON = json || !Console.isTerminal
        let filter = EventFilter(level: level, group: group, nodePrefix: node, verdicts: Set(to))
        let hooks = command.map { EventHooks(ShellCommand(line: $0, timeLimit: execTimeout), atOnce: jobs) }
        let subscriber = try SubscriberThread(events: from, control: control, from: start) { item in
            shared.tally.withLock { Self.show(item, asJSON: asJSON, filter: filter, tally: &$0) }
            if case .event(let message, let json) = item, filter.admits(message) {
                hooks?.run(for: message, json: json)
            }
        }
        await untilStopped { [time] in
            await withTaskGroup { group in
                group.addTask { for await _ in subscriber.ended {} }
                group.addTask { try? await Task.sleep(for: time ?? .forever) }
                await group.next()
                group.cancelAll()
            }
        }
        hooks?.stop()  // first: the subscriber may be blocked in a hook
        try subscriber.stop()
        Console.note(shared.tally.withLock { $0.summary })
        if let hooks {
            Console.note(hooks.summary)
            if hooks.hasFailures { throw ExitCode(1) }
        }
    }

    private final class Tally: Sendable {
        let tally = Mutex(WatchTally())
    }

    private static func show(_ item: FeedSubscriber.Item, asJSON: Bool, filter: EventFilter, tally: inout WatchTally) {
        switch item {
        case .event(let message, let json):
            let isWanted = filter.admits(message)
            if filter.concerns(message) { tally.count(message, isShown: isWanted) }
            guard isWanted else { return }
            if asJSON { Console.print(json) } else { Console.print(EventText.line(message)) }
        case .unknown(let json):
            if asJSON { Console.print(json) }
        case .live(let epoch, let sequence):
            Console.note("up to date at event \(sequence) of epoch \(epoch)")
        case .feedSilent:
            Console.note("no events received: check that 'phi detect' runs with this endpoint as --events")
        case .controlSilent:
            Console.note(
                "events received, but no answer to requests: check that --control belongs to the same 'phi detect'")
        case .gap(let after, _):
            Console.note(
                "the detector no longer keeps all events after event \(after); the current state follows")
        case .rolledBack(let sequence, _):
            Console.note("the detector lost its events after \(sequence); the current state follows")
        }
    }
}

/// Counts of the events that a watcher received, for the summary at the end.
struct WatchTally: Sendable {
    private var events = 0
    private var suspicions = 0
    private var endings = SuspicionEndings<FeedTopic>()

    mutating func count(_ message: EventMessage, isShown: Bool) {
        if isShown { events += 1 }
        guard case .transition(let transition) = message else { return }
        if transition.to == .suspected { suspicions += 1 }
        endings.apply(transition.to, of: transition.topic, incarnation: transition.incarnation)
    }

    var summary: String {
        "\(counted(events, "event")), \(counted(suspicions, "suspicion")): \(endings.mistakes) ended without a restart of the node (false "
            + "suspicions or network cuts), \(endings.restarts) with a restart"
    }
}
