import PhiAccrual

/// The heartbeats of many nodes in the order of their arrival, made from a seed.
///
/// Each node sends once a second on a schedule of its own. Delays deviate by 50 ms; one heartbeat in 200 is lost; one in
/// 2,000 is held up for longer, and those behind it with it, so that what detectors learn has a tail.
struct HeartbeatStream {
    private var senders: [Sender]
    private var random: SplitMix64
    private var arrived: [Sender.Message] = []  // in the order of arrival
    private var taken = 0  // of those
    private var horizon: Int64 = 0  // ns; what arrives before it is in `arrived`

    var keys: [NodeKey] { senders.map(\.key) }

    init(nodes: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        senders = (0..<nodes).map { _ in Sender(using: &random) }
        self.random = random
    }

    /// The next so many heartbeats, in batches as a service reads them that is woken by the first.
    mutating func next(_ count: Int) -> Stretch {
        var stretch = Stretch()
        while stretch.heartbeats.count < count {
            if taken == arrived.count { refill() }
            let end = min(arrived.count, taken + count - stretch.heartbeats.count)
            for message in arrived[taken..<end] { stretch.append(message) }
            taken = end
        }
        return stretch
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
struct Stretch {
    struct Batch {
        /// When it was read: at the arrival of its last heartbeat.
        var now: Instant
        var range: Range<Int>
    }
    private(set) var heartbeats: [Heartbeat] = []
    private(set) var batches: [Batch] = []
    private var firstArrival: Int64 = .min  // ns; of the last batch

    /// How long a service takes to wake up and read.
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

/// One node of the stream, with the heartbeat of it that arrives next.
private struct Sender {
    struct Message {
        var key: NodeKey
        var sequence: UInt32
        var arrival: Int64  // ns
    }
    static let interval: Int64 = 1_000_000_000  // ns
    private static let delay = 200e6  // ns
    private static let deviation = 50e6  // ns
    /// Schedules start within this time: work done at every 32nd or 100th heartbeat is not everybody's at once.
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
        // In order, as on one connection: behind a heartbeat held up wait the ones after it.
        next.arrival = max(next.arrival + 1000, sending + Self.randomDelay(using: &random))
    }

    private static func randomDelay(using random: inout SplitMix64) -> Int64 {
        // The sum of four even 16-bit numbers is nearly normal. Its deviation is 2¹⁶ / √3.
        let bits = random.next()
        let sum = (0..<4).reduce(0.0) { $0 + Double((bits >> UInt64(16 * $1)) & 0xFFFF) }
        let usual = delay + deviation * (sum / 0x1p16 - 2) * 3.0.squareRoot()
        guard UInt64.random(in: 0..<2000, using: &random) == 0 else { return Int64(usual) }
        // From 0.5 s on, half as often for twice as long, up to 32 s.
        let doublings = min(5, random.next().trailingZeroBitCount)
        return Int64(usual + 0.5e9 * Double(1 << doublings) * Double.random(in: 1..<2, using: &random))
    }
}
