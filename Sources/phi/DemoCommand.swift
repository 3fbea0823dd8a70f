import ArgumentParser
import Configuration
import DetectorService
import PhiAccrual
import Synchronization

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a detector and five nodes on this machine, in one terminal.",
        discussion: """
            Runs a detector and five nodes as processes that communicate over real sockets. After a few seconds the \
            demo kills one node (SIGKILL), and later restarts it. Exit status 0 if the detector reported the crash and \
            the recovery and suspected no other node.
            """)

    @Option(help: "Time between heartbeats (default 200ms).", transform: Parsing.duration)
    var every: Duration = .milliseconds(200)

    private static let minTimeLimit: Duration = .seconds(60)

    func run() async throws {
        var configuration = ServiceConfiguration()
        configuration.heartbeats = ["tcp://127.0.0.1:*"]
        configuration.events = ["tcp://127.0.0.1:*"]
        configuration.control = ["tcp://127.0.0.1:*"]
        // The demo lasts some seconds. A budget per day could not be kept with what is known after so few heartbeats.
        let budget = MistakeBudget(.every(Double(every.nanoseconds) * 3000))
        configuration.policies = PolicyTable(levels: [.suspect(.mistakes(budget))])
        let detector = try DetectorService(
            configuration, logger: LogFormat.logfmt.logger(label: "phi.demo", level: .warning))
        let play = try DemoScenario(endpoints: detector.endpoints, every: every)
        let outcome = Outcome()
        await untilStopped {
            await withTaskGroup { group in
                group.addTask {
                    do { outcome.set(.success(try await play.perform())) } catch is CancellationError {
                        // The outcome stays nil: a signal arrived, or the time is over.
                    } catch { outcome.set(.failure(error)) }
                }
                group.addTask { [every] in try? await Task.sleep(for: Self.minTimeLimit + every * 60) }
                await group.next()
                group.cancelAll()
            }
        }
        await play.clear()
        detector.stop()
        let report = try outcome.get()
        for line in report.summary { Console.print(line) }
        if !report.isGood { throw ExitCode(1) }
    }

    private struct Unfinished: Error, CustomStringConvertible {
        var description: String { "the demo was interrupted" }
    }

    private final class Outcome: Sendable {
        private let result = Mutex<Result<DemoScenario.Report, any Error>?>(nil)
        func set(_ value: Result<DemoScenario.Report, any Error>) { result.withLock { $0 = value } }
        func get() throws -> DemoScenario.Report {
            guard let result = result.withLock({ $0 }) else { throw Unfinished() }
            return try result.get()
        }
    }
}
