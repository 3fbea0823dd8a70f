import Foundation
import Synchronization
import UnixSignals

/// A child process that shares our standard streams.
final class ChildProcess: Sendable {
    let processIdentifier: Int32
    private let exit = Exit()
    private let isTerminationRequested = Atomic<Bool>(false)

    convenience init(shell command: String) throws { try self.init("/bin/sh", ["-c", command]) }

    init(_ path: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.terminationHandler = { [exit] process in
            // 128 + signal, as shells report it.
            let isExit = process.terminationReason == .exit
            exit.report(isExit ? process.terminationStatus : 128 + process.terminationStatus)
        }
        // Swift's task threads block nearly all signals. A child that inherits this mask could not be asked to
        // terminate.
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        do { try process.run() } catch { throw CannotRun(path: path, reason: error.localizedDescription) }
        processIdentifier = process.processIdentifier
    }

    /// Sends SIGTERM if the process is still running.
    func terminate() { signal(SIGTERM) }
    /// Sends SIGKILL if the process is still running, which simulates a crash.
    func crash() { signal(SIGKILL) }
    private func signal(_ number: Int32) {
        guard exit.status == nil else { return }
        isTerminationRequested.store(true, ordering: .relaxed)
        // Foundation starts the process as a group leader. The signal also reaches a shell's own children.
        kill(-processIdentifier, number)
    }

    /// Waits until the process has ended. If the waiting task is cancelled, it sends SIGTERM first.
    func end() async {
        await withTaskCancellationHandler {
            await exit.wait()
        } onCancel: {
            terminate()
        }
    }

    /// The exit status, or 128 + signal, if the process failed without a signal from us; otherwise nil.
    var failure: Int32? {
        guard let status = exit.status, status != 0, !isTerminationRequested.load(ordering: .relaxed) else {
            return nil
        }
        return status
    }

    private final class Exit: Sendable {
        private let state = Mutex<(status: Int32?, waiting: [CheckedContinuation<Void, Never>])>((nil, []))

        var status: Int32? { state.withLock { $0.status } }

        func report(_ status: Int32) {
            let waiting = state.withLock { state in
                state.status = status
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }

        func wait() async {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.status == nil { state.waiting.append(continuation) }
                    return state.status != nil
                }
                if isOver { continuation.resume() }
            }
        }
    }
}

struct CannotRun: Error, CustomStringConvertible {
    let path: String
    let reason: String
    var description: String { "cannot run \(path): \(reason)" }
}

/// Runs `body` until it returns, or until SIGTERM or SIGINT arrives, which cancels it.
func untilStopped(_ body: @escaping @Sendable () async -> Void) async {
    await withTaskGroup { group in
        group.addTask { for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { return } }
        group.addTask { await body() }
        await group.next()
        group.cancelAll()
    }
}

extension Duration {
    /// One hundred years, longer than any process waits.
    static let forever: Duration = .seconds(3_155_760_000)
}
