import EventLoop
import HeartbeatProtocol
import Logging
import PhiAccrual
import Platform
import ReceivingService
import ZeroMQ

/// The thread of a relay: it owns all sockets.
///
/// One turn: wait, forward everything that has arrived, sleep while more heartbeats gather. libzmq writes to a
/// connection whatever is pending for it, so heartbeats that are forwarded together are sent together.
struct RelayRun: ~Copyable {
    /// Frames per turn, so that subscriptions and a stop are handled.
    private static let framesPerTurn = 4096
    private enum Loss: String { case absent, slow }
    private struct Lost: Hashable {
        var detector: Int
        var reason: Loss
    }

    private var loop: EventLoop
    private let receiver: RelayReceiver
    private let senders: [RelaySender]
    private let gather: timespec
    private let published: PublishedCounts
    private let logger: Logger
    private var message = Message()
    private var counts: RelayCounts
    private var malformed = RateLimitedLog<MalformedHeartbeat>()
    private var lost = RateLimitedLog<Lost>()
    private var subscribed = RateLimitedLog<Int>()
    private var refusals = RateLimitedLog<Int32>()

    init(
        receiver: consuming RelayReceiver, senders: [RelaySender], gather: Duration, published: PublishedCounts,
        logger: Logger, stop: WakeUp
    ) {
        loop = EventLoop(until: stop)
        receiver.add(to: &loop)
        for sender in senders { sender.add(to: &loop) }
        self.receiver = receiver
        (self.senders, self.published, self.logger) = (senders, published, logger)
        self.gather = timespec(
            tv_sec: Int(gather.nanoseconds / 1_000_000_000), tv_nsec: Int(gather.nanoseconds % 1_000_000_000))
        counts = published.counts.withLock { $0 }
    }

    mutating func run() throws {
        while true {
            try loop.wait(until: nil)
            let now = MonotonicClock.now
            try forwardSubscriptions(at: now)
            let isEmpty = try forward(at: now)
            try logRefusals(at: now)
            if loop.isStopped { return }
            if isEmpty { waitForMore() }
        }
    }

    private func waitForMore() {
        guard gather.tv_sec > 0 || gather.tv_nsec > 0 else { return }
        var time = gather
        nanosleep(&time, nil)  // a sleep that a signal ends is only shorter
    }

    /// A detector that subscribes does not know the nodes' names yet.
    private mutating func forwardSubscriptions(at now: Instant) throws(ZeroMQError) {
        var isNew = false
        for (index, sender) in senders.enumerated() where try sender.drainSubscriptions() {
            isNew = true
            subscribed.count(index, at: now) { [logger, counts] _ in
                logger.info("detector subscribed", metadata: ["detector": "\(counts.detectors[index].endpoint)"])
            }
        }
        if isNew { try receiver.repeatSubscription() }
    }

    /// Forwards pending frames. Returns whether these were all.
    private mutating func forward(at now: Instant) throws(ZeroMQError) -> Bool {
        let before = counts.detectors
        var isEmpty = false
        for _ in 0..<Self.framesPerTurn {
            guard try receiver.receive(into: &message) else {
                isEmpty = true
                break
            }
            try forwardFrame(at: now)
        }
        for (index, (old, new)) in zip(before, counts.detectors).enumerated() {
            logLoss(Lost(detector: index, reason: .absent), times: new.absent - old.absent, at: now)
            logLoss(Lost(detector: index, reason: .slow), times: new.slow - old.slow, at: now)
        }
        counts.malformed = malformed.counts
        published.counts.withLock { $0 = counts }
        return isEmpty
    }

    private mutating func forwardFrame(at now: Instant) throws(ZeroMQError) {
        var isMultipart = false
        while message.hasMore {
            isMultipart = true
            guard try receiver.receive(into: &message) else { break }
        }
        let key: NodeKey
        do throws(MalformedHeartbeat) {
            if isMultipart { throw .multipart }
            // The announcement at the end of a long frame is left to the detector, which parses it only when it
            // changes.
            key = try message.withUnsafeBytes { (bytes) throws(MalformedHeartbeat) in
                try HeartbeatFrame.decode(bytes).heartbeat.key
            }
        } catch { return malformed.dropped(for: error, at: now, logger: logger) }
        counts.heartbeats += 1
        // Copied: a long frame that is forwarded as it is keeps 8 KiB of libzmq's memory in use while it is pending.
        for (index, sender) in senders.enumerated() {
            if !sender.isSubscribed {
                counts.detectors[index].absent += 1
            } else if !sender.wants(key) {
                counts.detectors[index].unwanted += 1
            } else if try message.withUnsafeBytes({ (bytes) throws(ZeroMQError) in try sender.send(bytes) }) {
                counts.detectors[index].sent += 1
            } else {
                counts.detectors[index].slow += 1
            }
        }
    }

    private mutating func logLoss(_ loss: Lost, times: Int64, at now: Instant) {
        guard times > 0 else { return }
        lost.count(loss, times: times, at: now) { [logger, counts] count in
            let metadata: Logger.Metadata = [
                "detector": "\(counts.detectors[loss.detector].endpoint)", "count": "\(count)",
            ]
            switch loss.reason {
            case .absent:
                logger.warning(
                    "dropped \(counted(count, "heartbeat")): the detector is not connected", metadata: metadata)
            case .slow:
                logger.warning(
                    "dropped \(counted(count, "heartbeat")): they arrive faster than the detector receives them",
                    metadata: metadata)
            }
        }
    }

    private mutating func logRefusals(at now: Instant) throws(ZeroMQError) {
        // Bounded, so that heartbeats get their turn.
        for _ in 0..<1000 {
            guard let code = try receiver.refusal() else { return }
            refusals.refused(for: code, at: now, alternative: "use another relay", logger: logger)
        }
    }
}
