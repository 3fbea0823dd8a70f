import Foundation
import Synchronization
import UnixSignals

/// A process of ours, on our standard streams.
final class ChildProcess: Sendable {
    let processIdentifier: Int32
    private let exit = Exit()
    private let isAsked = Atomic<Bool>(false)

    convenience init(shell command: String) throws { try self.init("/bin/sh", ["-c", command]) }

    init(_ path: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.terminationHandler = { [exit] process in
            // As shells say it: 128 + the signal.
            let isExit = process.terminationReason == .exit
            exit.report(isExit ? process.terminationStatus : 128 + process.terminationStatus)
        }
        // The threads of Swift's tasks block nearly all signals, and a child that inherits this cannot be asked to end.
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        do { try process.run() } catch { throw CannotRun(path: path, reason: error.localizedDescription) }
        processIdentifier = process.processIdentifier
    }

    /// Asks it to end (SIGTERM), if it still runs.
    func terminate() { signal(SIGTERM) }
    /// Ends it as a crash would (SIGKILL), if it still runs.
    func crash() { signal(SIGKILL) }
    private func signal(_ number: Int32) {
        guard exit.status == nil else { return }
        isAsked.store(true, ordering: .relaxed)
        // Foundation starts it as the leader of a group: a shell's own children are meant, too.
        kill(-processIdentifier, number)
    }

    /// Waits for its end, and asks for it if the waiting task is cancelled.
    func end() async {
        await withTaskCancellationHandler {
            await exit.wait()
        } onCancel: {
            terminate()
        }
    }

    /// Its exit status, or 128 + signal, if it ended badly and that was not our doing.
    var failure: Int32? {
        guard let status = exit.status, status != 0, !isAsked.load(ordering: .relaxed) else { return nil }
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

/// Runs `body` until it ends or somebody asks us to stop (SIGTERM, SIGINT), which cancels it.
func untilStopped(_ body: @escaping @Sendable () async -> Void) async {
    await withTaskGroup { group in
        group.addTask { for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { return } }
        group.addTask { await body() }
        await group.next()
        group.cancelAll()
    }
}

extension Duration {
    /// A century: longer than any process waits.
    static let forever: Duration = .seconds(3_155_760_000)
}
