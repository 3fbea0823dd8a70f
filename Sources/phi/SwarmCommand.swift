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
        abstract: "Publish for many nodes, with crashes, pauses and jitter on a seed.",
        discussion: """
            What really happened goes to the --truth file as CSV: node,event,at_unix_ns with the events start, crash \
            and leave. At the end all nodes that did not crash say goodbye.

            Example: phi swarm --nodes 1000 --every 1s --crash 10 --for 60s --seed 7 --truth truth.csv
            """)

    @Option(help: "Detector to connect to (repeatable; default tcp://127.0.0.1:7710).")
    var to: [Endpoint] = []
    @Option(help: "Endpoint to bind, for detectors that connect (repeatable).")
    var bind: [Endpoint] = []
    @Option(help: "Group of the nodes, which are called node-1, node-2, …")
    var group = "swarm"
    @Option(help: "How many nodes.")
    var nodes: Int
    @Option(help: "How many connections to each detector the nodes share.")
    var connections = 1
    @Option(help: "Time between heartbeats (default 1s).", transform: Parsing.duration)
    var every: Duration = .seconds(1)
    @Option(
        help: "Nodes begin one after the other within this time (default: one interval).", transform: Parsing.duration)
    var beginWithin: Duration?
    @Option(help: "Seed: equal seeds plan equal swarms.")
    var seed: UInt64 = 1
    @Option(help: "How many nodes crash.")
    var crash = 0
    @Option(help: "How many nodes pause once.")
    var pause = 0
    @Option(help: "How long a pause is (default 2s).", transform: Parsing.duration)
    var pauseFor: Duration = .seconds(2)
    @Option(help: "Heartbeats are late by up to this much, and by an interval at most.", transform: Parsing.duration)
    var jitter: Duration?
    @Option(help: "Share of heartbeats that is never sent, from 0 to 1.")
    var loss = 0.0
    @Option(name: .customLong("for"), help: "How long (default 60s).", transform: Parsing.duration)
    var time: Duration = .seconds(60)
    @Option(help: "File for what really happened.")
    var truth: String?

    func validate() throws {
        _ = try Parsing.explained { try NodeIdentity(group: group, name: "node-1") }
        guard (1...10_000_000).contains(nodes) else { throw ValidationError("--nodes must be from 1 to 10000000") }
        guard (1...nodes).contains(connections) else {
            throw ValidationError("--connections must be from 1 to the number of nodes, \(nodes)")
        }
        guard connections == 1 || bind.isEmpty else {
            throw ValidationError("--connections is for --to: what is bound has as many as detectors connect to it")
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
            "\(nodes) nodes, each every \(every.nanoseconds.seconds.formattedDuration) for "
                + "\(time.nanoseconds.seconds.formattedDuration); \(crash) crashes, seed \(seed)")
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
