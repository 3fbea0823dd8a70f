import PhiAccrual

/// The heartbeats of many nodes in order of arrival, generated from a seed.
///
/// Each node sends once a second on its own schedule. The standard deviation of delays is 50 ms. One heartbeat in 200
/// is lost. One in 2,000 is delayed for longer and delays those behind it, so that the distributions that detectors
/// learn have a tail.
struct HeartbeatStream {
    private var senders: [Sender]
    private var random: SplitMix64
    private var arrived: [Sender.Message] = []  // in order of arrival
    private var taken = 0  // number of messages of `arrived` that were returned
    private var horizon: Int64 = 0  // ns; `arrived` was filled up to this instant

    var keys: [NodeKey] { senders.map(\.key) }

    init(nodes: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        senders = (0..<nodes).map { _ in Sender(using: &random) }
        self.random = random
    }

    /// The next `count` heartbeats, in the batches that a service would read after the first one woke it.
    mutating func next(_ count: Int) -> Segment {
        var segment = Segment()
        while segment.heartbeats.count < count {
            if taken == arrived.count { refill() }
            let end = min(arrived.count, taken + count - segment.heartbeats.count)
            for message in arrived[taken..<end] { segment.append(message) }
            taken = end
        }
        return segment
    }

    private mutating func refill() {
        arrived.removeAll(keepingCapacity: true)
        taken = 0
        horizon += Sender.interval
        for index in senders.indices {
            while senders[index].next.arrival < horizon {
                arrived.append(senders[index].next)
                senders[index].send(using: &random)
            }
        }
        arrived.sort { $0.arrival < $1.arrival }
    }
}

/// A part of the stream.
struct Segment {
    struct Batch {
        /// The instant of the read: the arrival of the batch's last heartbeat.
        var now: Instant
        var range: Range<Int>
    }
    private(set) var heartbeats: [Heartbeat] = []
    private(set) var batches: [Batch] = []
    private var firstArrival: Int64 = .min  // ns; first arrival of the last batch

    /// The time that a service needs to wake up and read.
    private static let batchTime: Int64 = 5_000_000  // ns

    fileprivate mutating func append(_ message: Sender.Message) {
        let index = heartbeats.count
        heartbeats.append(Heartbeat(key: message.key, sequence: message.sequence))
        let now = Instant(nanoseconds: message.arrival)
        if let last = batches.indices.last, message.arrival - firstArrival < Self.batchTime {
            batches[last] = Batch(now: now, range: batches[last].range.lowerBound..<index + 1)
        } else {
            firstArrival = message.arrival
            batches.append(Batch(now: now, range: index..<index + 1))
        }
    }
}

/// One node of the stream, with its next heartbeat to arrive.
private struct Sender {
    struct Message {
        var key: NodeKey
        var sequence: UInt32
        var arrival: Int64  // ns
    }
    static let interval: Int64 = 1_000_000_000  // ns
    private static let delay = 200e6  // ns
    private static let deviation = 50e6  // ns
    /// Schedules start within this time, so that work done at every 32nd or 100th heartbeat is not done for all nodes
    /// at once.
    private static let starts: Int64 = 200_000_000_000  // ns

    let key: NodeKey
    private(set) var next: Message
    private var sending: Int64  // ns

    init(using random: inout SplitMix64) {
        key = NodeKey(rawValue: random.next())
        sending = Int64.random(in: 0..<Self.starts, using: &random)
        next = Message(key: key, sequence: 0, arrival: sending)
    }

    mutating func send(using random: inout SplitMix64) {
        repeat {
            next.sequence &+= 1
            sending += Self.interval
        } while UInt64.random(in: 0..<200, using: &random) == 0
        // Arrivals stay in order, as on one connection: a delayed heartbeat holds up the ones after it.
        next.arrival = max(next.arrival + 1000, sending + Self.randomDelay(using: &random))
    }

    private static func randomDelay(using random: inout SplitMix64) -> Int64 {
        // The sum of four uniform 16-bit numbers is nearly normal. Its standard deviation is 2¹⁶ / √3.
        let bits = random.next()
        let sum = (0..<4).reduce(0.0) { $0 + Double((bits >> UInt64(16 * $1)) & 0xFFFF) }
        let usual = delay + deviation * (sum / 0x1p16 - 2) * 3.0.squareRoot()
        guard UInt64.random(in: 0..<2000, using: &random) == 0 else { return Int64(usual) }
        // From 0.5 s on, each doubling is half as likely, up to 32 s.
        let doublings = min(5, random.next().trailingZeroBitCount)
        return Int64(usual + 0.5e9 * Double(1 << doublings) * Double.random(in: 1..<2, using: &random))
    }
}
