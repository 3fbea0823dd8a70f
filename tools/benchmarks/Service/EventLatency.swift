import Foundation
import HeartbeatProtocol
import PhiClient
import SystemClocks
import ZeroMQ

/// How long after its scheduled instant a suspicion is in its subscriber's hands: real processes, real sockets.
///
/// Starts the detector and a swarm whose nodes crash one after the other, subscribes, and prints one JSON object. Civil time
/// is that of the same machine, and of one clock.
enum EventLatency {
    static func measure(phi: String, nodes: Int, crashes: Int, seconds: Int, state: String) throws {
        // Policies whose waits end within the run, though nodes were heard but for some seconds.
        let cast = try Cast(phi: phi, ["--level", "suspect=phi=3", "--state", state])
        defer { cast.end() }
        let swarm = try cast.start([
            "swarm", "--to", cast.heartbeats, "--nodes", "\(nodes)", "--every", "1s", "--crash", "\(crashes)",
            "--for", "\(seconds)s", "--seed", "7",
        ])
        let timer = try LoneTimer()
        let subscriber = try Socket(.subscribe, in: Context())
        try subscriber.set(.receiveHighWaterMark, to: 0)  // at the end all others leave at once
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
