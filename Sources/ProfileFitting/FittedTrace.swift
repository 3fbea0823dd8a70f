import Comparison
import NetworkProfiles
import PhiAccrual
import Traces

/// The contribution of one recording to a profile.
public struct FittedTrace: Sendable {
    public let source: NetworkProfile.Source
    let arrivals: RecordedArrivals
    let lateness: LatenessProfile

    /// Minimum number of heartbeats in a recording. Shorter recordings are dominated by chance events.
    public static let minHeartbeats = 1000

    /// - Parameters:
    ///   - columnUnit: The unit of a plain column of numbers; nil: seconds.
    ///   - origin: The source of the recording, and its licence.
    /// - Throws: `TraceError`, `CannotRead`, or `TooFewHeartbeats`.
    public init(path: String, columnUnit: TimeUnit? = nil, origin: String? = nil) throws {
        let digest = try InputFile.sha256(ofFile: path)
        arrivals = try RecordedArrivals(path: path, columnUnit: columnUnit)
        let file = path.split(separator: "/").last.map(String.init) ?? path
        guard arrivals.samples >= Self.minHeartbeats, let lateness = LatenessProfile(of: arrivals) else {
            throw TooFewHeartbeats(path: path, heartbeats: arrivals.samples)
        }
        self.lateness = lateness
        source = NetworkProfile.Source(
            trace: file, sha256: digest, heartbeats: arrivals.samples,
            nodes: arrivals.nodes.count, origin: origin)
    }
}

public struct TooFewHeartbeats: Error, Hashable, Sendable, CustomStringConvertible {
    public var path: String
    public var heartbeats: Int
    public var description: String {
        let found = heartbeats == 0 ? "none" : "\(heartbeats)"
        return "\(path) must have at least \(FittedTrace.minHeartbeats) heartbeats that follow another of "
            + "the same node, found \(found)"
    }
}

extension LatenessProfile {
    /// Fits the profile of a recording. Each node is fitted separately and weighted by its heartbeats. In one common
    /// group the last heartbeats would weigh more, because group state decays.
    ///
    /// - Returns: Nil if no node has a second heartbeat.
    public init?(of trace: RecordedArrivals) {
        let parts = trace.arrivalsByNode.compactMap { arrivals -> (profile: LatenessProfile, weight: Double)? in
            var model = AdaptiveModel(.init())
            var group = AdaptiveModel.makeGroupState()
            model.begin(announcedInterval: 0)
            for arrival in arrivals { model.observe(arrival, in: &group) }
            return group.profile.map { ($0, Double(arrivals.count)) }
        }
        self.init(mixing: parts)
    }
}
