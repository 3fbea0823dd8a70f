import Foundation
import HeartbeatProtocol
import PhiClient
import SystemClocks
import ZeroMQ

/// How long after its scheduled instant a suspicion is in its subscriber's hands: real processes, real sockets.
///
/// Starts the detector and a swarm whose nodes crash one after the other, subscribes, and prints one JSON object. Civil time
/// is that of the same machine, and of one clock.
@main
struct EventLatency {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let nodes = Int(arguments[2]), let crashes = Int(arguments[3]),
            let seconds = Int(arguments[4])
        else {
            print("usage: Events PHI NODES CRASHES SECONDS STATE")
            exit(64)
        }
        let cast = try Cast(phi: arguments[1], state: arguments[5])
        defer { cast.end() }
        let swarm = try cast.start([
            "swarm", "--to", cast.heartbeats, "--nodes", "\(nodes)", "--every", "1s", "--crash", "\(crashes)",
            "--for", "\(seconds)s", "--seed", "7",
        ])
        let subscriber = try Socket(.subscribe, in: Context())
        try subscriber.subscribe(to: Array(FeedTopic.prefix.utf8))
        try subscriber.connect(to: cast.events)
        var poller = Poller()
        _ = poller.add(subscriber)
        // Read afterwards: what a subscriber does with an event is not the feed's.
        var arrivals: [(at: Int64, json: [UInt8])] = []
        while swarm.isRunning {
            _ = try poller.wait(timeoutMilliseconds: 1000)
            while let frames = try subscriber.receiveMultipart(maximumFrames: 3) {
                arrivals.append((WallClock.now, frames.last ?? []))
            }
        }
        var (received, decided): ([Double], [Double]) = ([], [])
        for arrival in arrivals {
            guard case .transition(let event)? = try? WireJSON.decode(EventMessage.self, from: arrival.json),
                event.to == .suspected
            else { continue }
            received.append(Double(arrival.at - event.place.at.unixNanoseconds) / 1e3)
            decided.append(event.ownLateSeconds * 1e6)
        }
        print(
            """
            {"nodes": \(nodes), "suspicions": \(received.count), \
            "received_us": \(percentiles(received)), "decided_us": \(percentiles(decided))}
            """)
    }

    static func percentiles(_ values: [Double]) -> String {
        let ascending = values.sorted()
        func at(_ share: Double) -> Int {
            ascending.isEmpty ? -1 : Int(ascending[min(ascending.count - 1, Int(share * Double(ascending.count)))])
        }
        return #"{"p50": \#(at(0.5)), "p90": \#(at(0.9)), "p99": \#(at(0.99)), "max": \#(at(1))}"#
    }
}

/// A detector on free ports, and whoever else is started; all of them are ended.
final class Cast {
    private let phi: String
    private var programs: [Process] = []
    private(set) var heartbeats = ""
    private(set) var events = ""
    private(set) var control = ""

    init(phi: String, state: String) throws {
        self.phi = phi
        let log = Pipe()
        // Policies whose waits end within the run, though nodes were heard but for some seconds.
        let free = "tcp://127.0.0.1:*"
        try start(
            [
                "detect", "--heartbeats", free, "--events", free, "--control", free, "--level", "suspect=phi=3",
                "--state", state,
            ], errors: log)
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
        // What it says from now on is not read, and must not block it.
        log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    private static func line(of pipe: Pipe) throws -> String {
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") {
            guard let byte = try pipe.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else {
                throw CocoaError(.fileReadUnknown)  // it ended, and said why on standard error before
            }
            line += byte
        }
        return String(decoding: line, as: UTF8.self)
    }

    @discardableResult
    func start(_ arguments: [String], errors: Pipe? = nil) throws -> Process {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: phi)
        program.arguments = arguments
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
