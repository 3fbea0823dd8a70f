import Foundation
import HeartbeatProtocol
import PhiAccrual
import Synchronization

/// A shell command that is run again and again, each time with an input of its own, and not for ever.
///
/// Foundation's `Process` would do but for three things: signals that are ignored here, as they are on some systems while
/// they are trapped, stay ignored there, and the command cannot be asked to end; an input that nobody reads would end
/// us by SIGPIPE; and its process group could be that of a stranger by the time it is ended.
struct ShellCommand: Sendable {
    /// What `/bin/sh -c` is given.
    let line: String
    /// How long it may take before it is asked to end (SIGTERM).
    let timeLimit: Duration
    /// How long after that it is ended (SIGKILL).
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
            case .killed(let signal): "was ended by signal \(signal)"
            case .overtime(let limit): "took longer than \(limit.nanoseconds.seconds.formattedDuration), and was ended"
            case .notStarted(let reason): "could not be started: \(reason)"
            }
        }
    }

    /// Runs it once, and returns when it has ended. What it prints goes to our standard error, since results of ours and
    /// of a command would be taken for each other.
    /// - Parameters:
    ///   - input: What it finds on its standard input; it need not read it.
    ///   - environment: Variables besides our own.
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
        let (status, wasPressed) = process.waitForEnd()
        if wasPressed { return .overtime(timeLimit) }
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }

    /// Held from a pipe's making until no other command can inherit it: one that reads its input to the end would
    /// wait for whoever else has the pipe open.
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

    /// The reading end of a pipe with all of `bytes` in it, so that nobody need stay to write them.
    private static func readingEnd(ofPipeWith bytes: [UInt8]) throws(CannotRun) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw CannotRun(path: shell, reason: "no pipe for its input: \(String(cString: strerror(errno)))")
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

    /// Starts the shell as the leader of a group, with `input` as its standard input, none of our other files, and no
    /// signal blocked or ignored.
    private func spawn(
        _ process: inout pid_t, _ arguments: borrowing CStrings, _ environment: borrowing CStrings, input: Int32
    ) -> Int32 {
        #if canImport(Darwin)
            var (actions, attributes): (posix_spawn_file_actions_t?, posix_spawnattr_t?) = (nil, nil)
            let closingOthers = POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
            var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
            let closingOthers: Int32 = 0  // whatever is opened here is marked to be closed
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var (none, adaptive) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigemptyset(&adaptive)
        for signal in [SIGTERM, SIGINT, SIGPIPE] { sigaddset(&adaptive, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &adaptive)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = Int32(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | closingOthers
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return posix_spawn(&process, Self.shell, &actions, &attributes, arguments.pointers, environment.pointers)
    }
}

/// A shell that was started, and whoever it started itself.
private final class CommandProcess: Sendable {
    private let identifier: pid_t
    private enum State { case running, asked, over }
    private let state = Mutex(State.running)

    init(_ identifier: pid_t) { self.identifier = identifier }

    /// Asks all of them to end, and the second time ends them.
    func press() {
        state.withLock { state in
            guard state != .over else { return }
            kill(-identifier, state == .running ? SIGTERM : SIGKILL)
            state = .asked
        }
    }

    /// - Returns: How it ended, as `waitpid` says it, and whether it had been asked to.
    func waitForEnd() -> (status: Int32, wasPressed: Bool) {
        // It is only looked at first: its number stays its own until it is let go of, so no stranger is pressed.
        var end = siginfo_t()
        while waitid(P_PID, id_t(identifier), &end, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        let wasPressed = state.withLock { state in
            defer { state = .over }
            if state == .asked { kill(-identifier, SIGKILL) }  // those who outlived the shell
            return state == .asked
        }
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        return (status, wasPressed)
    }
}

/// Texts as C wants a list of them: a null at the end.
private struct CStrings: ~Copyable {
    let pointers: [UnsafeMutablePointer<CChar>?]
    init(_ texts: [String]) { pointers = texts.map { strdup($0) } + [nil] }
    deinit { for pointer in pointers { free(pointer) } }
}
