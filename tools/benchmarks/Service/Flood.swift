import EventLoop
import Foundation
import HeartbeatProtocol
import PhiAccrual
import ZeroMQ

/// Sends heartbeats of many nodes as fast as the receiver accepts them: over one connection with many per segment, or
/// over one connection per node with one per segment.
struct Flood: ~Copyable {
    static let fewestNodes = 10_000
    /// How many times each node announces its name before it sends compact heartbeats.
    private static let announcements = 3

    private var sockets: [Outlet] = []
    private var frames: [[UInt8]] = []
    private var announcements: [[UInt8]] = []

    // A class, because arrays cannot contain non-copyable sockets.
    private final class Outlet {
        let socket: Socket
        init(_ context: Context, queue: Int32, to endpoint: Endpoint) throws {
            let socket = try Socket(.publish, in: context)
            try socket.set(.sendHighWaterMark, to: queue)
            try socket.set(.xpublishNoDrop, to: 1)
            try socket.connect(to: endpoint)
            self.socket = socket
        }
    }

    init(to endpoint: Endpoint, connections: Int, nodes: Int) throws {
        let context = try Context(maximumSockets: Int32(connections + 10))
        let queue: Int32 = connections > 1 ? 16 : 20_000
        for index in 0..<connections {
            sockets.append(try Outlet(context, queue: queue, to: endpoint))
            if index % 500 == 499 { Thread.sleep(forTimeInterval: 0.05) }  // stay within the listener's backlog
        }
        for number in 0..<max(connections, nodes) {
            let identity = try NodeIdentity(group: "flood", name: "node-\(number)")
            let heartbeat = Heartbeat(
                key: NodeKey(of: identity), incarnation: 1, sequence: 0, announcedInterval: 1_000_000_000)
            frames.append(HeartbeatFrame.encode(heartbeat))
            announcements.append(
                HeartbeatFrame.encode(heartbeat, announcing: try NodeAnnouncement(identity: identity, labels: [:])))
        }
        Thread.sleep(forTimeInterval: 1)  // until subscriptions have arrived
    }

    mutating func run(seconds: Int) throws {
        let end = MonotonicClock.now + .seconds(seconds)
        var sequence: UInt32 = 0
        while MonotonicClock.now < end {
            sequence &+= 1
            try sendEach(sequence, announcing: sequence <= Self.announcements)
        }
    }

    private mutating func sendEach(_ sequence: UInt32, announcing: Bool) throws {
        var refused = 0
        for number in frames.indices {
            withUnsafeBytes(of: sequence.littleEndian) { bytes in
                for place in 0..<4 {
                    if announcing { announcements[number][20 + place] = bytes[place] }
                    frames[number][20 + place] = bytes[place]
                }
            }
            let outlet = sockets[number % sockets.count]
            while try !outlet.socket.send(announcing ? announcements[number] : frames[number]) {
                refused += 1
                guard sockets.count == 1 || refused > 1000 else { break }  // this outlet's next frame may find room
                refused = 0
                usleep(200)
                if sockets.count > 1 { break }
            }
        }
    }
}
