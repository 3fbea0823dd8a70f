import Foundation
import Testing

/// Two network namespaces, connected by a virtual cable that can be cut.
struct CutCable {
    enum End: String { case near, far }
    /// IPv4 address of the near end.
    static let address = "10.213.7.1"
    private let name = "phi\(UInt16.random(in: .min ... .max))"

    static let isAllowed: Bool = {
        let name = "phi-try-\(ProcessInfo.processInfo.processIdentifier)"
        defer { run("netns", "del", name) }
        return getuid() == 0 && run("netns", "add", name)
    }()

    init() throws {
        for end in [End.near, .far] { try #require(Self.run("netns", "add", space(end))) }
        try #require(
            Self.run(
                "link", "add", "cable", "netns", space(.near), "type", "veth", "peer", "cable", "netns", space(.far)))
        for (end, address) in [(End.near, Self.address), (.far, "10.213.7.2")] {
            for command in [["addr", "add", "\(address)/30", "dev", "cable"], ["link", "set", "cable", "up"]]
                + [["link", "set", "lo", "up"]]
            { try #require(Self.run(["-n", space(end)] + command)) }
        }
    }

    func remove() { for end in [End.near, .far] { Self.run("netns", "del", space(end)) } }
    func set(up isUp: Bool) { Self.run("-n", space(.near), "link", "set", "cable", isUp ? "up" : "down") }
    /// Shell text that replaces the shell with a program in the namespace of one end.
    func entering(_ end: End) -> String { "exec ip netns exec \(space(end)) \"$0\" \"$@\"" }

    private func space(_ end: End) -> String { "\(name)-\(end.rawValue)" }

    @discardableResult
    private static func run(_ arguments: String...) -> Bool { run(arguments) }
    private static func run(_ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ip"] + arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
