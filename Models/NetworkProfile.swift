import PhiAccrual

/// How late heartbeats come on one kind of network, and how that is known.
public struct NetworkProfile: Hashable, Sendable {
    /// Goes up when the meaning of a field changes, and so when the tables of lateness do.
    public static let schema = 1

    public enum Kind: String, CaseIterable, Codable, Sendable {
        case lan, wan, wifi, cellular, satellite, other
    }

    /// A recording that a profile was fitted from.
    public struct Source: Hashable, Sendable {
        /// Name of its file, without folders.
        public var trace: String
        /// Of the file's bytes, in 64 hexadecimal digits.
        public var sha256: String
        /// Fresh heartbeats that came after another of the same node.
        public var heartbeats: Int
        public var nodes: Int
        /// Where it comes from, and under which licence.
        public var origin: String?

        public init(trace: String, sha256: String, heartbeats: Int, nodes: Int, origin: String? = nil) {
            (self.trace, self.sha256, self.heartbeats) = (trace, sha256, heartbeats)
            (self.nodes, self.origin) = (nodes, origin)
        }
    }

    /// How true predictions for new nodes are: each recording with the profile of the others.
    public struct Calibration: Hashable, Sendable {
        /// The first heartbeats of every start.
        public var heartbeats: Int
        /// What was asked for: a budget of mistakes per heartbeat.
        public var policy: String
        /// By the name of the recording's file: log₁₀ of mistakes made over mistakes allowed. 0 is true, above 0 too many.
        public var decades: [String: Double]

        public init(heartbeats: Int, policy: String, decades: [String: Double]) {
            (self.heartbeats, self.policy, self.decades) = (heartbeats, policy, decades)
        }
    }

    /// What options and files call it: letters, digits and hyphens, a letter first.
    public let name: String
    public var kind: Kind
    public var description: String
    /// Nil if it is assumed and not measured.
    public var provenance: [Source]?
    /// How the tables were made of the recordings.
    public var estimator: String
    /// Nil if there is no recording that it was not fitted from.
    public var calibration: Calibration?
    public var lateness: LatenessProfile

    public init(
        name: String, kind: Kind, description: String, provenance: [Source]?, estimator: String,
        calibration: Calibration? = nil, lateness: LatenessProfile
    ) throws(InvalidNetworkProfile) {
        guard Self.isName(name) else {
            throw InvalidNetworkProfile(place: "name", reason: "must be \(Self.namesAre), found \"\(name)\"")
        }
        (self.name, self.kind, self.description) = (name, kind, description)
        (self.provenance, self.estimator) = (provenance, estimator)
        (self.calibration, self.lateness) = (calibration, lateness)
    }

    static let namesAre = "1 to 40 letters a–z, digits and hyphens, a letter first"

    public static func isName(_ text: String) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = text.utf8.first, letters.contains(first), text.utf8.count <= 40 else { return false }
        return text.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "-") }
    }
}

/// A text that is no profile: where, and what would be right.
public struct InvalidNetworkProfile: Error, Hashable, Sendable, CustomStringConvertible {
    /// Such as `provenance[0].nodes`; nil where the text as a whole is at fault.
    public var place: String?
    public var reason: String

    public init(place: String? = nil, reason: String) { (self.place, self.reason) = (place, reason) }

    public var description: String { place.map { "\"\($0)\" \(reason)" } ?? reason }
}
