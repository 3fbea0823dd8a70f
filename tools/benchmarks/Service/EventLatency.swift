import EventLoop
import Foundation
import HeartbeatProtocol
import PhiClient
import ZeroMQ

/// How long after its scheduled instant a suspicion reaches its subscriber, with real processes and real sockets.
///
/// Starts the detector and a swarm whose nodes crash one after another, subscribes, and prints one JSON object. All
/// processes use the wall clock of the same machine.
enum EventLatency {
    static func measure(phi: String, nodes: Int, crashes: Int, seconds: Int, state: String) throws {
        // The policy has timeouts that expire within the run, although nodes are heard for only a few seconds.
        let cast = try ProcessGroup(phi: phi, ["--level", "suspect=phi=3", "--state", state])
        defer { cast.end() }
        let swarm = try cast.start([
            "swarm", "--to", cast.heartbeats, "--nodes", "\(nodes)", "--every", "1s", "--crash", "\(crashes)",
            "--for", "\(seconds)s", "--seed", "7",
        ])
        let timer = try IsolatedTimer()
        let subscriber = try Socket(.subscribe, in: Context())
        try subscriber.set(.receiveHighWaterMark, to: 0)  // at the end all other nodes leave at the same time
        try subscriber.subscribe(to: Array(FeedTopic.prefix.utf8))
        try subscriber.connect(to: Endpoint(cast.events))
        var poller = Poller()
        _ = poller.add(subscriber)
        // Events are decoded afterwards, so that this work does not add to the latency of the feed.
        var arrivals: [(at: Int64, json: [UInt8])] = []
        while swarm.isRunning {
            _ = try poller.wait(timeoutMilliseconds: 1000)
            while let frames = try subscriber.receiveMultipart(maximumFrames: 3) {
                arrivals.append((WallClock.now, frames.last ?? []))
            }
        }
        let timerLateness = timer.end()
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
            "received_us": \(percentiles(received)), "decided_us": \(percentiles(decided)), \
            "timer_us": \(percentiles(timerLateness))}
            """)
    }

    private static func percentiles(_ values: [Double]) -> String {
        let ascending = values.sorted()
        func at(_ share: Double) -> Int {
            ascending.isEmpty ? -1 : Int(ascending[min(ascending.count - 1, Int(share * Double(ascending.count)))])
        }
        return #"{"p50": \#(at(0.5)), "p90": \#(at(0.9)), "p99": \#(at(0.99)), "max": \#(at(1))}"#
    }
}
