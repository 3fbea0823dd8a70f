import Foundation

/// A detector on free ports and other started processes. `end` terminates all of them.
final class ProcessGroup {
    private let phi: String
    private var programs: [Process] = []
    private(set) var detector = Process()
    private(set) var heartbeats = ""
    private(set) var events = ""
    private(set) var control = ""

    init() { phi = "" }

    /// - Parameter options: Additional options of `phi detect`.
    init(phi: String, _ options: [String]) throws {
        self.phi = phi
        let log = Pipe()
        let free = "tcp://127.0.0.1:*"
        detector = try start(
            ["detect", "--heartbeats", free, "--events", free, "--control", free] + options, errors: log)
        var line = ""
        repeat { line = try Self.line(of: log) } while !line.contains("message=ready")
        for field in line.split(whereSeparator: \.isWhitespace) {
            let pair = field.split(separator: "=", maxSplits: 1).map(String.init)
            switch pair.first {
            case "heartbeats": heartbeats = pair.last ?? ""
            case "events": events = pair.last ?? ""
            case "control": control = pair.last ?? ""
            default: break
            }
        }
        // Drain the rest of the log, so that a full pipe never blocks the detector.
        log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    static func line(of pipe: Pipe) throws -> String {
        var line: [UInt8] = []
        while true {
            guard let byte = try pipe.fileHandleForReading.read(upToCount: 1)?.first else {
                throw CocoaError(.fileReadUnknown)  // the process ended, after reporting the reason on standard error
            }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// - Parameter path: Path of the program; nil: `phi`.
    @discardableResult
    func start(
        _ arguments: [String], of path: String? = nil, input: Pipe? = nil, output: Pipe? = nil, errors: Pipe? = nil
    ) throws -> Process {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: path ?? phi)
        program.arguments = arguments
        if let input { program.standardInput = input }
        if let output { program.standardOutput = output }
        program.standardError = errors ?? FileHandle.nullDevice
        try program.run()
        programs.append(program)
        return program
    }

    func end() {
        for program in programs where program.isRunning { program.terminate() }
        for program in programs { program.waitUntilExit() }
    }
}
