import PhiAccrual

/// How late heartbeats come on one kind of network, and where that data comes from.
public struct NetworkProfile: Hashable, Sendable {
    /// Increases when the meaning of a field changes, and therefore when that of the lateness tables does.
    public static let schema = 1

    public enum Kind: String, CaseIterable, Codable, Sendable {
        case lan, wan, wifi, cellular, satellite, other
    }

    /// A recording that a profile was fitted to.
    public struct Source: Hashable, Sendable {
        /// File name, without folders.
        public var trace: String
        /// SHA-256 of the file, as 64 hexadecimal digits.
        public var sha256: String
        /// Number of fresh heartbeats that came after another one of the same node.
        public var heartbeats: Int
        public var nodes: Int
        /// Where the recording comes from, and its licence.
        public var origin: String?

        public init(trace: String, sha256: String, heartbeats: Int, nodes: Int, origin: String? = nil) {
            (self.trace, self.sha256, self.heartbeats) = (trace, sha256, heartbeats)
            (self.nodes, self.origin) = (nodes, origin)
        }
    }

    /// How accurate predictions for new nodes are: each recording is tested with the profile of the others.
    public struct Calibration: Hashable, Sendable {
        /// Number of heartbeats tested after each start.
        public var heartbeats: Int
        /// The policy tested: a budget of mistakes per heartbeat.
        public var policy: String
        /// For each recording, by file name: log₁₀ of mistakes made over mistakes allowed. 0 is exact, above 0 is too
        /// many.
        public var log10Errors: [String: Double]

        public init(heartbeats: Int, policy: String, log10Errors: [String: Double]) {
            (self.heartbeats, self.policy, self.log10Errors) = (heartbeats, policy, log10Errors)
        }
    }

    /// Name in options and files: letters, digits, and hyphens, starting with a letter.
    public let name: String
    public var kind: Kind
    public var description: String
    /// Nil if the profile is assumed and not measured.
    public var provenance: [Source]?
    /// How the tables were computed from the recordings.
    public var estimator: String
    /// Nil if there is no recording to test that the tested profile was not fitted to.
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

    static let namesAre = "1 to 40 letters a–z, digits, and hyphens, starting with a letter"

    public static func isName(_ text: String) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = text.utf8.first, letters.contains(first), text.utf8.count <= 40 else { return false }
        return text.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "-") }
    }
}

/// A text that is not a valid profile: where the error is, and what is valid.
public struct InvalidNetworkProfile: Error, Hashable, Sendable, CustomStringConvertible {
    /// Location such as `provenance[0].nodes`; nil if the text as a whole is invalid.
    public var place: String?
    public var reason: String

    public init(place: String? = nil, reason: String) { (self.place, self.reason) = (place, reason) }

    public var description: String { place.map { "\"\($0)\" \(reason)" } ?? reason }
}
