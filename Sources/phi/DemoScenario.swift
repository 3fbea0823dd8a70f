import DetectorService
import EventLoop
import Foundation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import Synchronization
import ZeroMQ

/// The demo: five nodes join, one is killed and restarted, and all leave.
final class DemoScenario: Sendable {
    struct Report: Sendable {
        var killedAt: Timestamp
        var suspicion: TransitionMessage
        var seenAt: Timestamp
        var restartedAt: Timestamp
        var recovery: TransitionMessage
        var otherSuspicions: Int
        var goodbyes: Int

        var isGood: Bool { otherSuspicions == 0 && goodbyes == DemoScenario.names.count }
        var summary: [String] {
            let detection = seconds(from: killedAt, to: suspicion.place.at)
            let event = seconds(from: suspicion.place.at, to: seenAt)
            let recovery = seconds(from: restartedAt, to: recovery.place.at)
            return [
                "",
                "detection time   \(detection.formattedDuration) from SIGKILL to suspicion "
                    + "(timeout \((suspicion.threshold.seconds ?? 0).formattedDuration), policy \(suspicion.threshold.policy))",
                "event            received \(event.formattedDuration) after the scheduled instant",
                "recovery         \(recovery.formattedDuration) from restart to trust",
                "mistakes         \(counted(otherSuspicions, "false suspicion"))",
                "goodbyes         \(goodbyes) of \(DemoScenario.names.count) nodes left without being suspected",
            ]
        }
        private func seconds(from: Timestamp, to: Timestamp) -> Double {
            Double(to.unixNanoseconds - from.unixNanoseconds) / 1e9
        }
    }

    static let names = (1...5).map { "node-\($0)" }
    private static let victim = "node-3"

    private let heartbeats: String
    private let every: Duration
    private let program: String
    private let subscriber: SubscriberThread
    private let seen: AsyncStream<SeenTransition>
    private let processes = Mutex<[String: ChildProcess]>([:])

    init(endpoints: ServiceEndpoints, every: Duration) throws {
        guard let program = Bundle.main.executablePath else {
            throw CannotRun(path: "phi", reason: "the path of this program is unknown")
        }
        heartbeats = endpoints.heartbeats.joined()
        (self.every, self.program) = (every, program)
        let (seen, sight) = AsyncStream<SeenTransition>.makeStream()
        self.seen = seen
        subscriber = try SubscriberThread(
            events: endpoints.events[0], control: endpoints.control[0], from: .beginning
        ) { item in
            guard case .event(let message, _) = item else { return }
            Console.print(EventText.line(message))
            guard case .transition(let transition) = message else { return }
            sight.yield(SeenTransition(message: transition, at: Timestamp(unixNanoseconds: WallClock.now)))
        }
        Console.note("detector at \(endpoints.heartbeats.joined()), events at \(endpoints.events.joined())")
    }

    func perform() async throws -> Report {
        var audience = TransitionWaiter(seen)
        for name in Self.names { try start(name) }
        for name in Self.names { _ = try await audience.sees(name, becoming: .trusted) }
        try await Task.sleep(for: every * 15)

        Console.note("-- killing \(Self.victim) with SIGKILL")
        let killedAt = Timestamp(unixNanoseconds: WallClock.now)
        process(Self.victim)?.crash()
        let suspicion = try await audience.sees(Self.victim, becoming: .suspected)
        try await Task.sleep(for: every * 10)

        Console.note("-- restarting \(Self.victim)")
        let restartedAt = Timestamp(unixNanoseconds: WallClock.now)
        try start(Self.victim)
        let recovery = try await audience.sees(Self.victim, becoming: .trusted)
        try await Task.sleep(for: every * 10)

        Console.note("-- stopping all nodes")
        for name in Self.names { process(name)?.terminate() }
        for name in Self.names { _ = try await audience.sees(name, becoming: .left) }
        return Report(
            killedAt: killedAt, suspicion: suspicion.message, seenAt: suspicion.at, restartedAt: restartedAt,
            recovery: recovery.message, otherSuspicions: audience.count(of: .suspected) - 1,
            goodbyes: audience.count(of: .left))
    }

    /// Terminates the processes that are still running.
    func clear() async {
        for process in processes.withLock({ Array($0.values) }) {
            process.terminate()
            await process.end()
        }
        try? subscriber.stop()  // the demo is over, so an earlier error no longer matters
    }

    private func start(_ name: String) throws {
        // The node ends by itself if this process is killed.
        let process = try ChildProcess(
            program,
            [
                "beat", "--to", heartbeats, "--group", "demo", "--node", name, "--every", "\(every.nanoseconds)ns",
                "--for", "\((every * 120 + .seconds(120)).nanoseconds)ns",
            ])
        processes.withLock { $0[name] = process }
    }

    private func process(_ name: String) -> ChildProcess? { processes.withLock { $0[name] } }
}

struct SeenTransition: Sendable {
    var message: TransitionMessage
    var at: Timestamp
}

/// Waits for the transitions that the demo needs. It keeps transitions that arrive before they are waited for.
private struct TransitionWaiter {
    private var sights: AsyncStream<SeenTransition>.Iterator
    private var all: [SeenTransition] = []
    private var isTaken: [Bool] = []

    init(_ seen: AsyncStream<SeenTransition>) { sights = seen.makeAsyncIterator() }

    func count(of verdict: Verdict) -> Int { all.count { $0.message.to == verdict } }

    /// The first unused transition of a node to `verdict`.
    /// - Throws: If the task is cancelled before the transition arrives.
    mutating func sees(_ node: String, becoming verdict: Verdict) async throws -> SeenTransition {
        var index = 0
        while true {
            if index == all.count {
                guard let next = await sights.next() else { throw NeverSeen(node: node, verdict: verdict) }
                all.append(next)
                isTaken.append(false)
            }
            if !isTaken[index], all[index].message.node == node, all[index].message.to == verdict {
                isTaken[index] = true
                return all[index]
            }
            index += 1
        }
    }

    struct NeverSeen: Error, CustomStringConvertible {
        let node: String
        let verdict: Verdict
        var description: String { "the demo ended before \(node) became \(verdict.rawValue)" }
    }
}
