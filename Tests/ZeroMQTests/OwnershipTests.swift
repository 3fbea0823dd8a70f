import Foundation
import Testing

@Suite(.enabled(if: Compiler.isUsable, "needs swiftc on PATH, and the folder Modules of this build beside the tests"))
struct `The compiler` {
    @Test(arguments: [
        """
        func share(_ socket: consuming Socket) throws {
            let one = try SocketThread(name: "one") { _ = try? socket.send([1]) }
            let two = try SocketThread(name: "two") { _ = try? socket.send([2]) }
            one.join()
            two.join()
        }
        """,
        """
        func share(in context: Context) throws {
            let socket = try Socket(.push, in: context)
            let one: @Sendable () -> Void = { _ = try? socket.send([1]) }
            let two: @Sendable () -> Void = { _ = try? socket.send([2]) }
            one()
            two()
        }
        """,
        """
        func share(in context: Context) async throws {
            let socket = try Socket(.push, in: context)
            async let sent = socket.send([1])
            try socket.send([2])
            _ = try await sent
        }
        """,
        """
        func keep(in context: Context) throws {
            let socket = try Socket(.push, in: context)
            let thread = try SocketThread(name: "owner", owning: socket) { _ = try? $0.send([1]) }
            try socket.send([2])
            thread.join()
        }
        """,
        """
        func copy(in context: Context) throws {
            let socket = try Socket(.push, in: context)
            let copy = socket
            try socket.send([1])
            try copy.send([2])
        }
        """,
        """
        func keepPolling(in context: Context) throws {
            let socket = try Socket(.push, in: context)
            var poller = Poller()
            poller.add(socket)
            let thread = try SocketThread(name: "owner", owning: socket) { _ = try? $0.send([1]) }
            try poller.wait(timeoutMilliseconds: 0)
            thread.join()
        }
        """,
    ]) func `rejects two owners of one socket`(source: String) throws {
        let (succeeded, output) = try Compiler.check("import EventLoop\nimport ZeroMQ\n" + source)
        #expect(!succeeded)
        #expect(
            [
                "non-Sendable", "noncopyable", "used after consume", "consumed more than once",
                "risks causing data races",
            ]
            .contains { output.contains("error: ") && output.contains($0) }, "\(output)")
    }

    @Test func `accepts one owner after the other`() throws {
        let (succeeded, output) = try Compiler.check(
            """
            import EventLoop
            import ZeroMQ
            func move(in context: Context) throws {
                let socket = try Socket(.push, in: context)
                try socket.send([1])
                try SocketThread(name: "owner", owning: socket) { _ = try? $0.send([2]) }.join()
            }
            """)
        #expect(succeeded, "\(output)")
    }

    @Test func `accepts the example in the documentation`() throws {
        let page = try String(
            contentsOf: Compiler.sources.appending(path: "ZeroMQ/ZeroMQ.docc/ZeroMQ.md"), encoding: .utf8)
        let example = try #require(page.components(separatedBy: "```swift\n").dropFirst().first)
        let (succeeded, output) = try Compiler.check(try #require(example.components(separatedBy: "\n```").first))
        #expect(succeeded, "\(output)")
    }
}

/// The swiftc on PATH, set up to import the modules that these tests were built with.
private enum Compiler {
    static let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
        .standardized

    static var isUsable: Bool {
        swiftc != nil && FileManager.default.fileExists(atPath: modules.appending(path: "ZeroMQ.swiftmodule").path)
    }

    /// Compiles through the passes that check ownership and sending. `-typecheck` stops before them.
    static func check(_ source: String) throws -> (succeeded: Bool, output: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ownership-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "Snippet.swift")
        try source.write(to: file, atomically: true, encoding: .utf8)

        let process = Process()
        let output = Pipe()
        process.executableURL = swiftc
        let modulesOfC = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
            .filter { FileManager.default.fileExists(atPath: $0.appending(path: "module.modulemap").path) }
        process.arguments =
            ["-swift-version", "6", "-parse-as-library", "-emit-sil", "-o", "/dev/null", "-I", modules.path]
            + modulesOfC.flatMap { ["-I", $0.path] } + [file.path]
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus == 0, text)
    }

    private static let modules = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "Modules")

    private static let swiftc = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { URL(filePath: String($0)).appending(path: "swiftc") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }
}
