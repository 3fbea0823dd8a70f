import EventLoop
import HeartbeatProtocol
import Logging
import ReceivingService
import ServiceLifecycle
import Synchronization
import ZeroMQ

/// Connects many nodes to each detector through one connection, so that many heartbeats share a TCP segment.
///
/// Heartbeats are forwarded byte for byte, those of one node in order. Other frames are dropped and counted.
/// `docs/relay.md` explains when a relay is worth using.
public final class HeartbeatRelay: Service {
    public struct Configuration: Hashable, Sendable {
        /// Endpoints to bind, for nodes that connect.
        public var from: [Endpoint] = []
        /// Detectors, or further relays, to connect to.
        public var to: [Endpoint] = []
        /// How long a heartbeat may wait for others to be sent with: from 0 to 1 s.
        public var gather: Duration = .microseconds(500)
        public init() {}
    }
    /// Endpoints bound, with wildcards resolved.
    public let boundEndpoints: [Endpoint]
    private let published: PublishedCounts
    private let stopping: WakeUp
    private let failure = ThreadFailure()
    private let thread: SocketThread

    /// Binds and starts.
    /// - Throws: `InvalidRelay`, or `ZeroMQError` for an endpoint that cannot be used; then nothing is left running.
    public init(_ configuration: Configuration, logger: Logger) throws {
        if let reason = configuration.mistake { throw InvalidRelay(reason: reason) }
        let context = try Context()
        let receiver = try RelayReceiver(bind: configuration.from, in: context)
        var senders: [RelaySender] = []
        for endpoint in configuration.to { senders.append(try RelaySender(to: endpoint, in: context)) }
        boundEndpoints = receiver.bound
        let (stopping, published) = (try WakeUp(), PublishedCounts(detectors: configuration.to))
        (self.stopping, self.published) = (stopping, published)
        let run = RelayRun(
            receiver: receiver, senders: senders, gather: configuration.gather, published: published, logger: logger,
            stop: stopping)
        thread = try SocketThread(name: "phi-relay", owning: run) { [failure] run in
            var run = run
            failure.catching { try run.run() }
        }
    }

    deinit { stopping.signal() }

    /// What happened to frames so far.
    public var counts: RelayCounts { published.counts.withLock { $0 } }

    /// Runs until the task is cancelled or the service group shuts down, and then stops.
    /// - Throws: The error that ended its thread before that.
    public func run() async throws {
        await failure.waitOrShutDown()
        stop()
        if let error = failure.error { throw error }
    }

    /// Stops, and returns when the thread has ended.
    public func stop() {
        stopping.signal()
        thread.join()
    }
}

/// What happened to the frames that a relay received.
public struct RelayCounts: Hashable, Sendable {
    public struct Detector: Hashable, Sendable {
        public var endpoint: Endpoint
        /// Forwarded to it.
        public var sent: Int64 = 0
        /// Not forwarded: the detector has another shard and did not subscribe to these nodes.
        public var unwanted: Int64 = 0
        /// Dropped while it had no subscription: it was not connected.
        public var absent: Int64 = 0
        /// Dropped because its queue was full: the detector, or the network, is slower than the heartbeats.
        public var slow: Int64 = 0
    }
    /// Heartbeats received.
    public var heartbeats: Int64 = 0
    /// Frames that are no heartbeats, dropped.
    public var malformed: [MalformedHeartbeat: Int64] = [:]
    /// In the order of the configuration.
    public var detectors: [Detector]
}

/// The counts, for other threads to read.
final class PublishedCounts: Sendable {
    let counts: Mutex<RelayCounts>

    init(detectors: [Endpoint]) { counts = Mutex(RelayCounts(detectors: detectors.map { .init(endpoint: $0) })) }
}

/// A relay configuration that cannot be used.
public struct InvalidRelay: Error, Hashable, Sendable, CustomStringConvertible {
    public let reason: String
    public var description: String { reason }
}

extension HeartbeatRelay.Configuration {
    /// Why the configuration is invalid; nil if it is valid.
    public var mistake: String? {
        if from.isEmpty { return "--from is missing: name an endpoint to bind for nodes, such as tcp://*:7720" }
        if to.isEmpty { return "--to is missing: name a detector to connect to, such as tcp://127.0.0.1:7710" }
        let addresses = to.map(\.address)
        if let twice = Set(addresses).first(where: { address in addresses.count { $0 == address } > 1 }) {
            return "--to \(twice) is given twice: name each detector once"
        }
        guard (.zero ... .seconds(1)).contains(gather) else {
            return "--gather \(gather) is out of range: give a time from 0s to 1s"
        }
        for (inward, outward) in from.flatMap({ inward in to.map { (inward, $0) } }) where meets(inward, outward) {
            return "--to \(outward) is this relay's own endpoint \(inward): heartbeats would circulate forever; "
                + "bind the relay to another port, such as tcp://*:7720"
        }
        return nil
    }

    /// Whether messages to `connected` arrive at `bound`, as far as the texts of the endpoints show.
    private func meets(_ bound: Endpoint, _ connected: Endpoint) -> Bool {
        if bound.address == connected.address { return !bound.address.hasSuffix(":*") }
        guard let (host, port) = hostAndPort(bound.address), let (other, otherPort) = hostAndPort(connected.address)
        else {
            return false
        }
        let everything: [Substring] = ["*", "0.0.0.0", "[::]"]
        let ownNames: [Substring] = ["127.0.0.1", "localhost", "[::1]"]
        return port == otherPort && ownNames.contains(other) && (everything + ownNames).contains(host)
    }
    private func hostAndPort(_ address: String) -> (host: Substring, port: Substring)? {
        guard address.hasPrefix("tcp://"), let colon = address.lastIndex(of: ":") else { return nil }
        return (address[..<colon].dropFirst("tcp://".count), address[address.index(after: colon)...])
    }
}
