import ArgumentParser

@main
struct Phi: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phi",
        abstract: "Adaptive phi-accrual failure detection over ZeroMQ.",
        discussion: """
            Nodes publish heartbeats ('phi beat'), a detector learns how they arrive and suspects the silent \
            ('phi detect'), and whoever wants to know subscribes ('phi watch').

            Try it: phi demo
            """,
        version: "0.1.0",
        subcommands: [
            DetectCommand.self, RelayCommand.self, BeatCommand.self, SwarmCommand.self, WatchCommand.self,
            StatusCommand.self, ExplainCommand.self,
            TuneCommand.self,
            PauseCommand.self, ResumeCommand.self, ForgetCommand.self, RecordCommand.self, ReplayCommand.self,
            CompareCommand.self, FitCommand.self, DemoCommand.self,
        ])

    /// Exit 0: done; 1: done, and the answer is no; 2: could not; 64: misused.
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
            // The parser knows its own errors, of which none ends with 1; that is how it calls what it does not know.
            if error is ExitCode || exitCode(for: error) != .failure { exit(withError: error) }
            Console.error("\(error)")
            exit(withError: ExitCode(2))
        }
    }
}
