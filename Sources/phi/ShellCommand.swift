import Foundation
import HeartbeatProtocol
import PhiAccrual
import Platform
import Synchronization

/// A shell command that runs once per input, with a time limit.
///
/// Foundation's `Process` does not fit for three reasons. Signals that we ignore, as we must on some systems while they
/// are trapped, stay ignored in the command, so it could not be terminated. A command that does not read its input
/// would kill us with SIGPIPE. And by the time we signal its process group, the identifier could belong to another
/// process.
struct ShellCommand: Sendable {
    /// The argument of `/bin/sh -c`.
    let line: String
    /// Maximum run time. After that the command receives SIGTERM.
    let timeLimit: Duration
    /// Time from SIGTERM to SIGKILL.
    private static let grace: Duration = .seconds(2)
    private static let shell = "/bin/sh"

    enum Ending: Hashable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)
        case overtime(Duration)
        case notStarted(reason: String)

        var isGood: Bool { self == .exited(0) }
        var description: String {
            switch self {
            case .exited(let status): "ended with exit status \(status)"
            case .killed(let signal): "was killed by signal \(signal)"
            case .overtime(let limit):
                "exceeded its time limit of \(limit.nanoseconds.seconds.formattedDuration) and was killed"
            case .notStarted(let reason): "could not be started: \(reason)"
            }
        }
    }

    /// Runs the command once, and returns when it has ended. Its output goes to our standard error, so that it cannot
    /// be confused with our own results.
    /// - Parameters:
    ///   - input: The command's standard input. The command may ignore it.
    ///   - environment: Variables in addition to our own environment.
    func run(input: [UInt8], environment: [String: String]) -> Ending {
        let process: CommandProcess
        do throws(CannotRun) {
            process = CommandProcess(try start(input, environment))
        } catch {
            return .notStarted(reason: error.reason)
        }
        let timer = DispatchSource.makeTimerSource()
        timer.setEventHandler { process.press() }
        timer.schedule(
            deadline: .now() + .nanoseconds(Int(min(timeLimit, .forever).nanoseconds)),
            repeating: .nanoseconds(Int(Self.grace.nanoseconds)))
        timer.resume()
        defer { timer.cancel() }
        let (status, wasSignalled) = process.waitForEnd()
        if wasSignalled { return .overtime(timeLimit) }
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }

    /// Held from the creation of a pipe until no other command can inherit it. A command that reads its input to the
    /// end would otherwise wait for the other processes that have the pipe open.
    private static let starting = Mutex(())

    private func start(_ input: [UInt8], _ environment: [String: String]) throws(CannotRun) -> pid_t {
        try Self.starting.withLock { _ throws(CannotRun) in
            let inputEnd = try Self.readingEnd(ofPipeWith: input)
            defer { close(inputEnd) }
            var process = pid_t()
            let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
            let code = spawn(&process, CStrings([Self.shell, "-c", line]), CStrings(variables), input: inputEnd)
            guard code == 0 else { throw CannotRun(path: Self.shell, reason: String(cString: strerror(code))) }
            return process
        }
    }

    /// The read end of a pipe that already contains all of `bytes`, so no thread has to stay to write them.
    private static func readingEnd(ofPipeWith bytes: [UInt8]) throws(CannotRun) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw CannotRun(
                path: shell, reason: "cannot create a pipe for its input: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        defer { close(ends[1]) }
        guard write(ends[1], bytes, bytes.count) == bytes.count else {
            close(ends[0])
            throw CannotRun(path: shell, reason: "its input of \(bytes.count) bytes does not fit a pipe")
        }
        return ends[0]
    }

    /// Starts the shell, while the strings live.
    private func spawn(
        _ process: inout pid_t, _ arguments: borrowing CStrings, _ environment: borrowing CStrings, input: Int32
    ) -> Int32 {
        spawnGroupLeader(
            &process, Self.shell, arguments: arguments.pointers, environment: environment.pointers, input: input)
    }
}

/// A started shell and its child processes.
private final class CommandProcess: Sendable {
    private let identifier: pid_t
    private enum State { case running, asked, over }
    private let state = Mutex(State.running)

    init(_ identifier: pid_t) { self.identifier = identifier }

    /// Sends SIGTERM to the process group; on later calls, SIGKILL.
    func press() {
        state.withLock { state in
            guard state != .over else { return }
            kill(-identifier, state == .running ? SIGTERM : SIGKILL)
            state = .asked
        }
    }

    /// - Returns: The status as `waitpid` reports it, and whether the process group was signalled before the end.
    func waitForEnd() -> (status: Int32, wasSignalled: Bool) {
        // Wait without reaping first: the identifier stays reserved until the process is reaped, so no other process is
        // signalled.
        var end = siginfo_t()
        while waitid(P_PID, id_t(identifier), &end, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        let wasSignalled = state.withLock { state in
            defer { state = .over }
            if state == .asked { kill(-identifier, SIGKILL) }  // processes that outlived the shell
            return state == .asked
        }
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        return (status, wasSignalled)
    }
}

/// A null-terminated array of C strings.
private struct CStrings: ~Copyable {
    let pointers: [UnsafeMutablePointer<CChar>?]
    init(_ texts: [String]) { pointers = texts.map { strdup($0) } + [nil] }
    deinit { for pointer in pointers { free(pointer) } }
}
