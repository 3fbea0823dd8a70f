import ArgumentParser
import DetectorService

@main
struct Phi: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phi",
        abstract: "Adaptive phi-accrual failure detection over ZeroMQ.",
        discussion: """
            Nodes publish heartbeats ('phi beat'). A detector learns how they arrive and suspects silent nodes \
            ('phi detect'). Subscribers receive its events ('phi watch').

            Try it: phi demo
            """,
        version: ProgramVersion.current,
        subcommands: [
            DetectCommand.self, RelayCommand.self, BeatCommand.self, SwarmCommand.self, WatchCommand.self,
            StatusCommand.self, ExplainCommand.self,
            TuneCommand.self,
            PauseCommand.self, ResumeCommand.self, ForgetCommand.self, RecordCommand.self, ReplayCommand.self,
            CompareCommand.self, FitCommand.self, DemoCommand.self,
        ])

    /// Exit status 0: done; 1: done, and the answer is no; 2: failed; 64: wrong usage.
    static func main() async {
        var command: any ParsableCommand
        do {
            command = try parseAsRoot()
        } catch {
            exit(withError: error)
        }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            // The parser maps unknown errors to status 1 (`.failure`) and its own errors never to 1. So all other
            // errors with status 1 are ours.
            if error is ExitCode || exitCode(for: error) != .failure { exit(withError: error) }
            Console.error("\(error)")
            exit(withError: ExitCode(2))
        }
    }
}
