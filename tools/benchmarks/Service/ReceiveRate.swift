import EventLoop
import Foundation
import HeartbeatProtocol
import PhiAccrual
import PhiClient
import ZeroMQ

/// How many heartbeats per second a detector receives, compared with a loop that only receives them.
///
/// Both run as separate processes, and the same flood sends as much as they accept. Prints one JSON object per round,
/// with the processor time of each side per second.
enum ReceiveRate {
    /// Until all connections are established and every node is known.
    private static let warmUp: Duration = .seconds(5)
    private static let rounds = 3

    static func measure(phi: String, connections: Int, seconds: Int) throws {
        for _ in 0..<rounds {
            let alone = try measureAlone(connections, seconds)
            let service = try measureService(phi, connections, seconds)
            print("{\"connections\": \(connections), \"alone\": \(alone), \"service\": \(service)}")
        }
    }

    private static func measureService(_ phi: String, _ connections: Int, _ seconds: Int) throws -> Sample {
        let cast = try ProcessGroup(phi: phi, ["--state", "none"])
        defer { cast.end() }
        var control = try ControlClient(endpoint: Endpoint(cast.control))
        let flood = try startFlood(cast, to: cast.heartbeats, connections, seconds)
        return try sample(receiver: cast.detector, flood, seconds) {
            try control.status(within: .seconds(10)).heartbeats.values.reduce(0, +)
        }
    }

    private static func measureAlone(_ connections: Int, _ seconds: Int) throws -> Sample {
        let cast = ProcessGroup()
        defer { cast.end() }
        let (orders, answers) = (Pipe(), Pipe())
        let receiver = try cast.start(["receive"], of: ownPath, input: orders, output: answers)
        let flood = try startFlood(cast, to: try ProcessGroup.line(of: answers), connections, seconds)
        return try sample(receiver: receiver, flood, seconds) {
            try orders.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
            return Int64(try ProcessGroup.line(of: answers)) ?? 0
        }
    }

    private static var ownPath: String { CommandLine.arguments[0] }

    private static func startFlood(
        _ cast: ProcessGroup, to endpoint: String, _ connections: Int, _ seconds: Int
    ) throws -> Process {
        try cast.start(["flood", endpoint, "\(connections)", "\(seconds + 60)"], of: ownPath)
    }

    private static func sample(
        receiver: Process, _ flood: Process, _ seconds: Int, received: () throws -> Int64
    ) throws -> Sample {
        Thread.sleep(forTimeInterval: warmUp.nanoseconds.seconds)
        let (start, before, receiverBefore, floodBefore) = (
            MonotonicClock.now, try received(), processorSeconds(receiver), processorSeconds(flood)
        )
        Thread.sleep(forTimeInterval: Double(seconds))
        let count = try received() - before
        let time = (MonotonicClock.now - start).nanoseconds.seconds
        return Sample(
            perSecond: Double(count) / time, receiver: (processorSeconds(receiver) - receiverBefore) / time,
            flood: (processorSeconds(flood) - floodBefore) / time)
    }

    private static func printLine(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    /// Receives all messages and does nothing else, in batches with one timestamp each, like a detector. Prints the
    /// number of messages so far for each line that it reads.
    static func receiveAlone() throws {
        let socket = try Socket(.subscribe, in: Context())
        try socket.set(.receiveHighWaterMark, to: 4096)
        try socket.set(.backlog, to: 4096)
        try socket.subscribe(to: [])
        try socket.bind(to: "tcp://127.0.0.1:*")
        printLine(try socket.lastEndpoint().address)
        var poller = Poller()
        let heard = poller.add(socket)
        let asked = poller.add(fileDescriptor: 0)
        var message = Message()
        var (count, stamp): (Int64, Int64) = (0, 0)
        while true {
            _ = try poller.wait(timeoutMilliseconds: nil)
            while poller.isReadable(heard), try socket.receive(into: &message) {
                count += 1
                if count % 256 == 0 {
                    stamp = MonotonicClock.now.nanoseconds
                    if count % 4096 == 0 { break }
                }
            }
            if poller.isReadable(asked) {
                guard readLine() != nil, stamp >= 0 else { return }
                printLine("\(count)")
            }
        }
    }
}

/// One measurement over some seconds.
private struct Sample: CustomStringConvertible {
    var perSecond: Double
    /// Number of processors that each side kept busy.
    var receiver: Double
    var flood: Double

    var description: String {
        "{\"per_second\": \(Int(perSecond)), \"receiver_processors\": \(receiver), \"flood_processors\": \(flood)}"
    }
}

/// The processor time that a process has used so far, in seconds; Linux only.
private func processorSeconds(_ process: Process) -> Double {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)) ?? ""
    // Fields 14 and 15 of proc(5). They follow the process name, which may contain any character.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
}
