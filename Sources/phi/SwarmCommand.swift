import ArgumentParser
import HeartbeatProtocol
import LoadGenerator
import PhiAccrual
import Platform
import Synchronization
import ZeroMQ

struct SwarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swarm",
        abstract: "Publish heartbeats of many simulated nodes, with seeded crashes, pauses, and jitter.",
        discussion: """
            The command writes the ground truth to the file --truth, as CSV with the header node,event,at_unix_ns and \
            the events start, crash, and leave. At the end, all nodes that did not crash send a goodbye.

            Example: phi swarm --nodes 1000 --every 1s --crash 10 --for 60s --seed 7 --truth truth.csv
            """)

    @Option(help: "Detector to connect to (repeatable; default tcp://127.0.0.1:7710).")
    var to: [Endpoint] = []
    @Option(help: "Endpoint to bind, for detectors that connect (repeatable).")
    var bind: [Endpoint] = []
    @Option(help: "Group of the nodes. Their names are node-1, node-2, …")
    var group = "swarm"
    @Option(help: "Number of nodes.")
    var nodes: Int
    @Option(help: "Number of connections to each detector; the nodes share them.")
    var connections = 1
    @Option(help: "Time between heartbeats (default 1s).", transform: Parsing.duration)
    var every: Duration = .seconds(1)
    @Option(
        help: "Time over which the starts of the nodes are spread (default: one interval).", transform: Parsing.duration
    )
    var beginWithin: Duration?
    @Option(help: "Seed: equal seeds give equal plans.")
    var seed: UInt64 = 1
    @Option(help: "Number of nodes that crash.")
    var crash = 0
    @Option(help: "Number of nodes that pause once.")
    var pause = 0
    @Option(help: "Duration of a pause (default 2s).", transform: Parsing.duration)
    var pauseFor: Duration = .seconds(2)
    @Option(help: "Maximum lateness of a heartbeat; at most one interval.", transform: Parsing.duration)
    var jitter: Duration?
    @Option(help: "Share of heartbeats that are not sent, from 0 to 1.")
    var loss = 0.0
    @Option(name: .customLong("for"), help: "Stop after this time (default 60s).", transform: Parsing.duration)
    var time: Duration = .seconds(60)
    @Option(help: "File for the ground truth.")
    var truth: String?

    func validate() throws {
        _ = try Parsing.explained { try NodeIdentity(group: group, name: "node-1") }
        guard (1...10_000_000).contains(nodes) else { throw ValidationError("--nodes must be from 1 to 10000000") }
        guard (1...nodes).contains(connections) else {
            throw ValidationError("--connections must be from 1 to the number of nodes, \(nodes)")
        }
        guard connections == 1 || bind.isEmpty else {
            throw ValidationError(
                "--connections needs --to: at a bound endpoint, the detectors determine the number of connections")
        }
        guard (0...nodes).contains(crash) else {
            throw ValidationError("--crash must be from 0 to the number of nodes, \(nodes)")
        }
        guard (0...nodes).contains(pause) else {
            throw ValidationError("--pause must be from 0 to the number of nodes, \(nodes)")
        }
        guard (0...1).contains(loss) else { throw ValidationError("--loss must be from 0 to 1") }
    }

    func run() async throws {
        var settings = SwarmPlan.Settings(nodes: nodes, interval: every, time: time)
        (settings.group, settings.crashes, settings.pauses, settings.seed) = (group, crash, pause, seed)
        (settings.pause, settings.jitter, settings.loss) = (pauseFor, jitter ?? .zero, loss)
        settings.beginWithin = beginWithin ?? .zero
        let plan = try SwarmPlan(settings)
        let ledger = try Ledger(path: truth)
        let (ended, continuation) = AsyncStream<Void>.makeStream()
        raiseOpenFileLimit()
        let swarm = try Swarm(
            plan, connect: to.isEmpty && bind.isEmpty ? ["tcp://127.0.0.1:7710"] : to, bind: bind,
            connections: connections
        ) {
            ledger.write($0)
        } ended: {
            continuation.finish()
        }
        Console.note(
            "\(counted(nodes, "node")), each every \(every.nanoseconds.seconds.formattedDuration) for "
                + "\(time.nanoseconds.seconds.formattedDuration); \(counted(crash, "crash", plural: "crashes")), seed \(seed)"
        )
        await untilStopped { for await _ in ended {} }
        swarm.leave()
        if let error = ledger.error { throw error }
    }

    /// The file with the ground truth. Each event is written immediately, so the file is complete up to a kill.
    private final class Ledger: Sendable {
        private struct Page: ~Copyable {
            var file: OutputFile?
            var error: CannotWrite?
        }
        private let page: Mutex<Page>

        init(path: String?) throws {
            var file = try path.map { try OutputFile(path: $0) }
            try file?.write("node,event,at_unix_ns\n")
            page = Mutex(Page(file: file, error: nil))
        }

        var error: CannotWrite? { page.withLock { $0.error } }

        func write(_ truth: Swarm.GroundTruth) {
            page.withLock { page in
                do throws(CannotWrite) {
                    try page.file?.write("\(truth.node.name),\(truth.event.rawValue),\(truth.at)\n")
                    try page.file?.finish()
                } catch { page.error = page.error ?? error }
            }
        }
    }
}
