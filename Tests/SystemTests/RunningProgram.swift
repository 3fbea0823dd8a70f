import Foundation
import HeartbeatProtocol
import PhiAccrual
import TestSupport
import Testing

/// A child process and its recorded output.
final class RunningProgram: Sendable, CustomStringConvertible {
    struct Record: Sendable {
        /// Lines of standard output.
        var output: [String] = []
        /// Lines of standard error.
        var errors: [String] = []
        /// Events, parsed from lines of standard output.
        var events: [EventMessage] = []
        fileprivate var openStreams = 2
        /// Exit status, or 128 + signal, as in shells.
        fileprivate var status: Int32?
        /// The exit status, once the program has ended and all its output was read.
        var end: Int32? { openStreams == 0 ? status : nil }
    }
    let command: String
    private let processIdentifier: Int32
    private let record = Observed(Record())

    init(_ path: String, _ arguments: [String], in folder: URL) throws {
        command = ([URL(fileURLWithPath: path).lastPathComponent] + arguments).joined(separator: " ")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        // Programs under test must not see the variables of these tests, or a configuration of the user who runs them.
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PHI_") }
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        process.terminationHandler = { [record] process in
            let isExit = process.terminationReason == .exit
            let status = isExit ? process.terminationStatus : 128 + process.terminationStatus
            record.change { $0.status = status }
        }
        try process.runUnblocked()
        processIdentifier = process.processIdentifier
        read(output) { record, line in
            record.output.append(line)
            if line.first == "{", let event = try? WireJSON.decode(EventMessage.self, from: line.utf8) {
                record.events.append(event)
            }
        }
        read(errors) { $0.errors.append($1) }
    }

    /// Reads lines on a separate thread, until the last writer has closed the pipe.
    private func read(_ pipe: Pipe, into note: @escaping @Sendable (inout Record, String) -> Void) {
        let handle = pipe.fileHandleForReading  // closes with its last reference
        Thread.detachNewThread { [record] in
            var rest: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 65_536)
            while true {  // until the end of the file, which comes when the program ends
                let count = Foundation.read(handle.fileDescriptor, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                rest += piece[..<count]
                while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: rest[..<newline], as: UTF8.self)
                    rest.removeFirst(newline + 1)
                    record.change { note(&$0, line) }
                }
            }
            let last = String(decoding: rest, as: UTF8.self)
            record.change { record in
                if !last.isEmpty { note(&record, last) }
                record.openStreams -= 1
            }
        }
    }

    var description: String { command }

    // MARK: Output

    var output: [String] { record.value.output }
    var errors: [String] { record.value.errors }
    var events: [EventMessage] { record.value.events }
    var transitions: [TransitionMessage] { events.compactMap(\.transition) }
    var suspicions: [TransitionMessage] { transitions.filter { $0.to == .suspected } }
    /// Resident memory in bytes; nil if the system has no `/proc`.
    var residentBytes: Int? {
        let lines = try? String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
        let line = lines?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// Whether the kernel has stopped the process, as after SIGSTOP; nil if the system has no `/proc`.
    private var isStopped: Bool? {
        guard let line = try? String(contentsOfFile: "/proc/\(processIdentifier)/stat", encoding: .utf8),
            let end = line.lastIndex(of: ")")
        else { return nil }
        return line[end...].dropFirst(2).first == "T"
    }

    /// Waits for the first line of standard error that satisfies a condition.
    func note(_ what: String, where isWanted: (String) throws -> Bool) async throws -> String {
        try await first("the remark “\(what)”") { try $0.errors.first(where: isWanted) }
    }
    /// Waits for the first line of standard output that satisfies a condition.
    @discardableResult
    func line(_ what: String, where isWanted: (String) throws -> Bool = { _ in true }) async throws -> String {
        try await first("the line “\(what)”") { try $0.output.first(where: isWanted) }
    }
    /// Waits until standard output has at least `count` lines, and returns all of them.
    @discardableResult
    func lines(_ count: Int) async throws -> [String] {
        try await first("\(count) lines") { $0.output.count >= count ? $0.output : nil }
    }
    /// Waits for the first transition of the node to the verdict that was printed after `earlier`.
    @discardableResult
    func transition(
        of node: String, to verdict: Verdict, after earlier: TransitionMessage? = nil
    ) async throws -> TransitionMessage {
        try await first("\(node) becoming \(verdict.rawValue)") { record in
            var later = record.events[...]
            if let earlier { later = later.drop { $0 != .transition(earlier) }.dropFirst() }
            return later.lazy.compactMap(\.transition).first { $0.node == node && $0.to == verdict }
        }
    }
    /// Waits for at least `count` events that satisfy a condition, and returns all of them.
    @discardableResult
    func events(
        _ what: String, count: Int = 1, where isWanted: (EventMessage) -> Bool
    ) async throws -> [EventMessage] {
        var (looked, found) = (0, [EventMessage]())  // checks each event once, since there may be thousands
        return try await first("\(count) × \(what)") { record in
            found += record.events[looked...].filter(isWanted)
            looked = record.events.count
            return found.count >= count ? found : nil
        }
    }
    /// Waits for the first notice with this code whose sequence number is above that of `earlier`.
    @discardableResult
    func notice(_ code: String, after earlier: EventMessage? = nil) async throws -> NoticeMessage {
        let since = earlier?.place.sequence ?? 0
        let found = try await events("notice \(code)") { $0.notice?.code == code && $0.place.sequence > since }
        return try #require(found.first?.notice)
    }
    /// Waits for the first result of `find` on the printed events.
    func events<Result>(_ find: ([EventMessage]) throws -> Result?) async throws -> Result {
        try await first("an event") { try find($0.events) }
    }
    /// Waits until the program has ended, and returns its exit status, or 128 + signal.
    func exit() async throws -> Int32 { try await first("its end", within: computationTimeout) { $0.end } }

    private func first<Result>(
        _ what: String, within timeout: Duration = testTimeout, _ find: (Record) throws -> Result?
    ) async throws -> Result {
        // A program that has ended prints nothing more, so waiting ends early.
        let found = try await record.first(within: timeout) { record in
            try find(record).map(Optional.some) ?? (record.end == nil ? nil : .some(nil))
        }
        guard let result = found ?? nil else { throw NeverCame(what: what, from: command, record: record.value) }
        return result
    }

    // MARK: Stopping and continuing

    /// Stops the process with SIGSTOP and continues it after `time`.
    /// - Returns: For how many seconds it was certainly stopped. On a busy machine this can exceed `time`.
    func freeze(for time: Duration) async throws -> Double {
        signal(SIGSTOP)
        try await eventually("\(command) is stopped") { isStopped ?? true }
        let start = ContinuousClock.now
        try await Task.sleep(for: time)
        let stopped = ContinuousClock.now - start
        signal(SIGCONT)
        return stopped / .seconds(1)
    }

    // MARK: Ending

    /// Sends SIGTERM.
    func terminate() { signal(SIGTERM) }
    /// Sends SIGKILL.
    func crash() { signal(SIGKILL) }
    func signal(_ number: Int32) {
        if record.value.status == nil { kill(processIdentifier, number) }
    }
}

/// Returns once a condition holds. Checks it ten times a second.
/// - Throws: `ConditionTimeout` if it does not hold within `testTimeout`.
func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + testTimeout
    while ContinuousClock.now < end {
        if try await isSo() { return }
        try await Task.sleep(for: .milliseconds(100))
    }
    throw ConditionTimeout(what: what)
}

struct ConditionTimeout: Error, CustomStringConvertible {
    let what: String
    var description: String { "waited in vain until \(what)" }
}

struct NeverCame: Error, CustomStringConvertible {
    let what: String
    let from: String
    let record: RunningProgram.Record
    var description: String {
        let status = record.end.map { "It ended with status \($0)" } ?? "It still runs"
        let said =
            ["\(status), and said:"] + record.output.suffix(40) + ["and on standard error:"] + record.errors.suffix(40)
        return "waited in vain for \(what) from “\(from)”. \(said.joined(separator: "\n    "))"
    }
}

extension Process {
    /// Runs the process with no signal blocked. The threads of Swift tasks block nearly all signals, and child
    /// processes inherit that.
    fileprivate func runUnblocked() throws {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}

extension EventMessage {
    var transition: TransitionMessage? {
        if case .transition(let message) = self { message } else { nil }
    }
    var notice: NoticeMessage? { if case .notice(let message) = self { message } else { nil } }
}
