import Foundation
import Synchronization
import Testing

/// Runs programs for one test, and ends all of them with the test, even if it fails.
final class TestBed: Sendable {
    /// The working folder of the programs, removed after the test.
    let folder: URL
    private let programs = Mutex<[RunningProgram]>([])

    static func run(_ body: (TestBed) async throws -> Void) async throws {
        let bed = try TestBed()
        do { try await body(bed) } catch {
            try? await bed.clear()  // the first error is the one to report
            throw error
        }
        try await bed.clear()
    }

    private init() throws {
        // Short, since the path of a local socket can have at most 107 bytes.
        folder = URL(fileURLWithPath: "/tmp/phi-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func clear() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let programs = programs.withLock { $0 }
        for program in programs { program.crash() }
        for program in programs { _ = try await program.exit() }
    }

    // MARK: Programs

    @discardableResult
    func phi(_ arguments: String...) throws -> RunningProgram { try phi(arguments) }
    func phi(_ arguments: [String]) throws -> RunningProgram { try start(try Self.phi, arguments) }

    /// `phi` with a limit on open files.
    func phi(openFiles: Int, _ arguments: [String]) throws -> RunningProgram {
        try phi(after: "ulimit -n \(openFiles)", arguments)
    }
    /// `phi` in place of a shell that ran `preparation` first.
    func phi(after preparation: String, _ arguments: [String]) throws -> RunningProgram {
        try start("/bin/sh", ["-c", "\(preparation); exec \"$0\" \"$@\"", try Self.phi] + arguments)
    }

    @discardableResult
    func python(_ script: PythonScript, _ arguments: String...) throws -> RunningProgram {
        try start(try #require(Self.python, Self.withoutPython), [script.path] + arguments)
    }

    private func start(_ path: String, _ arguments: [String]) throws -> RunningProgram {
        let program = try RunningProgram(path, arguments, in: folder)
        programs.withLock { $0.append(program) }
        return program
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }
    func contents(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    // MARK: Locations

    /// The executable that was built together with these tests.
    private static var phi: String {
        get throws {
            let folders = (Bundle.allBundles + [.main]).compactMap { $0.executableURL ?? $0.bundleURL }.flatMap {
                // On macOS the tests are three folders deep in a bundle.
                sequence(first: $0) { $0.deletingLastPathComponent() }.prefix(5).dropFirst()
            }
            let candidates = folders.map { $0.appendingPathComponent("phi").path }
            return try #require(
                candidates.first { FileManager.default.isExecutableFile(atPath: $0) && !isFolder($0) },
                "phi was not built")
        }
    }
    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The package's folder.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Path of a Python with pyzmq, from `PHI_PYTHON`.
    static let python = ProcessInfo.processInfo.environment["PHI_PYTHON"]
    static let hasPython = python != nil
    static let withoutPython: Comment = "needs a Python with pyzmq in PHI_PYTHON: run tools/test"
}

/// A Python program of this repository.
struct PythonScript {
    let path: String

    /// A public example.
    static func example(_ name: String) -> PythonScript {
        PythonScript(path: TestBed.root + "/examples/python/\(name).py")
    }
    /// A script in `Tests/SystemTests/Scripts`.
    static func own(_ name: String) -> PythonScript {
        PythonScript(path: TestBed.root + "/Tests/SystemTests/Scripts/\(name).py")
    }
}
